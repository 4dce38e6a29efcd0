"""What of a user's names the journal can hold: text in UTF-8. Paths and words of a shell may hold other bytes."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import UsageError
from penstock.model.texts import fault_of_name


def check_tags(tags: Iterable[str]) -> None:
    """Raise UsageError for what is not a tag."""
    for tag in tags:
        fault = fault_of_name(tag)
        if fault:
            raise UsageError(f"{tag[:80]!a} is not a tag: it {fault}")
        if not tag.strip() or "\n" in tag:
            raise UsageError(f"{tag!r} is not a tag: write a word in UTF-8, without line breaks")


def unknown(error: UnicodeEncodeError) -> UsageError:
    """What to raise where it was looked for."""
    return UsageError(f"{error.object!r} is no name of anything here: it has bytes that are not text in UTF-8")
