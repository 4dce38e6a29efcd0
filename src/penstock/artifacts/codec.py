"""Values <-> records and blobs. Owns the order of things: blobs first, then the identity, then the record.

Knows nothing of tasks; docs/formats.md, Record.
"""

from __future__ import annotations

import io
import os
import pickle
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union, cast

from penstock.artifacts import libraries, pickling, records
from penstock.artifacts.canonical import identify
from penstock.artifacts.collected import IN_ORDER, Collected
from penstock.artifacts.masking import masked
from penstock.artifacts.preview import preview
from penstock.artifacts.store import BlobStore
from penstock.artifacts.walk import AS_NAMES, BIG, BY_CONTENT, Identity, Known
from penstock.errors import NotStorableError, PenstockError, UsageError
from penstock.model.edges import Edge, Part, take
from penstock.model.outcomes import Stored
from penstock.model.tuples import NamedTuple, made

if TYPE_CHECKING:
    import pathlib

_ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes))
_FEW = 32  # items of a container that is looked through for the fast path
_NOT_FOUND = (ImportError, AttributeError, Warning)  # a warning that is an error: of a name that is no more
_MARKER = b"penstock.artifacts.rebuild"
_PATH = b"\x8c\x04path"  # as pickle names the function that makes one


class Encoded(NamedTuple):
    """A value as it was stored, and what else became known of it."""

    stored: Stored
    edges: Tuple[Edge, ...]  # in the order of their numbers: `decode` takes their values as `refs`
    identity: Identity
    holds_paths: bool = False  # a `pathlib.Path` is inside
    files: Sequence[pathlib.Path] = ()  # that were stored, each file and folder


def encode(value: Any, store: BlobStore, where: str = "result", files: bool = False, layout: bool = False) -> Encoded:
    """Store a value: large buffers as blobs, the rest in the record.

    With `files`, a `pathlib.Path` inside that names an existing file or folder is stored with its content; `layout`: it
    is noted where the columns of an array or a table lie.
    Raises NotStorableError, naming the path from `where` to what can't be pickled, and StoreError. Blocks.
    """
    if _is_small(value):
        identity = identify(value, where)
        record = records.build((), pickle.dumps(value, 5))
        size = len(record)
        stored = made(Stored, (identity.digest, record, preview(value, size), (), size, "", (), ""))
        return made(Encoded, (stored, (), identity, False, ()))
    known: Known = {}
    sink = Collected(store, known, files)
    record, size, alive, pieces = _dump(value, sink, where)
    if not known:
        alive = None  # what a pickler remembers may take more than the value
    identity = identify(value, where, known, BY_CONTENT if files else AS_NAMES)
    del alive
    symbols = tuple(sorted(sink.symbols))
    blobs, culprit = blobs_of(record), masked(identity.culprit)
    places = _layout(cast("Any", type(value)), pieces, sink) if layout else ""
    stored = Stored(identity.digest, record, preview(value, size), blobs, size, culprit, symbols, places)
    return Encoded(stored, tuple(sink.edges), identity, sink.holds_paths, sink.stored_files)


def decode(
    record: bytes,
    store: BlobStore,
    refs: Sequence[Any] = (),
    verify: bool = False,
    files_into: Union[str, os.PathLike[str], None] = None,
) -> Any:
    """The value of a record, its own copy; large buffers are mapped and read when touched.

    `refs` are the values of its edges. With `verify` the digest of each blob is checked, not its size alone. Stored
    files are written to new folders in `files_into`; None: a value with files is a UsageError.
    Raises DamagedError, and whatever the value's own classes raise when they are imported or rebuilt.
    """
    alone = records.skeleton_alone(record)
    if alone is not None and _MARKER not in alone:
        try:
            return pickle.loads(alone)
        except _NOT_FOUND:
            pass  # read again, where names are also looked for under what they are called elsewhere
    parsed = records.parse(record)
    _, skeleton, (digest, size) = parsed
    if digest:
        skeleton = store.get(digest, size, verify=verify)
    return _Unpickler(_RebuildNames(parsed, store, refs, verify, files_into), skeleton).load()


def decode_file(
    record: bytes, store: BlobStore, part: Part, verify: bool, files_into: Union[str, os.PathLike[str]]
) -> Optional[pathlib.Path]:
    """The file or folder that a part of a record's value is, of all that are in it the only one that is written; None:
    the part is something else, or can't be had this way. Raises DamagedError and StoreError."""
    parsed = records.parse(record)
    digest, size = parsed.skeleton_blob
    if not digest and _PATH not in parsed.skeleton:
        return None
    names = _RebuildNames(parsed, store, (), verify, files_into)
    names.own["path"] = _UnwrittenFile
    try:
        found = take(_Unpickler(names, store.get(digest, size, verify) if digest else parsed.skeleton).load(), part)
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


