"""One run, and one task of it."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.client.tasks import Task
from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries, recorded_locks, run_shape
from penstock.journal.views import RunRow
from penstock.launch.flow_of_run import target_of
from penstock.model.ids import how_to_resume
from penstock.model.states import RunStatus, TaskStatus
from penstock.reading import infos, listing
from penstock.reading.flow_sources import find_flows
from penstock.reading.structs import (
    CodeInfo,
    DriverInfo,
    InFlightInfo,
    InputInfo,
    RunInfo,
    TaskInfo,
    VersionInfo,
    WhyInfo,
)
from penstock.reading.trees import tree_of
from penstock.reading.versions import versions
from penstock.reading.whys import code_infos
from penstock.server.api_call import ApiCall
from penstock.server.routing import RUN, TASK, route

_FAILURES = 20
_REUSED = 1000  # tasks whose origins are looked up


class CommandWords(msgspec.Struct, frozen=True):
    """What can be typed next."""

    command: str
    meaning: str


class RunPage(msgspec.Struct, frozen=True):
    """A run, with what a reader looks for first."""

    run: RunInfo  # without the packages of its drivers, which `environment` tells
    counts: dict[str, int]  # of its tasks, by status
    failures: tuple[TaskInfo, ...]  # the first 20 tasks that failed
    commands: tuple[CommandWords, ...]
    previous: str = ""  # the run of its flow that was begun before it: what it is compared with; "": there is none
    saved_s: float | None = None  # what tasks of other runs took whose results it took over; None: these are too many


class RunParams(msgspec.Struct, frozen=True):
    """What a run was given."""

    params: tuple[InputInfo, ...]
    seed: int | None = None
    schema: Any = None  # JSON Schema of the flow's parameters, of which a form is made; None: not recorded
    file: str = ""  # of the flow, where it was; "": a notebook
    moved: str = ""  # why that file can't be run, so that a resume or a fork needs another; "": it can
    files: tuple[str, ...] = ()  # where it is moved: the files of the project that have a flow of this name


class TaskQuery(msgspec.Struct, frozen=True):
    """What of it."""

    points: bool = True  # whether its metrics come, about 1,000 points of each; else null: they can be asked for alone


class RunEnvironment(msgspec.Struct, frozen=True):
    """What a run ran in."""

    drivers: tuple[DriverInfo, ...]  # oldest first
    locks: dict[str, str]  # of its steps' environments, as `penstock env` names them, by what was asked for


class StepCode(msgspec.Struct, frozen=True):
    """A code by which tasks of a step ran."""

    step: str
    tasks: int
    first: str  # the first of them, "digits/3/train/2"
    reaches: tuple[CodeInfo, ...]  # itself first
    unfollowed: tuple[str, ...] = ()  # what of that can't be followed


class RunCodes(msgspec.Struct, frozen=True):
    """The code of a run."""

    file: str
    qualname: str
    steps: tuple[StepCode, ...]
    versions: tuple[VersionInfo, ...] = ()  # of the steps that ran under several


class TaskPage(msgspec.Struct, frozen=True):
    """A task, and why it ran. Of one that no row tells of yet, which its first attempt's end or metric makes, what its
    driver noted: its `inputs`, `attempts`, `metrics` and `displays` are null."""

    task: TaskInfo
    why: WhyInfo | None  # None: that is not known yet
    flight: InFlightInfo | None = None  # None: it has settled, or waits behind 200 others


def _run(call: ApiCall) -> RunPage:
    info = listing.run_info(call.reader, call.run)
    drivers = tuple(msgspec.structs.replace(driver, packages={}) for driver in info.drivers)
    counts = _counts(info)
    failures: tuple[TaskInfo, ...] = ()
    if counts["failed"]:
        rows = queries.tasks(call.reader.journal, call.run.id, None, TaskStatus.FAILED.value, _FAILURES)
        failures = tuple(infos.task_info(info.id, row) for row in rows)
    commands, previous = _commands(call.run, info), queries.run_before(call.reader.journal, call.run)
    saved_s = run_shape.saved(call.reader.journal, call.run.id, _REUSED)
    return RunPage(msgspec.structs.replace(info, drivers=drivers), counts, failures, commands, previous, saved_s)


def _counts(info: RunInfo) -> dict[str, int]:
    names = ("waiting", "running", "done", "failed", "cancelled")
    return {name: sum(getattr(step, name) for step in info.steps) for name in names}


def _commands(row: RunRow, info: RunInfo) -> tuple[CommandWords, ...]:
    found = [CommandWords(f"penstock logs {info.id}", "what it printed")]
    if row.status == RunStatus.RUNNING:
        found += [CommandWords(f"penstock cancel {info.id}", "stop it")]
    elif row.status == RunStatus.DONE or not info.qualname:
        found += [CommandWords(f"penstock get {info.id}", "its result")]
    else:
        found += [CommandWords(how_to_resume(info.id, info.file, info.qualname), "go on with it")]
    if row.status != RunStatus.RUNNING and info.file:
        found += [CommandWords(f"penstock fork {info.id}", "a new run from it")]
    return tuple(found)


def _params(call: ApiCall) -> RunParams:
    detail = queries.detail(call.reader.journal, call.run.id)
    schema = msgspec.json.decode(detail.schema) if detail.schema else None
    root, moved = call.reader.project.root, ""
    try:
        target_of(root, call.run, detail, None, "fork")
    except UsageError as error:
        moved = str(error)
    flows = find_flows(root).flows if moved else ()
    files = tuple(dict.fromkeys(flow.file for flow in flows if flow.name == call.run.flow))
    seed = int(detail.seed) if detail.seed else None
    return RunParams(infos.param_infos(detail.params), seed, schema, detail.file, moved, files)


def _environment(call: ApiCall) -> RunEnvironment:
    detail = queries.detail(call.reader.journal, call.run.id)
    locks = recorded_locks.locks_of_run(call.reader.journal, call.run.id)
    return RunEnvironment(tuple(map(infos.driver_info, detail.drivers)), locks)


def _code(call: ApiCall) -> RunCodes:
    journal, run = call.reader.journal, call.run
    detail = queries.detail(journal, run.id)
    steps: list[StepCode] = []
    for row in queries.codes_that_ran(journal, run.id):
        first = f"{run.run_id}/{row.name}/{row.first}"
        tree = tree_of(row.tree, first)
        steps.append(StepCode(row.name, row.tasks, first, code_infos(tree), tree.unfollowed))
    return RunCodes(detail.file, detail.qualname, tuple(steps), versions(journal, run))


def _task(call: ApiCall, query: TaskQuery) -> TaskPage:
    flight = None if call.flight is None else infos.in_flight_infos(call.run, [call.flight])[0]
    try:
        row = call.task
    except NotFoundError:
        if call.flight is None:
            raise
        return TaskPage(infos.begun_info(call.run.run_id, call.flight), None, flight)
    task = Task(call.reader, call.run, row)
    return TaskPage(task.info(points=query.points), task.why(), flight)


ROUTES = (
    route("GET", RUN, "A run: its counts, its failures, and what can be typed next", _run),
    route("GET", f"{RUN}/params", "What it was given", _params),
    route("GET", f"{RUN}/environment", "Interpreters, packages and machines of its drivers", _environment),
    route("GET", f"{RUN}/code", "What code its tasks ran with, and what that reaches", _code),
    route("GET", TASK, "A task: its inputs, attempts, result, metrics, and why it ran", _task),
)
