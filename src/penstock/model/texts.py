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


def fault_of_tag(tag: str) -> str:
    """Why a text can't be a tag; "" where it can."""
    if tag.strip() and "\n" not in tag:
        return fault_of_name(tag)
    return "is no word: write one in UTF-8, without line breaks"


_MOST = {"name": 200, "note": 20_000}


def fault_of_words(what: str, text: str) -> str:
    """Why a text can't be the name, or the note, of a run; "" where it can."""
    if len(text) > _MOST[what]:
        return f"has {len(text):,} characters, and may have {_MOST[what]:,}"
    if what == "name" and len(text.splitlines()) > 1:
        return "has several lines, and may have one"
    return fault_of_name(text[:MOST_CHARACTERS]) or ("" if is_whole(text) and "\0" not in text else "is no text")


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
