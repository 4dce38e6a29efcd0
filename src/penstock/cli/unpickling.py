"""What is told where a stored value can't be loaded: the user's own classes, and what they need, decide that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from penstock.errors import PenstockError, UsageError, UserCodeError

if TYPE_CHECKING:
    from penstock.journal.views import RunRow
    from penstock.reading.reader import JournalReader

T = TypeVar("T")


def unpickled(what: str, load: Callable[[], T], kind: type[PenstockError] = UserCodeError) -> T:
    """What `load` gives. Raises `kind` for all that is not Penstock's own: what it was, what is missing and who has it.

    `what`: "digits/3/train/2"
    """
    try:
        return load()
    except PenstockError:
        raise
    except Exception as error:  # the value's own code, which may do anything
        notes = "".join(f"\n{note}" for note in getattr(error, "__notes__", ()))
        raise kind(f"{what} can't be unpickled here: {type(error).__name__}: {error}{notes}") from error


def unpickled_params(reader: JournalReader, row: RunRow) -> dict[str, Any]:
    """A run's parameters. Raises UsageError where they can't be loaded: nothing can be run with them."""
    from penstock.launch.resuming import params_of

    return unpickled(f"the parameters of {row.run_id}", lambda: params_of(reader, row), UsageError)
