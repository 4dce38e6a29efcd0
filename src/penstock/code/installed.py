"""The interpreter of this process, the packages that it has imported, and the package that a module belongs to.

Reads folder names; metadata files only where a module's name doesn't lead to its distribution.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

from blake3 import blake3

_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}
_DISTRIBUTIONS = {  # of modules that are not named after their distribution
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "git": "gitpython",
    "jwt": "pyjwt",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_OURS = ("blake3", "click", "cloudpickle", "msgspec", "rich")
"""What Penstock needs. Which of these a process has imported says how a run was started, not what it does."""
_INFOS = (".dist-info", ".egg-info")


def describe_interpreter() -> str:
    """This interpreter and machine, as in "3.11.7 CPython, Linux x86_64"."""
    version = ".".join(map(str, sys.version_info[:3]))
    system = os.uname()
    return f"{version} {_implementation()}, {system.sysname} {system.machine}"


def describe_python() -> str:
    """What of the interpreter counts for results, as in "3.11 CPython"."""
    return f"{sys.version_info[0]}.{sys.version_info[1]} {_implementation()}"


def _implementation() -> str:
    return _IMPLEMENTATIONS.get(sys.implementation.name, sys.implementation.name)


def installed_packages() -> tuple[tuple[str, str], ...]:
    """Name and version of each installed package of which this process has imported something, and of those that
    Penstock needs, sorted by name.

    A package whose module has another name, and no `__version__`, may be missing. Blocks for less than a millisecond.
    """
    distributions = {(known := normal(name)): (known, version) for name, version, _ in _infos()}
    packages = {distributions[name] for name in _OURS if name in distributions}
    for module in {name.partition(".")[0] for name in list(sys.modules)} - sys.stdlib_module_names:
        package = distributions.get(normal(_DISTRIBUTIONS.get(module, module)))
        if package is not None:
            packages.add(package)
        elif version := _version_of(module):
            packages.add((module, version))
    return tuple(sorted(packages))


def all_packages() -> set[tuple[str, str]]:
    """Name and version of each package on this process's path, as `installed_packages` has them."""
    return {(normal(name), version) for name, version, _ in _infos()}


def possible_names(module: str) -> list[str]:
    """What the distribution of a module, "google.cloud.storage", may be called by its name alone; normalised, the
    longest first."""
    parts = module.split(".")
    paths = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return [normal(_DISTRIBUTIONS.get(path, path)) for path in paths]


class Distributions:
    """The distributions on the path, by the modules that they bring."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[str, str, str]] | None = None
        self._known: dict[str, tuple[str, str]] = {}

    def of(self, module: str) -> tuple[str, str]:
        """Name and version of the distribution that an installed module, "google.cloud.storage", is part of.

        Where none claims it, the module's own name, and what it says of its version, or "". Blocks: below a millisecond
        as a rule; some milliseconds for a name that leads to no distribution, whose lists of files are then read.
        """
        known = self._known.get(module)
        if known is None:
            found = self._by_its_name(module) or self._by_its_files(module)
            top = module.partition(".")[0]
            known = self._known[module] = found or (top, _version_of(top))
        return known

    def as_it_counts(self, module: str, path: str) -> tuple[str, str]:
        """Name, and version with the build of it, "1.7.2 0f3a...", of the distribution of a module at this path.

        The build is of the list of the distribution's files with their hashes, so that one that was built anew and
        installed under its old version counts; where no distribution claims the module, of the module's file. There is
        none where the list has no hashes. Blocks as `of`, and half a microsecond for each file of it.
        """
        name, version = self.of(module)
        known = self._all().get(name)
        if known is not None:
            build = _build(known[2])
        else:
            build = "" if (data := content(path)) is None else blake3(data).hexdigest(16)
        return name, f"{version} {build}" if build else version

    def _by_its_name(self, module: str) -> tuple[str, str] | None:
        found = next(filter(None, map(self._all().get, possible_names(module))), None)
        return None if found is None else found[:2]

    def _by_its_files(self, module: str) -> tuple[str, str] | None:
        """Those whose names contain the module's are asked first: PyMySQL for `pymysql`, GitPython for `git`."""
        path = module.replace(".", "/")
        part = normal(module.partition(".")[0])
        for name, version, info in sorted(self._all().values(), key=lambda one: (part not in one[0], one)):
            if _brings(info, path):
                return name, version
        return None

    def _all(self) -> dict[str, tuple[str, str, str]]:
        """Name, version and metadata folder, by name."""
        if self._by_name is None:
            self._by_name = {normal(name): (normal(name), version, info) for name, version, info in _infos()}
        return self._by_name


def _build(info: str) -> str:
    """Whoever installs adds lines of his own: bytecode has no hash, scripts lie elsewhere, metadata says who it was."""
    lines = (content(f"{info}/RECORD") or b"").splitlines()
    counting = [
        line for line in lines if b",sha256=" in line and b".dist-info/" not in line and not line.startswith(b"..")
    ]
    return blake3(b"\n".join(sorted(counting))).hexdigest(16) if counting else ""


def content(path: str) -> bytes | None:
    """What is in a file; None where it can't be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _brings(info: str, path: str) -> bool:
    """Whether a distribution's list of files has a module of this path."""
    lists = (info,) if os.path.isfile(info) else (f"{info}/RECORD", f"{info}/top_level.txt", f"{info}/SOURCES.txt")
    first = re.compile(rf"^(?:src/)?{re.escape(path)}(?:/|\.py|\.[^/\n]*(?:so|pyd)|$)", re.MULTILINE)
    for file in lists:
        try:
            with open(file, encoding="utf-8", errors="replace") as opened:
                if first.search(opened.read()):
                    return True
        except OSError:
            continue
    return False


def _infos() -> Iterator[tuple[str, str, str]]:
    for folder in reversed(list(dict.fromkeys(sys.path))):  # what stands first on the path wins
        try:
            names = os.listdir(folder or ".")
        except OSError:  # a zip, or nothing
            continue
        for name in names:
            if name.endswith(_INFOS):
                distribution, version = _named(name[: name.rindex(".")])
                if distribution and version:
                    yield distribution, version, os.path.join(folder, name)


def _named(info: str) -> tuple[str, str]:
    """Name and version: "numpy-2.1.0", or "nose-1.3-py3.11", which an egg may be called."""
    name, _, version = info.rpartition("-")
    if version.startswith("py") and "-" in name:
        name, _, version = name.rpartition("-")
    return name, version


def _version_of(module: str) -> str:
    """What an installed module says of itself; "" for the project's own modules."""
    names = getattr(sys.modules.get(module), "__dict__", {})
    version, file = names.get("__version__"), names.get("__file__")
    is_installed = isinstance(file, str) and ("site-packages" in file or "dist-packages" in file)
    return version if is_installed and isinstance(version, str) else ""


def normal(name: str) -> str:
    """A distribution's name as it is compared: each run of `-`, `_` and `.` is one `-`."""
    plain = name.lower().replace("_", "-").replace(".", "-")
    while "--" in plain:
        plain = plain.replace("--", "-")
    return plain
