"""Outlines, kept in one file from start to start, so that an unchanged source is taken apart once."""

from __future__ import annotations

import os
import zlib

from penstock.code import kept
from penstock.code import outline as outlines
from penstock.code.outline import Outline


class OutlineFile:
    """The file `outlines` in a folder. It is read when the first outline is asked for."""

    def __init__(self, folder: str) -> None:
        self._file = kept.KeptFile(os.path.join(folder, "outlines"))
        self._sources: dict[bytes, tuple[bytes, bool]] = {}

    def key(self, source: bytes, *, is_compressed: bool) -> bytes:
        """What the outline of a source is asked for by. It may be compressed by zlib, and counts as it is given."""
        key = kept.key_of(b"z" if is_compressed else b"", source)
        self._sources[key] = source, is_compressed
        return key

    def of(self, key: bytes) -> Outline:
        """The outline of a source whose key was made here; b"" is one without names."""
        if not key:
            return outlines.EMPTY
        packed = self._file.get(key)
        if packed is not None:
            return outlines.unpack(packed)
        source, is_compressed = self._sources[key]
        found = _outline(zlib.decompress(source) if is_compressed else source)
        self._file.put(key, outlines.pack(found))
        return found

    def save(self) -> None:
        self._file.save()


def _outline(source: bytes) -> Outline:
    from penstock.code import outlining  # brings `ast`, which costs what a start that needs none would notice

    return outlining.outline(source)
