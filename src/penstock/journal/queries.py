"""Looking at runs and tasks, for the client and the verbs. Reads only; unpickles nothing that a user stored."""

from __future__ import annotations

import heapq
import itertools
import math
import operator
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from penstock.errors import NotFoundError
from penstock.journal import columns, conditions, faults, run_search, sql_files
from penstock.journal.conditions import Condition, Now, listed
from penstock.journal.damage import malformed, named
from penstock.journal.journal import Journal
from penstock.journal.leases import lease_of
from penstock.journal.priors import prior_scopes
from penstock.journal.run_search import NEWEST_FIRST, Order, PageEnd
from penstock.journal.sight import looks_dead
from penstock.journal.views import CodeRow, DriverRow, RunChanges, RunDetail, RunRow, StepRow, TaskNode, TaskRow
from penstock.model.ids import parse_path
from penstock.model.nearest import hint
from penstock.model.outcomes import FORM, Error, Usage
from penstock.model.rows import AttemptRecord, InFlight, MetricRecord, Origin, ScopeRecord, StepCount
from penstock.model.specs import Input
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.wire import MalformedError, read

_NUMBER = operator.itemgetter(3)
_Words = tuple[str, ...]
_sql = partial(sql_files.statement, "queries")


def runs(
    journal: Journal,
    flow: str | None = None,
    status: str | None = None,
    tag: str | None = None,
    since: float | None = None,
    limit: int | None = None,
    after: int | None = None,
) -> list[RunRow]:
    """Runs, newest first. None: any flow, status or tag, from the beginning (`since`: UTC, seconds), all. `after`: the
    `RunRow.id` with which the page before has ended; what begins meanwhile shifts nothing."""
    asked = [] if flow is None else [conditions.flow_in([flow])]
    if status is not None:
        asked.append(conditions.status_in([status], now(journal)))
    if tag is not None:
        asked.append(conditions.tag(tag))
    if since is not None:
        asked.append(conditions.begun_at().compared(">=", since))
    place = None if after is None else PageEnd(after)
    return [row for row, _ in found_runs(journal, conditions.every(asked), NEWEST_FIRST, limit, place)]


def found_runs(
    journal: Journal, where: Condition, order: Order, limit: int | None = None, after: PageEnd | None = None
) -> list[tuple[RunRow, PageEnd]]:
    """The runs for which a condition holds, each with its place: where a page ends, the next begins after it."""
    found = run_search.rows(journal.database, where, order, limit, after)
    return [(_run_row(journal, row), PageEnd(row[0], None if order.key is None else key)) for key, *row in found]


def now(journal: Journal) -> Now:
    """What the rows alone don't tell: the time, and which runs have crashed."""
    return Now(journal.clock.now(), tuple(row.id for row in _live(journal) if row.status == RunStatus.CRASHED))


def _live(journal: Journal) -> list[RunRow]:
    """Those that are noted as running."""
    return [_run_row(journal, row) for row in journal.database.rows(_sql("live_runs"))]


def runs_changed(journal: Journal, since: int = 0, limit: int | None = None) -> RunChanges:
    """The runs that have changed since a revision (0: all), at most `limit`, and those that have crashed."""
    latest, removed = journal.database.row(_sql("revision"))  # first: what comes meanwhile is found by the next
    found = journal.database.rows(_sql("runs_changed"), {"since": since, "limit": -1 if limit is None else limit})
    rows = [_run_row(journal, row) for row in found]
    known = {row.id for row in rows}
    crashed = [row for row in _live(journal) if row.status == RunStatus.CRASHED and row.id not in known]
    revision = rows[-1].revision if rows and len(rows) == limit else latest
    return RunChanges(rows + crashed, revision, removed > since)


def revision(journal: Journal) -> int:
    """That of the latest change of any run."""
    return journal.database.row(_sql("revision"))[0]


def data_version(journal: Journal) -> int:
    """Another than the last time: others have written meanwhile. Of one connection alone."""
    return journal.database.row(_sql("data_version"))[0]


def run_by_id(journal: Journal, run: int) -> RunRow:
    """A run by `RunRow.id`; raises NotFoundError."""
    row = journal.database.row(_sql("run_by_id"), (run,))
    if row is None:
        raise NotFoundError("the run was removed; see `penstock ls`")
    return _run_row(journal, row)


