"""What a value counts as: the digest of its canonical form; docs/formats.md, Canonical form."""

from __future__ import annotations

import functools
from typing import Any, List, Optional

from penstock.artifacts import digests
from penstock.artifacts.walk import AS_NAMES, BUILTINS, LEAVES, Identity, Known, Rule, Unstable, ValueWalk
from penstock.model.outcomes import FORM
from penstock.model.tuples import made

_PREFIX = b"penstock.value.%d\0" % FORM


def identify(
    value: Any, where: str = "value", known: Optional[Known] = None, files: int = AS_NAMES, places: bool = False
) -> Identity:
    """The identity of a value; never raises, whatever the value is made of.

    `where` begins the culprit's path. `known` holds digests of large buffers that were just taken.
    `files` says what a path to an existing file counts by. With `places`, an edge counts by where it is, and not by
    what makes its value.
    """
    try:
        if type(value) in LEAVES:  # as most are
            leaf: Any = _Leaf()
            leaf.out = bytearray(_PREFIX)
            BUILTINS[type(value)](leaf, value)
            return made(Identity, (digests.digest(leaf.out), "", False))
        return _walked(value, where, known, files, places)
    except RecursionError:  # the caller's stack is nearly used up: what a value is must not depend on where it is asked
        return _on_fresh_stack(value, where, known, files, places)


def _walked(value: object, where: str, known: Optional[Known], files: int, places: bool) -> Identity:
    walk = ValueWalk(_rule_for, known, files, places)
    try:
        (BUILTINS.get(type(value)) or _rule_for(type(value)))(walk, value)
    except Unstable as error:
        return Identity(b"", f"{where}{''.join(reversed(error.path))} {error}", walk.edges)
    except RecursionError:
        raise
    except Exception as error:  # noqa: BLE001 - a library's own code: an identity never fails a task
        return Identity(b"", f"{where} has no stable form: {type(error).__name__}: {error}", walk.edges)
    return made(Identity, (digests.digest(_PREFIX + walk.out), "", walk.edges))


@functools.lru_cache(maxsize=1024)
def _rule_for(kind: type) -> Rule:
    from penstock.artifacts import objects  # many a run has no value but builtin ones

    return objects.rule_for(kind)


def form(value: Any) -> bytes:
    """The form of a value, as it stands inside of another's. Raises Unstable where it has none."""
    walk = ValueWalk(_rule_for)
    walk.write(value)
    return bytes(walk.out)


def digest_of_form(written: bytes) -> bytes:
    """The content digest of the value that has this form."""
    return digests.digest(_PREFIX + written)


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


class _Leaf:
    """All that is asked of a walk over a single number or text, which most values are; a tenth of what a walk costs."""

    __slots__ = ("out",)
