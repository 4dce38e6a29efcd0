"""The interpreter of this process, and the packages that it has imported. Reads folder names, never metadata files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

_IMPLEMENTATIONS = {"cpython": "CPython", "pypy": "PyPy"}
_DISTRIBUTIONS = {  # of modules that are not named after their distribution
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
_DISTRIBUTION = re.compile(r"(.+?)-([^-]+)(?:-py[^-]*)?\.(?:dist|egg)-info")


def describe_interpreter() -> str:
    """This interpreter and machine, as in "3.11.7 CPython, Linux x86_64"."""
    version = ".".join(map(str, sys.version_info[:3]))
    name = _IMPLEMENTATIONS.get(sys.implementation.name, sys.implementation.name)
    system = os.uname()
    return f"{version} {name}, {system.sysname} {system.machine}"


def installed_packages() -> tuple[tuple[str, str], ...]:
    """Name and version of each installed package of which this process has imported something, sorted by name.

    A package whose module has another name, and no `__version__`, may be missing. Blocks for less than a millisecond.
    """
    distributions = {_normal(name): (_normal(name), version) for name, version in _distributions()}
    packages: set[tuple[str, str]] = set()
    for module in {name.partition(".")[0] for name in list(sys.modules)} - sys.stdlib_module_names:
        package = distributions.get(_normal(_DISTRIBUTIONS.get(module, module)))
        if package is not None:
            packages.add(package)
        elif version := _version_of(module):
            packages.add((module, version))
    return tuple(sorted(packages))


def _distributions() -> Iterator[tuple[str, str]]:
    for folder in reversed(list(dict.fromkeys(sys.path))):  # what stands first on the path wins
        try:
            names = os.listdir(folder or ".")
        except OSError:  # a zip, or nothing
            continue
        for name in names:
            if name.endswith("-info") and (match := _DISTRIBUTION.fullmatch(name)):
                yield match[1], match[2]


def _version_of(module: str) -> str:
    """What an installed module says of itself; "" for the project's own modules."""
    names = getattr(sys.modules.get(module), "__dict__", {})
    version, file = names.get("__version__"), names.get("__file__")
    is_installed = isinstance(file, str) and ("site-packages" in file or "dist-packages" in file)
    return version if is_installed and isinstance(version, str) else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
