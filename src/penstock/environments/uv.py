"""Runs uv: finds it, passes on what the user has set for it, and tells what it does while it works.

Knows nothing of locks and environments.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from penstock.errors import PlatformError, UsageError

Tell = Callable[[str], object]
"""Takes a line about what goes on; may be called from the thread that asked alone."""

_DROPPED = (
    *("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON", "UV_SYSTEM_PYTHON", "__PYVENV_LAUNCHER__", "PYTHONHOME"),
    *("UV_PROJECT", "UV_WORKING_DIR"),  # a request says where its project lies
    "UV_NO_VERIFY_HASHES",  # a lock is its hashes
)
_NEWS = ("Resolved ", "Download", "Build", "Built ", "Prepared ", "Installed ", "Bytecode ")
_VERSION = re.compile(r"\d+(?:\.\d+)*")


def find() -> str:
    """The path of uv: of the package that stands beside Penstock, else on PATH. Raises UsageError without either."""
    try:
        return str(importlib.import_module("uv").find_uv_bin())
    except (ImportError, AttributeError, FileNotFoundError):  # no package, or one without its program
        found = shutil.which("uv", path=search_path(os.environ))
    if found is None:
        raise UsageError("environments for steps need uv, which is not installed: pip install 'penstock[env]'")
    return found


def run(
    purpose: str,
    arguments: Sequence[str],
    tell: Tell,
    *,
    stdin: str = "",
    settings: Mapping[str, str] | None = None,
    held: int | None = None,
) -> str:
    """What uv prints on stdout. Blocks until it is done; what it says meanwhile goes to `tell`, line by line.

    `purpose` stands in errors, "resolve the environment". `settings` are set in its process environment, where a
    process list doesn't show them. `held` is a descriptor that it keeps open. Raises UsageError where what the user
    asks for can't be had, PlatformError where the machine fails. An exception from outside, as at Ctrl-C, ends uv.
    """
    import subprocess
    import tempfile

    command = [find(), *arguments, "--color", "never"]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as printed:
        given.write(stdin.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(
                command,
                stdin=given,
                stdout=printed,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=_environment(os.environ, settings or {}),
                pass_fds=() if held is None else (held,),
            )
        except OSError as error:
            raise PlatformError(f"can't start {command[0]}: {error.strerror}") from error
        with process:
            try:
                said = _listen(process.stderr, tell)
                code = process.wait()
            except BaseException:
                process.kill()
                raise
        if code:
            from penstock.environments import uv_failures

            raise uv_failures.failure(purpose, said, code, command[0])
        printed.seek(0)
        return printed.read().decode()


def _listen(stream: IO[str] | None, tell: Tell) -> str:
    """All that uv says, after passing on what is news."""
    lines: list[str] = []
    for line in stream or ():
        lines.append(line)
        if line.lstrip().startswith(_NEWS):
            tell(line.strip())
    return "".join(lines)


def _environment(environ: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The user's own settings for uv hold; the environment that Penstock itself happens to run in doesn't count."""
    kept = {name: value for name, value in environ.items() if name not in _DROPPED}
    return {**kept, **settings, "PATH": search_path(environ)}


def search_path(environ: Mapping[str, str]) -> str:
    """PATH with the interpreters of pyenv in the place of its shims, which fail for versions that are not active."""
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/")) / ".pyenv")
    folders = sorted(root.glob("versions/[!2]*/bin"), key=_newest_first)  # uv stumbles over a Python 2
    versions = [str(folder) for folder in folders]
    places = environ.get("PATH", os.defpath).split(os.pathsep)
    shims = str(root / "shims")
    at = places.index(shims) if shims in places else len(places)
    return os.pathsep.join([*places[:at], *versions, *(place for place in places[at:] if place != shims)])


def _newest_first(folder: Path) -> tuple[int, ...]:
    name = folder.parent.name
    return tuple(-int(part) for part in name.split(".")) if _VERSION.fullmatch(name) else (0,)
