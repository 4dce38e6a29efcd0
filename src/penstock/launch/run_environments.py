"""The environments of one run: locked, built, and known to its executors as interpreters."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from penstock.artifacts import masking
from penstock.errors import UsageError
from penstock.executors.interpreters import OWN, Interpreter
from penstock.launch.secrets import Secrets
from penstock.model.environments import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.artifacts.store import BlobStore
    from penstock.environments.builds import Built
    from penstock.environments.image_notes import ImageNote
    from penstock.environments.kits import Kit
    from penstock.environments.library_builds import BuiltLibrary
    from penstock.environments.locks import Lock
    from penstock.journal.journal import Journal
    from penstock.launch.own_packages import OwnPackages
    from penstock.launch.run_images import RunImages
    from penstock.model.program_libraries import Leads, Library


class RunEnvironments:
    """Makes environments ready, each once. `folder`: `.penstock/environments`; `recorded`: locks that the run, or the
    one that it was forked from, has had, by the digests of the requests; `tell` takes a line of progress; `root`: the
    project's folder, by default that of `.penstock`; `containers`: the engine that it asks for, "": any; `again`:
    images are pulled and built, and packages beside them resolved, even where they are there."""

    def __init__(
        self,
        folder: str | os.PathLike[str],
        recorded: Mapping[str, str],
        secrets: Secrets,
        tell: Callable[[str], None],
        *,
        all_here: bool = False,
        containers: str = "",
        root: str | os.PathLike[str] = "",
        again: bool = False,
    ) -> None:
        self._place, self._project, self._again = folder, root, again
        self._all_here = all_here  # whoever asks for that is told, once, that all steps have the flow's packages
        self._recorded = recorded
        self._secrets = secrets
        self._tell = tell
        self._lock = threading.Lock()
        self._named = set[str]()  # what is a secret
        self._ready: dict[Environment, Interpreter] = {}
        self._here: dict[Environment, tuple[tuple[str, str], ...]] = {}
        self._locks: dict[Environment, Lock] = {}
        self._built: set[Built | BuiltLibrary] = set()
        self._libraries: dict[Environment, tuple[tuple[Library, str], ...]] = {}
        self._noted = dict[str, tuple[str, str]]()  # libraries and images by their requests: digest, and what is kept
        self._kit: Kit | None = None
        self._held = ExitStack()  # what nobody may remove, until this process ends
        self._made: dict[str, Lock] = {}  # by the digests of the requests
        self._keep: Callable[[str, str, str], None] | None = None  # None: there is no run yet
        self._containers = containers

    @cached_property
    def _folder(self) -> Path:
        from pathlib import Path  # a run whose steps have the flow's own environment does without

        return Path(self._place)

    @cached_property
    def _root(self) -> Path:
        from pathlib import Path

        return Path(self._project or self._folder.parent.parent)

    @cached_property
    def _images(self) -> RunImages:
        """Made when it is asked: most runs have none."""
        from penstock.launch.run_images import RunImages

        place = self._folder, self._root, self._containers
        return RunImages(*place, self._recorded, self._note_image, self._tell, again=self._again)

    def keep_in(self, journal: Journal, run: int) -> None:
        """Note what was locked, and what will be, as a run's own."""

        def keep(request: str, digest: str, text: str) -> None:
            from penstock.journal import recorded_locks

            recorded_locks.keep(journal, run, request, digest, text)

        for request, lock in self._made.items():
            keep(request, lock.digest, lock.text)
        for request, (digest, text) in self._noted.items():
            keep(request, digest, text)
        self._keep = keep

    def of(self, environment: Environment | None) -> Interpreter:
        """What runs an environment that is ready; None: the flow's own. It masks what any step has named a secret and
        all processes have from the flow's."""
        found = OWN if environment is None else self._ready[environment]
        return found._replace(secrets=tuple(sorted(self._named)))

    def variables_of(self, environment: Environment | None) -> tuple[tuple[str, str], ...]:
        """Name and value of each that a step has in the flow's own process, for an environment that is ready there."""
        return () if environment is None else self._here[environment]

    def lock_of(self, environment: Environment | None) -> Lock | None:
        """The lock of an environment that is ready; None: its packages are the flow's own."""
        return None if environment is None else self._locks.get(environment)

    def image_of(self, environment: Environment | None) -> tuple[str, str, str]:
        """The image of an environment that is ready: its name, its id and its Python's version. "": there is none, or
        it has none."""
        note = None if environment is None else self._images.note_of(environment)
        if note is None or environment is None:
            return "", "", ""
        return note.name, note.id, self._images.inside(environment).version

    def libraries_of(self, environment: Environment | None) -> tuple[Library, ...]:
        """The libraries of other languages that an environment asks for. Reads their files, where nobody has yet.
        Raises UsageError where one can't be read."""
        if environment is None or not environment.libraries:
            return ()
        return tuple(library for library, _ in self._read(environment))

    def ready(self, environment: Environment | None, step: str) -> None:
        """Lock and build an environment, unless that is done. Blocks: milliseconds where it is in the cache.

        Raises UsageError with the step's name where it can't be had, and for a secret that is not set.
        """
        if environment is None:
            return
        with self._lock, _told_of(step):
            if environment not in self._ready:
                self._ready[environment] = self._make(environment)

    def refuse_function(self, environment: Environment | None, step: str) -> None:
        """Raise UsageError where a step that is a function asks for an image, ready by now, that can't run one."""
        if environment is not None and self._images.note_of(environment) is not None:
            with _told_of(step):
                self._images.refuse_function(environment)

    def ready_here(self, environment: Environment | None, step: str) -> None:
        """Find the variables that a step has in the flow's own process, where nothing is built for it. Raises
        UsageError with the step's name for a secret that is not set, and where the step asks for packages too."""
        if environment is None:
            return
        with self._lock, _told_of(step):
            if environment.is_foreign and not self._all_here:
                raise UsageError(
                    "it asks for the flow's own process with on=, and for packages or a Python of its own, which that "
                    "has not: leave one of the two out, or say environment=Environment() where a default asks for them"
                )
            if environment not in self._here:
                self._here[environment] = self._variables_here(environment)

    def travelling(
        self,
        environment: Environment | None,
        step: str,
        blobs: Callable[[], BlobStore],
        *,
        wheels: bool = False,
        here: bool = False,
        containers: str = "",
    ) -> Any:
        """What another machine needs to make an environment (None: the flow's own packages), as plain data; locked
        here, and built here only for `wheels`: that its packages go into the store, for a machine without an index.
        `blobs` gives the store that the other machine reaches, where something is to go there; `here`: it is run by
        this very Python; `containers`: the engine of images there, "": any.

        Blocks. Raises UsageError with the step's name where it can't be locked, and for a secret that is not set. Of
        the flow's own packages it says what can't be had there, and why.
        """
        from penstock.launch import travelling

        if environment is not None:
            with self._lock, _told_of(step):
                self._variables(environment)
                for library, _ in self._read(environment):
                    self._note(library)
        places = travelling.Destination(blobs, wheels, here, containers)
        return travelling.described(self, environment, step, self._folder, places)

    @property
    def images(self) -> RunImages:
        """Those of environments."""
        return self._images

    @cached_property
    def own_packages(self) -> OwnPackages:
        """Those of the flow's process, as they were when this was asked first: what a run is given stays the same."""
        from penstock.launch import own_packages

        return own_packages.own_packages()

    def site_of(self, environment: Environment, step: str) -> Path:
        """Where the packages of an environment lie here, which is built if need be. Blocks; raises as `ready`."""
        from pathlib import Path

        from penstock.environments import marks

        self.ready(environment, step)
        folder = Path(self.of(environment).python).parents[1]
        mark = marks.read(folder)
        if mark is None:
            raise UsageError(f"step {step} can't run: its environment in {folder} is damaged: start the run again")
        return folder / mark.site

    def private(self) -> dict[str, str]:
        """The values of all that any step has named a secret, for agents alone."""
        return dict(self._secrets.values(tuple(sorted(self._named))))

    def damages(self) -> list[str]:
        """A line for each environment that isn't as it was built any more; the next run builds it anew. Blocks for a
        look at each of their files."""
        from pathlib import Path

        from penstock.environments import marks

        found = {built: marks.inspect(Path(built.folder)) for built in self._built}
        return [
            f"{built.name} is damaged, {damage}: the next run builds it anew"
            for built, damage in found.items()
            if damage
        ]

    def build(self, environment: Environment, step: str) -> None:
        """Have an image here, and the packages beside it, for runs to come. Otherwise as `ready`."""
        with self._lock, _told_of(step):
            self._images.inside(environment)
            if environment.installs:
                self._site_beside(environment)

    def locked(self, environment: Environment) -> list[tuple[str, str, str]]:
        """Digest, Python and text of what an environment with an image is locked to: that, and what lies beside it."""
        note, lock = self._images.note_of(environment), self._locks.get(environment)
        found = [] if note is None else [(note.digest, self._images.inside(environment).version, note.text)]
        return [*found, *([] if lock is None else [(lock.digest, lock.python, lock.text)])]

    def lock(self, environment: Environment | None, step: str) -> None:
        """Lock an environment, and build nothing. Otherwise as `ready`."""
        if environment is None or not environment.is_foreign or environment in self._locks:
            return
        with _told_of(step):
            if environment.image:
                self._images.image_of(environment)
            if environment.installs or not environment.image:
                self._locked(environment)

    def _locked(self, environment: Environment) -> Lock:
        from penstock.environments import image_packages, locks

        beside = self._images.beside(environment) if environment.image else None
        request = locks.asked(environment) if beside is None else image_packages.asked(environment, beside)
        if known := self._recorded.get(request):
            lock = locks.parse(known)
        elif beside is not None:
            lock = image_packages.resolve(environment, beside, self._folder, self._tell, again=self._again)
        else:
            lock = locks.resolve(environment, self._folder, self._tell)
        self._locks[environment] = self._made[request] = lock
        if self._keep is not None:
            self._keep(request, lock.digest, lock.text)
        return lock

    def _make(self, environment: Environment) -> Interpreter:
        variables, leads = self._variables(environment), self._leads(environment)
        if not environment.is_foreign:
            return OWN._replace(variables=variables, libraries=leads)
        if environment.image:
            return self._contained(environment, variables, leads)
        from penstock.environments import built_environments

        built = self._held.enter_context(built_environments.held(self._locked(environment), self._folder, self._tell))
        self._built.add(built)
        kit = self._kit_here()
        return Interpreter(built.python, os.fspath(kit.folder), kit.digest, variables, leads)

    def _contained(self, environment: Environment, variables: tuple[tuple[str, str], ...], leads: Leads) -> Interpreter:
        from penstock.model.containers import Mount

        kit = self._kit_here()
        mounts = [Mount(os.fspath(kit.folder))]
        if environment.installs:
            site = self._site_beside(environment)
            mounts.append(Mount(os.fspath(site)))
            variables = self._images.leading(environment, site, variables)
        container = self._images.container(environment, *mounts)
        container = container._replace(keeper=self._images.keeper.path)
        if not container.has_python:
            return OWN._replace(variables=variables, libraries=leads, container=container)
        return Interpreter(container.python, os.fspath(kit.folder), kit.digest, variables, leads, container=container)

    def _site_beside(self, environment: Environment) -> Path:
        """The folder of packages on top of an image, built if need be."""
        from pathlib import Path

        from penstock.environments import image_packages

        lock, on = self._locked(environment), self._images.beside(environment)
        built = self._held.enter_context(image_packages.held(lock, on, self._folder, self._tell))
        self._built.add(built)
        return Path(built.folder, image_packages.SITE)

    def _kit_here(self) -> Kit:
        if self._kit is None:
            from penstock.environments import kits

            self._kit = self._held.enter_context(kits.in_use(self._folder / "kits"))
        return self._kit

    def _note_image(self, request: str, image: ImageNote) -> None:
        self._noted[request] = image.digest, image.text
        if self._keep is not None:
            self._keep(request, image.digest, image.text)

    def _leads(self, environment: Environment) -> Leads:
        """Build the libraries of an environment, unless that is done; gives what leads to them."""
        if not environment.libraries:
            return ()
        from penstock.environments import library_builds

        leads: list[tuple[str, str]] = []
        for library, beside in self._read(environment):
            built = self._held.enter_context(library_builds.held(library, self._folder, self._tell, beside=beside))
            self._built.add(built)
            leads.extend(built.leads)
            self._note(library)
        return tuple(leads)

    def _note(self, library: Library) -> None:
        """That the run has it: while it is kept, so is what is built of it."""
        if library.digest not in self._noted:
            from penstock.environments import library_builds

            text = library_builds.note_of(library)
            self._noted[library.digest] = library.digest, text
            if self._keep is not None:
                self._keep(library.digest, library.digest, text)

    def _read(self, environment: Environment) -> tuple[tuple[Library, str], ...]:
        """Its libraries, as their files were when this was asked first, each with the folder of its files."""
        found = self._libraries.get(environment, ()) if environment.libraries else ()
        if environment.libraries and not found:
            from penstock.environments import library_builds

            found = self._libraries[environment] = library_builds.read(environment.libraries)
        return found

    def _variables_here(self, environment: Environment) -> tuple[tuple[str, str], ...]:
        variables, leads = self._variables(environment), self._leads(environment)
        if not leads:
            return variables
        from penstock.model.program_libraries import led

        led_to = led({**os.environ, **dict(variables)}, leads)
        return (*variables, *((name, led_to[name]) for name in dict(leads)))

    def _variables(self, environment: Environment) -> tuple[tuple[str, str], ...]:
        """Name and value of each. This process masks the secrets among them from now on."""
        secrets = self._secrets.values(environment.secrets)
        self._named.update(environment.secrets)
        masking.hide(value for _, value in secrets)
        return (*environment.env, *secrets)


@contextmanager
def _told_of(step: str) -> Generator[None]:
    try:
        yield
    except UsageError as error:
        raise UsageError(f"step {step} can't run: {error}") from error
