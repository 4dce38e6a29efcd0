"""Packages of R and Node made on the spot, so that a test asks no registry."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from pathlib import Path

_DESCRIPTION = """\
Package: {name}
Version: {version}
Title: What a Test Needs
Description: Made on the spot.
Author: Nobody
Maintainer: Nobody <nobody@example.org>
License: MIT
"""


def r_archive(folder: Path, name: str, version: str, code: str, exports: str, depends: str = "") -> Path:
    """The source archive of a package of R. `depends`: what it imports."""
    more = f"Imports: {depends}\n" if depends else ""
    path = folder / f"{name}_{version}.tar.gz"
    _archive(
        path,
        {
            f"{name}/DESCRIPTION": _DESCRIPTION.format(name=name, version=version) + more,
            f"{name}/NAMESPACE": f"export({exports})\n",
            f"{name}/R/{name}.R": code,
        },
    )
    return path


def npm_lock(folder: Path, name: str, version: str, code: str) -> Path:
    """A package-lock.json that locks one package, of an archive beside it. `code`: the package's module."""
    folder.mkdir(exist_ok=True)
    package = {"name": name, "version": version, "main": "index.js", "bin": {f"{name}-says": "say.js"}}
    archive = folder / f"{name}-{version}.tgz"
    says = f"#!/usr/bin/env node\nconsole.log('{name} {version}')\n"
    _archive(archive, {"package/package.json": json.dumps(package), "package/index.js": code, "package/say.js": says})
    hashed = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    needs = {name: f"file:{archive.name}"}
    (folder / "package.json").write_text(json.dumps({"name": "app", "version": "1.0.0", "dependencies": needs}))
    locked = {
        "version": version,
        "resolved": f"file:{archive.name}",
        "integrity": f"sha512-{hashed}",
        "bin": {f"{name}-says": "say.js"},
    }
    packages = {"": {"name": "app", "version": "1.0.0", "dependencies": needs}, f"node_modules/{name}": locked}
    lock = {"name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    path = folder / "package-lock.json"
    path.write_text(json.dumps(lock))
    return path


def _archive(path: Path, files: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
