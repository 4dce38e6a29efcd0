"""How errors are told to a user: one line on stderr, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from penstock.cli import screen
from penstock.errors import PenstockError, UsageError

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130


def report(error: BaseException) -> int:
    """Print the error; gives the exit code that belongs to it."""
    say(_of_system(error) if isinstance(error, OSError) and not isinstance(error, PenstockError) else str(error))
    return WRONG if isinstance(error, UsageError) else FAILED


def say(text: str) -> None:
    """One line for the user, on stderr."""
    sys.stdout.flush()
    screen.err(f"penstock: {text}")


def hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or `; there are x, y`, or nothing where nothing is known."""
    from penstock.model import nearest

    known = list(known)
    return nearest.hint(word, known, f"; there are {', '.join(known)}" if known else "")


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason
