"""Outlines, kept in one file from start to start, so that an unchanged source is taken apart once.

The file holds {key: packed outline}, behind the digest of that; a key is the digest of a source, the Python that parsed
it and the outline's version. It only saves time: where it is missing, damaged or can't be written, that costs time, no
more.
"""

from __future__ import annotations

import os
import sys
import zlib
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from blake3 import blake3

from penstock.code import outline as outlines
from penstock.code.outline import Outline
from penstock.model import wire

MAX_BYTES = 32 * 1024 * 1024
"""Beyond it, outlines that were not used this time are let go, first those that were not used for longest."""

_DIGEST_BYTES = 32
_HEAD = f"penstock.outline.{outlines.VERSION} {sys.version_info[0]}.{sys.version_info[1]} ".encode()


class OutlineFile:
    """The file `outlines` in a folder. It is read when the first outline is asked for."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "outlines"
        self._used: dict[bytes, bytes] = {}
        self._is_new = False

    @cached_property
    def _packed(self) -> dict[bytes, bytes]:
        return read(self._file)

    def of_compressed(self, source: bytes) -> Outline:
        """The outline of a source that was compressed by zlib. It is looked for by its compressed bytes."""
        return self._find(b"z", source)

    def of(self, source: bytes) -> Outline:
        return self._find(b"", source)

    def save(self) -> None:
        """Write the outlines that were used, and as many of the others as there is room for."""
        if not self._is_new:
            return
        room = MAX_BYTES - sum(map(len, self._used.values()))
        chosen = dict(self._used)
        for key, packed in self._packed.items():
            if key not in chosen:
                room -= len(packed)
                if room < 0:
                    break
                chosen[key] = packed
        _write(self._file, chosen)
        self._is_new = False

    def _find(self, kind: bytes, source: bytes) -> Outline:
        key = blake3(_HEAD + kind + source).digest()
        packed = self._used.get(key) or self._packed.get(key)
        if packed is not None:
            self._used[key] = packed
            return outlines.unpack(packed)
        found = _outline(zlib.decompress(source) if kind else source)
        self._used[key] = outlines.pack(found)
        self._is_new = True
        return found


def _outline(source: bytes) -> Outline:
    from penstock.code import outlining  # brings `ast`, which costs what a start that needs none would notice

    return outlining.outline(source)


def read(file: Path) -> dict[bytes, bytes]:
    """The outlines that were kept there; none where the file is not there, or damaged."""
    try:
        content = file.read_bytes()
    except OSError:
        return {}
    data = content[_DIGEST_BYTES:]
    return wire.unpack(data) if data and blake3(data).digest() == content[:_DIGEST_BYTES] else {}


def _write(file: Path, chosen: dict[bytes, bytes]) -> None:
    data = wire.pack(chosen)
    temporary = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(blake3(data).digest() + data)
        temporary.replace(file)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
