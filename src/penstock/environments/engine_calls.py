"""Runs the engine's client. Knows nothing of what it is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import PlatformError
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    import subprocess

Hear = Callable[[str], object]
"""Takes a line that the client prints; is called from the thread that asked alone."""

_FOR_LONG_S = 600.0
_CLEARS_UP_S = 5.0


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
        raise PlatformError(
            f"{' '.join(command[:3])} gave no answer in {timeout_s:g} s: see whether the engine is well"
        ) from error
    return Done(done.returncode, done.stdout, done.stderr)


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
    An exception from outside ends it."""
    import subprocess

    lines: list[str] = []
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            pass_fds=() if held is None else (held,),
            env=dict(environ),
            cwd=folder,
        )
    except OSError as error:
        raise PlatformError(f"can't start {command[0]}: {error.strerror}") from error
    with process:
        try:
            for line in process.stdout or ():
                lines.append(line)
                hear(line.rstrip())
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    return Done(code, "", "".join(lines))


def _end(process: subprocess.Popen[str]) -> None:
    """What podman builds runs below it, and has no ears for signals: once that is gone podman clears up by itself."""
    import subprocess

    import psutil

    with suppress(psutil.Error):
        below = psutil.Process(process.pid).children(recursive=True)
        for one in below:
            with suppress(psutil.Error):
                one.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(_CLEARS_UP_S if below else 0)
    process.terminate()
    try:
        process.wait(_CLEARS_UP_S)
    except subprocess.TimeoutExpired:
        process.kill()
