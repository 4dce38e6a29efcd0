"""One step of an earlier run, alone, on the inputs that it had: the inner loop of development."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, cast

from penstock.client import targets
from penstock.client.reader import Reader
from penstock.client.values import Loader
from penstock.errors import UsageError
from penstock.journal import queries
from penstock.journal.views import TaskRow
from penstock.model.rows import Origin
from penstock.sdk.calling import spread
from penstock.sdk.steps import Step


def trial_of(reader: Reader, origin: Origin) -> Callable[[], Any]:
    """A body that calls a step again for each task that the origin had of it; gives the results in their order, or the
    only one. Raises NotFoundError where the origin has no such task."""
    run = queries.run_by_id(reader.journal, origin.id)
    name, _, number = origin.only.partition("/")
    step = targets.find_step(reader, run, name)
    if number:
        rows = [targets.find_task(reader, run, step, int(number))]
    else:
        rows = queries.tasks(reader.journal, run.id, step)
    loader = Loader(reader, run)

    def body() -> Any:
        futures = [_submit(reader, loader, row) for row in rows]
        results = [future.result() for future in futures]
        return results[0] if len(results) == 1 else results

    return body


def _submit(reader: Reader, loader: Loader, row: TaskRow) -> Any:
    step = _step_of(row)
    inputs = {item.name: loader.load_input(item) for item in queries.inputs(reader.journal, row.run, row.id)}
    args, kwargs = spread(step.binder, inputs)
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
