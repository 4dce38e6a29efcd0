"""Names as MLflow takes them: letters, digits, _ - . : / and spaces, as a path that leads nowhere else. Pure."""

from __future__ import annotations

import hashlib
import posixpath
import re

_LONGEST = 250
_TAKEN = re.compile(r"[^\w\-./: ]")


def key(name: str) -> str:
    """The same name, or one of its own: what had to be changed is told apart by a digest."""
    found = _TAKEN.sub("_", name)
    if found != posixpath.normpath(found) or found.startswith(("/", "..")) or found == ".":
        found = found.replace("/", "_").strip(".") or "_"
    if found != name or len(found) > _LONGEST:
        found = f"{found[: _LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return found


def cut(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
