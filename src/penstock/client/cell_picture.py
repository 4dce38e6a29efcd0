"""A run as one picture, for the cell of a notebook: how far it is, what failed, its graph, its curves.

SVG without a script and without anything that is loaded: a notebook that nobody trusts shows it, and a saved one keeps
it. Pure; everything shown is escaped.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from penstock.artifacts.masking import masked
from penstock.client.cell_graph import Box, CellGraph, placed
from penstock.model.ids import how_to_resume
from penstock.model.rows import StepCount
from penstock.model.states import RunStatus
from penstock.model.visible import on_one_line
from penstock.model.words import count_of, duration, number, one_line
from penstock.reading.folded_graphs import FoldedGraph
from penstock.reading.structs import InFlightInfo
from penstock.reading.values import shown_error
from penstock.reading.watched_runs import LatestMetric, SeenRun

WIDTH = 760
_PAD = 20
_INNER = WIDTH - 2 * _PAD
_CHARACTER = 6.9  # the width of most, at 12.5 pixels: names are cut a little early rather than late
_LOOPS = 3
_ABREAST = 3
_CURVES = 6
_NUMBERS = 9
_CURVE_HEIGHT = 92

_PAPER, _SUNK, _LINE, _STRONG = "#ffffff", "#f1f3f3", "#e3e6e7", "#cfd4d6"
_TEXT, _TEXT_2, _TEXT_3, _SERIES = "#15191c", "#4d565c", "#626b72", "#1245a6"
_COLOURS = {
    "running": "#0a5fc2",
    "done": "#1b7a4b",
    "reused": "#6552b8",
    "failed": "#c02f0c",
    "crashed": "#c02f0c",
    "cancelled": _TEXT_3,
    "interrupted": _TEXT_3,
    "waiting": _TEXT_3,
}
_MARKS = {  # of 12 by 12 pixels: a state is a shape, a colour and a word
    "running": '<path d="M6 1.5a4.5 4.5 0 1 1-4.5 4.5"/>',
    "done": '<path d="M2 6.500l2.800 2.800l5.200-6.300"/>',
    "reused": '<path d="M2 4.500h7l-2-2M10 7.500h-7l2 2"/>',
    "failed": '<path d="M2.500 2.500l7 7M9.500 2.500l-7 7"/>',
    "cancelled": '<path d="M10.500 6a4.500 4.500 0 1 1-9 0a4.500 4.500 0 1 1 9 0M3.500 6h5"/>',
    "waiting": '<path d="M10.500 6a4.500 4.500 0 1 1-9 0a4.500 4.500 0 1 1 9 0" stroke-dasharray="2 1.800"/>',
}
_AS = {"crashed": "failed", "interrupted": "cancelled"}
_ORDER = ("failed", "done", "reused", "cancelled", "running", "waiting")


def svg(seen: SeenRun, graph: FoldedGraph, curves: Mapping[str, Sequence[float]]) -> str:
    """The picture. `curves`: some numbers of each metric, by its name there, for those that the run has not at hand."""
    parts, y = list(_head(seen)), 58.0
    for lines in (_failures(seen), _loops(seen)):
        parts += [_moved(0, y + row * 20, line) for row, line in enumerate(lines)]
        y += len(lines) * 20 + (8 if lines else 0)
    where = placed(graph, _INNER)
    if where.boxes:
        parts.append(_moved(_PAD, y + 6, _graph(where)))
        y += where.height + 22
    if where.left_out:
        parts.append(_words(_PAD, y + 6, f"and {where.left_out:,} more steps", _TEXT_3))
        y += 22
    for drawn, tall in _metrics(seen.metrics, curves):
        parts.append(_moved(_PAD, y + 8, drawn))
        y += tall
    height = math.ceil(y + 16)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'role="img" font-family="Geist, system-ui, -apple-system, \'Segoe UI\', sans-serif" font-size="12.5">'
        f"<title>{_safe(text(seen))}</title>"
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="12" fill="{_PAPER}" stroke="{_LINE}"/>'
        f"{''.join(parts)}</svg>"
    )


def text(seen: SeenRun) -> str:
    """The same in words, for where a picture can't be shown."""
    steps = "; ".join(
        f"{one.name} {count_of(one.done, _total(one))}" + (f", {one.failed:,} failed" if one.failed else "")
        for one in seen.counts
    )
    metrics = ", ".join(f"{metric.name}={number(metric.last)}" for metric in seen.metrics)
    head = " ".join(filter(None, (seen.run_id, seen.row.status, _lasting(seen))))
    lines = [head, *_told(seen), steps, metrics]
    return "\n".join(on_one_line(masked(line)) for line in lines if line)


