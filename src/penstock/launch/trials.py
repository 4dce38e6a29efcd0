"""One step of an earlier run, alone, on the inputs that it had: the inner loop of development."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, cast

from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.rows import Origin
from penstock.model.specs import Input, as_called
from penstock.reading import targets
from penstock.reading.reader import JournalReader
from penstock.reading.values import Loader
from penstock.sdk.steps import Step


def trial_of(reader: JournalReader, origin: Origin) -> Callable[[], Any]:
    """A body that calls a step again for each task that the origin had of it; gives the results in their order, or the
    only one. Raises NotFoundError where the origin has no such task."""
    run = queries.run_by_id(reader.journal, origin.id)
    name, _, number = origin.only.partition("/")
    called = targets.find_step(reader, run, name)
    if number:
        rows = [targets.find_task(reader, run, called, int(number))]
    else:
        rows = queries.tasks(reader.journal, run.id, called)
    if not rows:
        raise NotFoundError(
            f"{run.run_id} has no task of {origin.only} in its journal; see `penstock show {run.run_id}`"
        )
    known = [(_step_of(row), queries.inputs(reader.journal, row.run, row.id)) for row in rows]
    for step, inputs in known:
        _fit(step, inputs, f"{run.run_id}/{origin.only}")
        _check(reader, run, inputs)
    loader = Loader(reader, run)

    def body() -> Any:
        futures = [_submit(loader, step, inputs) for step, inputs in known]
        results = [future.result() for future in futures]
        return results[0] if len(results) == 1 else results

    return body


def _fit(step: Step[Any, Any], inputs: tuple[Input, ...], what: str) -> None:
    empty: dict[str, Any] = {"**": {}, "*": ()}
    stand_ins = {item.name: empty.get(item.name[: item.name.count("*")]) for item in inputs}
    args, kwargs = as_called(step.binder.positional, stand_ins)
    try:
        step.binder.bind(tuple(args), kwargs)
    except TypeError as error:
        raise UsageError(f"the inputs of {what} are not those of the step any more: {error}") from error


def _check(reader: JournalReader, run: RunRow, inputs: tuple[Input, ...]) -> None:
    for item in inputs:
        for ref in item.refs:
            producer = queries.task_by_id(reader.journal, run.id, ref.task)
            if producer.result is None:
                path = run.path(producer)
                raise UsageError(f"input {item.name} is the result of {path}, which {producer.status}: it has none")


def _submit(loader: Loader, step: Step[Any, Any], inputs: tuple[Input, ...]) -> Any:
    args, kwargs = as_called(step.binder.positional, {item.name: loader.load_input(item) for item in inputs})
    return step.submit(*args, **kwargs)


def _step_of(row: TaskRow) -> Step[Any, Any]:
    """The step that made a task, as it is now."""
    parts = row.step.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name, None)
        if isinstance(found, Step):
            return cast("Step[Any, Any]", found)
    raise UsageError(f"step {row.step} is not at the top of a module any more: it can't be run alone")
