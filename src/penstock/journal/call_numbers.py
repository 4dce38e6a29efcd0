"""The numbers that a run's calls were given, noted before anything can be seen of them.

A task has a row when it has settled, and what names it is seen earlier: in log files, in the body, on the screen. A
resume finds here which call had which number. It is a file and no table since a commit for each call would cost a tenth
of a short step; a kill loses nothing of it, and a power cut what it loses of the journal, too. Its form is in
docs/formats.md.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence

from penstock.journal import faults
from penstock.model.rows import Dealt

_MAGIC = b"PC\x01"
_HEAD = struct.Struct("<3sII")  # magic, CRC-32 and size of what follows
_NAME = struct.Struct("<H")
_ENTRY = struct.Struct("<33sII")  # key, task id, number


class Calls:
    """The file of one run. `note` may be called from any thread, one at a time."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, "calls")
        self._fd = -1

    def note(self, dealt: Sequence[Dealt]) -> None:
        name = dealt[0].name.encode()
        entries = [_ENTRY.pack(key, id_, number) for key, id_, _, number in dealt]
        body = b"".join((_NAME.pack(len(name)), name, *entries))
        data = _HEAD.pack(_MAGIC, zlib.crc32(body), len(body)) + body
        try:
            if self._fd < 0:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            written = os.write(self._fd, data)
            if written < len(data):  # the disk is full, which the next write says
                os.write(self._fd, data[written:])
        except OSError as error:
            raise faults.journal_error(self._path, error) from error

    def read(self) -> Iterator[Dealt]:
        """All that was noted, in that order. What was cut short by a full disk or a power cut is passed over."""
        try:
            with open(self._path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return
        at = data.find(_MAGIC)
        while 0 <= at <= len(data) - _HEAD.size:
            _, checksum, size = _HEAD.unpack_from(data, at)
            body = data[at + _HEAD.size : at + _HEAD.size + size]
            if len(body) == size and zlib.crc32(body) == checksum:
                yield from _entries(body)
                at = data.find(_MAGIC, at + _HEAD.size + size)
            else:
                at = data.find(_MAGIC, at + 1)

    def forget(self) -> None:
        """The run is done: every task has its row."""
        self.close()
        try:
            os.unlink(self._path)
            os.rmdir(os.path.dirname(self._path))
        except OSError:  # there is none, or it can't be removed: then gc does with the run
            pass

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _entries(body: bytes) -> Iterator[Dealt]:
    (size,) = _NAME.unpack_from(body)
    name = body[_NAME.size : _NAME.size + size].decode()
    for key, id_, number in _ENTRY.iter_unpack(body[_NAME.size + size :]):
        yield Dealt(key, id_, name, number)