def _head(seen: SeenRun) -> Iterable[str]:
    status, whole = str(seen.row.status), seen.whole
    settled, total = whole.done + whole.failed + whole.cancelled, _total(whole)
    colour = _COLOURS.get(status, _TEXT_2)
    name = _cut(seen.run_id, 36)
    yield _mark(status, _PAD, 19)
    yield _words(_PAD + 20, 31, name, _TEXT, size=16, weight=600)
    yield _words(_PAD + 32 + len(name) * 9.4, 31, status, colour, weight=500)
    facts = [f"{settled:,} of {total:,} tasks" if total else "", f"{whole.reused:,} reused" if whole.reused else ""]
    yield _words(WIDTH - _PAD, 31, "   ".join(filter(None, [*facts, _lasting(seen)])), _TEXT_2, anchor="end")
    filled = _INNER * settled / total if total else 0
    yield _groove(_PAD, 44, _INNER)
    yield _bar(_PAD, 44, filled, {"failed": whole.failed, "done": whole.done, "cancelled": whole.cancelled})


def _failures(seen: SeenRun) -> list[str]:
    """What went wrong, and what helps, each on a line of 20 pixels."""
    told = list(_told(seen))
    lines = [_words(_PAD + 20, 14, _cut(line, 96), _COLOURS["failed"], code=True) for line in told]
    if lines:
        lines[0] += _mark("failed", _PAD, 4)
    if seen.is_over and seen.row.status != RunStatus.DONE:
        command = how_to_resume(seen.run_id, seen.detail.file, seen.detail.qualname)
        lines.append(_words(_PAD + 20, 14, command, _TEXT, code=True))
    return lines


def _told(seen: SeenRun) -> Iterable[str]:
    for task in seen.failures[:3]:
        yield f"{'/'.join(task.id.split('/')[2:])}: {shown_error(task.error, 200)}"
    if seen.error and not any(shown_error(task.error) == shown_error(seen.error) for task in seen.failures):
        yield shown_error(seen.error, 200)


def _loops(seen: SeenRun) -> list[str]:
    """How far the loops are that run now."""
    running = [] if seen.is_over else [task for task in seen.in_flight if task.loops]
    return [_loop(task) for task in running[:_LOOPS]]


def _loop(task: InFlightInfo) -> str:
    loop = task.loops[0]
    name = _words(_PAD, 14, _cut(f"{'/'.join(task.task.split('/')[2:])} {loop.label}", 34), _TEXT_2)
    share = min(1.0, loop.done / loop.total) if loop.total else 0.0
    bar = _groove(WIDTH - 320, 9, 180) + _bar(WIDTH - 320, 9, 180 * share, {"running": 1}) if loop.total else ""
    return name + bar + _words(WIDTH - _PAD, 14, count_of(loop.done, loop.total), _TEXT_3, anchor="end")


def _graph(where: CellGraph) -> str:
    return "".join(itertools.starmap(_edge, where.edges)) + "".join(map(_box, where.boxes))


def _edge(path: str, is_after: bool) -> str:
    dashes = ' stroke-dasharray="3 4"' if is_after else ""
    return f'<path d="{path}" fill="none" stroke="{_STRONG}" stroke-width="1.2"{dashes}/>'


def _box(box: Box) -> str:
    frame = f'<rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.0f}" rx="8" '
    inside = box.width - 20
    if box.node is None:
        words = _words(box.x + 12, box.y + 24, f"and {box.more:,} more", _TEXT_3)
        return f'{frame}fill="{_PAPER}" stroke="{_LINE}" stroke-dasharray="3 3"/>{words}'
    counts = {str(status): many for status, many in box.node.counts.items() if many}
    status = next((one for one in ("failed", "running", "waiting", "done", "reused") if counts.get(one)), "cancelled")
    total, settled = sum(counts.values()), sum(many for one, many in counts.items() if one not in _UNSETTLED)
    count = "" if total == settled == 1 else f"{settled:,}" if total == settled else f"{settled:,}/{total:,}"
    room = int((box.width - 46 - len(count) * _CHARACTER) / _CHARACTER)
    name = box.node.name if box.node.kind == "step" else f"{box.node.name}()"
    return (
        f'{frame}fill="{_PAPER}" stroke="{_STRONG}"/>{_mark(status, box.x + 10, box.y + 10)}'
        f"{_words(box.x + 28, box.y + 20.5, _cut(name, room), _TEXT, weight=500, whole=name)}"
        f"{_words(box.x + box.width - 10, box.y + 20.5, count, _TEXT_3, size=11.5, anchor='end')}"
        f"{_groove(box.x + 10, box.y + 30, inside)}{_bar(box.x + 10, box.y + 30, inside, counts)}"
    )


_UNSETTLED = ("running", "waiting")


def _groove(x: float, y: float, width: float) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="3" rx="1.5" fill="{_SUNK}"/>'


