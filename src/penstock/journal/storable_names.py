"""What of a user's names the journal can hold, text in UTF-8, and what the file system. Paths and words of a shell may
hold other bytes."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import UsageError
from penstock.model.texts import fault_of_tag, fault_of_words, is_whole

_LONGEST_BYTES = 255  # of a folder's name, on all file systems that are in use


def check_tags(tags: Iterable[str]) -> None:
    """Raise UsageError for what is not a tag."""
    for tag in tags:
        fault = fault_of_tag(tag)
        if fault:
            raise UsageError(f"{tag[:80]!a} is not a tag: it {fault}")


def check_words(what: str, text: str) -> None:
    """Raise UsageError for what is no name, or note, of a run."""
    fault = fault_of_words(what, text)
    if fault:
        raise UsageError(f"{text[:80]!a} is no {what} of a run: it {fault}")


def check_names(flow: str, paths: Iterable[str], tags: Iterable[str]) -> None:
    """Raise UsageError for what can't be held, before there is a run. `paths`: the project's and the flow's."""
    check_tags(tags)
    if len(flow.encode()) > _LONGEST_BYTES:
        raise UsageError(
            f"a run can't be called {flow[:20]}...: its name has {len(flow.encode())} bytes, and folders take "
            f"{_LONGEST_BYTES}. Give the flow a shorter one, as in @flow(name=...)"
        )
    for path in paths:
        if not is_whole(path):
            raise UsageError(
                f"{path!r} has bytes that are not text in UTF-8, and the journal can't hold it: give the file or "
                "the folder another name, with `mv`"
            )


def unknown(error: UnicodeEncodeError) -> UsageError:
    """What to raise where it was looked for."""
    return UsageError(f"{error.object!r} is no name of anything here: it has bytes that are not text in UTF-8")
