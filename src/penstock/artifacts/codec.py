"""Values <-> records and blobs. Owns the order of things: blobs first, then the identity, then the record.

Knows nothing of tasks; docs/formats.md, Record.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple, Union, cast

from penstock.artifacts import names, records
from penstock.artifacts.canonical import identify
from penstock.artifacts.masking import masked
from penstock.artifacts.plain_preview import plain_preview
from penstock.artifacts.walk import AS_NAMES, BY_CONTENT, Identity, Known
from penstock.errors import NotStorableError
from penstock.model.outcomes import Stored
from penstock.model.tuples import NamedTuple, made

if TYPE_CHECKING:
    import os
    import pathlib

    from penstock.artifacts.collected import Collected
    from penstock.artifacts.store import BlobStore
    from penstock.model.edges import Edge, Part

_ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes))
_FEW = 32  # items of a container that is looked through for the fast path
_MARKER = b"penstock.artifacts.rebuild"


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
        shown = plain_preview(value, size) or _preview(value, size)
        stored = made(Stored, (identity.digest, record, shown, (), size, "", (), ""))
        return made(Encoded, (stored, (), identity, False, ()))
    from penstock.artifacts import collected, skeleton_writer

    known: Known = {}
    sink = collected.Collected(store, known, files)
    record, blobs, alive, pieces = skeleton_writer.record_of(value, sink, where)
    size = len(record) + sum(blobs.values())
    if not known:
        alive = None  # what a pickler remembers may take more than the value
    identity = identify(value, where, known, BY_CONTENT if files else AS_NAMES)
    del alive
    symbols = tuple(sorted(sink.symbols))
    culprit = masked(identity.culprit)
    places = _layout(cast("Any", type(value)), pieces, sink) if layout else ""
    stored = Stored(identity.digest, record, _preview(value, size), tuple(blobs), size, culprit, symbols, places)
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
        except names.NOT_FOUND:
            pass  # read again, where names are also looked for under what they are called elsewhere
    parsed = records.parse(record)
    _, skeleton, (digest, size) = parsed
    if digest:
        skeleton = store.get(digest, size, verify=verify)
    from penstock.artifacts import skeleton_reader

    return skeleton_reader.read(skeleton, skeleton_reader.RebuildNames(parsed, store, refs, verify, files_into))


def decode_file(
    record: bytes, store: BlobStore, part: Part, verify: bool, files_into: Union[str, os.PathLike[str]]
) -> Optional[pathlib.Path]:
    """The file or folder that a part of a record's value is, of all that are in it the only one that is written; None:
    the part is something else, or can't be had this way. Raises DamagedError and StoreError."""
    from penstock.artifacts import skeleton_reader

    return skeleton_reader.read_file(records.parse(record), store, part, verify, files_into)


def encode_exception(exc: BaseException, store: BlobStore) -> Optional[bytes]:
    """A record of an exception with its cause and notes; None where its arguments or its class can't be pickled.

    Attributes that can't be pickled are left out, and so is a cause that can't. Large buffers inside become blobs.
    Raises StoreError.
    """
    from penstock.artifacts import collected, culprits, skeleton_writer

    try:
        return skeleton_writer.record_of(culprits.storable(exc), collected.Collected(store, {}, False), "error")[0]
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


def _preview(value: object, size: int) -> str:
    from penstock.artifacts import preview

    return preview.looked_into(value, size)


def _layout(kind: type, pieces: List[Any], sink: Collected) -> str:
    from penstock.artifacts import libraries

    if not libraries.has_layout(kind):
        return ""
    from penstock.artifacts import layouts

    return layouts.layout(b"".join(pieces), sink.parts)


def blobs_of(record: bytes) -> Tuple[bytes, ...]:
    """Digests of the blobs that a record needs, each once."""
    return tuple(dict.fromkeys(digest for digest, _ in inspect_record(record)))
