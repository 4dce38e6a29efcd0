"""Wheels and source archives made on the spot, so that a test asks no index."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path


def wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: str = "",
    size: int = 0,
    body: str = "",
    program: str = "",
    tag: str = "py3-none-any",
) -> Path:
    """A wheel of one package, which knows its version. `program`: what it installs to call its `main`."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"VERSION = {version!r}\n{body}",
        f"{name}/data.bin": "x" * size,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if program:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{program} = {name}:main\n"
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        record = [f"{file},sha256={_digest(text)},{len(text)}\n" for file, text in files.items()]
        archive.writestr(f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]))
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


_BACKEND = """
import pathlib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name, version, source = {name!r}, {version!r}, pathlib.Path("module.txt").read_text()
    info, file = f"{{name}}-{{version}}.dist-info", f"{{name}}-{{version}}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, file), "w") as archive:
        archive.writestr(f"{{name}}/__init__.py", source)
        archive.writestr(f"{{info}}/METADATA", f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: {{version}}\\n")
        archive.writestr(f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        files = [*archive.namelist(), f"{{info}}/RECORD"]
        archive.writestr(f"{{info}}/RECORD", "".join(f"{{one}},,\\n" for one in files))
    return file
"""
_PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "{name}"
version = "{version}"
"""


def sdist(folder: Path, name: str, version: str, *, body: str = "") -> Path:
    """A source archive of such a package, which brings what builds it."""
    folder.mkdir(exist_ok=True)
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": _PYPROJECT.format(name=name, version=version),
        "backend.py": _BACKEND.format(name=name, version=version),
        "module.txt": f"VERSION = {version!r}\n{body}",
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path