def resolve(journal: Journal, text: str = "") -> RunRow:
    """The run that a user means: `digits/3`, `digits` (its latest), `dig` (no other flow begins so), "" (the latest).

    Raises NotFoundError, which names what could be meant.
    """
    if not text:
        return _only(runs(journal, limit=1), "there are no runs yet; start one with `penstock run FILE`")
    try:
        path = parse_path(text)
    except ValueError:
        raise NotFoundError(f"{text!r} names no run: write FLOW or FLOW/NUMBER; see `penstock ls`") from None
    if path.step is not None:
        raise NotFoundError(f"{text!r} is a part of a run: name the run, {path.flow}/{path.run}")
    flow = _resolve_flow(journal, path.flow)
    if path.run is None:
        return _only(runs(journal, flow=flow, limit=1), f"all runs of {flow} were removed; see `penstock ls`")
    return run_by_number(journal, flow, path.run)


def run_by_number(journal: Journal, flow: str, number: int) -> RunRow:
    """`digits/3`: a run by the whole name of its flow; raises NotFoundError."""
    found = runs_numbered(journal, [(flow, number)])
    return _only(found, f"there is no run {flow}/{number}; see `penstock ls {flow}`")


def runs_numbered(journal: Journal, named: Iterable[tuple[str, int]]) -> list[RunRow]:
    """The runs of these flows and numbers that there are, in no order. One query."""
    found = journal.database.rows(_sql("runs_numbered"), (listed([*named]),))
    return [_run_row(journal, row) for row in found]


def run_before(journal: Journal, run: RunRow) -> str:
    """`digits/2` for `digits/3`: the run of its flow that was begun before it; "": it is the first that is there."""
    (number,) = journal.database.row(_sql("number_before"), (run.flow, run.number))
    return "" if number is None else f"{run.flow}/{number}"


def run_names(journal: Journal, runs: Iterable[int]) -> dict[int, str]:
    """`digits/3` by `RunRow.id`, of those that there are. One query."""
    return dict(journal.database.rows(_sql("names_of_runs"), (listed([*runs]),)))


def detail(journal: Journal, run: int) -> RunDetail:
    """What a listing does not show of a run; raises NotFoundError."""
    found = details(journal, [run])
    if not found:
        raise NotFoundError("the run was removed; see `penstock ls`")
    return found[run]


def details(journal: Journal, runs: Sequence[int]) -> dict[int, RunDetail]:
    """The same of several, by `RunRow.id`, without those that were removed. Two queries."""
    drivers: dict[int, list[DriverRow]] = {run: [] for run in runs}
    for run, *row in journal.database.rows(_sql("drivers"), (listed(runs),)):
        with named(journal.database, run):
            drivers[run].append(_driver_row(row))
    found = journal.database.rows(_sql("details"), (listed(runs),))
    return {run: _detail(journal, run, row, drivers[run]) for run, *row in found}


def _detail(journal: Journal, run: int, row: Sequence[Any], drivers: list[DriverRow]) -> RunDetail:
    module, qualname, file, params, result, error, origin, seed, form, schema = row
    with named(journal.database, run):
        ended = (columns.unpack_stored(result), columns.unpacked(Error, error))
        known = (tuple(drivers), columns.unpacked(Origin, origin), columns.seed(seed), form, schema or "")
        return RunDetail(module, qualname, file, columns.unpack_params(params), *ended, *known)


def flows(journal: Journal) -> list[str]:
    """The names of all flows, sorted; also those whose runs were all removed."""
    return [name for (name,) in journal.database.rows(_sql("flows"))]


def seed(journal: Journal, run: int) -> str:
    """The seed of a run, in digits; "" where it has none, or was removed."""
    row = journal.database.row(_sql("seed"), (run,))
    with named(journal.database, run):
        return "" if row is None else columns.seed(row[0])


def steps(journal: Journal, run: int) -> list[StepRow]:
    """The steps of a run in the order of their first calls, with the counts of what is in the journal."""
    counted: dict[int, dict[str, int]] = {}
    copied: dict[int, int] = {}
    for id_, status, count, with_origin in journal.database.rows(_sql("step_counts"), {"run_id": run}):
        counted.setdefault(id_, {})[status] = count
        copied[id_] = copied.get(id_, 0) + with_origin
    found = journal.database.rows(_sql("steps"), (run,))
    return [
        StepRow(
            step,
            name,
            source,
            *_counts(counted.get(id_, {})),
            copied=copied.get(id_, 0),
            granted=columns.granted(given),
        )
        for id_, step, name, source, *given in found
    ]


