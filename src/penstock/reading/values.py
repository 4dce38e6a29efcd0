"""Stored values, unpickled when they are asked for: a run's parameters, a task's inputs, results.

The only place of this room that runs code that a user stored.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from penstock.artifacts import codec
from penstock.errors import NotFoundError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.edges import Ref, take
from penstock.model.outcomes import Stored
from penstock.model.specs import Input
from penstock.model.words import one_line
from penstock.reading.infos import param_infos, preview_info, value_info
from penstock.reading.reader import JournalReader
from penstock.reading.structs import ErrorInfo, InputInfo, ValueInfo
from penstock.reading.targets import part_text
from penstock.sdk import attempts

_FINDING = threading.RLock()  # one thread at a time changes the path, and imports by it
_MEND = "this environment, or read it in a step that has it"


class Loader:
    """Decodes the values of one run. Blocks; each value that it gives is the caller's own copy."""

    def __init__(self, reader: JournalReader, run: RunRow, files_into: Path | None = None) -> None:
        self._reader = reader
        self._run = run
        self._files_into = files_into

    def load(self, stored: Stored, what: str) -> Any:
        """What the flow itself was given or has made; `what`: "the parameter rows". Raises DamagedError, and whatever
        its own classes raise when they are imported, with notes that say what it needs and who made it."""
        return self._decode(stored.record, (), f"{what} of {self._run.run_id}", None)

    def load_result(self, row: TaskRow, stored: Stored) -> Any:
        """A task's result. Raises as `load` does."""
        return self._decode(stored.record, (), f"the result of {self._run.path(row)}", row)

    def load_input(self, item: Input) -> Any:
        """A task's input, with results in the place of references. Raises NotFoundError where one is not there, and as
        `load` does."""
        parts = [self._referred(ref) for ref in item.refs]
        return parts[0] if item.record is None else self._decode(item.record, parts, f"the input {item.name}", None)

    def _referred(self, ref: Ref) -> Any:
        producer = queries.task_by_id(self._reader.journal, self._run.id, ref.task)
        if producer.result is None:
            path = self._run.path(producer)
            raise NotFoundError(
                f"the input is the result of {path}, which is {producer.status}; see `penstock show {path}`"
            )
        return take(self.load_result(producer, producer.result), ref.part)

    def _decode(self, record: bytes, parts: Any, what: str, made_by: TaskRow | None) -> Any:
        files = self._files_into or self._reader.files(self._run)
        with self._module_found(), attempts.importing():
            try:
                return codec.decode(record, self._reader.project.store, parts, verify=True, files_into=files)
            except Exception as error:
                from penstock.artifacts import unreadable

                written = functools.partial(self._written, made_by)
                unreadable.explain(error, what, record, self._reader.project.store, _MEND, written)
                raise

    def _written(self, made_by: TaskRow | None, modules: tuple[str, ...]) -> str:
        from penstock.reading import writers

        journal, run = self._reader.journal, self._run
        writer = writers.of_flow(journal, run) if made_by is None else writers.of_task(journal, run, made_by)
        return writers.told(writer, modules, writers.by_pip)

    @contextmanager
    def _module_found(self) -> Generator[None]:
        """A value's classes may be those of the flow's module, which need not lie on this process's path."""
        root = self._root
        with _FINDING:
            if not root or root in sys.path:
                yield
                return
            sys.path.append(root)
            try:
                yield
            finally:
                sys.path.remove(root)

    @cached_property
    def _root(self) -> str:
        return queries.detail(self._reader.journal, self._run.id).root


class Values(Mapping[str, Any]):
    """Values by name. `values["x"]` loads one each time; looking at the mapping itself loads none."""

    def __init__(self, what: str) -> None:
        self._what = what  # "parameters of digits/3"

    @cached_property
    def infos(self) -> tuple[InputInfo, ...]:
        """What is known of each without loading it."""
        return self._look()

    def _look(self) -> tuple[InputInfo, ...]:
        raise NotImplementedError

    @property
    def previews(self) -> dict[str, ValueInfo | None]:
        """What each looked like when it was stored; None for a part of a result. Loads nothing."""
        return {info.name: info.value for info in self.infos}

    def __iter__(self) -> Iterator[str]:
        return (info.name for info in self.infos)

    def __len__(self) -> int:
        return len(self.infos)

    def __contains__(self, name: object) -> bool:
        return any(info.name == name for info in self.infos)

    def __repr__(self) -> str:
        shown = ", ".join(f"{info.name}={shown_input(info)}" for info in self.infos)
        return f"<{self._what}: {shown or 'none'}>"

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(f"there is no {name!r} among the {self._what}; there are: {', '.join(self) or 'none'}")


class Params(Values):
    """A run's parameters."""

    def __init__(self, loader: Loader, run_id: str, params: tuple[tuple[str, Stored], ...]) -> None:
        super().__init__(f"parameters of {run_id}")
        self._loader = loader
        self._params = dict(params)

    def _look(self) -> tuple[InputInfo, ...]:
        return param_infos(self._params.items())

    def __getitem__(self, name: str) -> Any:
        if name not in self._params:
            raise self._missing(name)
        return self._loader.load(self._params[name], f"the parameter {name}")


class Inputs(Values):
    """A task's inputs. One that is another task's result, or a part of it, is read from there."""

    def __init__(self, reader: JournalReader, loader: Loader, run_id: str, row: TaskRow) -> None:
        super().__init__(f"inputs of {run_id}/{row.name}/{row.number}")
        self._reader, self._loader, self._run_id, self._row = reader, loader, run_id, row

    @cached_property
    def _inputs(self) -> dict[str, Input]:
        return {item.name: item for item in queries.inputs(self._reader.journal, self._row.run, self._row.id)}

    def _look(self) -> tuple[InputInfo, ...]:
        return tuple(self._info(item) for item in self._inputs.values())

    def __getitem__(self, name: str) -> Any:
        if name not in self._inputs:
            raise self._missing(name)
        return self._loader.load_input(self._inputs[name])

    def _info(self, item: Input) -> InputInfo:
        rows = [queries.task_by_id(self._reader.journal, self._row.run, ref.task) for ref in item.refs]
        sources = tuple(
            f"{self._run_id}/{row.name}/{row.number}{part_text(ref.part)}"
            for row, ref in zip(rows, item.refs, strict=True)
        )
        if item.record is not None:
            value = preview_info(item.preview, unstable=item.culprit) if item.preview else None
        else:
            value = None if item.refs[0].part else value_info(rows[0].result)
        return InputInfo(item.name, sources, value)


def shown_input(info: InputInfo, width: int = 60) -> str:
    """An input on one line: its preview, or where it comes from."""
    if info.value is not None:
        return shown_value(info.value, width)
    return ", ".join(info.sources) or "?"


def shown_error(error: ErrorInfo | None, width: int = 100) -> str:
    """An error on one line; "" for None."""
    return one_line(f"{error.type or error.cause}: {error.message}", width) if error else ""


def shown_value(value: ValueInfo, width: int = 60) -> str:
    """A value on one line."""
    text = repr(value.text) if value.type == "str" else value.text
    return one_line(text, width) or f"<{value.type}>"
