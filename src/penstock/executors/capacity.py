"""What this machine can hold, as far as the system lets us use it."""

from __future__ import annotations

import os

GRANT = "PENSTOCK_STEP_CPU"
"""The variable that says, inside of a step, how many processors it was granted."""


def granted() -> int:
    """How many processors the step was granted inside of which this process runs; 0: it runs in none."""
    text = os.environ.get(GRANT, "")
    return int(text) if text.isdecimal() else 0


def cpu() -> int:
    """Processors that this process may use: by its affinity, by the quota of its control group, and inside of a step by
    what that was granted."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        count = os.cpu_count() or 1
    quota, _, period = _read("/sys/fs/cgroup/cpu.max").partition(" ")
    if quota.isdigit() and period.strip().isdigit():
        count = min(count, max(1, int(quota) // int(period)))
    return max(1, min(count, granted() or count))


def memory_bytes() -> int:
    """Memory of this machine, or of the control group."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _read("/sys/fs/cgroup/memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def gpus() -> tuple[str, ...]:
    """Values for CUDA_VISIBLE_DEVICES, one for each GPU of NVIDIA's that this process may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(name.strip() for name in visible.split(",") if name.strip() and name.strip() != "-1")
    try:
        return tuple(str(number) for number in range(len(os.listdir("/proc/driver/nvidia/gpus"))))
    except OSError:
        return ()


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""
