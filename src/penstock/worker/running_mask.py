"""Masks the values of secrets in bytes that come piece by piece: what may be the beginning of one waits for more."""

from __future__ import annotations

from penstock.artifacts.masking import MASK, SHORTEST, Finder

HEAD = "\x1e((?:[0-9a-f]{8} )?\\d{1,11}\\.\\d{3} (?:[-DIWEC][oe] |@- [^\n#]*#\\d+\n))"
"""What `capture.py` writes before a line, as a pattern: digits of a time must not be taken for a value."""


class RunningMask:
    """Masks one stream. `finder`: finds the values in bytes that were decoded as latin-1."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._held = ""

    def feed(self, data: bytes) -> bytes:
        """What of the stream is sure by now."""
        text = self._held + data.decode("latin-1")
        sure = self._finder.open_at(text)
        self._held = text[sure:]
        return self._finder.masked(text[:sure]).encode("latin-1")

    def rest(self) -> bytes:
        """What was waiting; nothing more comes. The better part of a value is masked as well."""
        held, self._held = self._held, ""
        text = self._finder.masked(held)
        return (MASK if text == held and len(held) >= SHORTEST else text).encode("latin-1")
