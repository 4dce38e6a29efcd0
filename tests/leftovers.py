"""The runs and agents that tests leave behind: each has a bell in its host's folder for as long as it lives."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_S = 60.0


def end_those_of(folder: Path) -> list[str]:
    """Kill what still lives there after a while; what was killed, by command."""
    until = time.monotonic() + PATIENCE_S
    while left := [bell for bell in folder.glob("penstock/host-*/*.bell") if _is_heard(bell)]:
        if time.monotonic() > until:
            return [_kill(int(bell.name.partition("-")[0])) for bell in left]
        time.sleep(0.05)
    return []


def _is_heard(bell: Path) -> bool:
    try:
        os.close(os.open(bell, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:  # gone, or nobody reads it
        return False
    return True


def _kill(pid: int) -> str:
    command = f"process {pid}"
    with suppress(FileNotFoundError, ProcessLookupError):
        command += ": " + Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ").strip()
    if pid != os.getpid():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return command
