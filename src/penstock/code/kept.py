"""What was made of sources, kept in a file from start to start.

The file holds {key: bytes}, behind the digest of that. A key is a digest of all that the bytes depend on, or of as much
of it as the bytes don't tell themselves. The file only saves time: where it is missing, damaged or can't be written,
that costs time, no more.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cached_property

from blake3 import blake3

from penstock.model import wire

VERSION = 6
"""Of what is kept, and of the rules by which it is made: a change of outlines or fingerprints makes all of it void."""

MAX_BYTES = 32 * 1024 * 1024
"""Beyond it, what was not used this time is let go, first what was not used for longest."""

_DIGEST_BYTES = 32
_HEAD = f"penstock.kept.{VERSION} {sys.version_info[0]}.{sys.version_info[1]} ".encode()


def key_of(*parts: bytes) -> bytes:
    """The key of what is made of these by this Python."""
    hasher = blake3(_HEAD)
    for part in parts:
        hasher.update(part)
    return hasher.digest()


class KeptFile:
    """A file, which is read when something of it is first asked for."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._used: dict[bytes, bytes] = {}
        self._is_new = False

    @cached_property
    def _before(self) -> dict[bytes, bytes]:
        return read(self._file)

    def get(self, key: bytes) -> bytes | None:
        """What was kept under the key; None where nothing is."""
        data = self._used.get(key) or self._before.get(key)
        if data is not None:
            self._used[key] = data
        return data

    def put(self, key: bytes, data: bytes) -> None:
        self._used[key] = data
        self._is_new = True

    def save(self) -> None:
        """Write what was used, and as much of the rest as there is room for."""
        if not self._is_new:
            return
        room = MAX_BYTES - sum(map(len, self._used.values()))
        chosen = dict(self._used)
        for key, data in self._before.items():
            if key not in chosen:
                room -= len(data)
                if room < 0:
                    break
                chosen[key] = data
        _write(self._file, chosen)
        self._is_new = False


def read(file: str) -> dict[bytes, bytes]:
    """What was kept there; nothing where the file is not there, or damaged."""
    try:
        with open(file, "rb") as opened:
            content = opened.read()
    except OSError:
        return {}
    data = content[_DIGEST_BYTES:]
    return wire.unpack(data) if data and blake3(data).digest() == content[:_DIGEST_BYTES] else {}


def _write(file: str, chosen: dict[bytes, bytes]) -> None:
    data = wire.pack(chosen)
    temporary = f"{file}.{os.getpid()}.tmp"
    try:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(temporary, "wb") as new:
            new.write(blake3(data).digest() + data)
        os.replace(temporary, file)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