def in_flight(journal: Journal, run: int) -> tuple[InFlight, ...]:
    """The tasks that had not settled when the run's driver noted them last, nor since: those that run first. After a
    crash, what was in flight then. At most 200."""
    row = journal.database.row(_sql("in_flight"), (run,))
    if row is None:
        return ()
    settled = {id_ & columns.TASK_MASK for (id_,) in journal.database.rows(_sql("settled_in_flight"), (run,))}
    return tuple(task for task in columns.noted(tuple[InFlight, ...], row[0]) if task.id not in settled)


def tasks(
    journal: Journal,
    run: int,
    step: str | None = None,
    status: str | None = None,
    limit: int | None = None,
    after: int = 0,
) -> list[TaskRow]:
    """Tasks of a run in the order of their calls. `step`: a short or a module-qualified name; None: all steps. `after`:
    the `TaskRow.id` with which the page before has ended; what is written meanwhile shifts nothing."""
    with ExitStack() as stack:
        # A query that is not read to its end would hold up the writer's checkpoints.
        streams = [stack.enter_context(closing(found)) for found in _task_streams(journal, run, step, status, after)]
        # Two steps of one short name count their tasks together.
        found = heapq.merge(*streams, key=_NUMBER) if len(streams) > 1 else itertools.chain(*streams)
        return [task_row(journal, row) for row in itertools.islice(found, limit)]


def tasks_changed(journal: Journal, run: int, since: int = 0, limit: int | None = None) -> list[TaskRow]:
    """The tasks of a run that have changed since a revision (0: all), in the order of their changes. Ask with the last
    one's `revision` the next time."""
    values = {"run_id": run, "since": since, "limit": -1 if limit is None else limit}
    return [task_row(journal, row) for row in journal.database.rows(_sql("tasks_changed"), values)]


def task(journal: Journal, run: int, step: str, number: int) -> TaskRow:
    """`digits/3/train/2`: the task of a run by its step's name and its number; raises NotFoundError."""
    for id_ in _step_ids(journal, run, step):
        row = journal.database.row(_sql("task_by_number"), {"step_id": id_, "number": number})
        if row is not None:
            return task_row(journal, row)
    run_id = run_by_id(journal, run).run_id
    raise NotFoundError(f"there is no task {run_id}/{step}/{number}; see `penstock show {run_id}`")


def task_by_id(journal: Journal, run: int, id_: int) -> TaskRow:
    """The task, or the nested flow as if it were one, that a `Ref` names; raises NotFoundError."""
    row = journal.database.row(_sql("task_by_id"), (run << columns.RUN_SHIFT | id_,))
    if row is None and (found := prior_scopes(journal.database, run, id_)):
        return _row_of_scope(run, found[0])
    if row is None:
        raise NotFoundError(f"{run_by_id(journal, run).run_id} has no task of the number {id_}")
    return task_row(journal, row)


def task_names(journal: Journal, run: int, ids: Iterable[int]) -> dict[int, str]:
    """`train/2` by the numbers of tasks and nested flows in the run, of those that there are. One query."""
    return dict(journal.database.rows(_sql("names_of_tasks"), {"run_id": run, "ids": listed([*ids])}))


def task_nodes(journal: Journal, run: int) -> list[TaskNode]:
    """All tasks of a run in the order of their numbers, for its graph. Two queries, whatever its size."""
    with named(journal.database, run):
        shared = {
            digest: _needs(columns.unpack_inputs(packed))
            for digest, packed in journal.database.rows(_sql("shared_inputs"), (run,))
        }
        bounds = {"first": run << columns.RUN_SHIFT, "last": _last(run)}
        return [
            TaskNode(id_, step, name, status, scope, of_map, _needs(columns.unpack_inputs(own), shared.get(same, ())))
            for id_, step, name, status, scope, of_map, own, same in journal.database.stream(_sql("task_nodes"), bounds)
        ]


def _needs(inputs: tuple[Input, ...], more: tuple[int, ...] = ()) -> tuple[int, ...]:
    """The tasks whose results are in them, and `more`, each once."""
    return tuple(dict.fromkeys((*(ref.task for item in inputs for ref in item.refs), *more)))


def inputs(journal: Journal, run: int, id_: int) -> tuple[Input, ...]:
    """A task's inputs, those it shares with the other tasks of its map last; empty for a task that is not there."""
    row = journal.database.row(_sql("inputs"), {"run_id": run, "id": run << columns.RUN_SHIFT | id_})
    with named(journal.database, run, run << columns.RUN_SHIFT | id_):
        return () if row is None else columns.unpack_inputs(row[0]) + columns.unpack_inputs(row[1])


