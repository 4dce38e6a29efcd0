"""What `penstock doctor` has found, of this machine or of an executor."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    level: str  # "ok", "note" (works, with a loss), "problem" (must be mended)
    found: str
    mend: str = ""
