"""The port of the content-addressed store. Owns no bytes; docs/formats.md, Blob."""

from __future__ import annotations

from typing import Any, Container, ContextManager, Iterable, Iterator, Protocol, Tuple

from penstock.model.tuples import NamedTuple


class BlobInfo(NamedTuple):
    """A blob as a listing shows it."""

    digest: bytes
    size: int  # bytes


class SweptBlobs(NamedTuple):
    """What a sweep has removed, or would remove, and what only its age has spared."""

    blobs: int
    blob_bytes: int
    cut_off: int  # what was left of writes that never came to their end
    cut_off_bytes: int
    spared_bytes: int  # of blobs


class BlobStore(Protocol):
    """Blobs, named by the digest of their bytes: files of a folder, or objects of a bucket.

    Promises: a blob is there whole or not at all, whatever is killed when; what was put is there for every `get` and
    `renew` that comes after, in any process; what `get` returns is the reader's own: writing to it changes nothing
    stored; a sweep spares what somebody has needed since, by a put of the same bytes or a `renew`, how ever the store
    notes that (the time of a file, another put of what is old). All methods block, and may be called from any thread
    and any process. Where the store can't be read or written they raise StoreError.
    """

    def put(self, data: Any) -> Tuple[bytes, int]:
        """Store a contiguous bytes-like object, without a copy of it; returns (digest, size in bytes)."""
        ...

    def put_chunks(self, chunks: Iterable[Any]) -> Tuple[bytes, int]:
        """Store bytes-like objects, one after another, as one blob; returns (digest, size in bytes). The digest is
        known last: until then the bytes lie elsewhere. A chunk is valid until the next one is asked for."""
        ...

    def get(self, digest: bytes, size: int, verify: bool = False) -> memoryview:
        """A writable view of the blob; large ones may be mapped, and read when touched.

        Raises DamagedError where the blob is gone or of another size and, with `verify`, of another digest.
        """
        ...

    def renew(self, digest: bytes, size: int) -> bool:
        """Note that the blob is needed now: no sweep with an earlier `before` takes it. False: it is gone or not
        whole."""
        ...

    def delete(self, digest: bytes) -> bool:
        """Remove a blob, whoever needs it; False where there was none. Views of it stay readable."""
        ...

    def list(self) -> Iterator[BlobInfo]:
        """All blobs, in no order. It may be late: lack what was put just now, and show what was just removed."""
        ...

    def now(self) -> float:
        """The time by the store's own clock (seconds), with which nobody else's is compared."""
        ...

    def held(self, *, alone: bool = False) -> ContextManager[None]:
        """Inside, no sweep takes what is put or renewed here, though nothing refers to it yet. `alone`: inside, a sweep
        may be made, and nobody else makes one. One that is killed there lets go of it. May block for the other kind."""
        ...

    def sweep(self, needed: Container[bytes], before: float, *, remove: bool) -> SweptBlobs:
        """Remove the blobs that are not needed, and were not since `before`, a time that `now` gave or an earlier one;
        and what writes that were cut off before then have left. `remove` False: only count them; else `held` alone."""
        ...
