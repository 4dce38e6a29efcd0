"""Compiled modules that may be older than their source, although Python would take them.

Python compares a source's size and the second of its last change. A file that is edited twice within a second, as a
script or a quick hand does, keeps both: what was compiled in between would run as if it were what came after.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import cache_from_source

from penstock.environments.collect import FoundFile

_DOUBT_NS = 2_000_000_000


def drop_doubtful(sources: Iterable[FoundFile]) -> None:
    """Remove what was compiled within two seconds of its source's last change; the next import compiles it anew."""
    for source in sources:
        try:
            compiled = cache_from_source(source.path)
            if os.stat(compiled).st_mtime_ns - source.mtime_ns < _DOUBT_NS:
                os.unlink(compiled)
        except (OSError, NotImplementedError):  # there is none, or it can't be removed, or this Python keeps none
            continue
