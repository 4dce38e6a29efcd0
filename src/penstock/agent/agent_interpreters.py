"""What runs the steps of a run on an agent's machine: interpreters of environments that are built there from locks.

A step without an environment of its own gets the packages of the flow's process, as they were recorded there, under the
same version of Python.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from penstock.agent import sent_libraries, sent_wheels
from penstock.agent.failures import failure_of
from penstock.agent.sent_images import HadImage, SentImages
from penstock.artifacts.store import BlobStore
from penstock.code import installed
from penstock.environments import built_environments, kits, locks
from penstock.errors import PenstockError, UsageError
from penstock.executors.interpreters import OWN, Interpreter
from penstock.model import luggage
from penstock.model.agents import HOME
from penstock.model.environments import Environment
from penstock.model.luggage import TravellingEnvironment
from penstock.model.program_libraries import Leads

LIBRARIES = "PENSTOCK_AGENT_LIBRARIES"
"""The variable with the folder of the bundle's own libraries; `bootstrap.sh` sets it."""
_AGENTS = "PENSTOCK_AGENT_"
_PATH = "LD_LIBRARY_PATH"

_OF_UV = {"UV_CACHE_DIR": "uv", "UV_PYTHON_INSTALL_DIR": "pythons"}
_WHEELS = ". Where that machine reaches no index of packages, set `wheels = true` for its executor in penstock.toml"
_LOOK_S = 0.2

Done = Callable[[PenstockError | None], None]


