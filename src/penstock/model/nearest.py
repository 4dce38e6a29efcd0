"""The nearest of the words that are known, for the hint in an error's message. Pure."""

from __future__ import annotations

from typing import Iterable, Optional


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> Optional[str]:
    """The known word that is most like this one; None: none is. `cutoff`: how like it must be, from 0 to 1 (equal)."""
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), 1, cutoff)), None)
