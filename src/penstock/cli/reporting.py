"""How errors are told to a user: one line on stderr, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click

from penstock.cli import screen
from penstock.errors import PenstockError, UsageError
from penstock.model import nearest

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130

_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())  # new in click 8.2


def report(error: BaseException) -> int:
    """Print the error; gives the exit code that belongs to it."""
    if isinstance(error, click.Abort):
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        if isinstance(error, _NO_ARGUMENTS):  # no mistake: it is answered by the help alone
            sys.stdout.flush()
            screen.err(click.ClickException.format_message(error))
            return WRONG
        say(_of_click(error))
        return WRONG
    say(_of_system(error) if isinstance(error, OSError) and not isinstance(error, PenstockError) else str(error))
    return WRONG if isinstance(error, UsageError) else FAILED


def say(text: str) -> None:
    """One line for the user, on stderr."""
    sys.stdout.flush()
    screen.err(f"penstock: {text}")


def hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or `; there are x, y`, or nothing where nothing is known."""
    known = list(known)
    return nearest.hint(word, known, f"; there are {', '.join(known)}" if known else "")


def _of_system(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _of_click(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    text = message[:1].lower() + message[1:]
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text}{'' if text.endswith('?') else '.'} See `{error.ctx.command_path} --help`"
    return text