def _bar(x: float, y: float, width: float, counts: Mapping[str, int]) -> str:
    """The shares of states, each in its colour; what waits is left empty."""
    total, parts = sum(counts.values()), list[str]()
    for status in _ORDER:
        share = width * counts.get(status, 0) / total if total else 0.0
        if share and status != "waiting":
            shown = max(share, 1.5)
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{shown:.1f}" height="3" rx="1.5" fill="{_COLOURS[status]}"/>'
            )
        x += share
    return "".join(parts)


def _metrics(metrics: Sequence[LatestMetric], curves: Mapping[str, Sequence[float]]) -> Iterable[tuple[str, float]]:
    """What is drawn in rows, each with its height: the curves, then the numbers that are none."""
    numbers = {metric.name: metric.curve or tuple(curves.get(metric.name, ())) for metric in metrics}
    drawn = [one for one in metrics if sum(map(math.isfinite, numbers[one.name])) > 1][:_CURVES]
    for first in range(0, len(drawn), _ABREAST):
        row = enumerate(drawn[first : first + _ABREAST])
        wide = (_INNER + 16) / _ABREAST
        yield "".join(_moved(place * wide, 0, _curve(one, numbers[one.name])) for place, one in row), _CURVE_HEIGHT
    rest = [one for one in metrics if one not in drawn]
    for first in range(0, min(len(rest), _NUMBERS), _ABREAST):
        row = enumerate(rest[first : min(first + _ABREAST, _NUMBERS)])
        yield "".join(_moved(place * (_INNER + 16) / _ABREAST, 0, _number(one)) for place, one in row), 22
    if len(rest) > _NUMBERS:
        yield _words(0, 14, f"and {len(rest) - _NUMBERS:,} more", _TEXT_3), 22


def _number(metric: LatestMetric) -> str:
    wide = (_INNER + 16) / _ABREAST - 16
    name = _words(0, 14, _cut(metric.name, 20), _TEXT_2, whole=metric.name)
    return name + _words(wide, 14, number(metric.last), _TEXT, weight=500, anchor="end")


def _curve(metric: LatestMetric, numbers: Sequence[float]) -> str:
    wide, top, tall = (_INNER + 16) / _ABREAST - 16, 26, _CURVE_HEIGHT - 48
    finite = [value / 2 for value in numbers if math.isfinite(value)]  # halves: their difference is finite, too
    low, span = min(finite), max(finite) - min(finite)
    path, pen = list[str](), "M"
    for place, value in enumerate(numbers):
        if math.isfinite(value):
            share = (value / 2 - low) / span if span else 0.5
            path.append(f"{pen}{wide * place / (len(numbers) - 1):.1f} {top + tall * (1 - share):.1f}")
        pen = "L" if math.isfinite(value) else "M"
    line = f'<path d="{"".join(path)}" fill="none" stroke="{_SERIES}" stroke-width="1.4" stroke-linejoin="round"/>'
    return f'{_number(metric)}<path d="M0 {top + tall}h{wide:.1f}" stroke="{_LINE}"/>{line}'


def _total(count: StepCount) -> int:
    return count.done + count.failed + count.cancelled + count.running + count.waiting


def _lasting(seen: SeenRun) -> str:
    """While it lasts in whole seconds: tenths would make a picture restless."""
    took_s = seen.took_s
    return duration(took_s) if seen.is_over or took_s is None or took_s >= 60 else f"{int(took_s)} s"


def _mark(status: str, x: float, y: float) -> str:
    known = _AS.get(status, status)
    shape, colour = _MARKS.get(known, _MARKS["waiting"]), _COLOURS.get(status, _TEXT_3)
    return f'<g transform="translate({x:.1f} {y:.1f})" fill="none" stroke="{colour}" stroke-width="1.6">{shape}</g>'


def _words(
    x: float,
    y: float,
    words: str,
    colour: str,
    *,
    size: float = 12.5,
    weight: int = 400,
    anchor: str = "start",
    code: bool = False,
    whole: str = "",
) -> str:
    """`whole`: said where the mouse rests."""
    looks = f' font-size="{size}"' * (size != 12.5) + f' font-weight="{weight}"' * (weight != 400)
    looks += f' text-anchor="{anchor}"' * (anchor != "start")
    looks += ' font-family="\'Geist Mono\', ui-monospace, monospace" font-size="12"' * code
    title = f"<title>{_safe(whole)}</title>" if whole and whole != words else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{looks}>{title}{_safe(words)}</text>'


def _moved(x: float, y: float, drawn: str) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f})">{drawn}</g>'


def _cut(name: str, most: int) -> str:
    """In its middle: the ends tell names apart."""
    name, most = one_line(name, 400), max(5, most)
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - 1) // 2 :]}"


def _safe(words: str) -> str:
    return escape("\n".join(on_one_line(masked(line)) for line in words.splitlines()))
