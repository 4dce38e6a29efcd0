"""The walk over a value that writes its canonical form, and the rules for atoms and containers; docs/formats.md.

It is given the rules for all else (`objects`, `libraries`). Speed counts: this runs for every argument and every
result. Forms are written to one buffer; a form that grows long is replaced by its digest, so that shared parts cost
once and memory stays small.
"""

from __future__ import annotations

import struct
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from penstock.artifacts import digests
from penstock.artifacts.memory import number
from penstock.model.tuples import NamedTuple

Known = Dict[Any, Tuple[Any, Any]]
"""What is known of large buffers within one encode, by what names them while they live: (digest, their owner)."""

BIG = 64 << 10  # bytes and buffers from here on count by a digest of their own
_INLINE = 1024  # a longer form is replaced by its digest
SHORTEST_DIGESTED = _INLINE + 1
SPILL = 1 << 20
LEAVES = frozenset((type(None), bool, int, float, complex, str))
"""Types whose values have a form of their own, wherever they stand."""
AS_NAMES, BY_CONTENT, BY_STATE = 0, 1, 2
"""What a path to an existing file counts by: its text; its content; the sizes and times of what is there."""
_DEEPEST = 200  # levels; three Python frames each must fit under the default recursion limit of 1,000
_WEB = 64  # how often one long form that can't be shared is written before the walk gives up
_NOWHERE = 1 << 30
_size = struct.Struct("<Q").pack
_double = struct.Struct("<d").pack
_HEADS = {list: b"l", tuple: b"t", set: b"S", frozenset: b"z", bytes: b"b", bytearray: b"y", memoryview: b"b"}


class Identity(NamedTuple):
    """What a value counts as."""

    digest: bytes  # b"" where the value has no stable form
    culprit: str = ""  # path to what has no stable form, and why; "" where the value is stable
    edges: bool = False  # an edge is inside: the digest counts it by its producer's key


