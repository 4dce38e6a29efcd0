"""What a value is, as bytes: the canonical form and its digest; docs/formats.md, Canonical form.

Owns the walk, the atoms and the containers. Classes, functions and objects are `objects`, libraries' values are
`libraries`. Speed counts: this runs for every argument and every result. Forms are written to one buffer; a form that
grows long is replaced by its digest, so that shared parts cost once and memory stays small.
"""

from __future__ import annotations

import functools
import struct
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Type, cast

from penstock.artifacts import digests
from penstock.artifacts.memory import number
from penstock.model.edges import Edge
from penstock.model.outcomes import FORM
from penstock.model.tuples import NamedTuple

Rule = Callable[["ValueWalk", Any], None]
Known = Dict[Any, Tuple[Any, Any]]
"""What is known of large buffers within one encode, by what names them while they live: (digest, their owner)."""

BIG = 64 << 10  # bytes and buffers from here on count by a digest of their own
_INLINE = 1024  # a longer form is replaced by its digest
SHORTEST_DIGESTED = _INLINE + 1
SPILL = 1 << 20
AS_NAMES, BY_CONTENT, BY_STATE = 0, 1, 2
"""What a path to an existing file counts by: its text; its content; the sizes and times of what is there."""
_DEEPEST = 200  # levels; three Python frames each must fit under the default recursion limit of 1,000
_WEB = 64  # how often one long form that can't be shared is written before the walk gives up
_NOWHERE = 1 << 30
_PREFIX = b"penstock.value.%d\0" % FORM
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


def identify(
    value: Any, where: str = "value", known: Optional[Known] = None, files: int = AS_NAMES, places: bool = False
) -> Identity:
    """The identity of a value; never raises, whatever the value is made of.

    `where` begins the culprit's path. `known` holds digests of large buffers that were just taken.
    `files` says what a path to an existing file counts by. With `places`, an edge counts by where it is, and not by
    what makes its value.
    """
    try:
        return _walked(value, where, known, files, places)
    except RecursionError:  # the caller's stack is nearly used up: what a value is must not depend on where it is asked
        return _on_fresh_stack(value, where, known, files, places)


def _walked(value: object, where: str, known: Optional[Known], files: int, places: bool) -> Identity:
    walk: Any = ValueWalk(known, files, places) if type(value) not in _LEAVES else _Leaf()
    try:
        (_RULES.get(type(value)) or rule_for(type(value)))(walk, value)
    except Unstable as error:
        return Identity(b"", f"{where}{''.join(reversed(error.path))} {error}", walk.edges)
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001 - a library's own code: an identity never fails a task
        return Identity(b"", f"{where} has no stable form: {type(error).__name__}: {error}", walk.edges)
    return Identity(digests.digest(_PREFIX + walk.out), "", walk.edges)


def form(value: Any) -> bytes:
    """The form of a value, as it stands inside of another's. Raises Unstable where it has none."""
    walk = ValueWalk()
    walk.write(value)
    return bytes(walk.out)


def digest_of_form(written: bytes) -> bytes:
    """The content digest of the value that has this form."""
    return digests.digest(_PREFIX + written)


class ValueWalk:
    """One walk over one value. Rules write to `out`, between `begin` and `end` where other values are inside."""

    __slots__ = (
        "_again",
        "_alive",
        "_hashers",
        "_low",
        "_open",
        "_shared",
        "_sink",
        "depth",
        "edges",
        "files",
        "known",
        "named",
        "out",
        "places",
    )

    def __init__(self, known: Optional[Known] = None, files: int = AS_NAMES, places: bool = False) -> None:
        self.out = bytearray()
        self.depth = 0
        self.edges = False
        self.files = files
        self.places = places
        self.known: Known = {} if known is None else known
        self._sink: Any = None
        self.named: Dict[int, bytes] = {}  # id -> form, for classes and functions that go by name
        self._open: Dict[int, int] = {}  # id of each value around this one -> its level
        self._low = _NOWHERE  # the outermost level that was referred back to, in what may not be shared yet
        self._shared: Dict[int, bytes] = {}  # id -> form, for long forms
        self._alive: List[Any] = []  # what an id in this walk names must not be freed before its end
        self._again: Dict[int, int] = {}
        self._hashers: Dict[int, digests.Hasher] = {}

    def write(self, value: object) -> None:
        """Write the form of any value."""
        (_RULES.get(type(value)) or rule_for(type(value)))(self, value)

    def part(self, value: object, step: str) -> None:
        """Write the form of a part, which a culprit's path names `step`."""
        try:
            (_RULES.get(type(value)) or rule_for(type(value)))(self, value)
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
        """Write a name."""
        data = text.encode("utf-8", "surrogatepass")
        self.out += _size(len(data)) + data

    def size(self, number: int) -> None:
        """Write a size."""
        self.out += _size(number)

    def sink(self) -> Any:
        """What reducers are given: it stores nothing."""
        if self._sink is None:
            from penstock.artifacts import reducing

            self._sink = reducing.sink_to_nowhere(self.known)
        return self._sink

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


class _Leaf:
    """All that is asked of a walk over a single number or text, which most values are; a tenth of what a walk costs."""

    __slots__ = ("out",)
    edges = False

    def __init__(self) -> None:
        self.out = bytearray()


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
    out, rules = walk.out, _RULES
    out += _HEADS[type(value)] + _size(len(value))
    index = -1
    items: Iterable[object] = value
    try:
        for item in items:
            index += 1
            (rules.get(type(item)) or rule_for(type(item)))(walk, item)
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
    out, rules, key = walk.out, _RULES, None
    out += b"d" + _size(len(value))
    try:
        for key, item in value.items():
            (rules.get(type(key)) or rule_for(type(key)))(walk, key)
            (rules.get(type(item)) or rule_for(type(item)))(walk, item)
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


def edge(walk: ValueWalk, value: Edge) -> None:
    """The form of an edge: what it counts as is known when the call is made."""
    walk.edges = True
    identity = b"" if walk.places else value.edge_identity()
    walk.out += b"R" + _size(len(identity)) + identity


def attribute(name: object) -> str:
    """An attribute as a culprit's path shows it."""
    return f".{name}"


def index(number: object) -> str:
    """An item's number as a culprit's path shows it."""
    return f"[{number}]"


def subscript(key: object) -> str:
    """A dict key as a culprit's path shows it."""
    return f"[{key!r}]" if type(key) in (str, int, bool) and len(repr(key)) <= 60 else f"[{type(key).__name__}]"


@functools.lru_cache(maxsize=1024)
def rule_for(kind: type) -> Rule:
    """The rule for the values of a type that is no builtin."""
    from penstock.artifacts import objects

    if issubclass(kind, Edge):
        return edge
    return objects.rule_for(cast("Type[Any]", kind))


def rule_of(value: Any) -> Rule:
    """The rule for a value of any type."""
    kind = cast("Type[Any]", type(value))
    return _RULES.get(kind) or rule_for(kind)


_RULES: Dict[type, Rule] = {
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

_LEAVES = frozenset((type(None), bool, int, float, complex, str))


def _on_fresh_stack(value: Any, where: str, known: Optional[Known], files: int, places: bool) -> Identity:
    import threading

    found: List[Identity] = []

    def again() -> None:
        try:
            found.append(_walked(value, where, known, files, places))
        except RecursionError:
            found.append(Identity(b"", f"{where} is nested too deeply"))

    thread = threading.Thread(target=again)
    thread.start()
    thread.join()
    return found[0]
