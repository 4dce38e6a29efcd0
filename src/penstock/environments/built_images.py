"""The images that were built for a project: a note of each, a list of them, and their removal. Those that were only
pulled are the user's own, and nobody's here to remove."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from penstock.environments import collect, engine_calls, image_words, local_images, locking
from penstock.environments.engine_failures import failure
from penstock.environments.image_notes import ImageNote
from penstock.environments.local_images import LocalImage
from penstock.errors import PenstockError, PlatformError
from penstock.model.containers import ContainerEngine
from penstock.model.tuples import NamedTuple
from penstock.model.wire import MalformedError, shaped

_PREFIX = "built-"
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
    engine: str
    program: str
    rootless: bool

    @property
    def digest(self) -> str:
        """What runs keep of it."""
        return ImageNote(self.tag, self.id, ()).digest


def note_of(folder: Path, engine: ContainerEngine, key: str) -> Path:
    """The file of an image's note. `folder`: `.penstock/environments`."""
    return folder / "images" / f"{_PREFIX}{key[:12]}-{engine.kind}.json"


def write(file: Path, engine: ContainerEngine, image: LocalImage, shown: str, below_bytes: int) -> None:
    """Note an image that is there, and that it is used now. Raises PlatformError."""
    import time

    before = read(file)
    built_at = before.built_at if before is not None and before.id == image.id else time.time()
    own_bytes = max(0, image.size_bytes - below_bytes)
    kind = engine.kind, engine.program, engine.rootless
    note = BuiltNote(image.name, image.id, shown, image.size_bytes, own_bytes, built_at, *kind)
    try:
        if before == note:
            os.utime(file)  # whoever holds the file goes on holding it
        else:
            collect.replace(file, json.dumps(note._asdict()).encode())
    except OSError as error:
        raise PlatformError(f"can't note an image in {file.parent}: {error.strerror}") from error


def read(file: Path) -> BuiltNote | None:
    """None where there is none, or it is damaged."""
    try:
        content: Any = json.loads(file.read_bytes())
        return shaped(BuiltNote, [content[name] for name in BuiltNote._fields])
    except (OSError, ValueError, KeyError, TypeError, MalformedError):
        return None


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
    return locking.is_shared(file) or locking.is_shared(file.with_suffix(".lock"))


def take_away(file: Path, used_at: float) -> bool:
    """Remove an image and its note; False where a run or a container uses it, or has since `used_at`.

    Raises PlatformError where its engine fails.
    """
    note = read(file)
    try:
        with locking.alone(file.with_suffix(".lock"), None), locking.unshared(file):
            if note is None or os.stat(file).st_mtime != used_at or not _is_removed(note):
                return False
            file.unlink()
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return True
    return True


def _is_removed(note: BuiltNote) -> bool:
    engine = ContainerEngine(note.engine, note.program, note.rootless)
    found = local_images.look(engine, note.tag)
    if found is None or found.id != note.id:  # removed by hand, or built anew since
        return True
    done = engine_calls.ask(image_words.remove(engine, note.tag))
    said = done.said.lower()
    if done.code == 0 or any(sign in said for sign in _GONE):
        return True
    if any(sign in said for sign in _USED):
        return False
    error: PenstockError = failure(f"remove the image {note.tag}", done.said, done.code, note.engine, note.tag)
    raise PlatformError(str(error))
