"""The port of the content-addressed store. Owns no bytes; docs/formats.md, Blob."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Optional, Protocol, Tuple

from penstock.model.tuples import NamedTuple


class BlobInfo(NamedTuple):
    """A blob as a listing shows it."""

    digest: bytes
    size: int  # bytes
    modified_at: float  # UTC, seconds since the epoch; renewed by a put that finds it present


class BlobStore(Protocol):
    """Blobs, named by the digest of their bytes.

    Promises: a blob is there whole or not at all, whatever is killed when; putting the same bytes again writes nothing
    but renews `modified_at`, so that a sweep of old blobs spares it; what `get` returns is the reader's own: writing to
    it changes nothing stored. All methods block, and may be called from any thread and any process.
    Where the store can't be read or written they raise StoreError.
    """

    def put(self, data: Any) -> Tuple[bytes, int]:
        """Store a contiguous bytes-like object, without a copy of it; returns (digest, size in bytes)."""
        ...

    def put_chunks(self, chunks: Iterable[Any]) -> Tuple[bytes, int]:
        """Store bytes-like objects, one after another, as one blob; returns (digest, size in bytes)."""
        ...

    def get(self, digest: bytes, size: int, verify: bool = False) -> memoryview:
        """A writable view of the blob; large ones are mapped and read when touched.

        Raises DamagedError where the blob is gone or of another size and, with `verify`, of another digest.
        """
        ...

    def renew(self, digest: bytes, size: int) -> bool:
        """Note that the blob is needed, so that a sweep of old ones spares it; False where it is gone or not whole."""
        ...

    def delete(self, digest: bytes, before: Optional[float] = None) -> bool:
        """Remove a blob; False where there was none, or it was needed since `before` (UTC, seconds; None: whenever it
        was). Views of it stay readable."""
        ...

    def list(self) -> Iterator[BlobInfo]:
        """All blobs, in no order."""
        ...
