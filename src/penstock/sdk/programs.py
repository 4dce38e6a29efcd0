"""A program as a step's function: what it is called with, and what of it travels to a worker.

What users declare programs with is `program_steps.py`; what runs them is `worker/program.py`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Callable, Collection, Dict, Mapping, Optional, Tuple

from penstock.artifacts import names
from penstock.errors import UsageError
from penstock.model.specs import Program
from penstock.sdk.closed_signatures import closed_signature
from penstock.sdk.languages import interpreter_of
from penstock.sdk.program_files import ProgramFiles
from penstock.sdk.program_words import placeholders
from penstock.sdk.this_process import this_process

if TYPE_CHECKING:
    import inspect

    from penstock.artifacts.store import BlobStore
    from penstock.model.environments import Environment

_Pairs = Tuple[Tuple[str, str], ...]


class ProgramFunction:
    """Stands where a step's function does.

    `module`: where the step is declared; `name`: its own, which counts where no variable of the module holds the step;
    `command`: its words, those of a script without what runs it; `inputs`, `outputs`: names and formats; `parameters`:
    defaults, `...` for none; None: a call gives whichever it likes; `interpreter`: (): what suits the script; `files`:
    the script among them, where there is one; `language`: as people call it; `known`: the parameters that a program has
    defaults for itself, of which a call gives whichever it likes; None: they are not known.
    """

    is_program = True

    def __init__(
        self,
        module: str,
        name: str,
        command: Tuple[str, ...],
        inputs: _Pairs,
        outputs: _Pairs,
        parameters: Optional[Mapping[str, Any]],
        files: ProgramFiles,
        interpreter: Tuple[str, ...] = (),
        language: str = "",
        known: Optional[Collection[str]] = None,
    ) -> None:
        self.__module__, self.__name__ = module, name
        self.files = files
        self._command, self._inputs, self._outputs = command, inputs, outputs
        self._interpreter, self._language = interpreter, language
        own = {name for name, _ in (*inputs, *outputs)} | {"script"} | (parameters or {}).keys()
        self._implied = tuple(word for word in placeholders(command) if word not in own)
        self._parameters: Dict[str, Any] = {**dict.fromkeys(self._implied, ...), **(parameters or {})}
        self._others = ""  # what a call's further keywords are called together; "": there may be none
        if parameters is None and files.script:
            taken = own | set(self._implied)
            self._others = "parameters" if "parameters" not in taken else "other_parameters"
        self._known = known

    def __getattr__(self, name: str) -> Any:
        """Its qualified name: that of the variable which holds its step, once there is one."""
        if name != "__qualname__":
            raise AttributeError(f"a program has no {name}")
        module = sys.modules.get(self.__module__)
        held = (name for name, value in vars(module).items() if getattr(value, "fn", None) is self) if module else ()
        return next(iter(held), self.__name__)

    @property
    def __signature__(self) -> inspect.Signature:
        import inspect

        kind, empty = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
        found = [inspect.Parameter(name, kind) for name, _ in self._inputs]
        for name, default in sorted(self._parameters.items(), key=lambda item: item[1] is not ...):
            found.append(inspect.Parameter(name, kind, default=empty if default is ... else default))
        if self._others:
            found.append(inspect.Parameter(self._others, inspect.Parameter.VAR_KEYWORD))
            if self._known is not None:
                return closed_signature(found, self._known)
        return inspect.Signature(found)

    @property
    def declared(self) -> Program:
        """The program, without what is in its files. Raises UsageError where they can't be read."""
        return self._described(())

    def program(self, store: BlobStore, uses: Tuple[str, ...] = ()) -> Program:
        """The program, as a worker needs it. `uses`: what its step declares as code."""
        from penstock.artifacts import codec

        found = self._described(uses)
        content = self.files.read(uses)
        return found._replace(record=codec.encode(content, store).stored.record if content else None)

    def _described(self, uses: Tuple[str, ...]) -> Program:
        import json

        layout = self.files.layout(uses)
        command = self._command
        if layout.script:
            command = (*(self._interpreter or self._found_interpreter()), *command)
        return Program(
            names.module_name(self.__module__) or self.__module__,
            self.__qualname__,
            command,
            self._inputs,
            self._outputs,
            layout.script,
            layout.folder,
            layout.digests,
            None,
            self._language,
            tuple((name, json.dumps(value)) for name, value in self._parameters.items() if value is not ...),
        )

    def _found_interpreter(self) -> Tuple[str, ...]:
        found = interpreter_of(self.files.script, self.files.text)
        if not found:
            raise UsageError(
                f"{self.files.told}: nothing says what runs {self.files.script}: give interpreter=..., or begin it "
                "with a line as #!/usr/bin/env perl"
            )
        return found

    def __call__(self, /, *args: Any, **kwargs: Any) -> Dict[str, Any]:
        """Outside of a run, or inside of another step: run it here, and give its outputs."""
        return self._run(args, kwargs, None)

    def in_image(self, environment: Environment) -> Callable[..., Dict[str, Any]]:
        """The same in the image of an environment."""
        return lambda *args, **kwargs: self._run(args, kwargs, environment)

    def _run(
        self, args: Tuple[Any, ...], kwargs: Mapping[str, Any], environment: Optional[Environment]
    ) -> Dict[str, Any]:
        if this_process.run_program is None:
            raise UsageError(f"{self.__name__} is a program, and what runs it is not here: import penstock first")
        content = self.files.read(self.files.uses)
        program, arguments = self._described(self.files.uses), self._bound(args, kwargs)
        return this_process.run_program(program, content, arguments, environment)

    def _bound(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> Dict[str, Any]:
        try:
            found = self.__signature__.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{self.__name__}() {error}{self.unbound_hint(args, kwargs)}") from None
        more: Dict[str, Any] = found.pop(self._others, {}) if self._others else {}
        return {**found, **more}

    def unbound_hint(self, args: Tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """What an error says beside Python's own words where a call lacks what only a placeholder names: that one may
        be a slip."""
        try:
            given = self.__signature__.bind_partial(*args, **kwargs).arguments
        except TypeError:
            return ""
        name = next((name for name in self._implied if name not in given), None)
        if name is None:
            return ""
        files = ", ".join(name for name, _ in (*self._inputs, *self._outputs)) or "none at all"
        return (
            f"; {{{name}}} in {self.files.told} is a parameter, since its inputs and outputs are {files}: give "
            f"{name}=..., mend its name, or write {{{{{name}}}}} for the word {{{name}}}"
        )
