"""Wheels that came by way of the store, for a machine that reaches no index."""

from __future__ import annotations

import os
from pathlib import Path

from penstock.artifacts.store import BlobStore
from penstock.environments import collect
from penstock.errors import DamagedError, StoreError
from penstock.model.luggage import TravellingEnvironment


def brought(travelling: TravellingEnvironment, folder: Path, blobs: BlobStore) -> str:
    """The text of an environment's lock, which looks for packages in a folder here where wheels came with it. Blocks
    for the transfer. Raises StoreError where they can't be had or written."""
    if not travelling.wheels:
        return travelling.lock
    for wheel in travelling.wheels:
        if os.path.basename(wheel.path) != wheel.path or not wheel.path.endswith(".whl"):
            raise DamagedError(f"{wheel.path!r} is no name of a wheel")
        file = folder / wheel.digest[1:9].hex() / wheel.path
        if file.exists() and file.stat().st_size == wheel.size:
            continue
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            collect.replace(file, bytes(blobs.get(wheel.digest, wheel.size, True)))
        except OSError as error:
            raise StoreError(f"can't write the wheel {file}: {error.strerror}") from error
    folders = dict.fromkeys(folder / wheel.digest[1:9].hex() for wheel in travelling.wheels)
    head, between, pins = travelling.lock.partition("\n\n")
    lines = [line for line in head.splitlines() if not line.startswith(("--index", "--extra-index", "--find-links"))]
    return "\n".join([*lines, "--no-index", *(f"--find-links {place}" for place in folders)]) + between + pins