def attempts(journal: Journal, row: TaskRow) -> list[AttemptRecord]:
    """All attempts of a task, oldest first; the last is the one that the task's row tells of, unless it waits for the
    next. Without their metrics."""
    found = journal.database.rows(_sql("attempts"), (row.run << columns.RUN_SHIFT | row.id,))
    with named(journal.database, row.run, row.run << columns.RUN_SHIFT | row.id):
        earlier = [
            AttemptRecord(row.id, number, columns.unpack_outcome(packed), columns.granted(granted))
            for number, packed, *granted in found
        ]
    if row.status == TaskStatus.WAITING.value:
        return earlier
    latest = AttemptRecord(row.id, row.attempt, row.outcome, row.granted)
    return [*(one for one in earlier if one.number != row.attempt), latest]


def metrics(journal: Journal, run: int, id_: int | None = None, name: str | None = None) -> list[MetricRecord]:
    """Metrics of a task (0: of the flow's own body), or of all of a run (None), whose body's come first, as of task 0
    and attempt 0: by task, attempt, driver and name. `name` None: all."""
    first = run << columns.RUN_SHIFT
    first, last = (first | id_ - 1, first | id_) if id_ else (first, _last(run))
    values = {"run_id": run, "first": first, "last": last, "name": name}
    found: list[Any] = [] if id_ else journal.database.rows(_sql("run_metrics"), values)
    if id_ != 0:
        found += journal.database.rows(_sql("metrics"), values)
    with named(journal.database, run):
        return [
            MetricRecord(task & columns.TASK_MASK, attempt, columns.metric(*fields)) for task, attempt, *fields in found
        ]


def old_points(journal: Journal, run: int, record: MetricRecord) -> list[tuple[int, float, float]]:
    """Step, time and number of the points that an older version kept in rows."""
    if record.task == 0:
        found = journal.database.rows(_sql("old_run_points"), (run, record.metric.name))
    else:
        task = run << columns.RUN_SHIFT | record.task
        found = journal.database.rows(_sql("old_points"), (task, record.attempt, record.metric.name))
    return [(step, at, math.nan if value is None else value) for step, at, value in found]


def runs_with_step(journal: Journal, step: str, before: int | None = None) -> list[int]:
    """The latest runs that have called a step, by `RunRow.id`, newest first. `before` None: up to now.

    Those alone whose values can be compared with those of today.
    """
    values = {"step": step, "before": before, "form": FORM}
    return [run for (run,) in journal.database.rows(_sql("runs_with_step"), values)]


def finished_task(journal: Journal, run: int, step: str, number: int) -> TaskRow | None:
    """A task of the step that is done: the one of this number, else the last; None: there is none."""
    values = {"run_id": run, "step": step, "number": number}
    find = journal.database.row
    row = find(_sql("finished_task"), values) or find(_sql("last_finished_task"), values)
    return None if row is None else task_row(journal, row)


def is_cached(journal: Journal, run: int, step: str) -> bool:
    """Whether the step's results served other runs, when this run called it."""
    row = journal.database.row(_sql("step_is_cached"), (run, step))
    return row is not None and bool(row[0])


def code_tree(journal: Journal, digest: bytes) -> bytes | None:
    """The packed tree of the code of a digest; None where no task of it is left."""
    row = journal.database.row(_sql("code_tree"), (digest,))
    return None if row is None else row[0]


def codes(journal: Journal, run: int) -> list[tuple[str, bytes, int]]:
    """Short name of a step, packed tree of the code that it had, and how many tasks that has finished."""
    return journal.database.rows(_sql("codes_of_run"), (run,))


def codes_that_ran(journal: Journal, run: int, step: str | None = None) -> list[CodeRow]:
    """By which code the tasks of a step (module-qualified; None: of each) ran to their end, the oldest first."""
    return [CodeRow(*row) for row in journal.database.rows(_sql("codes_that_ran"), {"run_id": run, "step": step})]


def _task_streams(
    journal: Journal, run: int, step: str | None, status: str | None, after: int
) -> Iterator[Generator[tuple[Any, ...]]]:
    if step is None:
        values = {"first": run << columns.RUN_SHIFT | after, "last": _last(run), "status": status}
        yield journal.database.stream(_sql("tasks_of_run"), values)
        return
    number = task_by_id(journal, run, after).number if after else 0
    for id_ in _step_ids(journal, run, step):
        yield journal.database.stream(_sql("tasks_of_step"), {"step_id": id_, "number": number, "status": status})


