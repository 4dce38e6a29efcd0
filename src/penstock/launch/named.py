"""What a run can't be named: told before there is one."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import UsageError
from penstock.journal.storable_names import check_tags
from penstock.model.texts import is_whole

_LONGEST_BYTES = 255  # of a folder's name, on all file systems that are in use


def check_names(flow: str, paths: Iterable[str], tags: Iterable[str]) -> None:
    """Raise UsageError for what the journal or the file system can't hold. `paths`: the project's and the flow's."""
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
