"""The entry point: how a call is answered, and how errors become exit codes.

A call of `run` that has no options of ours has nothing to parse: it begins at once, since the import of a parser is
felt in the smallest run. All others are what `verbs.py` makes of them.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Callable, Sequence

from penstock.cli import reporting, screen
from penstock.cli.importing import quietly
from penstock.errors import PenstockError


def _open_standard_streams() -> None:
    """What is said to a stream that the caller has closed goes nowhere; without this the next file to be opened, the
    journal say, would take the stream's number and get what is printed."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  for the life of the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _drop_stdout() -> None:
    """What could not be written to stdout is not tried again when the interpreter ends, which would fail once more."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.close(devnull)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say (None: the process's own); gives the exit code. Blocks until it is done.

    0: done. 1: the flow failed, or the machine did. 2: the call was wrong. 130: interrupted.
    """
    gc.disable()  # what imports make stays: looking for cycles in it costs a tenth of a short command
    _open_standard_streams()
    try:
        return _answer(sys.argv[1:] if arguments is None else arguments)
    except (PenstockError, OSError) as error:
        if os.environ.get("PENSTOCK_DEBUG") == "1":
            raise
        if not isinstance(error, PenstockError):
            _drop_stdout()
        return reporting.report(error)
    finally:
        gc.enable()


def _answer(words: Sequence[str]) -> int:
    if len(words) > 1 and words[0] == "run" and words[1] and not words[1].startswith("-"):
        return _run(words[1], *words[2:])
    return quietly(_call)(words)


def _call() -> Callable[[Sequence[str]], int]:
    from penstock.cli.verbs import call

    return call


def _run(target: str, *words: str) -> int:
    """As click answers `run`, a broken pipe and Ctrl-C included."""
    try:
        return quietly(_start)(target, words)
    except KeyboardInterrupt:
        screen.err("")  # below the ^C
        return reporting.INTERRUPTED
    except OSError as error:
        if isinstance(error, PenstockError) or error.errno != errno.EPIPE:
            raise
        _drop_stdout()
        return reporting.FAILED


def _start() -> Callable[[str, Sequence[str]], int]:
    from penstock.cli.choices import Choices
    from penstock.cli.start_run import start

    return lambda target, words: start(target, tuple(words), Choices())
