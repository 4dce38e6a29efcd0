"""What `penstock show` prints of a run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from penstock.artifacts.media import TABLE
from penstock.cli import output
from penstock.client.flow_runs import Run
from penstock.client.tasks import Task
from penstock.model import words
from penstock.model.ids import how_to_resume
from penstock.model.states import RunStatus
from penstock.reading.structs import DisplayInfo, InFlightInfo, RunInfo, StepInfo
from penstock.reading.values import shown_error, shown_input, shown_value

_FAILED_SHOWN = 5
_FAILED_READ = 1000
_WIDE = 100
_FLIGHT_SHOWN = 20
_SHOWN = 20


def show_run(run: Run) -> None:
    """Print it: how it stands, what it was given, its steps and metrics, what went wrong, what to do next."""
    info = run.info()
    output.line(f"{info.id}  {output.status(info.status)}  {_took(info)}")
    output.facts(
        [
            ("name", info.name),
            ("tags", ", ".join(info.tags)),
            ("forked from", _told_origin(info)),
            ("seed", "" if info.seed is None else str(info.seed)),
            ("file", info.file),
            ("python", info.drivers[-1].python if info.drivers else ""),
            ("resumed", _resumed(info)),
            ("result", f"{shown_value(info.result, _WIDE)}  ({info.result.type})" if info.result else ""),
        ]
    )
    if info.note:
        output.title("Note")
        output.line(info.note)
    if info.params:
        output.title("Parameters")
        output.facts([(item.name, shown_input(item, _WIDE)) for item in info.params])
    _show_steps(info)
    _show_versions(info)
    show_in_flight(info.in_flight, died=info.status == "crashed")
    _show_metrics(info)
    shown = run.displays
    show_displays([one.info() for one in shown[:_SHOWN]], len(shown), of_run=True)
    _show_failure(run, info)
    output.note("")
    output.next_command(*_next(info))


def _told_origin(info: RunInfo) -> str:
    origin = info.origin
    if origin is None:
        return ""
    more = (
        f"{origin.only} alone" if origin.only else "",
        f"again from {origin.from_step} on" if origin.from_step else "",
        "whatever its code was" if origin.keep_code else "",
    )
    return ", ".join(filter(None, (origin.run, *more)))


def _took(info: RunInfo) -> str:
    took = words.how_long(info.duration_s, is_over=info.status != RunStatus.RUNNING)
    return ", ".join(filter(None, (took, f"started {words.when(info.created_at)}")))


def _resumed(info: RunInfo) -> str:
    if len(info.drivers) < 2:
        return ""
    return f"{words.plural(len(info.drivers) - 1, 'time')}, last {words.when(info.started_at)}"


def _show_steps(info: RunInfo) -> None:
    if not info.steps:
        return
    output.title("Steps")
    columns = ("waiting", "running", "done", "reused", "failed", "cancelled")
    output.table(
        ("step", *columns),
        [(_named(step, info), *(output.count(getattr(step, column)) for column in columns)) for step in info.steps],
        right=columns,
    )


def _named(step: StepInfo, info: RunInfo) -> str:
    """Its short name; with its module where another step has the same one."""
    others = sum(one.step == step.step for one in info.steps)
    return f"{step.step}  ({step.step_path})" if others > 1 and step.step_path else step.step


def _show_versions(info: RunInfo) -> None:
    """Print which of a step's tasks older code has made, where it was edited between two drivers."""
    if not info.versions:
        return
    output.title("Its tasks ran under several versions of the code")
    rows = [
        (one.step, words.plural(one.tasks, "task"), f"from {one.firsts[0]} on", "; ".join(one.changes) or "at first")
        for one in info.versions
    ]
    output.table(("step", "tasks", "which", "what is new"), rows)
    verb = "fork" if info.status == "done" else "resume --changed"
    output.note(f"penstock {verb} {info.id} runs again what other code than the present has made")


