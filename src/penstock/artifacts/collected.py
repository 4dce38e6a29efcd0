"""What one encode collects beside a skeleton, which reducers are given: blobs, edges, and the names of code."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, List, Set, Tuple, cast

from penstock.artifacts import digests
from penstock.artifacts.memory import address
from penstock.artifacts.records import BY_NUMBER, IN_ORDER
from penstock.artifacts.walk import BIG, Known
from penstock.model.edges import Edge

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore


class Part:
    """Stands in a skeleton for a blob."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Refused(TypeError):
    """A value that is never stored, although some pickler would."""


class Collected:
    """What one encode collects beside the skeleton: blobs and edges."""

    def __init__(self, store: BlobStore, known: Known, files: bool) -> None:
        self.store = store
        self.known = known
        self.files = files
        self.edges: List[Edge] = []
        self.parts: List[Tuple[int, bytes, int]] = []  # kind, digest, size
        self.symbols: Set[str] = set()  # "module:name" of the project's classes and functions, "module" of its modules
        self.constants: Dict[type, Dict[int, Tuple[str, str]]] = {}
        self.holds_paths = False
        self.stored_files: List[Any] = []

    def put(self, data: Any, key: Any, owner: Any) -> Part:
        """Store a contiguous buffer; `key` names it while `owner` lives."""
        found = self.known.get(key)
        digest, size = (found[0], memoryview(data).nbytes) if found else self.store.put(data)
        return self._part(digest, size, key, owner)

    def put_chunks(self, chunks: Iterable[Any], key: Any, owner: Any) -> Part:
        """Store pieces as one blob."""
        digest, size = self.store.put_chunks(chunks)
        return self._part(digest, size, key, owner)

    def _part(self, digest: bytes, size: int, key: Any, owner: Any) -> Part:
        self.known[key] = (digest, owner)
        self.parts.append((BY_NUMBER, digest, size))
        return Part(len(self.parts) - 1)

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """pickle's `buffer_callback`: False where the buffer was stored beside the skeleton."""
        try:
            view = buffer.raw()
        except BufferError:  # neither C nor Fortran order
            return True
        if view.nbytes < BIG:
            return True
        start = address(view)
        key = ("at", start, view.nbytes, None, 0)
        found = self.known.get(key) if start else None
        digest, size = (found[0], view.nbytes) if found else self.store.put(view)
        if start:
            self.known[key] = (digest, view)
        self.parts.append((IN_ORDER, digest, size))
        return False

    def reset(self) -> None:
        """Forget what a first try collected; the blobs it stored are known."""
        self.edges.clear()
        self.parts.clear()
        self.stored_files.clear()


Reducer = Callable[[Collected, Any], Any]
"""Takes a value apart: what `__reduce_ex__` gives, or NotImplemented where pickle's own way does."""


def sink_to_nowhere(known: Known) -> Collected:
    """A sink that stores nothing: what a value would be stored as is all that is wanted."""
    return Collected(cast("BlobStore", _Nowhere()), known, False)


class _Nowhere:
    def put(self, data: Any) -> Tuple[bytes, int]:
        return digests.digest(data), memoryview(data).nbytes

    def put_chunks(self, chunks: Iterable[Any]) -> Tuple[bytes, int]:
        return digests.digest_chunks(chunks)
