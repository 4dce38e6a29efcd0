"""The task that `penstock doctor --on` runs: it says what it finds where it runs, and gives back what it was sent."""

from __future__ import annotations

import os
import platform
import shutil
import time
from typing import Any, Dict


def look_around(sent: bytes) -> Dict[str, Any]:
    """What is known of this machine, as plain data. `data`: the bytes that were sent, in another order, so that they
    are a value of their own."""
    home = os.environ.get("TMPDIR") or os.getcwd()
    return {
        "host": platform.node(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "time": time.time(),
        "free_bytes": shutil.disk_usage(home).free,
        "data": sent[::-1],
    }
