"""Writes the record of a value that is taken apart: its skeleton, and large buffers beside it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from penstock.artifacts import pickling, records
from penstock.artifacts.collected import Collected
from penstock.artifacts.walk import BIG
from penstock.errors import NotStorableError, PenstockError


def record_of(value: Any, sink: Collected, where: str) -> Tuple[bytes, Dict[bytes, int], Any, List[Any]]:
    """The record of a value; the blobs that it needs, by digest their sizes in bytes; what must live while `sink.known`
    is used; the pieces of its skeleton.

    Raises NotStorableError, naming the path from `where` to what can't be pickled, and StoreError.
    """
    file = _Skeleton()
    try:
        alive = pickling.dump(value, sink, file)
    except PenstockError:
        raise
    except Exception as error:  # noqa: BLE001  the user's pickling code: whatever it raises, the value can't be stored
        from penstock.artifacts import culprits

        raise NotStorableError(culprits.message(value, where, error)) from culprits.cause(error)
    blobs = {digest: size for _, digest, size in sink.parts}
    if file.size <= records.room(sink.parts):
        return records.build(sink.parts, b"".join(file.pieces)), blobs, alive, file.pieces
    digest, size = sink.store.put_chunks(file.batches())
    blobs[digest] = size
    return records.build_with_blob(sink.parts, digest, size), blobs, alive, file.pieces


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
