"""The images of one run: found, and known to its executors as containers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import UsageError
from penstock.model.containers import Container, ContainerEngine, Mount, short_id
from penstock.model.environments import Environment
from penstock.model.images import Image
from penstock.model.luggage import TravellingImage

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.environments.image_notes import ImageNote
    from penstock.environments.image_probe import Inside
    from penstock.environments.local_images import LocalImage
    from penstock.environments.locks import Beside
    from penstock.executors.keepers import ContainerKeeper

_MEND = "move the project into a folder of its own, as below /home or /srv"

Keep = Callable[[str, "ImageNote"], None]
"""Takes the digest of what was asked for, and the image that it came to."""


class RunImages:
    """Finds images, each once. `folder`: `.penstock/environments`; `asked`: the engine that the project asks for, "":
    any; `recorded`: what the run has had, by the digests of the requests; `tell` takes a line of progress; `again`:
    pulled and built even where it is there."""

    def __init__(
        self,
        folder: Path,
        root: Path,
        asked: str,
        recorded: Mapping[str, str],
        keep: Keep,
        tell: Callable[[str], None],
        environ: Mapping[str, str] = os.environ,
        *,
        again: bool = False,
    ) -> None:
        self._folder, self._root, self._asked = folder, root, asked
        self._held, self._again = ExitStack(), again
        self._recorded, self._keep, self._tell, self._environ = recorded, keep, tell, environ
        self._found: dict[object, LocalImage] = {}
        self._inside: dict[str, Inside] = {}

    @cached_property
    def keeper(self) -> ContainerKeeper:
        """What starts and removes the containers of these runs."""
        from penstock.executors import keepers

        return keepers.ContainerKeeper(os.fspath(self._folder.parent / keepers.NOTES))

    @cached_property
    def engine(self) -> ContainerEngine:
        """What runs containers here. Raises UsageError where nothing does."""
        from penstock.environments import engines

        return engines.find(self._asked, self._environ)

    def image_of(self, environment: Environment) -> LocalImage:
        """The image of an environment, which is here then: the one that the run had, where it has had one. Blocks, for
        as long as a pull or a build takes. Raises UsageError where it can't be had."""
        found = self._found.get(environment.image)
        if found is None:
            found = self._found[environment.image] = self._resolved(environment)
        return found

    def note_of(self, environment: Environment) -> ImageNote | None:
        """The image of an environment that is ready or locked; None: it has none."""
        found = self._found.get(environment.image) if environment.image else None
        return None if found is None else found.note

    def inside(self, environment: Environment) -> Inside:
        """What is in the image of an environment. Blocks, for as long as the engine takes to look, the first time."""
        from penstock.environments import image_probe

        image = self.image_of(environment)
        if image.id not in self._inside:
            self._inside[image.id] = image_probe.known(self._folder / "images", self._bare(image), image.name)
        return self._inside[image.id]

    def beside(self, environment: Environment) -> Beside:
        """What packages on top of its image are resolved for. Raises UsageError where none can be."""
        from penstock.environments import image_packages

        return image_packages.beside(self.inside(environment), self.image_of(environment).name)

    def leading(
        self, environment: Environment, site: Path, variables: tuple[tuple[str, str], ...]
    ) -> tuple[tuple[str, str], ...]:
        """Variables that lead to packages in a folder, in front of what the image and the user say."""
        from penstock.environments import image_containers

        return image_containers.leading(self.image_of(environment), site, variables)

    def container(self, environment: Environment, *mounts: Mount) -> Container:
        """What the steps of an environment run in; `mounts`: what it is to see beside the project."""
        from penstock.environments import image_containers

        inside, bare = self.inside(environment), self._bare(self.image_of(environment))
        ours = Mount(self._project(), True), Mount(os.fspath(self._folder.parent), True)
        found = image_containers.furnished(bare, inside, environment, (*ours, *mounts))
        image_containers.refuse_hiding(self._root, "the project's", _MEND, found)
        return found

    def has_python(self, environment: Environment) -> bool:
        """Whether steps run inside of its image, and not its programs alone. Blocks as `inside`."""
        from penstock.environments import image_probe

        return image_probe.runs_steps(self.inside(environment))

    def sent(
        self, environment: Environment, blobs: Callable[[], BlobStore], containers: str, *, here: bool
    ) -> TravellingImage:
        """The image of an environment for an agent, where `containers` runs it ("": any engine). One that no registry
        has goes there by a store, for it can't be had in another way, unless the engine there is this very one
        (`here`: it is of this machine). Blocks for that."""
        image, archive = self.image_of(environment), None
        is_shared = here and containers in ("", self.engine.kind)
        if not image.origins and not is_shared:
            from penstock.launch import image_archives

            archive = image_archives.stored(self.engine, image, self._folder / "images", blobs(), self._tell)
        return TravellingImage(image.note.text, image.machine, containers, archive)

    def refuse_function(self, environment: Environment) -> None:
        """Raise UsageError where its image, which is here, can't run functions."""
        from penstock.environments import image_probe

        inside = self.inside(environment)
        if not image_probe.runs_steps(inside):
            has = f"has Python {inside.version}" if inside.python else "has no Python on its PATH"
            raise UsageError(
                f"the image {self.image_of(environment).name} {has}, and a function needs one from 3.9 on: "
                "name an image with one, or make the step a command(...) or a script(...), which needs none"
            )

    def _resolved(self, environment: Environment) -> LocalImage:
        from penstock.environments import built_images, image_notes, image_requests, local_images

        self._project()
        request = image_requests.asked(environment.image)
        known = self._recorded.get(request)
        note = None if known is None else image_notes.parse(known)
        if not isinstance(environment.image, str):
            found = self._built(environment.image, note)
            with suppress(LookupError):  # its note was removed by hand
                self._held.enter_context(built_images.held(self._folder, found.id))
        elif note is not None:
            found = local_images.recorded(self.engine, note, self._tell)
        else:
            found = local_images.resolve(self.engine, environment.image, self._tell, again=self._again)
        local_images.refuse_another_machine(self.engine, found)
        self._keep(request, found.note)
        return found

    def _built(self, recipe: Image, note: ImageNote | None) -> LocalImage:
        """The image of a recipe: the very one that the run had, while it is there, else built."""
        from penstock.environments import image_builds, local_images

        found = None if note is None else local_images.look(self.engine, note.id)
        if found is not None and note is not None:
            return found._replace(name=note.name, origins=())
        if note is not None:
            self._tell(f"the image {note.name} that the run had, {short_id(note.id)}, is gone: builds it anew")
        builder = image_builds.Builder(self.engine, self._root, self._folder, self._tell, self._again)
        return image_builds.built(builder, recipe)

    def _bare(self, image: LocalImage) -> Container:
        from penstock.environments import image_containers

        return image_containers.bare(self.engine, image, self._root)

    def _project(self) -> str:
        """Its folder, as a container is to see it. Raises UsageError where it would lie over what an image needs."""
        from penstock.environments import image_containers

        image_containers.refuse_hiding(self._root, "the project's", _MEND)
        return os.fspath(self._root)
