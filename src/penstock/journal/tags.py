"""What a run's tag may be."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import UsageError
from penstock.model.texts import fault_of_name


def refuse_wrong(tags: Iterable[str]) -> None:
    """Raise UsageError for what is no tag."""
    for tag in tags:
        fault = fault_of_name(tag)
        if fault:
            raise UsageError(f"the tag {tag[:80]!a} {fault}: write another one")
        if not tag.strip() or "\n" in tag:
            raise UsageError(f"{tag!r} is not a tag: write a word without line breaks")
