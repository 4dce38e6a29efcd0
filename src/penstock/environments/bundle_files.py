"""Which files an agent's own Python consists of. Looks at folders; copies nothing."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from penstock.environments import interpreter_search, shared_libraries, uv
from penstock.errors import PlatformError, UsageError
from penstock.model.tuples import NamedTuple

PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
PROGRAM = f"python/bin/{PYTHON}"
_SITE = f"python/lib/{PYTHON}/site-packages"
LIBRARIES = "python/shared"
"""Where the libraries lie that a Python of the machine needs; uv's own needs none."""

_PACKAGES = ("cloudpickle", "blake3")  # what an agent imports
_OPTIONAL = ("obstore", "uv")  # a tier in a bucket; the package that finds uv
_LEFT_OUT = frozenset(
    {
        *("__pycache__", "test", "tests", "idlelib", "lib2to3", "tkinter", "turtledemo", "turtle.py", "ensurepip"),
        *("site-packages", "dist-packages", "pydoc_data", "EXTERNALLY-MANAGED", "sitecustomize.py"),
    }
)
_MODULES_LEFT_OUT = ("_tkinter.", "_test", "_xxtest", "_ctypes_test.", "xx", "nis.", "readline.", "_curses", "ossaudio")
_PACKAGE = Path(__file__).resolve().parents[1]


class BundledFile(NamedTuple):
    """A file of this machine, and its place in the bundle."""

    path: str
    source: Path


def found(tell: uv.Tell) -> list[BundledFile]:
    """All files of a bundle for machines like this one, sorted by their places.

    The Python is uv's standalone one of this very version, where uv has it or can fetch it, since that runs on older
    systems; else this process's, with the libraries it needs. Blocks. Raises UsageError without uv.
    """
    return sorted([*_python(tell), *ours()])


def ours() -> list[BundledFile]:
    """Those that are not Python's own, sorted. Raises UsageError without uv."""
    files = [*_penstock(), BundledFile("python/bin/uv", Path(uv.find()))]
    for name in (*_PACKAGES, *_OPTIONAL):
        files += _installed(name, needed=name in _PACKAGES)
    return sorted(files)


def _python(tell: uv.Tell) -> Iterator[BundledFile]:
    standalone = _standalone(tell)
    if standalone is not None:
        prefix = standalone.parents[1]
        yield BundledFile(PROGRAM, standalone)
        yield from _library(prefix / "lib" / PYTHON)
        for library in (prefix / "lib").glob("libpython*.so*"):
            yield BundledFile(f"python/lib/{library.name}", library.resolve())
        return
    base = Path(os.path.realpath(interpreter_search.base()))
    yield BundledFile(PROGRAM, base)
    files = list(_library(Path(sysconfig.get_path("stdlib", vars=_of_base()))))
    yield from files
    binaries = [base, *(one.source for one in files if one.path.endswith(".so"))]
    for name, library in shared_libraries.needed(binaries).items():
        yield BundledFile(f"{LIBRARIES}/{name}", library)


def _standalone(tell: uv.Tell) -> Path | None:
    """The interpreter of uv's own build of this version; None: it can't be had."""
    wanted = ".".join(map(str, sys.version_info[:2]))
    find = ["python", "find", "--managed-python", "--no-project", "--no-python-downloads", wanted]
    install = ["python", "install", "--managed-python", wanted]
    for commands in ([find], [install, find]):
        try:
            printed = [uv.run("find a Python for agents", command, tell) for command in commands]
        except (UsageError, PlatformError):
            continue
        return Path(os.path.realpath(printed[-1].strip()))
    tell(f"uv has no Python {wanted} of its own: agents get a copy of this machine's")
    return None


def _of_base() -> dict[str, str]:
    return {"installed_base": sys.base_prefix, "base": sys.base_prefix, "installed_platbase": sys.base_exec_prefix}


def _library(folder: Path) -> Iterator[BundledFile]:
    """Python's own modules, without those that no agent asks for."""
    for source in _below(folder):
        relative = os.path.relpath(source, folder)
        if relative.startswith("config-") or os.path.basename(relative).startswith(_MODULES_LEFT_OUT):
            continue
        yield BundledFile(f"python/lib/{PYTHON}/{relative}", source)


def _penstock() -> Iterator[BundledFile]:
    for source in _below(_PACKAGE):
        relative = os.path.relpath(source, _PACKAGE)
        if not relative.startswith("server/page/"):
            yield BundledFile(f"{_SITE}/penstock/{relative}", source)
    for distribution in distributions(name="penstock"):  # what says which version it is
        metadata = distribution.locate_file(f"penstock-{distribution.version}.dist-info/METADATA")
        if os.path.isfile(str(metadata)):
            yield BundledFile(f"{_SITE}/penstock-{distribution.version}.dist-info/METADATA", Path(str(metadata)))
            return


def _installed(name: str, *, needed: bool) -> Iterator[BundledFile]:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        if needed:
            raise PlatformError(f"{name} is not installed: pip install {name}")
        return
    folder = Path(next(iter(spec.submodule_search_locations)))
    for source in _below(folder):
        yield BundledFile(f"{_SITE}/{name}/{os.path.relpath(source, folder)}", source)


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        for name in sorted(names):
            if name not in _LEFT_OUT and not name.endswith((".pyc", ".a")):
                yield Path(place, name)
