"""What `penstock show` prints of a task, and of the tasks of a step."""

from __future__ import annotations

import math
from collections.abc import Sequence

from penstock.cli import output
from penstock.cli.show_run import show_displays, show_in_flight
from penstock.client.flow_runs import Run
from penstock.client.tasks import Task
from penstock.model import words
from penstock.reading.structs import AttemptInfo, GrantedInfo, TaskInfo, ValueInfo
from penstock.reading.values import shown_error, shown_input, shown_value

_LOG_LINES = 10
_METRICS_SHOWN = 20
_WIDE = 100
_LONG = 500
_WAITED_S = 0.1  # what is shorter is the way to a worker


def show_task(task: Task) -> None:
    """Print it: its inputs, its result, its attempts and metrics, the end of its log, what to do next."""
    info = task.info()
    tried = f" in attempt {info.attempt.number}" if info.attempt.number > 1 else ""
    began = f", began {words.when(info.attempt.began_at)}" if info.attempt.began_at else ""
    took = words.duration(info.attempt.wall_s)
    output.line(f"{info.id}  {output.status(info.status)}{tried}  after {took}{began}")
    output.facts(
        [
            ("reused from", info.origin),
            ("language", info.language),
            ("used", _used(task, info.attempt)),
            ("of", _granted(info.attempt.granted)),
            ("waited", words.duration(info.waited_s) if (info.waited_s or 0.0) >= _WAITED_S else ""),
            ("worker", info.attempt.worker),
        ]
    )
    if info.inputs:
        output.title("Inputs")
        output.table(
            ("input", "value", "type", "from"),
            [(item.name, *_shown(item.value), ", ".join(item.sources)) for item in info.inputs],
        )
    if info.result is not None:
        output.title("Result")
        output.facts(_value_facts(info.result))
    if info.error is not None:
        output.title("Error")
        output.line((info.error.traceback or shown_error(info.error)).rstrip())
    _show_attempts(info)
    _show_metrics(info)
    shown = info.displays or ()
    show_displays(shown[:_METRICS_SHOWN], len(shown))
    _show_log(task)
    output.note("")
    output.next_command(*_next(info))


def _shown(value: ValueInfo | None) -> tuple[str, str]:
    return (shown_value(value, _WIDE), value.type) if value else ("", "")


def _used(task: Task, attempt: AttemptInfo) -> str:
    """In all, and what the curves of a longer one know of its peaks."""
    curves = task.system() if (attempt.wall_s or 0) >= 1 else {}
    peaks = {name: max(filter(math.isfinite, curve.ys), default=0.0) for name, curve in curves.items()}
    cores, gpus = peaks.get("system/cpu", 0.0), peaks.get("system/gpu", 0.0)
    parts = (
        f"{attempt.cpu_s:.2f} s of CPU" if attempt.cpu_s >= 0.005 else "",
        f"up to {cores:.1f} CPUs at once" if cores >= 0.05 else "",
        f"{words.size(attempt.peak_bytes)} of memory at its peak" if attempt.peak_bytes else "",
        f"up to {gpus:.1f} GPUs at once" if gpus >= 0.05 else "",
        f"{words.size(int(held))} of their memory" if (held := peaks.get("system/gpu_memory")) else "",
        f"{words.size(attempt.read_bytes)} read" if attempt.read_bytes else "",
        f"{words.size(attempt.written_bytes)} written" if attempt.written_bytes else "",
    )
    return ", ".join(filter(None, parts))


def _granted(granted: GrantedInfo | None) -> str:
    """What it was given, in the order in which it is told what it used of that."""
    if granted is None:
        return ""
    parts = (
        f"{words.number(granted.cpu)} CPU{'' if granted.cpu == 1 else 's'}",
        f"{words.size(granted.memory_bytes)} of memory" if granted.memory_bytes else "",
        words.plural(granted.gpu, "GPU") if granted.gpu else "",
        words.duration(granted.timeout_s) if granted.timeout_s else "",
        f"on each of {granted.lanes} lanes" if granted.lanes > 1 else "",
    )
    return f"{', '.join(filter(None, parts))} ({granted.executor})"


