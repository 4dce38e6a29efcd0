"""The few numbers that a worker and its zygote share in memory: what runs since when, and what it may and does use.

One slot for each worker, in one mapped file. The worker writes when it begins and ends an attempt; the zygote, which
looks at the whole process tree, writes the highest memory it saw.
"""

from __future__ import annotations

import mmap
import struct
from typing import List

_SLOT = struct.Struct("<dQ")  # began (monotonic, 0.0: idle), peak bytes
_SIZE = 64
SLOTS = 1024
FILE_SIZE = _SIZE * SLOTS


class Gauge:
    """One worker's slot."""

    def __init__(self, memory: mmap.mmap, slot: int) -> None:
        self._memory = memory
        self._at = slot * _SIZE
        self.slot = slot

    def begin(self, now: float) -> None:
        """An attempt begins."""
        _SLOT.pack_into(self._memory, self._at, now, 0)

    def end(self) -> int:
        """The attempt is over; gives the peak that was sampled, 0 where it was too short for that."""
        peak: int = _SLOT.unpack_from(self._memory, self._at)[1]
        _SLOT.pack_into(self._memory, self._at, 0.0, 0)
        return peak

    def began(self) -> float:
        """When the attempt that runs began; 0.0: none runs."""
        return float(_SLOT.unpack_from(self._memory, self._at)[0])

    def sample(self, size: int) -> None:
        """Note the memory that the worker's tree has now."""
        began, peak = _SLOT.unpack_from(self._memory, self._at)
        if size > peak:
            _SLOT.pack_into(self._memory, self._at, began, size)


class Gauges:
    """All slots; who is given one gives it back."""

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, FILE_SIZE)
        self._free: List[int] = list(range(SLOTS - 1, -1, -1))

    def take(self) -> Gauge:
        """A slot for a new worker; raises IndexError beyond a thousand of them."""
        gauge = self.at(self._free.pop())
        gauge.end()
        return gauge

    def give(self, gauge: Gauge) -> None:
        """The worker is gone."""
        self._free.append(gauge.slot)

    def at(self, slot: int) -> Gauge:
        """The slot that another process took."""
        return Gauge(self._memory, slot)