class AgentInterpreters:
    """Makes environments ready, each once; implements `executors.interpreters.Interpreters`.

    `home`: the agent's folder; `blobs`: where wheels come from; `private`: the values of secrets; `tell` takes a line
    of progress, from any thread.
    """

    def __init__(
        self,
        home: Path,
        blobs: BlobStore,
        private: Callable[[], Mapping[str, str]],
        tell: Callable[[str], None],
        environ: Mapping[str, str] = os.environ,
        patience_s: float = 60.0,
    ) -> None:
        self._folder = home / "environments"
        self._blobs = blobs
        self._private = private
        self._tell = tell
        self._patience_s = patience_s  # a secret may come so much later
        self._libraries, self._path = environ.get(LIBRARIES, ""), environ.get(_PATH, "")
        self._own = OWN._replace(own_variables=self._libraries_of(OWN.python))
        self._images = SentImages(home, blobs, tell, environ)
        self._known: dict[Environment | None, TravellingEnvironment] = {}
        self._ready: dict[Environment | None, Interpreter] = {}
        self._by_lock: dict[str, Interpreter] = {}
        self._kit: kits.Kit | None = None
        self._held = ExitStack()  # what nobody may remove, until this process ends
        self._lock = threading.Lock()  # of what is known; building holds the next one alone
        self._building = threading.Lock()
        self._wanted: dict[tuple[Environment | None, str], list[Done]] = {}  # for a step, by whom; in order
        self._thread: threading.Thread | None = None

    def learn(self, environments: Iterable[Any]) -> None:
        """Know how environments are built: plain data of a letter."""
        for data in environments:
            found = luggage.environment_from_plain(data)
            with self._lock:
                self._known[luggage.environment_of(found)] = found

    def of(self, environment: Environment | None) -> Interpreter:
        """What runs an environment that is ready. It masks what any step has named a secret."""
        with self._lock:
            named = {name for one in self._known for name in (one.secrets if one else ())}
            return self._ready.get(environment, self._own)._replace(secrets=tuple(sorted(named)))

    def is_ready(self, environment: Environment | None) -> bool:
        """Whether an attempt in it can start at once. Of what nobody has told anything, the agent's own runs it."""
        with self._lock:
            return environment in self._ready or environment not in self._known

    def ready_soon(self, environment: Environment | None, step: str, done: Done) -> None:
        """Have it made ready by a thread, one after another, which says so then, or why it can't be had: to all at once
        that have asked for it by then."""
        with self._lock:
            self._wanted.setdefault((environment, step), []).append(done)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="penstock-environments", daemon=True)
                self._thread.start()

    def ready(self, environment: Environment | None, step: str) -> None:
        """Build an environment, unless that is done. Blocks. Raises UsageError with the step's name where it can't be
        had, PlatformError where the machine fails."""
        with self._building:
            if self.is_ready(environment):
                return
            travelling, mend = self._known[environment], ""
            try:
                leads = self._leads(travelling)
                image = travelling.image and self._images.had(travelling.image)
                mend = "" if travelling.wheels else _WHEELS
                made = self._made(travelling, image)._replace(libraries=leads)
            except UsageError as error:
                raise UsageError(f"step {step} can't run on {platform.node()}: {error}{mend}") from error
            with self._lock:
                self._ready[environment] = made

    def close(self) -> None:
        """Let others remove what was held. Idempotent."""
        self._held.close()
        self._images.close()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                wanted = next(iter(self._wanted))
            failure = failure_of(partial(self.ready, *wanted))
            with self._lock:
                asked = self._wanted.pop(wanted)
            for done in asked:
                done(failure)

    def _made(self, travelling: TravellingEnvironment, image: HadImage | None) -> Interpreter:
        environment = luggage.environment_of(travelling)
        variables = self._variables(environment) if environment else ()
        if image is None or environment is None:
            is_own = environment is None or not environment.is_foreign
            return self._uncontained(travelling, is_own)._replace(variables=variables)
        kit = self._kit_here()
        container, variables = self._images.container(image, environment, travelling.lock, kit.folder, variables)
        if container.has_python:
            return Interpreter(container.python, os.fspath(kit.folder), kit.digest, variables, container=container)
        return self._uncontained(travelling, is_own=True)._replace(variables=variables, container=container)

    def _uncontained(self, travelling: TravellingEnvironment, is_own: bool) -> Interpreter:
        if is_own and (not travelling.packages or _has(travelling.python, travelling.packages)):
            return self._own
        if not travelling.lock:
            reasons = "; ".join(travelling.left_out) or "no lock came with it"
            raise UsageError(f"the flow's own packages can't be had there: {reasons}")
        return self._built(travelling)

    def _leads(self, travelling: TravellingEnvironment) -> Leads:
        """Build its libraries of other languages, unless that is done; gives what leads to them."""
        leads: list[tuple[str, str]] = []
        for sent in travelling.libraries:
            from penstock.environments import library_builds

            library = sent_libraries.brought(sent, self._blobs)
            built = self._held.enter_context(library_builds.held(library, self._folder, self._tell))
            leads.extend(built.leads)
        return tuple(leads)

    def _built(self, travelling: TravellingEnvironment) -> Interpreter:
        text = sent_wheels.brought(travelling, self._folder / "wheels", self._blobs)
        lock = locks.parse(text)
        if lock.digest not in self._by_lock:
            built = self._held.enter_context(built_environments.held(lock, self._folder, self._tell))
            kit, needs = self._kit_here(), self._libraries_of(built.python)
            self._by_lock[lock.digest] = Interpreter(
                built.python, os.fspath(kit.folder), kit.digest, own_variables=needs
            )
        return self._by_lock[lock.digest]

    def _kit_here(self) -> kits.Kit:
        if self._kit is None:
            self._kit = self._held.enter_context(kits.in_use(self._folder / "kits"))
        return self._kit

    def _libraries_of(self, python: str) -> tuple[tuple[str, str], ...]:
        """The bundle's own Python, and an environment of it, need its libraries."""
        bundle = os.path.dirname(os.path.dirname(self._libraries))
        inside = bool(bundle) and os.path.realpath(python).startswith(bundle + os.sep)
        return ((_PATH, self._path),) if inside else ()

    def _variables(self, environment: Environment) -> tuple[tuple[str, str], ...]:
        private: Mapping[str, str] = self._private() if environment.secrets else {}
        until = time.monotonic() + self._patience_s
        while missing := [name for name in environment.secrets if name not in private]:
            if time.monotonic() > until:
                raise UsageError(f"the secret {missing[0]} has not come from the driver: start the run again")
            time.sleep(_LOOK_S)  # it was named after this agent was placed, and is on its way
            private = self._private()
        return (*environment.env, *((name, private[name]) for name in environment.secrets))


def keep_uv_in(home: Path, environ: MutableMapping[str, str]) -> None:
    """Where an agent was told which folder is its own, have uv keep its things there, too, unless it was told where:
    a user's home may be missing, or too small."""
    if environ.get(HOME):
        for name, folder in _OF_UV.items():
            environ.setdefault(name, os.fspath(home / folder))


def step_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that steps start from: an agent's own settings, and what the bundle's own Python needs, are nothing
    to them."""
    own = environ.get(LIBRARIES, "")
    home = environ.get(HOME, "")
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(_AGENTS) and not (home and name in _OF_UV and value.startswith(home))
    }
    if own and (path := kept.pop(_PATH, "")):
        rest = os.pathsep.join(folder for folder in path.split(os.pathsep) if folder != own)
        if rest:
            kept[_PATH] = rest
    return kept


def _has(python: str, packages: Iterable[tuple[str, str]]) -> bool:
    """Whether this very interpreter has the packages, and is of that version."""
    return platform.python_version() == python and set(packages) <= installed.all_packages()
