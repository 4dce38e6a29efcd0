"""Reads the skeleton of a record that has parts beside it, or names of `rebuild` in it, which are answered here."""

from __future__ import annotations

import io
import os
import pickle
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence, Union

from penstock.artifacts import names, rebuild, records
from penstock.artifacts.records import IN_ORDER
from penstock.artifacts.walk import BIG
from penstock.errors import PenstockError, UsageError
from penstock.model.edges import Part, take

if TYPE_CHECKING:
    import pathlib

    from penstock.artifacts.store import BlobStore

_PATH = b"\x8c\x04path"  # as pickle names the function that makes one


def read(skeleton: Any, answers: RebuildNames) -> Any:
    """The value of a skeleton. Raises what its own classes raise when they are imported or rebuilt."""
    return _Unpickler(skeleton, answers).load()


def read_file(
    parsed: records.Parsed, store: BlobStore, part: Part, verify: bool, files_into: Union[str, os.PathLike[str]]
) -> Optional[pathlib.Path]:
    """The file that a part of the value is; None: it is something else, or can't be had without the others."""
    digest, size = parsed.skeleton_blob
    if not digest and _PATH not in parsed.skeleton:
        return None
    answers = RebuildNames(parsed, store, (), verify, files_into)
    answers.own["path"] = _UnwrittenFile
    try:
        found = take(read(store.get(digest, size, verify) if digest else parsed.skeleton, answers), part)
    except PenstockError:
        raise
    except Exception:  # noqa: BLE001  a class of the user's that wants a path as such, or a part that is not there
        return None
    if not isinstance(found, _UnwrittenFile):
        return None
    from penstock.artifacts import files

    return files.restore(found.name, found.entries, files_into)


class _UnwrittenFile:
    """Stands for a path while it is looked for."""

    def __init__(self, name: str, entries: List[Any]) -> None:
        self.name, self.entries = name, entries


class RebuildNames:
    """What the names of `rebuild` stand for while one record is read."""

    def __init__(
        self,
        parsed: records.Parsed,
        store: BlobStore,
        refs: Sequence[Any],
        verify: bool,
        files_into: Union[str, os.PathLike[str], None],
    ) -> None:
        self._parts, self._store, self._refs = parsed.parts, store, refs
        self._verify, self._files_into = verify, files_into
        self.own: Dict[str, Callable[..., Any]] = {"ref": refs.__getitem__, "blob": self._blob, "path": self._path}

    def in_order(self) -> Iterator[memoryview]:
        for kind, digest, size in self._parts:
            if kind == IN_ORDER:
                yield self._store.get(digest, size, self._verify)

    def _blob(self, number: int) -> memoryview:
        _, digest, size = self._parts[number]
        return self._store.get(digest, size, self._verify)

    def _path(self, name: str, entries: List[Any]) -> pathlib.Path:
        from penstock.artifacts import files

        if self._files_into is None:
            raise UsageError(f"the value holds the file {name}: say where files go")
        return files.restore(name, entries, self._files_into)


class _Unpickler(pickle.Unpickler):
    def __init__(self, skeleton: Any, answers: RebuildNames) -> None:
        super().__init__(io.BytesIO(skeleton) if len(skeleton) < BIG else _Reader(skeleton), buffers=answers.in_order())
        self._own = answers.own

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name == rebuild.__name__ and global_name in self._own:
            return self._own[global_name]
        try:
            return super().find_class(module_name, global_name)
        except names.NOT_FOUND:
            from penstock.artifacts import renamed

            found = renamed.find(module_name, global_name)
            if found is None:
                raise
            return found


class _Reader:
    """A skeleton as a file, without a copy of it."""

    def __init__(self, data: Any) -> None:
        self._data = memoryview(data)
        self._at = 0

    def read(self, size: int) -> bytes:
        piece = bytes(self._data[self._at : self._at + size])
        self._at += len(piece)
        return piece

    def readinto(self, target: Any) -> int:
        piece = self._data[self._at : self._at + len(target)]
        target[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def readline(self) -> bytes:  # only in pickles of protocol 0, but a pickler's file has it
        raise pickle.UnpicklingError("a skeleton is of protocol 5")
