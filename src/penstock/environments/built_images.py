"""The images that were built for a project: a note of each, a list of them, and their removal. Those that were only
pulled are the user's own, and nobody's here to remove."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from penstock.environments import collect, engine_calls, engines, image_words, local_images, locking
from penstock.environments.engine_failures import failure
from penstock.environments.image_notes import ImageNote
from penstock.environments.local_images import LocalImage
from penstock.errors import PenstockError, PlatformError
from penstock.model.containers import DOCKER, PODMAN, ContainerEngine, short_id
from penstock.model.tuples import NamedTuple
from penstock.model.wire import MalformedError, shaped

TAGS = "localhost/penstock/"
"""How the names of all images begin that are built here."""

_PREFIX = "built-"
_ID = re.compile(r"sha256:[0-9a-f]{64}")
_USED = ("is being used", "image is in use", "image used by", "is using its referenced", "conflict")
_GONE = ("no such image", "image not known")


class BuiltNote(NamedTuple):
    """What is noted of a built image. Its file's time tells when a run last asked for it."""

    tag: str
    id: str
    shown: str  # what it was built of, "Dockerfile"
    size_bytes: int
    own_bytes: int  # of these, what it has beside the image that it is built on
    built_at: float
    engine: str  # "podman" or "docker"

    @property
    def digest(self) -> str:
        """What runs keep of it."""
        return ImageNote(self.tag, self.id, ()).digest


def lock_of(folder: Path, engine: ContainerEngine, key: str) -> Path:
    """The file that whoever builds the images of a key holds. `folder`: `.penstock/environments`."""
    return folder / "images" / f"{_PREFIX}{key[:12]}-{engine.kind}.lock"


def note_of(folder: Path, engine: ContainerEngine, key: str, image: str) -> Path:
    """The file of an image's note, by its id: one that is built anew leaves the earlier one to whoever has it."""
    return folder / "images" / f"{_PREFIX}{key[:12]}-{engine.kind}-{short_id(image)}.json"


def _lock_beside(note: Path) -> Path:
    return note.with_name(f"{note.name.rpartition('-')[0]}.lock")


def write(file: Path, engine: ContainerEngine, image: LocalImage, shown: str, below_bytes: int) -> None:
    """Note an image that is there, and that it is used now. Raises PlatformError."""
    import time

    before = read(file)
    built_at = before.built_at if before is not None and before.id == image.id else time.time()
    own_bytes = max(0, image.size_bytes - below_bytes)
    note = BuiltNote(image.name, image.id, shown, image.size_bytes, own_bytes, built_at, engine.kind)
    try:
        if before == note:
            os.utime(file)  # whoever holds the file goes on holding it
        else:
            collect.replace(file, json.dumps(note._asdict()).encode())
    except OSError as error:
        raise PlatformError(f"can't note an image in {file.parent}: {error.strerror}") from error


def forget_removed(folder: Path, engine: ContainerEngine, key: str) -> None:
    """Drop the notes of those images of a key that were removed by hand. Whoever calls it holds the key's lock."""
    begin = lock_of(folder, engine, key).stem
    for file, note in list(listed(folder)):
        if file.name.startswith(f"{begin}-") and local_images.look(engine, note.id) is None:
            with suppress(BlockingIOError), locking.unshared(file):
                file.unlink(missing_ok=True)


def read(file: Path) -> BuiltNote | None:
    """None where there is none, or it is damaged."""
    try:
        content: Any = json.loads(file.read_bytes())
        note = shaped(BuiltNote, [content[name] for name in BuiltNote._fields])
    except (OSError, ValueError, KeyError, TypeError, MalformedError):
        return None
    # A container may have written it, and it says what is to be removed.
    is_ours = note.tag.startswith(TAGS) and _ID.fullmatch(note.id) and note.engine in (PODMAN, DOCKER)
    return note if is_ours else None


def listed(folder: Path) -> Iterator[tuple[Path, BuiltNote]]:
    """The notes of all that were built. Asks no engine."""
    for file in sorted((folder / "images").glob(f"{_PREFIX}*.json")):
        if (note := read(file)) is not None:
            yield file, note


def held(folder: Path, image: str) -> AbstractContextManager[Path]:
    """The note of an image that was built, by its id; that it is used now is written into its time. Inside, nobody
    removes the image; that ends with this process, however it ends. Raises LookupError where there is none."""

    def made() -> Path:
        for file, note in listed(folder):
            if note.id == image:
                os.utime(file)
                return file
        raise LookupError(image)

    return locking.held(made, lambda file: file)


def is_used(file: Path) -> bool:
    """Whether a run holds the image, or builds it."""
    return locking.is_shared(file) or locking.is_shared(_lock_beside(file))


def take_away(file: Path, used_at: float) -> bool:
    """Remove an image and its note; False where a run or a container uses it, or has since `used_at`.

    Raises PlatformError where its engine fails.
    """
    note = read(file)
    try:
        with locking.alone(_lock_beside(file), None), locking.unshared(file):
            if note is None or os.stat(file).st_mtime != used_at or not _is_removed(note):
                return False
            file.unlink()
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def _is_removed(note: BuiltNote) -> bool:
    engine = engines.of_kind(note.engine, os.environ)
    found, name = local_images.look(engine, note.tag), note.tag
    if found is None or found.id != note.id:  # built anew since, and this one has lost its name
        found, name = local_images.look(engine, note.id), note.id
        if found is None or found.tags or image_words.LABEL not in dict(found.labels):
            return True  # removed by hand, or the user's own by another name
    done = engine_calls.ask(image_words.remove(engine, name))
    said = done.said.lower()
    if done.code == 0 or any(sign in said for sign in _GONE):
        return True
    if any(sign in said for sign in _USED):
        return False
    error: PenstockError = failure(f"remove the image {note.tag}", done.said, done.code, note.engine, note.tag)
    raise PlatformError(str(error))
