"""Puts what agents send of their logs into the folder of the run's logs, where all readers find it."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable

from penstock.errors import StoreError
from penstock.model.luggage import LogPiece
from penstock.model.wire import MalformedError


def keep(folder: str, pieces: Iterable[LogPiece]) -> None:
    """Write the pieces in their places; once more changes nothing.

    Blocks for the writing. Raises StoreError where the folder can't be written, MalformedError for a piece that is
    none, or names a file elsewhere.
    """
    for piece in pieces:
        if not piece.file or os.path.basename(piece.file) != piece.file or piece.file in (os.curdir, os.pardir):
            raise MalformedError(f"{piece.file!r} is no name of a log")
        try:
            data = zlib.decompress(piece.data)
        except zlib.error as error:
            raise MalformedError(f"a piece of {piece.file} is damaged: {error}") from None
        path = os.path.join(folder, piece.file)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                _write(fd, data, piece.offset)
                if piece.end >= 0:
                    os.ftruncate(fd, piece.offset + len(data))
            finally:
                os.close(fd)
        except OSError as error:
            raise StoreError(f"can't write the log {path}: {error.strerror}") from error


def _write(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written
