"""What of a user's names the journal can hold: text in UTF-8. Paths and words of a shell may hold other bytes."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import UsageError


def is_text(text: str) -> bool:
    """Whether it can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_tags(tags: Iterable[str]) -> None:
    """Raise UsageError for what is not a tag."""
    for tag in tags:
        if not tag.strip() or "\n" in tag or "\0" in tag or not is_text(tag):
            raise UsageError(f"{tag!r} is not a tag: write a word in UTF-8, without line breaks")


def unknown(error: UnicodeEncodeError) -> UsageError:
    """What to raise where it was looked for."""
    return UsageError(f"{error.object!r} is no name of anything here: it has bytes that are not text in UTF-8")
