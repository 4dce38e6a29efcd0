"""Archives of images that no registry has, for machines that can't have them in another way."""

from __future__ import annotations

import json
import mmap
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.environments import collect, engine_calls, engine_failures, image_words, locking
from penstock.environments.local_images import LocalImage
from penstock.environments.uv import Tell
from penstock.errors import PlatformError
from penstock.model.containers import ContainerEngine, short_id
from penstock.model.luggage import DataFile

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore


def stored(engine: ContainerEngine, image: LocalImage, folder: Path, blobs: BlobStore, tell: Tell) -> DataFile:
    """The archive of an image in a store, where one lies that was made before, else made. `folder`: takes a note of it.
    Blocks, for as long as that takes. Raises PlatformError where it can't be made, StoreError where it can't be
    stored."""
    note = folder / f"sent-{short_id(image.id)}-{engine.kind}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locking.alone(note.with_suffix(".lock"), lambda: tell(f"waits for another that saves {image.name}")):
            found = _noted(note, image.id)
            if found is None or not blobs.renew(found.digest, found.size):
                tell(f"saves the image {image.name}, which no registry has, for other machines")
                found = _made(engine, image, note.with_suffix(".tar"), blobs)
                content = {"image": image.id, "digest": found.digest.hex(), "size": found.size}
                collect.replace(note, json.dumps(content).encode())
    except OSError as error:
        raise PlatformError(f"can't save the image {image.name} in {folder}: {error.strerror}") from error
    return found


def _made(engine: ContainerEngine, image: LocalImage, file: Path, blobs: BlobStore) -> DataFile:
    file.unlink(missing_ok=True)  # of one that was killed: no engine writes over it
    try:
        done = engine_calls.work(image_words.save(engine, image.id, os.fspath(file)), lambda _: None)
        if done.code:
            purpose = f"save the image {image.name}"
            raise engine_failures.failure(purpose, done.said, done.code, engine.kind, image.name)
        with open(file, "rb") as opened:
            return DataFile("", *blobs.put(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)))
    finally:
        file.unlink(missing_ok=True)


def _noted(note: Path, image: str) -> DataFile | None:
    try:
        content: Any = json.loads(note.read_bytes())
        if content["image"] != image:
            return None
        return DataFile("", bytes.fromhex(content["digest"]), int(content["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