def encode_exception(exc: BaseException, store: BlobStore) -> Optional[bytes]:
    """A record of an exception with its cause and notes; None where its arguments or its class can't be pickled.

    Attributes that can't be pickled are left out, and so is a cause that can't. Large buffers inside become blobs.
    Raises StoreError.
    """
    from penstock.artifacts import culprits

    try:
        return _dump(culprits.storable(exc), Collected(store, {}, False), "error")[0]
    except NotStorableError:
        return None


def decode_exception(record: bytes, store: BlobStore) -> Optional[BaseException]:
    """The exception of a record; None where its class can't be imported or rebuilt here, or the record is damaged."""
    try:
        value = decode(record, store)
        str(value)
        getattr(value, "exceptions", None)  # its `__getattr__` may want an attribute that could not be stored
    except Exception:  # noqa: BLE001 - imports the user's modules and runs their code: any failure means the same
        return None
    return value if isinstance(value, BaseException) else None


def inspect_record(record: bytes) -> Tuple[Tuple[bytes, int], ...]:
    """(digest, size) of each blob that a record needs. Never unpickles; raises DamagedError."""
    parsed = records.parse(record)
    own = (parsed.skeleton_blob,) if parsed.skeleton_blob[0] else ()
    return tuple((digest, size) for _, digest, size in parsed.parts) + own


def _is_small(value: object) -> bool:
    kind = type(value)
    if kind in _ATOMS:
        return not isinstance(value, (str, bytes)) or len(value) < records.LIMIT // 4
    if kind is list or kind is tuple:
        items = cast("Sequence[object]", value)
        return len(items) <= _FEW and all(map(_is_small_item, items))
    return False


def _is_small_item(item: object) -> bool:
    return type(item) in _ATOMS and (not isinstance(item, (str, bytes)) or len(item) < 64)


def _layout(kind: type, pieces: List[Any], sink: Collected) -> str:
    if not libraries.has_layout(kind):
        return ""
    from penstock.artifacts import layouts

    return layouts.layout(b"".join(pieces), sink.parts)


def _dump(value: Any, sink: Collected, where: str) -> Tuple[bytes, int, Any, List[Any]]:
    file = _Skeleton()
    try:
        alive = pickling.dump(value, sink, file)
    except PenstockError:
        raise
    except Exception as error:  # noqa: BLE001  the user's pickling code: whatever it raises, the value can't be stored
        from penstock.artifacts import culprits

        raise NotStorableError(culprits.message(value, where, error)) from culprits.cause(error)
    if file.size <= records.room(sink.parts):
        record = records.build(sink.parts, b"".join(file.pieces))
    else:
        record = records.build_with_blob(sink.parts, *sink.store.put_chunks(file.batches()))
    return record, len(record) + sum(size for _, size in dict(inspect_record(record)).items()), alive, file.pieces


def blobs_of(record: bytes) -> Tuple[bytes, ...]:
    """Digests of the blobs that a record needs, each once."""
    return tuple(dict.fromkeys(digest for digest, _ in inspect_record(record)))


class _Skeleton:
    """A file for picklers that keeps what is written as it is: large bytes are not copied together."""

    def __init__(self) -> None:
        self.pieces: List[Any] = []
        self.size = 0

    def write(self, data: Any) -> int:
        size = len(data) if isinstance(data, bytes) else memoryview(data).nbytes
        self.pieces.append(data if isinstance(data, bytes) or size >= BIG else bytes(data))
        self.size += size
        return size

    def seek(self, at: int) -> None:
        assert at == 0

    def truncate(self) -> None:
        self.pieces.clear()
        self.size = 0

    def batches(self) -> Iterator[Any]:
        small: List[Any] = []
        held = 0
        for piece in self.pieces:
            if len(piece) >= BIG:
                yield b"".join(small)
                small, held = [], 0
                yield piece
                continue
            small.append(piece)
            held += len(piece)
            if held >= 4 << 20:
                yield b"".join(small)
                small, held = [], 0
        yield b"".join(small)


class _RebuildNames:
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
    def __init__(self, source: _RebuildNames, skeleton: Any) -> None:
        super().__init__(io.BytesIO(skeleton) if len(skeleton) < BIG else _Reader(skeleton), buffers=source.in_order())
        self._own = source.own

    def find_class(self, module_name: str, global_name: str) -> Any:
        if module_name == _MARKER.decode() and global_name in self._own:
            return self._own[global_name]
        try:
            return super().find_class(module_name, global_name)
        except _NOT_FOUND:
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
