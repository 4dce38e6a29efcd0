"""Finds what is new in the files that an agent's workers write: their logs, and the points that were logged.

A log grows at its end; that its end is cut off is seldom. A file of points changes in its midst: it is compared block
by block with what was sent.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator

from penstock.model.luggage import LogPiece
from penstock.worker.log_files import OPENING

PIECE_BYTES = 1 << 20
_BLOCK = 4096
_KNOWN = 256  # bytes before the end of what was sent: where they differ, the end was cut off and written anew
_ALTERED = 8192  # a word that a log is cut off with is shorter


class LogShipper:
    """What was sent of the files of one folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._logs: dict[str, tuple[int, bytes]] = {}  # bytes that were sent, and the last of them
        self._points: dict[str, tuple[int, list[int]]] = {}  # its modification time, and a checksum of each block

    def pieces(self, most_bytes: int) -> tuple[LogPiece, ...]:
        """What was written since the last call, up to about so many bytes: as long as there is some, call it again.
        Files that vanish were empty."""
        found: list[LogPiece] = []
        left = most_bytes
        for name in sorted(self._names()):
            if left <= 0:
                break
            try:
                with open(os.path.join(self._folder, name), "rb", buffering=0) as file:
                    news = list((self._of_log if name.endswith(".log") else self._of_points)(name, file.fileno(), left))
            except OSError:  # it was empty, and went
                continue
            left -= sum(length for _, length in news)
            found.extend(piece for piece, _ in news)
        return tuple(found)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
        except OSError:
            return []

    def _of_log(self, name: str, fd: int, most: int) -> Iterator[tuple[LogPiece, int]]:
        size = os.fstat(fd).st_size
        sent, known = self._logs.get(name, (0, b""))
        if size == sent or (not sent and size <= OPENING):
            return
        end = -1
        if size < sent or os.pread(fd, len(known), sent - len(known)) != known:
            end, sent = size, max(0, min(sent, size) - _ALTERED)
        while sent < size and most > 0:
            data = os.pread(fd, min(PIECE_BYTES, size - sent), sent)
            if not data:
                break
            known = (known + data)[-_KNOWN:] if end < 0 else data[-_KNOWN:]
            yield LogPiece(name, sent, zlib.compress(data, 1), end), len(data)
            sent, most, end = sent + len(data), most - len(data), -1
        self._logs[name] = sent, known

    def _of_points(self, name: str, fd: int, most: int) -> Iterator[tuple[LogPiece, int]]:
        changed_at = os.fstat(fd).st_mtime_ns
        before, sums = self._points.get(name, (-1, []))
        if changed_at == before:
            return
        now = list(sums)
        at = 0
        while block := os.pread(fd, _BLOCK, at * _BLOCK):
            checksum = zlib.crc32(block, len(block))
            if at >= len(now) or now[at] != checksum:
                now[at : at + 1] = [checksum]
                yield LogPiece(name, at * _BLOCK, zlib.compress(block, 1)), len(block)
                most -= len(block)
            at += 1
            if most <= 0:
                changed_at = -1  # the rest comes with the next call
                break
        self._points[name] = changed_at, now
