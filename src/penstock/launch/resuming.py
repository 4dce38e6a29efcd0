"""Going on with a run: which one is meant, and with which parameters. The command line and Python do it alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunDetail, RunRow
from penstock.launch.parameters import parameters_of
from penstock.launch.preparing import RunRequest
from penstock.launch.trials import trial_of
from penstock.model.outcomes import FORM
from penstock.model.states import RunStatus
from penstock.reading.reader import JournalReader
from penstock.reading.targets import find_flow, find_run
from penstock.reading.values import Loader
from penstock.sdk.flows import Flow

FindFlow = Callable[[RunRow, RunDetail], Flow[Any, Any]]
LoadParams = Callable[[JournalReader, RunRow], dict[str, Any]]


def params_of(reader: JournalReader, row: RunRow) -> dict[str, Any]:
    """A run's parameters, unpickled. Raises what their own classes raise when they are imported."""
    loader = Loader(reader, row)
    return {
        name: loader.load(stored, f"the parameter {name}")
        for name, stored in queries.detail(reader.journal, row.id).params
    }


def request_to_resume(
    reader: JournalReader, name: str, find_flow_of: FindFlow, load: LoadParams = params_of
) -> RunRequest:
    """What goes on with the run that `name` means, also where that is a step's trial: with the parameters that it had.
    Those that its flow has got since then have their defaults.

    Raises NotFoundError, and UsageError where the flow no longer takes a parameter, or needs another.
    """
    row = _find(reader, name)
    detail = queries.detail(reader.journal, row.id)
    refuse_imported(row, detail, "resumed")
    flow = find_flow_of(row, detail)
    params = _params(row, flow, load(reader, row))
    refuse_another_form(row, detail, "resumed")
    origin = detail.origin
    trial = trial_of(reader, origin) if origin is not None and origin.only else None
    return RunRequest(flow, params, row.run_id, origin, trial)


def _find(reader: JournalReader, text: str) -> RunRow:
    """The run that is meant: `digits/3`, the latest of `digits` that is not done, or, by "", the latest of all."""
    if not isinstance(text, str) or "/" in text.strip("/"):  # pyright: ignore[reportUnnecessaryIsInstance]
        return find_run(reader, text)
    flow = find_flow(reader, text) if text else None
    for limit in (50, None):  # all are asked for only where the latest are all done
        for row in queries.runs(reader.journal, flow=flow, limit=limit):
            if row.status != RunStatus.DONE and queries.detail(reader.journal, row.id).qualname:
                return row
    what = f"all runs of {flow} are done" if flow else "there is no run that is not done"
    raise NotFoundError(f"{what}: nothing to resume; see `penstock ls`")


def _params(row: RunRow, flow: Flow[Any, Any], params: dict[str, Any]) -> dict[str, Any]:
    parameters = parameters_of(flow)
    again = f"start a new run with `penstock run`, or give {flow.name} the signature that it had"
    if gone := [name for name in params if name not in {one.name for one in parameters.every}]:
        raise UsageError(f"{row.run_id} was started with {', '.join(gone)}, which {flow.name} no longer takes: {again}")
    if new := [one.name for one in parameters.missing(params)]:
        raise UsageError(f"{row.run_id} was started without {', '.join(new)}, which {flow.name} needs now: {again}")
    return parameters.filled(params)


def refuse_imported(row: RunRow, detail: RunDetail, what: str) -> None:
    """What another tool ran has no flow."""
    if not detail.qualname:
        raise UsageError(
            f"{row.run_id} can't be {what}: it was imported, and has no flow here. Start one of your own with its "
            f"parameters, as `penstock show {row.run_id}` has them"
        )


def refuse_another_form(row: RunRow, detail: RunDetail, what: str) -> None:
    """Rather than run again what is finished, without a word."""
    if detail.form != FORM:
        raise UsageError(
            f"{row.run_id} can't be {what}: another version of Penstock began it, which told tasks apart in another "
            f"way, and nothing that it finished would be found again. Go on with that version, or start anew with "
            f"`penstock run`. Its results stay: `penstock show {row.run_id}`"
        )
