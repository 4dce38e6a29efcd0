"""What `penstock doctor` looks at. Writes nothing but a file that it removes again."""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from penstock.errors import PenstockError, UsageError
from penstock.executors import capacity
from penstock.journal import mounts
from penstock.launch.findings import Finding
from penstock.model.words import plural, size
from penstock.project import Project
from penstock.roots import find_root

_SCARCE_BYTES, _LITTLE_BYTES = 100 << 20, 2 << 30
_OPTIONAL = {
    "numpy": "arrays are stored by their buffers",
    "pandas": "frames are stored column by column",
    "pyarrow": "tables are stored as Arrow",
    "polars": "frames are stored as Arrow",
    "torch": "tensors are stored by their buffers",
}


def check_all() -> list[Finding]:
    """Everything, in the order in which one mends it. Raises nothing that a check finds."""
    try:
        root = Path(find_root(os.curdir, os.environ))
    except UsageError as error:
        words, _, mend = str(error).partition(". ")
        return [Finding("project", "problem", words, mend)]
    checks: list[Callable[[Path], Iterator[Finding]]] = [
        _python,
        _library,
        _digests,
        _settings,
        _folder,
        _file_system,
        _space,
        _journal,
        _workers,
        _machine,
        _packages,
    ]
    return [finding for check in checks for finding in check(root)]


def _python(root: Path) -> Iterator[Finding]:
    yield Finding("python", "ok", f"{'.'.join(map(str, sys.version_info[:3]))}, {sys.executable}")


def _library(root: Path) -> Iterator[Finding]:
    from penstock.journal import health

    name, version, lack = health.library()
    yield Finding(name, "problem" if lack else "ok", version, lack)


def _digests(root: Path) -> Iterator[Finding]:
    if importlib.util.find_spec("blake3") is None:
        yield Finding("blake3", "problem", "not installed", "pip install blake3")
    else:
        yield Finding("blake3", "ok", "installed")


def _settings(root: Path) -> Iterator[Finding]:
    try:
        settings = Project.find().settings
    except PenstockError as error:
        yield Finding("settings", "problem", str(error), "correct the line that is named")
        return
    file = root / "penstock.toml"
    found = str(file) if file.exists() else f"no penstock.toml from {Path.cwd()} upwards: defaults hold"
    limits = f"; limits: {', '.join(settings.limits)}" if settings.limits else ""
    yield Finding("settings", "ok", f"{found}{limits}")


def _folder(root: Path) -> Iterator[Finding]:
    home = root / ".penstock"
    place = home if home.exists() else root
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"penstock")
    except OSError as error:
        why = error.strerror or str(error)
        yield Finding(
            "write access", "problem", f"{place}: {why}", "runs can't be kept here: change the folder's owner"
        )
    else:
        yield Finding("write access", "ok", str(place))


def _file_system(root: Path) -> Iterator[Finding]:
    if mounts.is_network(root):
        mend = "it works; a folder on a local disk is faster, and safer where several machines write"
        yield Finding(
            "file system", "note", "a network file system: the journal does without its write-ahead log", mend
        )
    else:
        yield Finding("file system", "ok", "local")


def _space(root: Path) -> Iterator[Finding]:
    status = os.statvfs(root)
    free = status.f_bavail * status.f_frsize
    level = "problem" if free < _SCARCE_BYTES else "note" if free < _LITTLE_BYTES else "ok"
    mend = "" if level == "ok" else "see what can be freed: penstock gc"
    yield Finding("disk space", level, f"{size(free)} free", mend)
    if status.f_files and status.f_favail < 1000:
        yield Finding("disk space", "problem", f"{status.f_favail} files can still be made", mend)


def _journal(root: Path) -> Iterator[Finding]:
    from penstock.journal import health

    try:
        found = health.look(root / ".penstock")
    except PenstockError as error:
        yield Finding("journal", "problem", str(error))
        return
    if found is None:
        yield Finding("journal", "ok", "none yet: the first run makes it")
    elif found.damage:
        mend = "move it away, or bring back a copy of it"
        yield Finding("journal", "problem", f"{found.path} is damaged: {found.damage}", mend)
    else:
        yield Finding("journal", "ok", f"{plural(found.runs, 'run')}, {size(found.size_bytes)}")


def _workers(root: Path) -> Iterator[Finding]:
    if sys.platform.startswith("linux"):
        yield Finding(
            "workers", "ok", "forked warm; a module that starts threads or uses a GPU has them spawned instead"
        )
    else:
        yield Finding("workers", "note", "spawned: fork is not safe on this system, so that each worker starts slower")


def _machine(root: Path) -> Iterator[Finding]:
    gpus = capacity.gpus()
    seen = f"{plural(capacity.cpu(), 'core')}, {size(capacity.memory_bytes())} of memory, {plural(len(gpus), 'GPU')}"
    yield Finding("machine", "ok", f"{seen}, as this process may use them")


def _packages(root: Path) -> Iterator[Finding]:
    from importlib import metadata

    for name, use in _OPTIONAL.items():
        try:
            yield Finding(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "ok", f"not installed; with it, {use}")
