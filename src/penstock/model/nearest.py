"""The nearest of the words that are known, for the hint in an error's message. Pure."""

from __future__ import annotations

from typing import Iterable, Optional, Tuple


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> Optional[str]:
    """The known word that is most like this one; None: none is. `cutoff`: how like it must be, from 0 to 1 (equal)."""
    import difflib

    known = list(known)
    for other in _other_numbers(word):
        if other in known:
            return other
    return next(iter(difflib.get_close_matches(word, known, 1, cutoff)), None)


def hint(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """`; did you mean x?`, or `otherwise` where no known word is like this one."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else otherwise


def _other_numbers(word: str) -> Tuple[str, ...]:
    """Plural and singular: by its letters `retry` is more like `retry_on` than like `retries`."""
    if word.endswith("y"):
        return (f"{word[:-1]}ies",)
    return (
        (f"{word}s", f"{word[:-3]}y") if word.endswith("ies") else (f"{word}s", word[:-1] if word[-1:] == "s" else "")
    )
