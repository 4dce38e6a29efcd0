"""Plain data in a file that only saves time: a missing, damaged or unwritable file costs time, no more."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from blake3 import blake3

from penstock.model import wire

_DIGEST_BYTES = 32


def read(file: Path) -> Any:
    """What was written last; None where there is none, or where it is damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    data = content[_DIGEST_BYTES:]
    return wire.unpack(data) if data and blake3(data).digest() == content[:_DIGEST_BYTES] else None


def write(file: Path, value: Any) -> None:
    """Replace the file, behind the digest of what is in it. Where that can't be done, nothing."""
    data = wire.pack(value)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(blake3(data).digest() + data)
        temporary.replace(file)
    except OSError:
        _remove(temporary)


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        return
