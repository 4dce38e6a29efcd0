"""Looking at runs, tasks and values from Python. Reads by previews; only what is asked for by value is unpickled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

    from penstock.client.flow_runs import Run, Runs
    from penstock.launch.driving import Driving
    from penstock.launch.preparing import RunRequest
    from penstock.reading.comparison_structs import ComparisonInfo
    from penstock.reading.reader import JournalReader
    from penstock.sdk.flows import Flow


def run(name: str = "") -> Run:
    """A run of the current folder's project: "digits/3", "digits" (its latest), an unambiguous prefix, "" (the latest).

    Raises NotFoundError, which says what could be meant.
    """
    from penstock.client.flow_runs import Run
    from penstock.reading.reader import JournalReader

    return Run.find(JournalReader.find(), name)


def runs(
    filter: str | None = None,  # noqa: A002  what else should it be called
    *,
    flow: str | None = None,
    status: str | None = None,
    tag: str | None = None,
    since: datetime | timedelta | str | None = None,
    sort: str = "",
    limit: int | None = None,
) -> Runs:
    """The runs of the current folder's project that a filter holds for: `runs("digits accuracy>0.9 since:2d")`.

    Its words are joined by *and*: the name of a flow, `status:failed,crashed`, `tag:nightly`, `-tag:old`, `took>10m`, a
    metric or a parameter with =, !=, <, <=, >, >=, or text that stands in a run's name, tags or parameters. The page
    "Find runs" has all of it. None or "": all runs.

    `flow`, `status` ("running", "done", "failed", "cancelled", "interrupted" or "crashed"), `tag`, and `since` (a time,
    how long ago as a timedelta or "2d", or an ISO date) say the same one by one; None: any. `sort`: a metric, a
    parameter, `took` or `number`, "-" before it the largest first; "": the newest first. `limit` None: all of them.
    Raises FilterError, which points at the word, and UsageError for a status or a time that is none.
    """
    from penstock.client.flow_runs import Runs
    from penstock.reading import finding_runs
    from penstock.reading.reader import JournalReader

    reader = JournalReader.find()
    chosen = finding_runs.ChosenRuns(flow, status, tag, since)
    return Runs(reader, finding_runs.find(reader, filter or "", chosen, sort, limit))


def compare(
    *runs: str | Run,
    filter: str = "",  # noqa: A002  as in `runs`
    metric: str = "",
    minimize: bool = False,
) -> ComparisonInfo:
    """What differs between runs of the current folder's project, and what does not: `compare("digits/3", "digits/5")`.

    `runs`: 2 to 50; beside the code of the first that of the others is shown. The name of a flow alone means its latest
    50 runs. `filter`: also the latest runs that it holds for, 50 in all. `metric`: judge them by it ("accuracy",
    "train.loss.min") and say how well what differs explains it, the largest being the best, or the smallest with
    `minimize`; "": by none. Unpickles nothing. Raises NotFoundError, FilterError, UsageError for too few or too many.
    """
    from penstock.reading.comparison import compare
    from penstock.reading.reader import JournalReader

    names = [run if isinstance(run, str) else run.id for run in runs]
    return compare(JournalReader.find(), names, filter, metric, is_minimized=minimize)


def resume(
    name: str = "",
    flow: Flow[Any, Any] | None = None,
    *,
    changed: bool = False,
    refresh: Iterable[str] = (),
    cache: bool = True,
    dry_run: bool = False,
) -> Any:
    """Go on with a run; blocks until it is over, and gives the flow's result, or raises what ended the run.

    `name`: "digits/3"; "digits" or "": the latest one of it, or of all, that is not done. Its parameters stay.

    `changed`: finished tasks whose code has changed since run again. `refresh`: steps whose cached results are made
    anew. `cache` False: no cached result is read or stored. `dry_run`: run no step, and give a `ForecastInfo` that says
    what would be reused and what would run, and why.

    `flow` None: it is found in the file that the run came from; a run that came from a notebook needs it given, unless
    this notebook defines it. Raises NotFoundError, RunBusyError, and UsageError for a run that is done.
    """
    from penstock.engine.reuse import ReusePolicy
    from penstock.launch.driving import Driving
    from penstock.launch.flow_of_run import flow_of
    from penstock.launch.resuming import request_to_resume

    def request(reader: JournalReader) -> RunRequest:
        return request_to_resume(reader, name, lambda row, detail: flow or flow_of(row, detail))

    value, error = _drive(request, Driving(policy=ReusePolicy(cache, frozenset(refresh), changed)), dry_run)
    if error is not None:
        raise error
    return value


def fork(
    name: str = "",
    flow: Flow[Any, Any] | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    from_step: str = "",
    keep_code: bool = False,
    only: str = "",
    tags: Iterable[str] = (),
    seed: int | None = None,
    refresh: Iterable[str] = (),
    cache: bool = True,
    dry_run: bool = False,
) -> Any:
    """Make a new run from an old one; blocks until it is over, and gives the flow's result, or raises what ended it.

    What the old run finished is reused where the step, its inputs and its code are the same. `params` stand in the
    place of the old run's own. `from_step`: nothing is reused from the first call of this step on. `keep_code`: what
    other code has made is reused too. `only`: no flow is run, but this step alone ("train", or one task, "train/2") on
    the inputs that it had; the result is kept apart, in a run of its own. `seed`: None: that of
    the old run; with another nothing is reused. `flow`, `refresh`, `cache` and `dry_run` as
    of `resume`. Raises NotFoundError, ParameterError, UsageError.
    """
    from penstock.engine.reuse import ReusePolicy
    from penstock.launch.driving import Driving
    from penstock.launch.flow_of_run import flow_of
    from penstock.launch.forking import ForkChoices, request_to_fork
    from penstock.sdk.flows import seed_text

    def request(reader: JournalReader) -> RunRequest:
        fork = ForkChoices(from_step, keep_code, only)
        return request_to_fork(
            reader,
            name,
            lambda row, detail: flow or flow_of(row, detail),
            lambda _: params or {},
            fork,
            seed_text("fork", seed),
        )

    value, error = _drive(request, Driving(tags=tuple(tags), policy=ReusePolicy(cache, frozenset(refresh))), dry_run)
    if error is not None:
        raise error
    return value


def _drive(
    request: Callable[[JournalReader], RunRequest], how: Driving, dry_run: bool
) -> tuple[Any, BaseException | None]:
    """The result, or what is to be raised, by the function that the user called: it alone stands in the traceback then,
    above the user's own lines."""
    from penstock.launch.handles import go_on
    from penstock.reading.reader import JournalReader
    from penstock.sdk.rebuilt_errors import without_engine

    try:
        reader = JournalReader.find()
        return go_on(reader.project, request(reader), how, dry_run), None
    except BaseException as error:  # noqa: BLE001  only its traceback changes
        return None, error.with_traceback(without_engine(error.__traceback__))