class Unstable(Exception):
    """A part of a value has no stable form. Its path grows from the end while the walk unwinds."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.path: List[str] = []


class ValueWalk:
    """One walk over one value. Rules write to `out`, between `begin` and `end` where other values are inside."""

    __slots__ = (
        "_again",
        "_alive",
        "_hashers",
        "_low",
        "_open",
        "_shared",
        "depth",
        "edges",
        "files",
        "known",
        "named",
        "out",
        "places",
        "rule_for",
        "sink",
    )

    def __init__(
        self, rule_for: RuleFor, known: Optional[Known] = None, files: int = AS_NAMES, places: bool = False
    ) -> None:
        self.rule_for = rule_for  # of what is no builtin
        self.out = bytearray()
        self.depth = 0
        self.edges = False
        self.files = files
        self.places = places
        self.known: Known = {} if known is None else known
        self.sink: Any = None  # what reducers are given; `objects` makes it when it is needed
        self.named: Dict[int, bytes] = {}  # id -> form, for classes and functions that go by name
        self._open: Dict[int, int] = {}  # id of each value around this one -> its level
        self._low = _NOWHERE  # the outermost level that was referred back to, in what may not be shared yet
        self._shared: Dict[int, bytes] = {}  # id -> form, for long forms
        self._alive: List[Any] = []  # what an id in this walk names must not be freed before its end
        self._again: Dict[int, int] = {}
        self._hashers: Dict[int, digests.Hasher] = {}

    def write(self, value: object) -> None:
        (BUILTINS.get(type(value)) or self.rule_for(type(value)))(self, value)

    def part(self, value: object, step: str) -> None:
        """Write the form of a part, which a culprit's path names `step`."""
        try:
            (BUILTINS.get(type(value)) or self.rule_for(type(value)))(self, value)
        except Unstable as error:
            error.path.append(step)
            raise

    def begin(self, value: Any) -> int:
        """Enter a value; where its form begins in `out`, or -1 where the form is written already (cycle, shared)."""
        key = number(value)
        level = self._open.get(key)
        if level is not None:
            self.out += b"^" + _size(self.depth - level)
            self._low = min(self._low, level)
            return -1
        if self._shared:
            form = self._shared.get(key)
            if form is not None:
                self.out += form
                return -1
        if self.depth >= _DEEPEST:
            raise Unstable(f"is nested more than {_DEEPEST} levels deep")
        self._open[key] = self.depth
        self.depth += 1
        return len(self.out)

    def end(self, value: Any, begun: int) -> None:
        """Leave a value; a long form becomes its digest."""
        self.depth -= 1
        level = self.depth
        del self._open[number(value)]
        if len(self.out) - begun > _INLINE or level in self._hashers:
            self._shorten(value, begun, level)
        elif self._low >= level:
            self._low = _NOWHERE

    def spill(self, begun: int) -> None:
        """Called now and then inside a value whose form may be very long: keeps `out` small."""
        if len(self.out) - begun > SPILL:
            hasher = self._hashers.get(self.depth - 1)
            if hasher is None:
                hasher = self._hashers[self.depth - 1] = digests.Hasher()
            hasher.update(self.out[begun:])
            del self.out[begun:]

    def name(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self.out += _size(len(data)) + data

    def leaf(self, name: str, parts: int) -> None:
        """Begin the form of a leaf of a library: so many parts follow."""
        self.out += b"X"
        self.name(name)
        self.out += _size(parts)

    def size(self, number: int) -> None:
        self.out += _size(number)

    def keep(self, value: Any) -> None:
        """Keep a temporary value until the walk ends, so that its id stays its own."""
        self._alive.append(value)

    def _shorten(self, value: Any, begun: int, level: int) -> None:
        out = self.out
        hasher = self._hashers.pop(level, None)
        if hasher is None:
            form = b"#" + digests.digest(out[begun:])
        else:
            hasher.update(out[begun:])
            form = b"#" + hasher.digest()
        out[begun:] = form
        key = number(value)
        if self._low >= level:
            self._low = _NOWHERE
            self._shared[key] = form
            self._alive.append(value)
            return
        again = self._again[key] = self._again.get(key, 0) + 1
        if again > _WEB:
            raise Unstable("is part of a web of references to itself")


Rule = Callable[[ValueWalk, Any], None]
RuleFor = Callable[[type], Rule]


def _none(walk: ValueWalk, value: None) -> None:
    walk.out += b"N"


def _bool(walk: ValueWalk, value: bool) -> None:
    walk.out += b"T" if value else b"F"


def _int(walk: ValueWalk, value: int) -> None:
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    walk.out += b"i" + _size(size) + value.to_bytes(size, "little", signed=True)


def _float(walk: ValueWalk, value: float) -> None:
    walk.out += b"f" + _double(value)


def _complex(walk: ValueWalk, value: complex) -> None:
    walk.out += b"c" + _double(value.real) + _double(value.imag)


def _str(walk: ValueWalk, value: str) -> None:
    data = value.encode("utf-8", "surrogatepass")
    if len(data) > _INLINE:
        walk.out += b"#" + digests.digest(b"s" + _size(len(data)) + data)
    else:
        walk.out += b"s" + _size(len(data)) + data


def _bytes(walk: ValueWalk, value: Any) -> None:
    if type(value) is bytes and len(value) < BIG:  # as the digests of results are, of which there may be 100,000
        walk.out += b"b" + _size(len(value)) + value
        return
    tag = _HEADS[type(value)]
    if type(value) is memoryview and not value.c_contiguous:
        value = value.tobytes()
    size = value.nbytes if type(value) is memoryview else len(value)
    if size < BIG:
        walk.out += tag + _size(size) + bytes(value)
        return
    key = ("bytes", id(value))
    found = walk.known.get(key)
    if found is None:
        found = walk.known[key] = (digests.digest(value), value)
    walk.out += tag.upper() + _size(size) + found[0]


def _sequence(walk: ValueWalk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    out, rules = walk.out, BUILTINS
    out += _HEADS[type(value)] + _size(len(value))
    index = -1
    items: Iterable[object] = value
    try:
        for item in items:
            index += 1
            (rules.get(type(item)) or walk.rule_for(type(item)))(walk, item)
            if len(out) - begun > SPILL:
                walk.spill(begun)
    except Unstable as error:
        error.path.append(f"[{index}]")
        raise
    walk.end(value, begun)


def _dict(walk: ValueWalk, value: Dict[object, object]) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    out, rules, key = walk.out, BUILTINS, None
    out += b"d" + _size(len(value))
    try:
        for key, item in value.items():
            (rules.get(type(key)) or walk.rule_for(type(key)))(walk, key)
            (rules.get(type(item)) or walk.rule_for(type(item)))(walk, item)
            if len(out) - begun > SPILL:
                walk.spill(begun)
    except Unstable as error:
        error.path.append(subscript(key))
        raise
    walk.end(value, begun)


def _set(walk: ValueWalk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    out = walk.out
    members: List[bytes] = []
    out += _HEADS[type(value)] + _size(len(value))
    start = len(out)
    for member in value:
        walk.part(member, "{...}")
        members.append(digests.digest(out[start:]))
        del out[start:]
    members.sort()
    for member in members:
        out += member
        walk.spill(begun)
    walk.end(value, begun)


def attribute(name: object) -> str:
    """An attribute as a culprit's path shows it."""
    return f".{name}"


def index(number: object) -> str:
    """An item's number as a culprit's path shows it."""
    return f"[{number}]"


def subscript(key: object) -> str:
    """A dict key as a culprit's path shows it."""
    return f"[{key!r}]" if type(key) in (str, int, bool) and len(repr(key)) <= 60 else f"[{type(key).__name__}]"


BUILTINS: Dict[type, Rule] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    bytearray: _bytes,
    memoryview: _bytes,
    list: _sequence,
    tuple: _sequence,
    dict: _dict,
    set: _set,
    frozenset: _set,
}
