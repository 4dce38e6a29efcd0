"""The key of a task: what a call is, so that its result is found again; docs/formats.md, Task key.

A key is made for each of 100,000 tasks. What is the same for all calls of a step is written once, and the rest beside
it, in the canonical form of the tuple (scope, step, closed-over values, inputs).
"""

from __future__ import annotations

import struct
from typing import Any, Callable, Dict, List, Tuple, cast

from penstock.artifacts import names
from penstock.artifacts.canonical import digest_of_form, form, identify
from penstock.artifacts.digests import digest
from penstock.artifacts.walk import AS_NAMES, BY_CONTENT, SHORTEST_DIGESTED, Identity

Scope = Tuple[bytes, ...]
"""The keys of the nested flows around a call, outermost first."""

NOTHING = Identity(b"")
_PREFIX = b"penstock.task.1\0"
_size = struct.Struct("<Q").pack
_FOUR = b"t" + _size(4)
_FOUR_IN_NO_SCOPE = _FOUR + b"t" + _size(0)
_PAIR = b"t" + _size(2)


class KeyHead:
    """What the keys of all calls of one step begin with."""

    def __init__(self, step: str, closed_over: Identity = NOTHING) -> None:
        self._step = step
        self._counted = closed_over.digest or closed_over.culprit.encode()
        self._step_form = form(step) + form(self._counted)
        self._of_inputs: Dict[int, bytes] = {}  # what stands before so many of them
        self._names: Dict[str, bytes] = {}

    def base(self, scope: Scope, inputs: List[Tuple[str, Any]]) -> bytes:
        """What all calls with these inputs have in common: names, and identities or what stands for them."""
        if len(inputs) > 1:
            inputs = sorted(inputs)
        written = _FOUR + form(scope) if scope else _FOUR_IN_NO_SCOPE
        written += self._of_inputs.get(len(inputs)) or self._before(len(inputs))
        for name, identity in inputs:
            if type(identity) is not bytes:
                return base_of(scope, self._step, self._counted, tuple(inputs))
            written += (self._names.get(name) or self._name(name)) + _size(len(identity)) + identity
        if len(written) >= SHORTEST_DIGESTED:  # some of it counts by its digest
            return base_of(scope, self._step, self._counted, tuple(inputs))
        return digest_of_form(written)

    def _before(self, inputs: int) -> bytes:
        head = self._of_inputs[inputs] = self._step_form + b"t" + _size(inputs)
        return head

    def _name(self, name: str) -> bytes:
        head = self._names[name] = _PAIR + form(name) + b"b"
        return head


def base_of(scope: Scope, step: str, closed_over: bytes, inputs: Tuple[Tuple[str, Any], ...]) -> bytes:
    """The base, from a value and not piece by piece. `inputs` are sorted."""
    return identify((scope, step, closed_over, inputs)).digest


def key_of(base: bytes, occurrence: int) -> bytes:
    """The key of the call that came after `occurrence` others with the same base."""
    return digest(_PREFIX + base + _size(occurrence))


def next_key(base: bytes, occurrence: Callable[[bytes], int]) -> bytes:
    """The key of the next call with this base. `occurrence`: as `RunSession` has it."""
    first = key_of(base, 0)
    before = occurrence(first)
    return key_of(base, before) if before else first


def closed_over(fn: Any, files: int = AS_NAMES) -> Identity:
    """What a function was made with, which its source does not say: what it closes over and, where no module has it
    under its name, its defaults. `NOTHING` where there is nothing. `files`: what paths in it count by; where these
    count by content, as the cache asks, so does the code of a lambda, which may share its line with others. A program
    that no module has is all that is declared of it."""
    named = names.function_name(fn)
    if is_program(fn):
        return NOTHING if named else identify(tuple(fn.declared), fn.__name__)
    cells = tuple(getattr(fn, "__closure__", None) or ())
    found = {} if named else {name: getattr(fn, name, None) for name in ("__defaults__", "__kwdefaults__")}
    if files == BY_CONTENT and fn.__name__ == "<lambda>":
        found["__code__"] = fn.__code__
    held = {name: part for name, part in found.items() if part}
    if held:
        return identify({"__closure__": cells, **held}, fn.__name__, files=files)
    return identify(cells, f"{fn.__name__}.__closure__", files=files) if cells else NOTHING


def is_program(fn: Any) -> bool:
    """Whether a program stands in a function's place (`programs.py`, which most runs never import)."""
    return getattr(cast("Any", type(fn)), "is_program", False)
