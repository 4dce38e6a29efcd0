"""The code that a task ran with, as the journal has it, and what is new in it since an earlier task."""

from __future__ import annotations

from penstock.code import fingerprint
from penstock.code.fingerprint import Tree
from penstock.errors import JournalError
from penstock.model.wire import MalformedError


def tree_of(packed: bytes, of: str) -> Tree:
    """The tree of the code of a task, `of`, from its row; raises JournalError where that is damaged."""
    try:
        return fingerprint.unpack(packed)
    except MalformedError as error:
        raise JournalError(
            f"the journal is damaged where it keeps the code of {of} ({error}). Put a copy of it back, or run the flow "
            "once more: where the code is still the same, that writes it anew. Or remove its run with `penstock rm`"
        ) from None


def all_that_is_new(before: bytes | None, now: bytes, earlier: str = "an earlier task") -> list[str]:
    """All differences of two packed trees, nearest to the step first. `before`, of the task `earlier`, None: it is not
    known any more."""
    from penstock.code.differences import differences

    if before is None:
        return ["its code is not the one that was recorded"]
    return [str(change) for change in differences(tree_of(before, earlier), tree_of(now, "a task"))]