def _value_facts(value: ValueInfo) -> list[tuple[str, str]]:
    columns = ", ".join(f"{name}: {kind}" for name, kind in value.schema or ())
    return [
        ("value", shown_value(value, 200)),
        ("type", value.type),
        ("shape", " x ".join(map(str, value.shape)) if value.shape else ""),
        ("columns", words.one_line(columns, 200)),
        ("size", words.size(value.size_bytes)),
        ("digest", value.digest or f"none: {value.unstable} has no stable form"),
    ]


def _show_attempts(info: TaskInfo) -> None:
    if not info.attempts or (len(info.attempts) == 1 and info.error is None):
        return
    output.title("Attempts")
    output.table(
        ("attempt", "status", "duration", "cause", "error"),
        [
            (
                str(one.number),
                one.status,
                words.duration(one.wall_s),
                one.error.cause if one.error else "",
                words.one_line(f"{one.error.type} {one.error.message}".strip(), _WIDE) if one.error else "",
            )
            for one in info.attempts
        ],
        right=("attempt", "duration"),
    )


def _show_metrics(info: TaskInfo) -> None:
    points = info.metrics or ()
    if not points:
        return
    output.title("Metrics")
    attempts = any(one.attempt != points[0].attempt for one in points)
    output.table(
        ("metric", *(["attempt"] if attempts else []), "step", "value"),
        [
            (
                one.name,
                *([str(one.attempt)] if attempts else []),
                "" if one.step is None else str(one.step),
                words.number(one.value),
            )
            for one in points[-_METRICS_SHOWN:]
        ],
        right=("attempt", "step", "value"),
    )
    if len(points) > _METRICS_SHOWN:
        output.line(
            f"and {words.plural(len(points) - _METRICS_SHOWN, 'earlier point')}: penstock show --json {info.id}"
        )


def _show_log(task: Task) -> None:
    lines = task.logs(last=_LOG_LINES)
    if lines:
        output.title("Log, its last lines")
        for line in lines:
            output.line(f"  {line.text if len(line.text) <= _LONG else f'{line.text[:_LONG]}…'}")


def _next(info: TaskInfo) -> tuple[str, str]:
    if info.result is not None:
        return f"penstock get {info.id}", "its result"
    if info.survived:  # a resume replays it
        return f"penstock show {info.run}", "its run, which went on"
    return f"penstock resume {info.run}", "run it again; what is done is kept"


def show_step(run: Run, step: str, tasks: Sequence[Task]) -> None:
    """Print the tasks of a step, with what they were given and what became of them."""
    count = next((found for found in run.steps if found.step == step), None)
    settled = count.done + count.failed + count.cancelled if count else len(tasks)
    going = [task for task in run.in_flight if task.task.rpartition("/")[0] == f"{run.id}/{step}"]
    moving = max(count.waiting + count.running if count else 0, len(going))
    output.line(f"{run.id}/{step}  {words.plural(settled + moving, 'task')}")
    rows = [_task_row(task) for task in tasks]
    if rows:
        output.table(("task", "status", "duration", "inputs", "result"), rows, right=("duration",))
    if settled > len(tasks):
        output.note(f"{settled - len(tasks):,} more: penstock show {run.id}/{step} --limit {settled}")
    show_in_flight(going, died=run.status == "crashed")
    output.note("")
    shown = next((task for task in tasks if task.status == "failed"), tasks[0] if tasks else None)
    if shown is not None:
        output.next_command(f"penstock show {shown.id}", "one of them")


def _task_row(task: Task) -> tuple[str, ...]:
    preview = task.preview
    inputs = ", ".join(f"{item.name}={shown_input(item, 40)}" for item in task.inputs.infos)
    ended = shown_value(preview) if preview else shown_error(task.error)
    return str(task.number), task.status, words.duration(task.usage.wall_s), words.one_line(inputs, 80), ended