def show_displays(shown: Sequence[DisplayInfo], total: int, *, of_run: bool = False) -> None:
    """Print what was displayed. `of_run`: by which task, too."""
    if not shown:
        return
    output.title("Displays")
    rows = [
        (
            *([one.task] if of_run else []),
            one.name,
            "" if one.step is None else str(one.step),
            "table" if one.media == TABLE else one.media,
            words.size(one.value.size_bytes),
            words.one_line(one.caption, _WIDE),
        )
        for one in shown
    ]
    columns = (*(["of"] if of_run else []), "display", "step", "media", "size", "caption")
    output.table(columns, rows, right=("step", "size"))
    if total > len(shown):
        output.note(f"and {total - len(shown):,} more")
    output.note(f"save one: penstock get {shown[0].task} --display {shlex.quote(shown[0].name)} -o FILE")


def _loops(task: InFlightInfo) -> str:
    told = (f"{loop.label} {words.count_of(loop.done, loop.total)}" for loop in task.loops)
    return words.one_line(", ".join(told), _WIDE)


def show_in_flight(tasks: Sequence[InFlightInfo], *, died: bool) -> None:
    """Print what runs and what waits, as the run's driver has noted it last; `died`: that is over."""
    if not tasks:
        return
    output.title("In flight when its process died" if died else "In flight")
    in_loops = any(task.loops for task in tasks)
    rows = [
        (_state(task), task.task, words.when(task.since), _place(task), *([_loops(task)] if in_loops else []))
        for task in tasks[:_FLIGHT_SHOWN]
    ]
    output.table(("", "task", "since", "where", *(["progress"] if in_loops else [])), rows)
    if len(tasks) > _FLIGHT_SHOWN:
        output.line(f"  and {words.plural(len(tasks) - _FLIGHT_SHOWN, 'task')} more: --json names up to 200")


def _state(task: InFlightInfo) -> str:
    return f"{task.status} (attempt {task.attempt})" if task.attempt > 1 else task.status


def _place(task: InFlightInfo) -> str:
    waits = f"waits for {task.awaited}" if task.awaited else ""
    return ": ".join(filter(None, (task.executor, waits)))


def _show_metrics(info: RunInfo) -> None:
    if not info.metrics:
        return
    output.title("Metrics")
    columns = ("last", "smallest", "largest", "points", "tasks")
    rows = [
        (one.name, *map(words.number, (one.last, one.smallest, one.largest)), f"{one.points:,}", f"{one.tasks:,}")
        for one in info.metrics
    ]
    output.table(("metric", *columns), rows, right=columns)


def _show_failure(run: Run, info: RunInfo) -> None:
    """The user's own traceback first, then the tasks that failed and what they were given."""
    failed = _failed(run)
    if info.error is not None and info.status != "running":
        output.title("Error")
        output.line(_told(info, failed))
    if not failed:
        return
    output.title("Failed tasks")
    for task in failed[:_FAILED_SHOWN]:
        output.line(f"  {task.id}  {shown_error(task.error)}{'  (the flow went on)' if task.survived else ''}")
        output.facts([(f"  {item.name}", shown_input(item, _WIDE)) for item in task.inputs.infos])
    if len(failed) > _FAILED_SHOWN:
        output.line(f"  and {words.plural(len(failed) - _FAILED_SHOWN, 'task')} more")


def _failed(run: Run) -> list[Task]:
    """The failed tasks: first those that ended the run, last those that only missed an input."""
    failed = run.tasks(status="failed", limit=_FAILED_READ)
    return sorted(failed, key=lambda task: (task.survived, task.error is not None and task.error.cause == "upstream"))


def _told(info: RunInfo, failed: list[Task]) -> str:
    """What ended the run: the traceback of the task that the flow's error came from, else the error's own."""
    error = info.error
    assert error is not None
    named = f"{error.type}: {error.message}" if error.type else error.message
    if info.status in ("interrupted", "cancelled"):
        return error.message or named
    for task in failed:
        own = task.error
        if own is not None and own.traceback and (own.type, own.message) == (error.type, error.message):
            return own.traceback.rstrip()
    return (error.traceback or named).rstrip()


def _next(info: RunInfo) -> tuple[str, str]:
    if info.status == "running":
        return f"penstock logs -f {info.id}", "follow what it prints"
    if info.result is not None:
        return f"penstock get {info.id}", "its result"
    if not info.qualname:
        return f"penstock compare {info.flow}", "what differs between its runs"
    if info.status == "done":
        return f"penstock logs {info.id}", "what it printed"
    return how_to_resume(info.id, info.file, info.qualname), "go on; what is done is kept"
