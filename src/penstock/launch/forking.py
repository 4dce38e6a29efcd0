"""New runs from old ones: what of the old run counts, and with which parameters. The command line and Python do it
alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from penstock.errors import NotFoundError, ParameterError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.launch.parameters import parameters_of
from penstock.launch.preparing import RunRequest
from penstock.launch.resuming import FindFlow, LoadParams, params_of, refuse_another_form, refuse_imported
from penstock.launch.trials import trial_of
from penstock.model.rows import Origin
from penstock.model.tuples import NamedTuple
from penstock.reading import targets
from penstock.reading.reader import JournalReader
from penstock.sdk.flows import Flow


class ForkChoices(NamedTuple):
    """What of the old run counts, as a user names it."""

    step: str = ""  # nothing is reused from its first call on; "": all is
    keep_code: bool = False  # what other code has made is reused too
    only: str = ""  # this step alone is run, or one task of it; "": the flow is


def request_to_fork(
    reader: JournalReader,
    name: str,
    find_flow_of: FindFlow,
    given: Callable[[Flow[Any, Any]], Mapping[str, Any]],
    choices: ForkChoices,
    seed: str,
    load: LoadParams = params_of,
) -> RunRequest:
    """What makes a new run from the one that `name` means. `given`: the parameters that stand in the place of its own;
    `seed`: in digits, "": that of the run.

    Raises NotFoundError, and ParameterError for a parameter that the flow does not take, or that it needs now.
    """
    if isinstance(name, str) and name.strip("/").count("/") > 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"{name} is a part of a run: name the run, and with --from or --only the step")
    row = targets.find_run(reader, name)
    detail = queries.detail(reader.journal, row.id)
    refuse_imported(row, detail, "forked")
    origin = _origin(reader, row, *choices)
    if not origin.only:
        refuse_another_form(row, detail, "forked")
    flow = find_flow_of(row, detail)
    wanted = given(flow)
    if origin.only and wanted:
        raise UsageError(f"--only runs {origin.only} on the inputs that it had: parameters of the flow don't count")
    params = _merged(row, flow, load(reader, row), wanted)
    return RunRequest(flow, params, origin=origin, trial=trial_of(reader, origin) if origin.only else None, seed=seed)


def _origin(reader: JournalReader, row: RunRow, step: str, keep_code: bool, only: str) -> Origin:
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
    return Origin(row.run_id, row.id, step, keep_code, only)


def _merged(row: RunRow, flow: Flow[Any, Any], stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The run's own parameters, with those that are given in their place, as far as the flow still takes them."""
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  nothing checks a notebook
        raise ParameterError(f"params={given!r}: expected names and values, such as {{'rows': 500}}")
    parameters = parameters_of(flow)
    known = [one.name for one in parameters.every]
    if wrong := [name for name in given if name not in known]:
        raise ParameterError(f"{flow.name} takes no {wrong[0]}; it takes {', '.join(known) or 'nothing'}")
    every = {**stored, **given}
    if missing := parameters.missing(every):
        raise ParameterError(
            f"{row.run_id} can't be forked as it is: {flow.name}() missing a required argument: {missing[0].name!r}; "
            "give it a value"
        )
    parameters.check(given)
    return parameters.filled(every)
