"""Runs a step that is a program: its inputs become files, its outputs are read from files, and what it prints is the
attempt's; docs/programs.md.

Knows the order of things. How values become files is `value_files.py`'s, how the child is run `child_process.py`'s, or
`container_program.py`'s, what it records `program_records.py`'s.
"""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Sequence

from penstock.artifacts import codec
from penstock.artifacts.store import BlobStore
from penstock.errors import StepExitError, UserCodeError
from penstock.model.containers import Mount
from penstock.model.program_containers import ProgramContainer
from penstock.model.specs import Program
from penstock.sdk.attempts import AttemptContext, attempt_here
from penstock.sdk.file_formats import VALUES, extension
from penstock.sdk.program_files import Content
from penstock.sdk.program_words import filled, placeholders
from penstock.sdk.this_process import this_process
from penstock.worker import child_process, child_start
from penstock.worker.child_output import ChildEnd, Ending
from penstock.worker.program_folders import KeptFolders, ProgramFolders
from penstock.worker.program_records import ProgramRecords

_CHECKPOINTS = "PENSTOCK_CHECKPOINTS"


def runner(
    program: Program,
    store: BlobStore,
    ending: Optional[Ending] = None,
    container: Optional[ProgramContainer] = None,
) -> Callable[..., Dict[str, Any]]:
    """The function that runs the program: takes its arguments by name, gives its outputs by name. `ending`: how it is
    told that the attempt is to end; `container`: what it runs in, None: this machine."""
    content: Content = () if program.record is None else codec.decode(program.record, store)

    is_flat = not program.folder and not any(os.sep in place for place, _, _ in content)
    gives_values = all(kind in VALUES for _, kind in program.outputs)

    def run(**arguments: Any) -> Dict[str, Any]:
        here = attempt_here()
        if here is None:
            raise UserCodeError(f"{program.name} runs in an attempt alone")
        if ending is None or not is_flat or not gives_values:
            return _Try(program, content, ProgramFolders(here.tempdir()), here, ending, container).run(arguments)
        kept = this_process.the_one(KeptFolders)
        folders = kept.take(here.places.scratch)
        try:
            return _Try(program, content, folders, here, ending, container).run(arguments)
        finally:
            kept.give(folders)

    return run


