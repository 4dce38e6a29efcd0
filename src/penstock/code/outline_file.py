"""Outlines, kept in one file from start to start, so that an unchanged source is taken apart once.

The file holds {key: packed outline}; a key is the digest of a source, the Python that parsed it and the outline's
version.
"""

from __future__ import annotations

import sys
import zlib
from functools import cached_property
from pathlib import Path

from penstock.code import kept
from penstock.code import outline as outlines
from penstock.code.outline import Outline

MAX_BYTES = 32 * 1024 * 1024
"""Beyond it, outlines that were not used this time are let go, first those that were not used for longest."""

_HEAD = f"penstock.outline.{outlines.VERSION} {sys.version_info[0]}.{sys.version_info[1]} ".encode()


class OutlineFile:
    """The file `outlines` in a folder. It is read when the first outline is asked for."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "outlines"
        self._used: dict[bytes, bytes] = {}
        self._is_new = False

    @cached_property
    def _packed(self) -> dict[bytes, bytes]:
        return kept.read(self._file) or {}

    def of_compressed(self, source: bytes) -> Outline:
        """The outline of a source that was compressed by zlib. It is looked for by its compressed bytes."""
        return self._find(b"z", source)

    def of(self, source: bytes) -> Outline:
        """The outline of a source."""
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
        kept.write(self._file, chosen)
        self._is_new = False

    def _find(self, kind: bytes, source: bytes) -> Outline:
        from blake3 import blake3

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
