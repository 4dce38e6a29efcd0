"""What a container uses, read off the kernel's own account of it, a cgroup, while it runs: once it is gone, so is that.

A container is found by a variable that only its processes have, and this machine's other side does not: their processes
are in a pid namespace of their own. Where the system shows neither, what it uses stays unknown.
"""

from __future__ import annotations

import os
import time
from typing import Dict, Optional

from penstock.worker import posix

_ROOT = "/sys/fs/cgroup"
_LOOK_S = 0.2
_TRIES = 25
_ANONYMOUS = ("anon", "shmem"), ("total_rss", "total_shmem")
"""Of cgroups of the second version and of the first: memory as that of a process is counted, without files that it
maps."""


class ContainerUsage:
    """Of one container. `mark`: a variable that its processes have, with its value."""

    def __init__(self, mark: str) -> None:
        self._mark = mark.encode() + b"\0"
        self._tries = _TRIES
        self._folders: Optional[Dict[str, str]] = None
        self._due = time.monotonic() + _LOOK_S / 4
        self.cpu_s = 0.0
        self.memory_bytes = 0  # at its highest

    def look(self) -> None:
        """Look, if it is time."""
        now = time.monotonic()
        if now < self._due or (self._folders is None and not self._tries):
            return
        self._due = now + _LOOK_S
        if self._folders is None:
            self._tries -= 1
            self._folders = _folders_of(self._mark)
        if self._folders is not None:
            self.cpu_s = max(self.cpu_s, _cpu_s(self._folders))
            self.memory_bytes = max(self.memory_bytes, _memory(self._folders))


def _folders_of(mark: bytes) -> Optional[Dict[str, str]]:
    """Where the accounts lie, by controller; the second version's has the name ""."""
    own = _namespace("self")
    for pid in posix.marked(mark):
        if _namespace(str(pid)) not in ("", own):
            found: Dict[str, str] = {}
            for line in _read(f"/proc/{pid}/cgroup").splitlines():
                _, names, place = line.split(":", 2)
                for name in names.split(","):
                    found[name] = f"{_ROOT}/{names}{place}" if name else f"{_ROOT}{place}"
            return found
    return None


def _namespace(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return ""


def _cpu_s(folders: Dict[str, str]) -> float:
    spent = _read(f"{folders['cpuacct']}/cpuacct.usage") if "cpuacct" in folders else ""
    if spent:
        return int(spent) / 1e9
    return _counts(f"{folders.get('', _ROOT)}/cpu.stat").get("usage_usec", 0) / 1e6


def _memory(folders: Dict[str, str]) -> int:
    counts = _counts(f"{folders.get('memory', folders.get('', _ROOT))}/memory.stat")
    return sum(counts.get(name, 0) for name in _ANONYMOUS["total_rss" in counts])


def _counts(path: str) -> Dict[str, int]:
    fields = (line.split() for line in _read(path).splitlines())
    return {name: int(count) for name, count in fields if count.isdigit()}


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
