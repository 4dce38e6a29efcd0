"""What is in an image: its Python, where there is one, and its C library. Asked once by running it, and kept."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import Any

from penstock.environments import collect, engine_calls, engine_failures
from penstock.environments.interpreter_search import OLDEST
from penstock.errors import PlatformError, UsageError
from penstock.model import containers
from penstock.model.containers import Container, short_id
from penstock.model.tuples import NamedTuple
from penstock.model.wire import shaped

_FORMAT = 1
_LIMIT_S = 120.0
_PROGRAMS = ("python3", "python")
_ABSENT = (126, 127)  # an engine's own exit codes for a program that can't be run, or that there is not
_REFUSED = 125
_VARIABLES = {"PYTHONDONTWRITEBYTECODE": "1"}
_NO_PROGRAM = ("not found", "no such file", "No such file", "permission denied")

# Of any Python, 2 included: what is too old is to be told as such.
_SCRIPT = """
import json, os, platform, sys, sysconfig
libc = platform.libc_ver()
if libc[0] != "glibc":
    found = [name for name in (os.listdir("/lib") if os.path.isdir("/lib") else []) if name.startswith("ld-musl-")]
    libc = ("musl", "") if found else libc
try:
    from importlib import metadata
    found = ((one.metadata["Name"], one.version) for one in metadata.distributions())
    packages = sorted(set(one for one in found if one[0]))
except ImportError:
    packages = []
print("\\n" + json.dumps({"python": sys.executable, "version": platform.python_version(),
    "implementation": platform.python_implementation().lower(), "machine": platform.machine(), "libc": libc[0],
    "libc_version": libc[1], "site": sysconfig.get_paths()["purelib"], "path": sys.path[1:], "packages": packages}))
"""


class Inside(NamedTuple):
    """What is in an image. All "" but the last: it has no Python."""

    python: str  # path of its interpreter
    version: str  # "3.12.4"
    implementation: str  # "cpython", "pypy"
    machine: str  # "x86_64"
    libc: str  # "glibc" or "musl"
    libc_version: str  # "2.36"; "": unknown
    site: str  # where it has packages installed
    path: tuple[str, ...]  # where it looks for modules
    packages: tuple[tuple[str, str], ...]  # names and versions of its own


NONE = Inside("", "", "", "", "", "", "", (), ())


def runs_steps(inside: Inside) -> bool:
    """Whether functions run there, under the kit."""
    parts = tuple(int(part) for part in inside.version.split(".")[:2] if part.isdecimal())
    return bool(inside.python) and parts >= OLDEST


def known(folder: Path, container: Container, shown: str) -> Inside:
    """What is in a container's image, as its user finds it. `folder`: where that is kept; `shown`: the image's name.

    Blocks: where it is not kept, as long as the engine takes to run it. Raises UsageError where it can't be run here.
    """
    file = folder / f"{short_id(container.image)}-{container.engine.kind}-{container.user.replace(':', '-')}.json"
    if (found := _kept(file, container.image)) is not None:
        return found
    found = _asked(container, shown)
    content = {"format": _FORMAT, "image": container.image, **found._asdict()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        collect.replace(file, json.dumps(content).encode())
    except OSError as error:
        raise PlatformError(f"can't keep what is in an image in {folder}: {error.strerror}") from error
    return found


def _kept(file: Path, image: str) -> Inside | None:
    try:
        content: Any = json.loads(file.read_bytes())
        if content["format"] != _FORMAT or content["image"] != image:
            return None
        return shaped(Inside, [content[name] for name in Inside._fields])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _asked(container: Container, shown: str) -> Inside:
    for program in _PROGRAMS:
        name = f"penstock-probe-{uuid.uuid4().hex[:12]}"
        words = containers.run_words(container, name, (program, "-c", _SCRIPT), _VARIABLES, "/")
        environ = containers.client_environ(_VARIABLES, os.environ)
        undo = containers.remove_words(container.engine, name)
        done = engine_calls.look(words, undo, timeout_s=_LIMIT_S, environ=environ)
        if done.code == 0 and (found := read(done.out)) is not None:
            return found
        if not (done.code in _ABSENT and any(sign in done.said for sign in _NO_PROGRAM)):
            raise _failed(container, shown, program, done)
    return NONE


def read(printed: str) -> Inside | None:
    """What the script has printed last; None: it is nothing of it."""
    try:
        return shaped(Inside, [json.loads(printed.splitlines()[-1])[name] for name in Inside._fields])
    except (IndexError, ValueError, KeyError, TypeError):
        return None


def _failed(container: Container, shown: str, program: str, done: engine_calls.Done) -> Exception:
    engine, purpose = container.engine.kind, f"look into the image {shown}"
    if "xec format error" in done.said or done.code == _REFUSED or done.code < 0:
        return engine_failures.failure(purpose, done.said, done.code, engine, shown, os.uname().machine)
    reason = "\n  ".join(engine_failures.reasons(done.said or done.out)) or "it said nothing"
    return UsageError(f"can't {purpose}: its {program} exited with {done.code}:\n  {reason}\nMend the image")
