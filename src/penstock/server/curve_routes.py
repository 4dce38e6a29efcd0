"""What was logged and measured, as curves that can be drawn."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from sys import byteorder
from typing import Annotated, Literal

import msgspec
from starlette.responses import Response

from penstock.errors import NotFoundError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.nearest import nearest
from penstock.reading import curves, system_curves, targets
from penstock.reading.logged import summed_up
from penstock.reading.structs import CurveInfo, MetricInfo
from penstock.server.api_call import ApiCall
from penstock.server.routing import BASE, BYTES, RUN, TASK, route

_RUNS, _CURVES = 50, 100  # of a batch
Points = Annotated[int, msgspec.Meta(ge=10, le=5000)]


class CurveQuery(msgspec.Struct, frozen=True, rename={"low": "from", "high": "to"}):
    """Which part of a curve, and how fine."""

    x: Literal["step", "time"] = "step"
    low: float | None = None  # both included; time: UTC, seconds
    high: float | None = None
    points: Points = 1200  # that come at most; of many the first, smallest, largest and last of each bucket
    since: str = ""  # the cursor of an earlier answer: only what is new
    times: bool = False  # whether each point's time comes as well


class SystemQuery(msgspec.Struct, frozen=True):
    """Of which attempt, and how fine."""

    attempt: Annotated[int, msgspec.Meta(ge=1, le=1 << 31)] | None = None  # None: the latest
    points: Points = 1200  # of each curve, at most


class BatchBody(msgspec.Struct, frozen=True, rename={"low": "from", "high": "to"}):
    """Curves of several runs."""

    runs: Annotated[tuple[str, ...], msgspec.Meta(max_length=_RUNS)]  # "digits/3": its tasks' and its body's
    names: Annotated[tuple[str, ...], msgspec.Meta(max_length=_CURVES)]
    x: Literal["step", "time"] = "step"
    low: float | None = None
    high: float | None = None
    points: Points = 300  # of each curve


class MetricRows(msgspec.Struct, frozen=True):
    """All that was logged, summed up, by name."""

    rows: tuple[MetricInfo, ...]


class CurveRows(msgspec.Struct, frozen=True):
    """Some curves."""

    rows: tuple[CurveInfo, ...]
    partial: bool = False  # there are more than come at once: ask for fewer runs or names


def _metrics_of_run(call: ApiCall) -> MetricRows:
    return MetricRows(summed_up(call.reader, call.run, queries.metrics(call.reader.journal, call.run.id)))


def _metrics_of_task(call: ApiCall) -> MetricRows:
    return MetricRows(summed_up(call.reader, call.run, queries.metrics(call.reader.journal, call.run.id, call.task.id)))


def _curve_of_run(call: ApiCall, query: CurveQuery) -> CurveInfo:
    return _curve(call, None, query)


def _curve_of_task(call: ApiCall, query: CurveQuery) -> CurveInfo:
    return _curve(call, call.task, query)


def _curve(call: ApiCall, task: TaskRow | None, query: CurveQuery) -> CurveInfo:
    path, name = _path(call.run, task), call.path["name"]
    found = _drawn(call, call.run, task, name, query, query.since, query.times)
    if not found.cursor:
        known = {record.metric.name for record in queries.metrics(call.reader.journal, call.run.id, _number(task))}
        near = nearest(name, known)
        elsewhere = "" if task else f"; for what its steps have logged ask its tasks, or {BASE}/metrics:batch"
        hint = f"; did you mean {near}?" if near else elsewhere
        raise NotFoundError(f"{path if task else f'the body of {path}'} has logged no {name!r}{hint}")
    return found


def _drawn(
    call: ApiCall,
    run: RunRow,
    task: TaskRow | None,
    name: str,
    query: CurveQuery | BatchBody,
    since: str = "",
    timed: bool = False,
) -> CurveInfo:
    return curves.curve(
        call.reader, run, _number(task), _path(run, task), name, x=query.x, low=query.low, high=query.high,
        buckets=query.points // 4, since=since, timed=timed,
    )  # fmt: skip


def _path(run: RunRow, task: TaskRow | None) -> str:
    return run.run_id if task is None else f"{run.run_id}/{task.name}/{task.number}"


def _number(task: TaskRow | None) -> int:
    """As `queries.metrics` has it; 0: the flow's own body."""
    return 0 if task is None else task.id


def _batch(call: ApiCall, body: BatchBody) -> CurveRows:
    found: list[CurveInfo] = []
    for run, task, name in _logged(call, body):
        if len(found) == _CURVES:
            return CurveRows(tuple(found), partial=True)
        row = queries.task_by_id(call.reader.journal, run.id, task) if task else None
        found.append(_drawn(call, run, row, name, body))
    return CurveRows(tuple(found))


def _logged(call: ApiCall, body: BatchBody) -> Iterator[tuple[RunRow, int, str]]:
    """Run, number of the task and name of each curve that there is."""
    for text in dict.fromkeys(body.runs):
        run = targets.find_run(call.reader, text)
        for name in dict.fromkeys(body.names):
            records = queries.metrics(call.reader.journal, run.id, None, name)
            for task in dict.fromkeys(record.task for record in records):
                yield run, task, name


def _system(call: ApiCall, query: SystemQuery) -> CurveRows:
    if call.flight is not None and query.attempt in (None, call.flight.attempt):  # no row need tell of it yet
        path, attempt = f"{call.run.run_id}/{call.flight.name}", call.flight.attempt
    else:
        path, attempt = _path(call.run, call.task), query.attempt or call.task.attempt
    found = system_curves.system(call.reader, call.run, path, attempt, query.points // 4)
    return CurveRows(tuple(found[name] for name in sorted(found)))


def columns_of(curve: CurveInfo) -> Response:
    """A curve as two columns of little-endian float64, x and y; what else is said of it stands in headers."""
    columns = array("d", [*curve.xs, *curve.ys])
    if byteorder == "big":
        columns.byteswap()
    said = {"count": curve.count, "nonfinite": curve.nonfinite, "thinned": curve.thinned, "anew": curve.anew}
    headers = {f"Penstock-{name.title()}": str(int(value)) for name, value in said.items()}
    headers |= {"Penstock-Cursor": curve.cursor, "Cache-Control": "private, no-store"}
    return Response(columns.tobytes(), headers=headers, media_type=BYTES)


ROUTES = (
    route("GET", f"{RUN}/metrics", "What its tasks and its flow's body have logged, summed up", _metrics_of_run),
    route(
        "GET", f"{RUN}/metrics/{{name}}", "A curve that its flow's body has logged", _curve_of_run, columns=columns_of
    ),
    route("GET", f"{TASK}/metrics", "What a task has logged, summed up", _metrics_of_task),
    route("GET", f"{TASK}/metrics/{{name}}", "A curve that a task has logged", _curve_of_task, columns=columns_of),
    route("GET", f"{TASK}/system", "What an attempt used while it ran: processors, memory, disk, network", _system),
    route("POST", "/metrics:batch", "Curves of up to 50 runs, up to 100 at once", _batch),
)
