"""What this process and its children have used so far: an attempt's share is the difference of two looks.

Bytes read and written are those of the calls `read` and `write`, whether the disk, the page cache, a pipe or a device
answered them: the same work gives the same number, however warm the cache is. What goes through mapped files is not
among them, nor what `recv` and `send` move over a socket.
"""

from __future__ import annotations

import os
from typing import Optional, Tuple

from penstock.model.outcomes import Usage
from penstock.model.tuples import NamedTuple, made
from penstock.sdk.this_process import this_process
from penstock.worker import posix


class MeterReading(NamedTuple):
    """What the meter shows. Children count from when they were waited for."""

    children_cpu_s: float = 0.0  # in steps of 0.01 s; this process's own is `time.process_time`
    read_bytes: int = 0  # with the children's; 0 on a system without /proc
    written_bytes: int = 0
    memory_bytes: int = 0  # anonymous memory of this process; 0: not looked at
    look_bytes: int = 0  # what this look itself has read, which the next one counts
    is_still: bool = False  # nothing was read or written since the look before, nor has any child ended


class SpentElsewhere:
    """What this process's programs have used where no child of it tells: in containers."""

    def __init__(self) -> None:
        self.cpu_s = 0.0


class Meter:
    """Belongs to the process that made it: a fork of it would read its parent's numbers."""

    def __init__(self) -> None:
        self._elsewhere = this_process.the_one(SpentElsewhere)
        self._statm = posix.own_file("statm")
        self._io = posix.own_file("io")

    def read(self, memory: bool = False, since: Optional[MeterReading] = None) -> MeterReading:
        """How it stands now; takes three microseconds, and two more with the memory. `since`: the look before, where
        none of Python's forks has come between, so that children have read their programs at least: where nothing has
        moved they are not asked, which spares one of the three."""
        io = _look(self._io)
        if not io:
            return MeterReading(self._children_s())
        _, read_text, _, written_text, _ = io.split(None, 4)
        read, written = int(read_text), int(written_text)
        if since is not None and written == since.written_bytes and read == since.read_bytes + since.look_bytes:
            return made(MeterReading, (since.children_cpu_s, read, written, 0, len(io), True))
        statm = _look(self._statm) if memory else b""
        pages = statm.split()
        size = (int(pages[1]) - int(pages[2])) * posix.PAGE if pages else 0
        return MeterReading(self._children_s(), read, written, size, len(io) + len(statm))

    def _children_s(self) -> float:
        _, _, user_s, system_s, _ = os.times()
        return user_s + system_s + self._elsewhere.cpu_s

    def close(self) -> None:
        for fd in (self._statm, self._io):
            if fd >= 0:
                os.close(fd)


def between(
    usage: Usage,
    before: MeterReading,
    after: MeterReading,
    peak_bytes: int = 0,
    ours: Tuple[int, int] = (0, 0),
) -> Usage:
    """An attempt's usage, with what its children used, what it read and wrote, and its highest memory. `ours`: bytes
    that its process has read and written for us meanwhile."""
    began_at, wall_s, cpu_s, _, _, _ = usage
    if after.is_still:
        return made(Usage, (began_at, wall_s, cpu_s, peak_bytes, 0, 0))
    cpu_s += after.children_cpu_s - before.children_cpu_s
    read_bytes = after.read_bytes - before.read_bytes - before.look_bytes - ours[0]
    written_bytes = after.written_bytes - before.written_bytes - ours[1]
    return Usage(began_at, wall_s, cpu_s, peak_bytes, max(0, read_bytes), max(0, written_bytes))


def _look(fd: int) -> bytes:
    if fd < 0:
        return b""
    try:
        return os.pread(fd, 256, 0)
    except OSError:  # a step has closed all that is open
        return b""
