"""Runs and tasks as small, self-contained pieces of HTML, for notebooks. Pure; everything shown is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from penstock.model import words
from penstock.model.visible import visible
from penstock.reading.structs import ErrorInfo, RunInfo, TaskInfo
from penstock.reading.values import shown_error, shown_input, shown_value

ROWS = 50
_COLOURS = {"done": "#2e7d32", "failed": "#c62828", "crashed": "#c62828", "running": "#1565c0"}
_MONO = "font-family:monospace;white-space:pre-wrap;text-align:left"


def runs(infos: Sequence[RunInfo], total: int) -> str:
    """A table of runs."""
    rows = [
        (_text(info.id), _status(info.status), words.when(info.created_at), words.duration(info.duration_s),
         _settled(info), _text(", ".join(info.tags)))
        for info in infos
    ]  # fmt: skip
    return _table(("run", "status", "started", "duration", "tasks", "tags"), rows) + _more(len(infos), total, "run")


def run(info: RunInfo, failed: Iterable[TaskInfo] = ()) -> str:
    """A run: its parameters, steps, metrics, and what went wrong."""
    took = words.duration(info.duration_s)
    head = f"<b>{_text(info.id)}</b> {_status(info.status)} &middot; {words.when(info.created_at)} &middot; {took}"
    params = _table(("parameter", "value"), [(_text(item.name), _text(shown_input(item))) for item in info.params])
    steps = _table(
        ("step", "done", "failed", "running", "waiting"),
        [(_text(one.step), *map(str, (one.done, one.failed, one.running, one.waiting))) for one in info.steps],
    )
    metrics = _table(
        ("metric", "last", "smallest", "largest"),
        [(_text(one.name), *map(words.number, (one.last, one.smallest, one.largest))) for one in info.metrics],
    )
    broken = _table(("failed task", "error"), [(_text(one.id), _text(shown_error(one.error, 120))) for one in failed])
    result = _text(f"result: {shown_value(info.result, 200)}") if info.result else ""
    return f"<div>{head}{params}{steps}{metrics}{result}{_error(info.error)}{broken}</div>"


def tasks(infos: Sequence[TaskInfo], total: int) -> str:
    """A table of tasks."""
    rows = [
        (
            _text(info.id),
            _status(info.status),
            words.duration(info.attempt.wall_s),
            _text(shown_value(info.result) if info.result else shown_error(info.error, 120)),
        )
        for info in infos
    ]
    return _table(("task", "status", "duration", "result"), rows) + _more(len(infos), total, "task")


def task(info: TaskInfo) -> str:
    """A task: its inputs, result, attempts and metrics."""
    took = words.duration(info.attempt.wall_s)
    head = f"<b>{_text(info.id)}</b> {_status(info.status)} &middot; {took}"
    inputs = _table(
        ("input", "value", "from"),
        [(_text(one.name), _text(shown_input(one, 200)), _text(", ".join(one.sources))) for one in info.inputs or ()],
    )
    tries = _table(
        ("attempt", "status", "duration", "error"),
        [
            (str(one.number), _status(one.status), words.duration(one.wall_s), _text(shown_error(one.error, 120)))
            for one in info.attempts or ()
        ],
    )
    metrics = _table(
        ("metric", "attempt", "step", "value"),
        [
            (_text(one.name), str(one.attempt), "" if one.step is None else str(one.step), words.number(one.value))
            for one in (info.metrics or ())[-ROWS:]
        ],
    )
    result = _text(f"result: {shown_value(info.result, 200)}") if info.result else ""
    return f"<div>{head}{inputs}{result}{_error(info.error)}{tries}{metrics}</div>"


def _error(error: ErrorInfo | None) -> str:
    if error is None:
        return ""
    return f'<div style="{_MONO};color:#c62828">{_text(error.traceback or shown_error(error, 120))}</div>'


def _settled(info: RunInfo) -> str:
    done, failed = sum(step.done for step in info.steps), sum(step.failed for step in info.steps)
    return f"{done} done" + (f", {failed} failed" if failed else "")


def _status(status: str) -> str:
    return f'<span style="color:{_COLOURS.get(status, "inherit")}">{_text(status)}</span>'


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML already. Empty for no rows."""
    if not rows:
        return ""
    head = "".join(f'<th style="text-align:left">{header}</th>' for header in headers)
    body = "".join(f"<tr>{''.join(f'<td style={_LEFT}>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_LEFT = '"text-align:left"'


def _more(shown: int, total: int, noun: str) -> str:
    return f"<div>and {words.plural(total - shown, noun)} more</div>" if total > shown else ""


def _text(text: str) -> str:
    return escape(visible(text))
