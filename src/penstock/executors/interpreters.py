"""What runs a step: the flow's own interpreter, or one of an environment's, with nothing of ours but the kit."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from penstock.artifacts import names
from penstock.model.environments import Environment
from penstock.model.specs import Places, RunSpec
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.model.containers import Container
    from penstock.model.program_libraries import Leads

    class Interpreters(Protocol):
        """What runs the environments of steps."""

        def ready(self, environment: Environment | None, step: str) -> None:
            """As `Executor.ready`."""
            ...

        def of(self, environment: Environment | None) -> Interpreter:
            """What runs an environment that is ready; None: the flow's own."""
            ...


_OF_ANOTHER = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""Variables that would lead an interpreter to the packages of another one."""

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "POLARS_MAX_THREADS",
)
"""What keeps libraries from taking more threads than the step has CPUs."""


class Interpreter(NamedTuple):
    """An interpreter, and what its processes find."""

    python: str
    kit: str = ""  # the kit's folder; "": it has Penstock, since it is the flow's own
    kit_digest: str = ""  # as text
    variables: tuple[tuple[str, str], ...] = ()  # of steps
    libraries: Leads = ()  # what leads programs to packages of other languages
    secrets: tuple[str, ...] = ()  # names of variables whose values are nobody's to see; it need not have them all
    container: Container | None = None  # what it runs in; one without Python is that of its programs alone
    own_variables: tuple[tuple[str, str], ...] = ()  # what it needs itself, and no container of its programs

    def surroundings(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment variables of its processes."""
        if not self.kit:
            return self._led({**environ, **dict(self.own_variables), **dict(self.variables)})
        kept = {name: value for name, value in environ.items() if name not in _OF_ANOTHER}
        folder = os.path.dirname(os.path.dirname(self.python))
        path = os.pathsep.join(filter(None, (os.path.dirname(self.python), environ.get("PATH", ""))))
        found = {**kept, "PATH": path, "VIRTUAL_ENV": folder, **dict(self.own_variables), **dict(self.variables)}
        return self._led(found)

    def _led(self, variables: dict[str, str]) -> dict[str, str]:
        """With what leads to libraries in front."""
        if not self.libraries:
            return variables
        from penstock.model.program_libraries import led

        return led(variables, self.libraries)

    def setup(self, spec: RunSpec, places: Places) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The run as its workers see it, and its places. A foreign one keeps its own packages, and gets the user's
        folders."""
        if self.kit:
            places = places._replace(sys_path=tuple(filter(_is_user_s, places.sys_path)))
        if self.container is not None and not self.container.has_python:
            from penstock.model.program_containers import ProgramContainer

            names = (*(name for name, _ in self.variables), *THREAD_VARIABLES)
            places = places._replace(container=ProgramContainer(self.container, names).plain())
        return tuple(spec._replace(secrets=self.secrets, kit=self.kit_digest)), tuple(places)


def _is_user_s(folder: str) -> bool:
    """Whether a folder of the flow's path holds sources of the user, and not what is installed for the flow alone."""
    return names.is_project_file(os.path.join(folder, "")) and not folder.endswith(".zip")


OWN = Interpreter(sys.executable)


class OwnInterpreter:
    """The flow's own alone, for who knows of no other."""

    def ready(self, environment: Environment | None, step: str) -> None:
        """It is."""

    def of(self, environment: Environment | None) -> Interpreter:
        """The flow's own."""
        assert environment is None
        return OWN
