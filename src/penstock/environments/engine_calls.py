"""Runs the engine's client, by `engine_watch` where it works for long, or may leave something. Knows nothing of what it
is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import PlatformError
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    import subprocess

Hear = Callable[[str], object]
"""Takes a line that the client prints; is called from the thread that asked alone."""

_FOR_LONG_S = 600.0
_ENDS_S = 30.0
"""So long a client may take to end that is not wanted any more, before nobody waits for it."""


class Done(NamedTuple):
    """What a client that has ended has printed."""

    code: int  # negative: it was killed by that signal
    out: str
    said: str  # on stderr


def ask(command: Sequence[str], *, timeout_s: float = _FOR_LONG_S, environ: Mapping[str, str] = os.environ) -> Done:
    """What a client says to a question. Blocks. Raises PlatformError where it can't be started, or does not end."""
    import subprocess

    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
            env=dict(environ),
        )
    except OSError as error:
        raise PlatformError(f"can't start {command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise _no_answer(command, timeout_s) from error
    return Done(done.returncode, done.stdout, done.stderr)


def look(command: Sequence[str], undo: Sequence[str], *, timeout_s: float, environ: Mapping[str, str]) -> Done:
    """What a client says that leaves something where it is broken off: `undo` removes it then, also where this process
    is killed. Blocks, and raises, as `ask`."""
    import subprocess

    try:
        with _watched(command, environ, undo=undo, stderr=subprocess.PIPE) as process:
            out, said = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise _no_answer(command, timeout_s) from error
    return Done(process.returncode, out, said)


def work(
    command: Sequence[str],
    hear: Hear,
    *,
    held: int | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Done:
    """What a client says while it works, line by line to `hear`, both of its streams as one. `held` is a descriptor
    that it keeps open; `folder`: where it works, None: here. Blocks. Raises PlatformError where it can't be started.
    An exception from outside ends it, and so does the end of this process."""
    import subprocess

    lines: list[str] = []
    with _watched(command, environ, held=held, folder=folder, stderr=subprocess.STDOUT) as process:
        for line in process.stdout or ():
            lines.append(line)
            hear(line.rstrip())
        code = process.wait()
    return Done(code, "", "".join(lines))


@contextmanager
def _watched(
    command: Sequence[str],
    environ: Mapping[str, str],
    *,
    stderr: int,
    undo: Sequence[str] = (),
    held: int | None = None,
    folder: Path | None = None,
) -> Generator[subprocess.Popen[str]]:
    """A client that ends with this process, or with an exception."""
    import subprocess

    from penstock.environments import engine_watch

    if not os.access(command[0], os.X_OK):
        raise PlatformError(f"can't start {command[0]}: it is not there, or no program")
    theirs, ours = os.pipe()
    lifeline = os.fdopen(ours, "wb", buffering=0)
    try:
        process = subprocess.Popen(
            engine_watch.command(theirs, list(undo), list(command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            encoding="utf-8",
            errors="replace",
            pass_fds=(theirs,) if held is None else (theirs, held),
            env=dict(environ),
            cwd=folder,
            start_new_session=True,
        )
    except OSError as error:
        lifeline.close()
        raise PlatformError(f"can't start {sys.executable}: {error.strerror}") from error
    finally:
        os.close(theirs)
    with process, lifeline:
        try:
            yield process
        except BaseException:
            lifeline.close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_ENDS_S)
            raise


def _no_answer(command: Sequence[str], timeout_s: float) -> PlatformError:
    return PlatformError(f"{' '.join(command[:3])} gave no answer in {timeout_s:g} s: see whether the engine is well")
