"""New runs from old ones: which flow, which parameters, and what of the old run counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.engine.reuse import ReusePolicy
from penstock.errors import NotFoundError, ParameterError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.launch import runs
from penstock.launch.driving import Driving
from penstock.launch.forecasts import forecast_info
from penstock.launch.parameters import parameters_of
from penstock.launch.preparing import RunRequest
from penstock.launch.rehearsing import rehearse
from penstock.launch.resuming import find_to_resume, flow_of, params_of, params_to_resume
from penstock.launch.trials import trial_of
from penstock.model.outcomes import FORM
from penstock.model.rows import Origin
from penstock.reading import targets
from penstock.reading.reader import JournalReader
from penstock.sdk.flows import Flow, seed_text
from penstock.sdk.launcher import launcher


def resume_run(
    reader: JournalReader, name: str, flow: Flow[Any, Any] | None, policy: ReusePolicy, dry_run: bool
) -> Any:
    """What `penstock.resume` does."""
    row = find_to_resume(reader, name)
    flow = flow or flow_of(row, queries.detail(reader.journal, row.id))
    params = params_to_resume(row, flow, params_of(reader, row))
    return _drive(reader, order_to_resume(reader, row, flow, params), Driving(policy=policy), dry_run)


def fork_run(
    reader: JournalReader,
    name: str,
    flow: Flow[Any, Any] | None,
    params: Mapping[str, Any],
    origin: dict[str, Any],
    how: Driving,
    dry_run: bool,
    seed: int | None,
) -> Any:
    """What `penstock.fork` does. `origin`: the fields of its `Origin`."""
    row = targets.find_run(reader, name)
    flow = flow or flow_of(row, queries.detail(reader.journal, row.id))
    params = merged(reader, row, flow, params)
    order = order_of(reader, flow, origin_of(reader, row, **origin), params, seed_text("fork", seed))
    return _drive(reader, order, how, dry_run)


def _drive(reader: JournalReader, order: RunRequest, how: Driving, dry_run: bool) -> Any:
    if dry_run:
        return forecast_info(rehearse(reader.project, order, how))
    if launcher.watch is not None:  # as where a flow is called: what is done in another way than asked is said
        how = how._replace(watcher=launcher.watch(reader.project, resumed=bool(order.run_id)))
    return runs.prepare(reader.project, order, how).drive()


def origin_of(reader: JournalReader, row: RunRow, step: str = "", keep_code: bool = False, only: str = "") -> Origin:
    """What of a run counts for its fork. Raises NotFoundError for a step that it has not called."""
    if step and only:
        raise UsageError("--from and --only can't go together: one goes on from a step, the other runs it alone")
    if step:
        step = targets.find_step(reader, row, step)
    if only:
        name, _, number = only.partition("/")
        if number and not number.isdigit():
            raise NotFoundError(f"{only!r} names no task: write STEP or STEP/NUMBER; see `penstock show {row.run_id}`")
        only = "/".join(filter(None, (targets.find_step(reader, row, name), number)))
    else:
        _refuse_another_form(reader, row, "forked")
    return Origin(row.run_id, row.id, step, keep_code, only)


def order_of(
    reader: JournalReader, flow: Flow[Any, Any], origin: Origin, params: dict[str, Any], seed: str
) -> RunRequest:
    """The order for a fork. `seed`: in digits, "": that of the run."""
    trial = trial_of(reader, origin) if origin.only else None
    return RunRequest(flow, params, origin=origin, trial=trial, seed=seed)


def order_to_resume(reader: JournalReader, row: RunRow, flow: Flow[Any, Any], params: dict[str, Any]) -> RunRequest:
    """The order to go on with a run, also where that is a step's trial."""
    _refuse_another_form(reader, row, "resumed")
    origin = queries.detail(reader.journal, row.id).origin
    trial = trial_of(reader, origin) if origin is not None and origin.only else None
    return RunRequest(flow, params, row.run_id, trial=trial)


def _refuse_another_form(reader: JournalReader, row: RunRow, what: str) -> None:
    """Rather than run again what is finished, without a word."""
    if queries.detail(reader.journal, row.id).form != FORM:
        raise UsageError(
            f"{row.run_id} can't be {what}: another version of Penstock began it, which told tasks apart in another "
            f"way, and nothing that it finished would be found again. Go on with that version, or start anew with "
            f"`penstock run`. Its results stay: `penstock show {row.run_id}`"
        )


def merged(reader: JournalReader, row: RunRow, flow: Flow[Any, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The run's own parameters, with those that are given in their place, as far as the flow still takes them.

    Raises ParameterError for one that it does not take, or that it needs now.
    """
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  nothing checks a notebook
        raise ParameterError(f"params={given!r}: expected names and values, such as {{'rows': 500}}")
    parameters = parameters_of(flow)
    known = [one.name for one in parameters.every]
    if wrong := [name for name in given if name not in known]:
        raise ParameterError(f"{flow.name} takes no {wrong[0]}; it takes {', '.join(known) or 'nothing'}")
    every = {**params_of(reader, row), **given}
    if missing := parameters.missing(every):
        raise ParameterError(
            f"{row.run_id} can't be forked as it is: {flow.name}() missing a required argument: {missing[0].name!r}; "
            "give it a value"
        )
    parameters.check(given)
    return parameters.filled(every)