def _last(run: int) -> int:
    return run << columns.RUN_SHIFT | columns.TASK_MASK


def _only(found: list[RunRow], otherwise: str) -> RunRow:
    if not found:
        raise NotFoundError(otherwise)
    return found[0]


def _resolve_flow(journal: Journal, text: str) -> str:
    names = flows(journal)
    if text in names:
        return text
    meant = [name for name in names if name.startswith(text)]
    meant = [name for name in meant if runs(journal, flow=name, limit=1)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise NotFoundError(f"{text!r} may mean {' or '.join(meant)}: write more of the name")
    raise NotFoundError(f"no run is named {text!r}{hint(text, names, '; see `penstock ls`')}")


def _step_ids(journal: Journal, run: int, step: str) -> list[int]:
    return [id_ for (id_,) in journal.database.rows(_sql("step_ids"), {"run_id": run, "step": step})]


def _run_row(journal: Journal, row: Sequence[Any]) -> RunRow:
    id_, flow, number, status, created_at, started_at, ended_at, *leased = row[:-8]
    cancel_requested, counts, tags, nonce, earlier_s, revision, name, note = row[-8:]
    if "/" in flow or "\0" in flow:  # it names folders
        raise faults.damaged(journal.database.path)
    lease = lease_of(leased)
    if status == RunStatus.RUNNING and looks_dead(lease, journal.database, journal.clock):
        status = RunStatus.CRASHED.value
    noted = columns.noted(tuple[StepCount, ...], counts)
    nonce = nonce if columns.is_nonce(nonce) else ""  # it names folders; a damaged one has none
    known = (id_, flow, number, status, created_at, started_at, ended_at)
    driven = (lease.token, lease.owner, lease.renewed_at, bool(cancel_requested), noted)
    told = tuple(sorted(tags.split("\n"))) if tags else (), nonce, earlier_s or 0.0, revision, name or "", note or ""
    return RunRow(*known, *driven, *told)


def _driver_row(row: Sequence[Any]) -> DriverRow:
    number, started_at, host, pid, snapshot, python, packages, argv, cwd = row
    known = read(tuple[tuple[str, str], ...], packages) if packages else ()
    return DriverRow(number, started_at, host, pid, snapshot, python, known, read(_Words, argv) if argv else (), cwd)


def _counts(found: dict[str, int]) -> Iterator[int]:
    for status in (TaskStatus.WAITING, TaskStatus.RUNNING, TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.CANCELLED):
        yield found.get(status.value, 0)


def task_row(journal: Journal, row: tuple[Any, ...]) -> TaskRow:
    """A task from a row of the view of that name; raises JournalError where it is damaged."""
    try:
        return _read_task(row)
    except MalformedError as error:
        raise malformed(journal.database, row[0] >> columns.RUN_SHIFT, row[0], error) from None


def _row_of_scope(run: int, scope: ScopeRecord) -> TaskRow:
    used = Usage(scope.began_at, max(0.0, scope.ended_at - scope.began_at))
    named = (scope.flow, scope.name, scope.number, scope.status, 1, False, scope.key, b"", "")
    return TaskRow(run, scope.id, *named, used, None, scope.result, scope.error)


def _read_task(row: tuple[Any, ...]) -> TaskRow:
    id_, step, name, number, status, attempt, delivered, key, inputs_digest, worker, *more = row
    *used, log_file, log_start, log_end, size, digest, record, preview, blobs, culprit, error = more[:-14]
    symbols, origin, why, code, _, revision, layout, waited_ms, *granted = more[-14:]
    named = (id_ >> columns.RUN_SHIFT, id_ & columns.TASK_MASK, step, name, number)
    stands = (
        status,
        attempt or 1,
        bool(delivered),
        key,
        inputs_digest or b"",
        worker or "",
        columns.usage(tuple(used)),
    )
    log, failure = columns.log(log_file, log_start, log_end), columns.unpacked(Error, error)
    result = columns.stored(size, digest, record, preview, blobs, culprit, symbols, layout)
    told = code or b"", origin or "", why or "", revision
    given = None if origin else columns.granted(granted)
    return TaskRow(*named, *stands, log, result, failure, *told, given, None if waited_ms is None else waited_ms / 1000)
