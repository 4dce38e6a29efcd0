"""What this process and its children have used so far: an attempt's share is the difference of two looks.

Bytes read and written are those of the calls `read` and `write`, whether the disk, the page cache, a pipe or a device
answered them: the same work gives the same number, however warm the cache is. What goes through mapped files is not
among them, nor what `recv` and `send` move over a socket.
"""

from __future__ import annotations

import os

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

    def read(self, memory: bool = False) -> MeterReading:
        """How it stands now; takes three microseconds, and two more with the memory."""
        _, _, children_user_s, children_system_s, _ = os.times()
        children_s = children_user_s + children_system_s + self._elsewhere.cpu_s
        io = _look(self._io)
        if not io:
            return MeterReading(children_s)
        _, read, _, written, _ = io.split(None, 4)
        if not memory:
            return made(MeterReading, (children_s, int(read), int(written), 0, len(io)))
        statm = _look(self._statm)
        pages = statm.split()
        size = (int(pages[1]) - int(pages[2])) * posix.PAGE if pages else 0
        return MeterReading(children_s, int(read), int(written), size, len(io) + len(statm))

    def close(self) -> None:
        for fd in (self._statm, self._io):
            if fd >= 0:
                os.close(fd)


def counted_from(reading: MeterReading, read_bytes: int = 0, written_bytes: int = 0) -> MeterReading:
    """Where an attempt starts to count: behind the look itself, and what its process reads and writes for us."""
    children_s, read, written, _, look = reading
    return made(MeterReading, (children_s, read + look + read_bytes, written + written_bytes, 0, 0))


def between(usage: Usage, before: MeterReading, after: MeterReading, peak_bytes: int = 0) -> Usage:
    """An attempt's usage, with what its children used, what it read and wrote, and its highest memory."""
    children_before_s, read_before, written_before, _, _ = before
    children_s, read, written, _, _ = after
    cpu_s = usage.cpu_s + children_s - children_before_s
    read_bytes, written_bytes = max(0, read - read_before), max(0, written - written_before)
    return made(Usage, (usage.began_at, usage.wall_s, cpu_s, peak_bytes, read_bytes, written_bytes))


def _look(fd: int) -> bytes:
    if fd < 0:
        return b""
    try:
        return os.pread(fd, 256, 0)
    except OSError:  # a step has closed all that is open
        return b""
