"""Watches the memory of a command's processes from outside, whatever they say of themselves. Linux only."""

from __future__ import annotations

import os
import subprocess
import threading
import uuid
from pathlib import Path

from bench.workplace import environment

_EVERY_S = 0.005
_OWN = ("RssAnon:", "RssShmem:")  # what a process has beyond files that it maps


class Watch(threading.Thread):
    """Samples every process whose environment carries the mark."""

    def __init__(self, mark: str) -> None:
        super().__init__(daemon=True)
        self._mark = mark.encode()
        self._strangers: set[str] = set()
        self._over = threading.Event()
        self.peaks: dict[str, int] = {}  # bytes by pid

    def run(self) -> None:
        """Sample until stopped."""
        while not self._over.wait(_EVERY_S):
            for pid in filter(str.isdigit, os.listdir("/proc")):
                if pid not in self._strangers:
                    self._sample(pid)

    def stop(self) -> None:
        """Take no more samples."""
        self._over.set()
        self.join()

    def _sample(self, pid: str) -> None:
        try:
            if pid not in self.peaks and self._mark not in Path(f"/proc/{pid}/environ").read_bytes():
                self._strangers.add(pid)
                return
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        own = sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(_OWN))
        self.peaks[pid] = max(self.peaks.get(pid, 0), own)


def peaks(command: list[str], folder: Path) -> tuple[str, list[int]]:
    """Run a command: its stdout, and the peak of anonymous and shared memory of each of its processes, in bytes."""
    mark = f"penstock-bench-{uuid.uuid4()}"
    watch = Watch(mark)
    watch.start()
    done = subprocess.run(
        command, cwd=folder, env=environment(BENCH_MARK=mark), capture_output=True, text=True, check=False
    )
    watch.stop()
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout, sorted(watch.peaks.values(), reverse=True)
