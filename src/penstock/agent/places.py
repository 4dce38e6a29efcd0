"""Where the things of a run lie on an agent's machine: its code is unpacked there once, by content."""

from __future__ import annotations

import os
import shutil
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from penstock.agent.home_keeping import used
from penstock.artifacts.store import BlobStore
from penstock.environments import locking
from penstock.errors import DamagedError, PlatformError
from penstock.model import luggage, wire
from penstock.model.luggage import DataFile, Luggage
from penstock.model.specs import Places, RunSpec

_MARK = ".whole"
"""Beside a folder of code, where all of it is there."""


def places_for(blobs: BlobStore, spec: RunSpec, home: Path, incarnation: str) -> Places:
    """The places of a run below an agent's home, made where they are missing; its code comes from the store `blobs`.

    `incarnation` tells this start of an agent from all others: what it scribbles is its own, while code, values and
    checkpoints are shared by all agents of this home. Blocks for the transfer. Raises PlatformError where the home
    can't be written, StoreError where the code can't be had.
    """
    run = home / "runs" / spec.nonce
    used(run)
    try:
        (home / "code").mkdir(parents=True, exist_ok=True)
        brought = _brought(blobs, spec, home / "code")
        places = Places(
            store=os.fspath(home / "store"),
            scratch=_made(run / "scratch" / incarnation),
            checkpoints=_made(run / "checkpoints"),
            logs=_made(run / "logs" / incarnation),
            cwd=_made(run / "work"),
            sys_path=tuple(filter(None, sys.path)),
        )
    except OSError as error:
        full = "; free some space there, or set PENSTOCK_AGENT_HOME to a folder elsewhere"
        raise PlatformError(f"can't write to the agent's folder {home}: {error.strerror}{full}") from error
    if brought is None:
        return places
    tree, found = brought
    folders = tuple(os.path.join(tree, path).rstrip(os.sep) for path in found.sys_path)
    return places._replace(
        cwd=os.path.join(tree, found.cwd).rstrip(os.sep),
        module_path=os.path.join(tree, found.module_path) if found.module_path else "",
        sys_path=tuple(dict.fromkeys((*folders, *places.sys_path))),
    )


def _brought(blobs: BlobStore, spec: RunSpec, folder: Path) -> tuple[str, Luggage] | None:
    """The folder of a run's code, and what it says; None: the run brings none."""
    digest, size = spec.luggage
    if not digest:
        return None
    try:
        found = luggage.read(bytes(blobs.get(digest, size, True)))
    except wire.MalformedError as error:
        raise DamagedError(f"the code of {spec.run} can't be read here: {error}") from error
    tree = folder / digest[1:17].hex()
    mark = tree.with_name(f"{tree.name}{_MARK}")
    if not mark.exists():
        with locking.alone(tree.with_name(f"{tree.name}.lock"), lambda: None):
            if not mark.exists():  # else another agent of this home has unpacked it meanwhile
                shutil.rmtree(tree, ignore_errors=True)
                _unpack(found, tree, blobs)
                mark.touch()
    used(mark)
    return os.fspath(tree), found


def _unpack(found: Luggage, tree: Path, blobs: BlobStore) -> None:
    tree.mkdir(parents=True)
    for path, source in found.sources:
        file = _inside(tree, path)
        file.write_bytes(zlib.decompress(source))
    for one in found.data:
        file = _inside(tree, one.path)
        with open(file, "wb") as opened:
            opened.writelines(_chunks(one, blobs))
        if one.executable:
            file.chmod(0o755)
    for folder in (*found.sys_path, found.cwd):
        (tree / folder).mkdir(parents=True, exist_ok=True)


def _inside(tree: Path, path: str) -> Path:
    """The file of a path, whose folder is there then; no path leads out of the tree."""
    file = tree / path
    if os.path.isabs(path) or ".." in Path(path).parts:
        raise DamagedError(f"the run's code names a file outside of its folder: {path}")
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _chunks(file: DataFile, blobs: BlobStore) -> Iterator[memoryview]:
    yield blobs.get(file.digest, file.size, True)


def _made(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    return os.fspath(folder)
