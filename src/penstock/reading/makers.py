"""Which tasks made what another was given: as a future, or as a value that the flow's body had in its hands. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from penstock.journal.run_shape import TaskGiven
from penstock.model.rows import ScopeRecord
from penstock.model.specs import Input

_TELLING = 8
"""Letters: a shorter number or text is made and given by many without coming from each other."""

_PLAIN = ("NoneType", "bool", "int", "float", "str", "bytes")
_EMPTY = {"dict": "{}", "list": "[]", "tuple": "()", "set": "set()", "frozenset": "frozenset()"}


class _Seen(msgspec.Struct):
    type: str = ""
    text: str = ""


class Makers:
    """Of the values of one run, by their digests and their blobs."""

    def __init__(self, tasks: Iterable[TaskGiven], scopes: Iterable[ScopeRecord] = ()) -> None:
        self._by_digest: dict[bytes, list[int]] = {}  # in the order of the calls
        self._by_blob: dict[bytes, list[int]] = {}
        made = [(task.id, _made(task), task.preview, task.blobs) for task in tasks]
        results = ((scope.id, scope.result) for scope in scopes)
        made += [(id_, one.digest, one.preview, one.blobs) for id_, one in results if one is not None]
        for id_, digest, preview, blobs in sorted(made):
            if digest and is_telling(preview):
                self._by_digest.setdefault(digest, []).append(id_)
            for blob in blobs:
                self._by_blob.setdefault(blob, []).append(id_)

    def of(self, id_: int, inputs: Iterable[Input]) -> list[int]:
        """The makers of what a call was given, by number, each once."""
        found: dict[int, None] = {}
        for item in inputs:
            found.update(dict.fromkeys(ref.task for ref in item.refs))
            if not item.refs:
                found.update(dict.fromkeys(self._of_value(id_, item)))
        return list(found)

    def _of_value(self, id_: int, item: Input) -> Sequence[int]:
        """Of a value that is another's result the latest that made it before the call; else of each part that lies in
        a blob."""
        if whole := _latest(self._by_digest.get(item.identity, ()), id_):
            return whole
        return [maker for blob in item.blobs for maker in _latest(self._by_blob.get(blob, ()), id_)]


def _made(task: TaskGiven) -> bytes:
    """The digest of its result; b"" where that is what it was given, as one gives back a number: it did not make it."""
    return b"" if any(item.identity == task.digest for item in task.inputs) and not task.blobs else task.digest


def is_telling(preview: str) -> bool:
    """Whether two values that look so are more than alike by chance."""
    try:
        seen = msgspec.json.decode(preview, type=_Seen)
    except msgspec.DecodeError:
        return False
    return len(seen.text) >= _TELLING if seen.type in _PLAIN else seen.text != _EMPTY.get(seen.type)


def _latest(makers: Sequence[int], before: int) -> Sequence[int]:
    return [maker for maker in makers if maker < before][-1:]
