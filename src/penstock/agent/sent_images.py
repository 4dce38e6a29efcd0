"""The images of steps on an agent's machine: the very ones that the driver has, by their ids, in the engine there.

One that a registry has is pulled; one that was built or loaded where the run is driven comes as an archive.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.artifacts.store import BlobStore
from penstock.environments import (
    built_images,
    engine_calls,
    engine_failures,
    engines,
    image_containers,
    image_notes,
    image_packages,
    image_probe,
    image_words,
    local_images,
    locking,
    locks,
)
from penstock.environments.image_notes import ImageNote
from penstock.environments.local_images import LocalImage
from penstock.errors import PlatformError, UsageError
from penstock.model.agents import HOME
from penstock.model.containers import Container, ContainerEngine, Mount, short_id
from penstock.model.environments import Environment
from penstock.model.luggage import DataFile, TravellingImage
from penstock.model.quantities import format_bytes
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.executors.keepers import ContainerKeeper

_SENT = f"{built_images.TAGS}sent"
"""The name of images that came as archives; their tags are the first digits of their ids."""

Tell = Callable[[str], None]
Variables = tuple[tuple[str, str], ...]


class HadImage(NamedTuple):
    """An image that is here, and what runs it."""

    engine: ContainerEngine
    image: LocalImage


class SentImages:
    """Finds images, each once. `home`: the agent's folder; `blobs`: where archives come from; `tell` takes a line of
    progress."""

    def __init__(self, home: Path, blobs: BlobStore, tell: Tell, environ: Mapping[str, str] = os.environ) -> None:
        self._home, self._folder = home, home / "environments"
        self._blobs, self._tell, self._environ = blobs, tell, environ
        self._engines: dict[str, ContainerEngine] = {}
        self._held = ExitStack()  # what nobody may remove, until this process ends

    @cached_property
    def keeper(self) -> ContainerKeeper:
        """What starts and removes the containers of this agent."""
        from penstock.executors import keepers

        return keepers.ContainerKeeper(os.fspath(notes_of(self._home)))

    def had(self, sent: TravellingImage) -> HadImage:
        """The image, once it is here. Blocks, for as long as a pull takes. Raises UsageError where it can't be had,
        PlatformError where the machine fails, StoreError where its archive can't be had."""
        engine = self._engine(sent.engine)
        image_containers.refuse_hiding(self._home, "the agent's", f"name another one there, by {HOME}")
        return HadImage(engine, self._had(engine, sent))

    def container(
        self, had: HadImage, environment: Environment, lock: str, kit: Path, variables: Variables
    ) -> tuple[Container, Variables]:
        """What the steps of an environment run in, once the packages of its lock are beside its image; and the
        variables that they find. Blocks, and raises, as `had`."""
        engine, image = had
        bare = image_containers.bare(engine, image, self._home)
        inside = image_probe.known(self._folder / "images", bare, image.name)
        mounts = [Mount(os.fspath(self._home), True), Mount(os.fspath(kit))]
        if environment.installs:
            beside = image_packages.beside(inside, image.name)
            held = image_packages.held(locks.parse(lock), beside, self._folder, self._tell)
            site = Path(self._held.enter_context(held).folder, image_packages.SITE)
            mounts.append(Mount(os.fspath(site)))
            variables = image_containers.leading(image, site, variables)
        container = image_containers.furnished(bare, inside, environment, tuple(mounts))
        return container._replace(keeper=self.keeper.path), variables

    def close(self) -> None:
        """Let others remove what was held. Idempotent."""
        self._held.close()

    def _engine(self, asked: str) -> ContainerEngine:
        if asked not in self._engines:
            try:
                self._engines[asked] = engines.find(asked, self._environ)
            except UsageError as error:
                told = "Which engine runs images there says `containers = ...` of its executor in penstock.toml"
                raise UsageError(f"{error}. {told}") from error
        return self._engines[asked]

    def _had(self, engine: ContainerEngine, sent: TravellingImage) -> LocalImage:
        """The very image, by its id, wherever it comes from."""
        note = image_notes.parse(sent.note)
        expected = LocalImage(note.name, note.id, note.origins, sent.machine, "", 0, (), ())
        local_images.refuse_another_machine(engine, expected)  # before gigabytes are on their way
        found = local_images.look(engine, note.id)
        if found is None:
            found = self._pulled(engine, note) if sent.archive is None else self._loaded(engine, note, sent.archive)
        with suppress(LookupError):  # it has not come as an archive
            self._held.enter_context(built_images.held(self._folder, note.id))
        return found._replace(name=note.name)

    def _pulled(self, engine: ContainerEngine, note: ImageNote) -> LocalImage:
        if not note.origins:
            raise UsageError(f"the image {note.name} is not in {engine.kind} there, and nothing says where it is")
        local_images.pull(engine, note.origins[0], self._tell)
        found = local_images.look(engine, note.origins[0])
        if found is None or found.id != note.id:
            is_another = "nothing" if found is None else short_id(found.id)
            raise UsageError(
                f"the image {note.name} of the run is {short_id(note.id)}, and {engine.kind} there has pulled "
                f"{is_another} as {note.origins[0]}: have both machines use one kind of engine, by `containers = ...`"
            )
        return found

    def _loaded(self, engine: ContainerEngine, note: ImageNote, archive: DataFile) -> LocalImage:
        folder, digits = self._folder / "images", short_id(note.id)
        with locking.alone(
            folder / f"sent-{digits}.lock", lambda: self._tell(f"waits for another agent that loads {note.name}")
        ):
            found = local_images.look(engine, note.id)
            if found is None:
                self._load(engine, note, archive, folder / f"sent-{digits}.tar")
                found = local_images.look(engine, note.id)
            if found is None:
                raise PlatformError(f"{engine.kind} has loaded {note.name}, and doesn't have {digits}: run it again")
            named = found._replace(name=f"{_SENT}:{digits}")
            done = engine_calls.ask(image_words.tag(engine, note.id, named.name))
            if done.code:
                raise engine_failures.failure(f"tag {note.name}", done.said, done.code, engine.kind, note.name)
            file = built_images.note_of(self._folder, engine, note.id.removeprefix("sha256:"), note.id)
            built_images.write(file, engine, named, note.name, 0)  # so that it goes when nobody needs it
        return found

    def _load(self, engine: ContainerEngine, note: ImageNote, archive: DataFile, file: Path) -> None:
        self._tell(f"loads the image {note.name}, {format_bytes(archive.size)}, into {engine.kind}")
        data = self._blobs.get(archive.digest, archive.size, True)
        try:
            with open(file, "wb") as opened:
                opened.write(data)
            done = engine_calls.work(image_words.load(engine, os.fspath(file)), lambda _: None)
        except OSError as error:
            raise PlatformError(f"can't write the archive of {note.name} to {file}: {error.strerror}") from error
        finally:
            file.unlink(missing_ok=True)
        if done.code:
            purpose = f"load the image {note.name}"
            raise engine_failures.failure(purpose, done.said, done.code, engine.kind, note.name, os.uname().machine)


def notes_of(home: Path) -> Path:
    """Where the containers of all agents of a home are noted."""
    from penstock.executors import keepers

    return home / keepers.NOTES
