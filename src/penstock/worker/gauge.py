"""The few numbers that a worker and its zygote share in memory: what runs since when, and what it may and does use.

One slot for each worker, in one mapped file. The worker writes when it begins and ends an attempt, and what it had used
by then, so that the attempt's share is known also where the worker dies in it. The zygote, which looks at the whole
process tree, writes the highest memory it saw.
"""

from __future__ import annotations

import mmap
import struct
from typing import List, Optional, Tuple

_ATTEMPT = struct.Struct("<ddQQ")  # began (monotonic, 0.0: idle); used before it: seconds of CPU, bytes read, written
_PEAK = struct.Struct("<Q")  # bytes
_PEAK_AT = _ATTEMPT.size
_SLOT = struct.Struct("<ddQQQQ")  # both, and the attempt's tag
_TAG = struct.Struct("<Q")
_TAG_AT = _ATTEMPT.size + _PEAK.size
_PROGRAM = struct.Struct("<QQ")  # the process of the program that runs, 0: none; 1: the attempt is to end
_PROGRAM_AT = _SLOT.size
_LIMIT_AT = _PROGRAM_AT + _PROGRAM.size  # bytes that the worker may have; 0: any
_SIZE = _LIMIT_AT + 8
SLOTS = 1024
GRACE_S = 5.0
"""So long a program may go on that was asked to end by SIGTERM."""
FILE_SIZE = _SIZE * SLOTS


class Gauge:
    """One worker's slot."""

    def __init__(self, memory: mmap.mmap, slot: int) -> None:
        self._memory = memory
        self._at = slot * _SIZE
        self.slot = slot

    def begin(self, now: float, cpu_s: float = 0.0, read_bytes: int = 0, written_bytes: int = 0, tag: int = 0) -> None:
        """An attempt begins, which `tag` tells from others of the worker's; the rest is what the worker and its
        children had used before."""
        _SLOT.pack_into(self._memory, self._at, now, cpu_s, read_bytes, written_bytes, 0, tag)

    def end(self) -> int:
        """The attempt is over; gives the peak that was sampled, 0 where it was too short for that."""
        peak: int = _PEAK.unpack_from(self._memory, self._at + _PEAK_AT)[0]
        _SLOT.pack_into(self._memory, self._at, 0.0, 0.0, 0, 0, 0, 0)
        return peak

    def began(self) -> float:
        """When the attempt that runs began; 0.0: none runs."""
        return float(_ATTEMPT.unpack_from(self._memory, self._at)[0])

    def tag(self) -> int:
        """Of the attempt that runs."""
        return int(_TAG.unpack_from(self._memory, self._at + _TAG_AT)[0])

    def used_before(self) -> Tuple[float, int, int]:
        """Seconds of CPU, bytes read and written by the worker before the attempt that runs."""
        _, cpu_s, read_bytes, written_bytes = _ATTEMPT.unpack_from(self._memory, self._at)
        return cpu_s, read_bytes, written_bytes

    def sample(self, size: int) -> None:
        """Note the memory that the worker's tree has now."""
        if size > _PEAK.unpack_from(self._memory, self._at + _PEAK_AT)[0]:
            _PEAK.pack_into(self._memory, self._at + _PEAK_AT, size)

    def program(self, pid: int) -> None:
        """The worker runs a program, which is to be asked before it is ended; 0: it does not."""
        struct.pack_into("<Q", self._memory, self._at + _PROGRAM_AT, pid)

    def program_pid(self) -> int:
        """The process of that program; 0: there is none."""
        return int(_PROGRAM.unpack_from(self._memory, self._at + _PROGRAM_AT)[0])

    def ask_to_end(self) -> None:
        """The attempt is to end: the worker is killed as soon as its program is gone, and says nothing any more."""
        struct.pack_into("<Q", self._memory, self._at + _PROGRAM_AT + 8, 1)

    def is_ending(self) -> bool:
        """Whether it was asked for."""
        return bool(_PROGRAM.unpack_from(self._memory, self._at + _PROGRAM_AT)[1])

    def may_have(self, limit: Optional[int]) -> None:
        """How much memory the worker's attempts may take from now on; None: any."""
        struct.pack_into("<Q", self._memory, self._at + _LIMIT_AT, limit or 0)

    def limit(self) -> Optional[int]:
        """So much; for what the zygote does not see, which the worker has to bound itself."""
        return struct.unpack_from("<Q", self._memory, self._at + _LIMIT_AT)[0] or None

    def clear(self) -> None:
        """For a new worker."""
        self.end()
        _PROGRAM.pack_into(self._memory, self._at + _PROGRAM_AT, 0, 0)
        self.may_have(None)


class Gauges:
    """All slots; who is given one gives it back."""

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, FILE_SIZE)
        self._free: List[int] = list(range(SLOTS - 1, -1, -1))

    def take(self) -> Gauge:
        """A slot for a new worker; raises IndexError beyond a thousand of them."""
        gauge = self.at(self._free.pop())
        gauge.clear()
        return gauge

    def give(self, gauge: Gauge) -> None:
        """The worker is gone."""
        self._free.append(gauge.slot)

    def at(self, slot: int) -> Gauge:
        """The slot that another process took."""
        return Gauge(self._memory, slot)
