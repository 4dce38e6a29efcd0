"""A program as a step's function: what it is called with, and what of it travels to a worker.

What users declare programs with stands above this; what runs them is `worker/program.py`.
"""

from __future__ import annotations

import functools
import os
import re
from typing import TYPE_CHECKING, Any, Mapping, NoReturn, Sequence

from penstock.artifacts import names
from penstock.errors import UsageError
from penstock.model.specs import Program

if TYPE_CHECKING:
    import inspect

    from penstock.artifacts.store import BlobStore

_PLACEHOLDER = r"\{([^\W\d]\w*)\}"


class ProgramFunction:
    """Stands where a step's function does: `Step(ProgramFunction(...), Options(), "count")`.

    `module` and `name` say where the step is declared; `command`, `inputs` and `outputs` are as in
    `model.specs.Program`; `script` is the path of a file that is read once, when it is first needed; "": there is none.
    """

    def __init__(
        self,
        module: str,
        name: str,
        command: Sequence[str],
        inputs: Mapping[str, str],
        outputs: Mapping[str, str],
        script: str = "",
    ) -> None:
        self.__module__, self.__name__, self.__qualname__ = module, name, name
        self._script = script
        found = dict.fromkeys(re.findall(_PLACEHOLDER, "\n".join(command)))
        self._parameters = [*inputs, *(word for word in found if word not in {*inputs, *outputs, "script"})]
        where = names.module_name(module) or module
        self._program = Program(where, name, tuple(command), tuple(inputs.items()), tuple(outputs.items()))

    @property
    def __signature__(self) -> inspect.Signature:
        import inspect

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature([inspect.Parameter(name, kind) for name in self._parameters])

    @functools.cached_property
    def text(self) -> bytes:
        """What is in the script. Raises UsageError where it can't be read."""
        try:
            with open(self._script, "rb") as file:
                return file.read()
        except OSError as error:
            raise UsageError(f"step {self.__name__}: can't read {self._script}: {error.strerror or error}") from error

    @functools.cached_property
    def declared(self) -> Program:
        """The program, without what is in its script."""
        if not self._script:
            return self._program
        from penstock.artifacts.canonical import identify

        return self._program._replace(script=os.path.basename(self._script), content=identify(self.text).digest)

    def program(self, store: BlobStore) -> Program:
        """The program, as a worker needs it."""
        from penstock.artifacts import codec

        return self.declared._replace(record=codec.encode(self.text, store).stored.record if self._script else None)

    def __call__(self, /, **arguments: Any) -> NoReturn:
        raise UsageError(
            f"{self.__name__} is a program: it runs as a task of a run, and can't be called outside of one"
        )
