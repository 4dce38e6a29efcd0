"""What went wrong, as a value: a thread for which attempts wait must live on, and answer each."""

from __future__ import annotations

from collections.abc import Callable

from penstock.errors import PenstockError, PlatformError


def failure_of(action: Callable[[], None]) -> PenstockError | None:
    """Do it; gives why it failed, None where it did not."""
    try:
        action()
    except PenstockError as error:
        return error
    except Exception as error:  # noqa: BLE001  an attempt waits for the answer, whatever went wrong
        return PlatformError(f"{type(error).__name__}: {error}")
    return None