def run_here(
    program: Program,
    content: Content,
    arguments: Dict[str, Any],
    container: Optional[ProgramContainer] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> Dict[str, Any]:
    """Run it outside of a run, or inside of another step. The files that it gives stay as long as this process, or
    that step. `container`: what it runs in, None: this machine; `variables`: what it finds there, too."""
    import tempfile

    here = attempt_here()
    into = here.tempdir() if here is not None else child_process.folder_of_process()
    folders = ProgramFolders(tempfile.mkdtemp(prefix="program-", dir=into))
    return _Try(program, content, folders, here, None, container, variables or {}).run(arguments)


class _Try:
    """One run of a program, from its arguments to its outputs."""

    def __init__(
        self,
        program: Program,
        content: Content,
        folders: ProgramFolders,
        here: Optional[AttemptContext],
        ending: Optional[Ending],
        container: Optional[ProgramContainer] = None,
        variables: Mapping[str, str] = {},
    ) -> None:
        self._container, self._more = container, variables
        self._program, self._content, self._folders, self._here, self._ending = program, content, folders, here, ending
        self._title = program.script or program.name
        self._tables: List[Any] = []  # the kind of the first table among its inputs, which its outputs have, too
        self._places: Dict[str, str] = {}

    def run(self, arguments: Dict[str, Any]) -> Dict[str, Any]:
        program, folders = self._program, self._folders
        folders.make(self._content)
        for name, kind in program.inputs:
            self._write_input(name, kind, arguments.pop(name))
        for name, kind in program.outputs:
            self._places[name] = os.path.join(folders.outputs, name + extension(kind))
        if program.script:
            self._places["script"] = folders.file(program.script)
        parameters = {name: json.loads(text) for name, text in program.defaults}
        self._write_parameters({**parameters, **arguments})
        end = self._run_child()
        if end.status:
            raise StepExitError(end.told(self._title))
        return self._outputs(end)

    def _write_input(self, name: str, kind: str, value: Any) -> None:
        from penstock.worker import value_files

        try:
            path, table = value_files.write(value, kind, os.path.join(self._folders.inputs, name), self._own_files())
        except value_files.UnfitError as error:
            raise UserCodeError(f"input {name} of {self._title} {error}") from error.__cause__
        self._places[name] = path
        if table is not None:
            self._tables.append(table)

    def _own_files(self) -> str:
        """The folder of files that are the attempt's own, so that a program may be given them and no copy."""
        return self._here.input_files.made if self._here is not None else ""

    def _write_parameters(self, parameters: Mapping[str, Any]) -> None:
        if not parameters:
            text = b"{}"
        else:
            from penstock.worker import json_values

            try:
                text, words = json_values.written(dict(parameters)), json_values.words_of(parameters)
            except ValueError as error:
                raise UserCodeError(
                    f"the parameters of {self._title} are given as JSON, and {error}; what JSON can't hold is given "
                    'as an input, with a format, as inputs={"name": "csv"}'
                ) from None
            self._places.update({name: text for name, text in words.items() if name not in self._places})
            for name in placeholders(self._program.command):
                if "\0" in self._places.get(name, ""):
                    told = (
                        f"the parameter {name} of {self._title} holds a NUL character, which no word of a command can"
                    )
                    raise UserCodeError(f"{told}: give it as an input")
        with open(self._folders.parameters, "wb") as file:
            file.write(text)

    def _run_child(self) -> ChildEnd:
        program, folders = self._program, self._folders
        command = filled(program.command, self._places)
        records = ProgramRecords(self._title, folders.work, self._here)
        try:
            folder = folders.work_in(program.folder)
            if self._container is not None:
                return self._in_container(self._container, command, folder, records)
            child = child_process.ChildProcess(command, folder, {**os.environ, **self._variables()}, self._ending)
            return child.run(records.take)
        except OSError as error:  # of the machine's own failures the cause tells
            raise StepExitError(child_start.not_started(command, error)) from error
        finally:
            records.end()

    def _in_container(
        self, container: ProgramContainer, command: Sequence[str], folder: str, records: ProgramRecords
    ) -> ChildEnd:
        from penstock.worker.container_program import ContainerProgram

        folders, variables = self._folders, {**self._more, **self._variables()}
        seen = folders.mounts()
        if self._here is not None:
            kept = self._here.places.checkpoints  # of which a program makes its own folder when it needs it
            os.makedirs(kept, exist_ok=True)
            seen.append(Mount(kept, writable=True))
        variables["HOME"] = folders.temporary
        pipe = os.path.join(folders.root, "records")
        return ContainerProgram(container, command, folder, variables, seen, pipe, self._ending).run(records.take)

    def _variables(self) -> Dict[str, str]:
        own = _variables_of(self._here, self._folders.root)
        if any(_CHECKPOINTS in word for word in self._program.command) or any(
            _CHECKPOINTS.encode() in data for _, _, data in self._content
        ):
            os.makedirs(own[_CHECKPOINTS], exist_ok=True)
        return {**self._folders.variables(), **own}

    def _outputs(self, end: ChildEnd) -> Dict[str, Any]:
        program = self._program
        found: Dict[str, Any] = {}
        present = set(self._folders.written())
        wanted = {os.path.basename(self._places[name]) for name, _ in program.outputs}
        for name, kind in program.outputs:
            path = self._places[name]
            base = os.path.basename(path)
            if base not in present:
                others = sorted(present - wanted)
                there = f" (there is {', '.join(others[:5])})" if others else ""
                self._fail(end, f"has ended without writing its output {name} to {path}{there}")
            found[name] = self._read_output(end, name, kind, path)
        stray = sorted(present - wanted)
        if stray:
            more = f" and {len(stray) - 5} more" if len(stray) > 5 else ""
            self._fail(
                end,
                f"has written {', '.join(stray[:5])}{more} to the folder of its outputs, and has no such output: "
                "declare it in outputs={...}, or write it to the folder that it begins in",
            )
        return found

    def _read_output(self, end: ChildEnd, name: str, kind: str, path: str) -> Any:
        from penstock.worker import value_files

        try:
            return value_files.read(kind, path, self._tables[0] if self._tables else "")
        except value_files.MalformedFileError as error:
            self._fail(end, f"has written an output {name} that can't be read as {kind}: {error}", error.__cause__)

    def _fail(self, end: ChildEnd, why: str, cause: Optional[BaseException] = None) -> NoReturn:
        raise UserCodeError(end.with_last_lines(f"{self._title} {why}")) from cause


def _variables_of(here: Optional[AttemptContext], root: str) -> Dict[str, str]:
    """What tells a program which attempt it is; outside of a run a first one of no run's."""
    if here is None:
        return {_CHECKPOINTS: os.path.join(root, "checkpoints"), "PENSTOCK_ATTEMPT": "1", "PENSTOCK_SEED": "0"}
    return {
        "PENSTOCK_RUN": here.spec.run,
        "PENSTOCK_TASK": here.task,
        "PENSTOCK_ATTEMPT": here.attempt.rpartition("#")[2],
        "PENSTOCK_SEED": str(here.seed()),
        _CHECKPOINTS: here.checkpoint_place(),
    }
