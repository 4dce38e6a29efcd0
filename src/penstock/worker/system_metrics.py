"""What attempts use while they run: processors, memory, input and output, network, GPUs; once a second at first, and
less often of one that runs for long. Beside a worker's log lies a file of points (docs/formats.md) for all that its
attempts used; short ones leave none.

Reads /proc and, for attempts that were granted GPUs, asks `pynvml`. Knows nothing of who runs an attempt, or why.
"""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from penstock.model.tuples import NamedTuple
from penstock.worker import posix

FILE = ".system"
"""How the names of such files end: they begin as the worker's log does."""
NAMES = ("cpu", "memory", "read", "written", "received", "sent")
"""Processors in use; bytes of anonymous and shared memory; bytes a second that the attempt has read and written by the
calls `read` and `write`; bytes a second that all of the machine has received and sent."""
GPU_NAMES = ("gpu", "gpu_memory")
"""Of the GPUs that the attempt was granted: how many are busy, and bytes in use."""

_EVERY_S = 1.0
_MOST_S = 10.0
_PART = 0.01
"""Of the time that an attempt has run so far: how long it is until the next look."""


class Used(NamedTuple):
    """What a process tree had used by a time."""

    at: float  # monotonic
    cpu_s: float
    read_bytes: int
    written_bytes: int
    received_bytes: int  # by all of the machine, as the next
    sent_bytes: int


class SystemSampler:
    """Looks at the attempts of one worker."""

    def __init__(self, path: str, gpus: Sequence[str]) -> None:
        self._path = path
        self._gpus = gpus
        self._attempt = 0.0  # when the one that is looked at began, monotonic
        self._next_at = 0.0
        self._last: Optional[Used] = None
        self._writer: Any = None
        self._table: Any = None
        self._devices: Optional[Devices] = None

    def is_due(self, now: float, began: float) -> bool:
        """Whether the attempt that began then is to be looked at."""
        if began != self._attempt:
            self._attempt, self._next_at, self._last = began, began + _EVERY_S, None
        return now >= self._next_at

    def look(self, now: float, tag: int, before: Tuple[float, int, int], pids: Sequence[int], memory: int) -> None:
        """Note what the attempt uses. `tag` tells it from others of the worker's; `before`: what its worker had used
        when it began; `memory`: bytes that its processes have now."""
        self._next_at = now + min(_MOST_S, max(_EVERY_S, _PART * (now - self._attempt)))
        used, network = [sum(each) for each in zip(*map(posix.used_by, pids))], posix.network_bytes()
        last = self._last or Used(self._attempt, *before, *network)
        self._last = this = Used(now, used[0], int(used[1]), int(used[2]), *network)
        took = max(now - last.at, 1e-6)
        # A process that has ended, and was not waited for, takes what it had used with it.
        rates = [max(0.0, (after - first) / took) for first, after in zip(last[1:], this[1:])]
        numbers = [rates[0], float(memory), *rates[1:]]
        if self._gpus:
            self._devices = self._devices or Devices(self._gpus)
            numbers += self._devices.look()
        self._note(tag, numbers)

    def _note(self, tag: int, numbers: List[float]) -> None:
        if self._writer is None:
            from penstock.artifacts.points_writer import PointsWriter  # most runs have no attempt that is so long

            self._writer = PointsWriter(self._path)
            names = NAMES + (GPU_NAMES if len(numbers) > len(NAMES) else ())
            self._table = self._writer.table(tuple(f"system/{name}" for name in names))
        self._table.pending.append((tag, time.time(), numbers))
        try:
            self._writer.write()
        except OSError:
            pass  # the disk is full, or somebody has removed the folder: nothing rests on this

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


class Devices:
    """GPUs by their names in CUDA_VISIBLE_DEVICES."""

    def __init__(self, names: Sequence[str]) -> None:
        self._nvml: Any = None
        self._handles: List[Any] = []
        try:
            import pynvml  # pyright: ignore[reportMissingImports]  # of nvidia-ml-py, which need not be there

            nvml: Any = pynvml
            nvml.nvmlInit()
            for name in names:
                find = nvml.nvmlDeviceGetHandleByIndex if name.isdigit() else nvml.nvmlDeviceGetHandleByUUID
                self._handles.append(find(int(name) if name.isdigit() else name))
            self._nvml = nvml
        except Exception:  # noqa: BLE001  no driver, no such device, another version: there are no curves then
            self._handles.clear()

    def look(self) -> List[float]:
        """How many are busy, and the bytes in use; nothing where nobody can tell."""
        if self._nvml is None:
            return []
        try:
            busy = sum(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in self._handles) / 100
            memory = sum(self._nvml.nvmlDeviceGetMemoryInfo(handle).used for handle in self._handles)
        except Exception:  # noqa: BLE001  the device went away
            return [float("nan"), float("nan")]
        return [float(busy), float(memory)]


class SystemSamplers:
    """Those of all workers of a zygote, by the worker's number."""

    def __init__(self) -> None:
        self._samplers: Dict[int, SystemSampler] = {}

    def of(self, number: int, log: str, gpus: Optional[Sequence[str]]) -> SystemSampler:
        """The worker's. `log`: the path of its log."""
        found = self._samplers.get(number)
        if found is None:
            path = os.path.splitext(log)[0] + FILE
            found = self._samplers[number] = SystemSampler(path, gpus or ())
        return found

    def close(self) -> None:
        """Give back what is open, in a process that was forked."""
        for sampler in self._samplers.values():
            sampler.close()

    def forget(self, number: int) -> None:
        """The worker is dead."""
        found = self._samplers.pop(number, None)
        if found is not None:
            found.close()
