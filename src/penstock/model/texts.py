"""What of a user's words the journal can hold. Its texts are UTF-8: there is none for half of a surrogate pair, as
paths and arguments have it where their bytes are no UTF-8."""

from __future__ import annotations

MOST_CHARACTERS = 1_000
LARGEST = (1 << 63) - 1
"""The largest whole number of the journal's; the smallest stands for none."""


def fault_of_name(name: str) -> str:
    """Why the journal can't hold a name, as "holds a NUL character"; "" where it can."""
    if len(name) > MOST_CHARACTERS:
        return f"has {len(name):,} characters, and may have {MOST_CHARACTERS:,}"
    if name.isprintable():  # nearly always; neither of the two below is
        return ""
    if "\0" in name:
        return "holds a NUL character"
    return "" if is_whole(name) else "holds half of a surrogate pair, which is no text"


def is_whole(text: str) -> bool:
    """Whether there is UTF-8 for it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole(text: str) -> str:
    """The text, with escapes as `\\\\udc80` in the place of what there is no UTF-8 for."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
