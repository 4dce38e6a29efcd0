"""How long an agent may stay, as its site says. Seconds by this machine's clock alone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from penstock.errors import UsageError
from penstock.model.agents import LEFT_S


def left_s(environ: Mapping[str, str], running_s: float) -> float | None:
    """After how many seconds its allocation ends; None: it has no end. `running_s`: how long ago this process began,
    which may have unpacked a bundle before it was an agent. Raises UsageError for what is no number."""
    text = environ.get(LEFT_S, "")
    if not text:
        return None
    try:
        return max(0.0, float(text) - running_s)
    except ValueError:
        raise UsageError(f"{LEFT_S}={text!r}: expected a number of seconds") from None


def running_s(process: Path = Path("/proc/self/stat"), uptime: Path = Path("/proc/uptime")) -> float:
    """How long ago this process was forked; 0.0 where the system does not say."""
    try:
        ticks = int(process.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19])
        return max(0.0, float(uptime.read_text(encoding="ascii").split()[0]) - ticks / os.sysconf("SC_CLK_TCK"))
    except OSError:
        return 0.0
