"""What was written to, by which attempts and when, as a run's log of it says (`worker/writes.py`, which writes it)."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

Key = Tuple[Any, ...]
_PIECE = 32 << 10  # a larger one costs more to make than to read


class Written:
    """What one attempt has written."""

    def __init__(self, attempt: str, pid: int) -> None:
        self.task = attempt.rpartition("#")[0]
        self.ended_ns: Optional[int] = None
        self._pid = pid
        self._last_ns = 0
        self._paths: List[str] = []
        self._keys: Set[Key] = set()

    def add(self, at_ns: int, path: str) -> None:
        """One more file."""
        self._last_ns = at_ns
        self._paths.append(path)

    def overlaps(self, began_ns: int) -> bool:
        """Whether it may have written while an attempt ran that began then, and still runs."""
        if self.ended_ns is not None:
            return self.ended_ns > began_ns
        # One that was killed has no end: what it wrote before is not told from what was there.
        return self._last_ns > began_ns or _is_alive(self._pid)

    def keys(self) -> Set[Key]:
        """What its files are known by; looked up where somebody asks, as they are then."""
        folders: Dict[str, str] = {}
        for path in self._paths:
            self._keys.update(keys_of(path, folders))
        self._paths.clear()
        return self._keys


class WritesLog:
    """The log of one run, as far as it was read."""

    def __init__(self, path: str) -> None:
        self.by_attempt: Dict[bytes, Written] = {}
        self._path = path
        self._fd = -1  # -1: nobody has written yet
        self._offset = 0
        self._read_bytes = 0

    def read(self, oldest_ns: int) -> None:
        """Take in what is new. What had ended before that time is of no use to anybody any more."""
        if self._fd < 0:
            try:
                self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return
        while self._take_in(os.pread(self._fd, _PIECE, self._offset)):
            pass
        for attempt, written in list(self.by_attempt.items()):
            if written.ended_ns is not None and written.ended_ns < oldest_ns:
                del self.by_attempt[attempt]

    def moved(self) -> int:
        """Bytes read since this was last asked."""
        read, self._read_bytes = self._read_bytes, 0
        return read

    def close(self) -> None:
        """Give its file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take_in(self, text: bytes) -> bool:
        """The whole lines of a piece; False: there are none."""
        self._read_bytes += len(text)
        end = text.rfind(b"\n") + 1
        self._offset += end
        for line in text[:end].split(b"\n"):
            fields = line.split(b"\0")
            if len(fields) == 4:  # else it is the end, or a disk was full
                self._take(*fields)
        return end > 0

    def _take(self, at_ns: bytes, pid: bytes, attempt: bytes, path: bytes) -> None:
        written = self.by_attempt.get(attempt)
        if written is None:
            written = self.by_attempt[attempt] = Written(attempt.decode(), int(pid))
        if path:
            written.add(int(at_ns), os.fsdecode(path))
        else:
            written.ended_ns = int(at_ns)


def keys_of(path: str, folders: Dict[str, str]) -> Iterator[Key]:
    """What a file is known by, in whatever way it is reached: its folder and name, and where it is there, itself.
    `folders`: what is known already of where folders really are."""
    folder, name = os.path.split(path)
    real = folders.get(folder)
    if real is None:
        real = folders[folder] = os.path.realpath(folder)
    yield real, name
    try:
        found = os.stat(path)
    except OSError:
        return
    yield found.st_dev, found.st_ino


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
