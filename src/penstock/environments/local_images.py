"""Resolves the names of images to what lies here under them, and pulls what is missing."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

from penstock.environments import engine_calls, engine_failures, image_words
from penstock.environments.image_notes import ImageNote
from penstock.environments.uv import Tell
from penstock.errors import PlatformError, UsageError
from penstock.model.containers import PODMAN, ContainerEngine, short_id
from penstock.model.tuples import NamedTuple

_LOCAL = "localhost/"  # what podman calls an image that has come from no registry
_MISSING = ("no such image", "image not known", "unable to find")
_FOUND = re.compile(r"Copying blob (\S+)|(\S+): Pulling fs layer")
_DONE = re.compile(r"Copying blob (\S+) done|(\S+): Pull complete")
_OTHERS_S = 10.0
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


class LocalImage(NamedTuple):
    """An image that is here."""

    name: str  # as it was asked for
    id: str  # "sha256:..."
    origins: tuple[str, ...]  # as `ImageNote` has them
    machine: str  # "amd64"
    path: str  # its PATH
    size_bytes: int
    tags: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]

    @property
    def note(self) -> ImageNote:
        """What a run keeps of it."""
        return ImageNote(self.name, self.id, self.origins)


def resolve(engine: ContainerEngine, name: str, tell: Tell, *, again: bool = False) -> LocalImage:
    """What lies here under a name, pulled where nothing does. `again`: pulled even then, since the name may have moved.

    Blocks, for as long as a pull takes, with progress to `tell`. Raises UsageError with the mend where it can't be had,
    PlatformError where the machine fails.
    """
    found = None if again else look(engine, name)
    if found is None:
        pull(engine, name, tell)
        found = look(engine, name)
    if found is None:
        raise PlatformError(f"{engine.kind} has pulled {name}, and doesn't have it: run it again")
    return found


def recorded(engine: ContainerEngine, note: ImageNote, tell: Tell) -> LocalImage:
    """The very image that a run had: as it lies here, else pulled by its digest. That its name is another one's by now
    is told. Otherwise as `resolve`."""
    found, why = look(engine, note.id), ", and no registry has it:"
    if found is None and note.origins:
        origin = note.origins[0]
        tell(f"the image {note.name} that the run had, {short_id(note.id)}, is not here any more")
        try:
            pull(engine, origin, tell)
            found = look(engine, origin)
        except UsageError as error:
            why = f": {error}.\nOr"
        if found is not None and found.id != note.id:
            found, why = None, f", and {origin} is {short_id(found.id)}, as another kind of machine or engine has it:"
    if found is None:
        raise UsageError(
            f"the image {note.name} that the run had, {short_id(note.id)}, is gone from {engine.kind}{why} bring it "
            f"back with `{engine.kind} load`, or begin a new run, which takes the {note.name} of now"
        )
    now = look(engine, note.name)
    if now is not None and now.id != found.id:
        tell(
            f"the name {note.name} has moved to {short_id(now.id)}; this run goes on with {short_id(found.id)}, "
            "which it had"
        )
    return found._replace(name=note.name, origins=note.origins or found.origins)


def look(engine: ContainerEngine, name: str) -> LocalImage | None:
    """The image of a name or an id; None: it is not here. Raises as `resolve`."""
    done = engine_calls.ask(image_words.inspect(engine, name))
    # To tell of one image podman reads all, and fails over another one that is built or removed meanwhile.
    until = time.monotonic() + _OTHERS_S
    while done.code and engine.kind == PODMAN:
        code = engine_calls.ask(image_words.exists(engine, name)).code
        if code == 1:
            return None
        if code or time.monotonic() > until:
            break
        done = engine_calls.ask(image_words.inspect(engine, name))
    if done.code == 0:
        return read(name, done.out)
    if engine.kind != PODMAN and any(sign in done.said.lower() for sign in _MISSING):
        return None
    raise engine_failures.failure(f"look for the image {name}", done.said, done.code, engine.kind, name)


def pull(engine: ContainerEngine, name: str, tell: Tell) -> None:
    """Bring an image here. Otherwise as `resolve`."""
    if name.startswith(_LOCAL):
        raise UsageError(
            f"there is no image {name} in {engine.kind}, and no registry has what is called localhost/...: build it, "
            f"or bring it here by `{engine.kind} load`"
        )
    tell(f"pulls the image {name} with {engine.kind}")
    layers, there = set[str](), set[str]()

    def hear(line: str) -> None:
        for pattern, known in ((_FOUND, layers), (_DONE, there)):
            if (found := pattern.search(line)) and (layer := found[1] or found[2]) not in known:
                known.add(layer)
                if known is there:
                    tell(f"image {name}: {len(there)} of {len(layers)} layers")

    done = engine_calls.work(image_words.pull(engine, name), hear)
    if done.code:
        purpose = f"pull the image {name}"
        raise engine_failures.failure(purpose, done.said, done.code, engine.kind, name, os.uname().machine)


def refuse_another_machine(engine: ContainerEngine, image: LocalImage) -> None:
    """Raise UsageError for an image that this machine can't run, and emulates nothing for."""
    machine = os.uname().machine
    emulated = any(Path("/proc/sys/fs/binfmt_misc").glob("qemu-*"))
    if image.machine not in ("", machine, _MACHINES.get(machine, machine)) and not emulated:
        raise UsageError(
            f"the image {image.name} is made for {image.machine}, and this machine is {machine}: name one that is made "
            f"for it, or build one here. Where it has another name here, `{engine.kind} image rm {image.name}` lets it "
            "be pulled again"
        )


def read(name: str, printed: str) -> LocalImage:
    """The image that `image inspect` has printed. Raises PlatformError for what is none."""
    try:
        found: Any = json.loads(printed)[0]
        config: Any = found.get("Config") or {}
        environ = dict(pair.partition("=")[::2] for pair in config.get("Env") or ())
        labels: Any = config.get("Labels") or {}
        return LocalImage(
            name=name,
            id=f"sha256:{found['Id'].removeprefix('sha256:')}",
            origins=tuple(sorted(one for one in found.get("RepoDigests") or () if not one.startswith(_LOCAL))),
            machine=found.get("Architecture") or "",
            path=environ.get("PATH", ""),
            size_bytes=int(found.get("Size") or 0),
            tags=tuple(found.get("RepoTags") or ()),
            labels=tuple(sorted(labels.items())),
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise PlatformError(f"the engine says of the image {name} what can't be read: {error!r}") from error
