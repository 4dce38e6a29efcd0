"""What `penstock compare` prints: runs are columns up to 8, rows beyond."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby

import click

from penstock.cli import output
from penstock.model import words
from penstock.model.visible import on_one_line
from penstock.reading.comparison_structs import (
    CodeDifferenceInfo,
    ComparisonInfo,
    DifferenceInfo,
    InfluenceInfo,
    RankedMetricInfo,
)
from penstock.reading.influence import BY_CHANCE, LEAST_RUNS

_MOST_COLUMNS = 8
_MOST_OF_A_KIND = 12
_CELL = 32
_NAMED = 4
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def show_comparison(info: ComparisonInfo, asked: Sequence[str]) -> None:
    """Print it: what differs, the code, what a metric depends on, what is the same, what to do next. `asked`: the words
    that chose the runs."""
    shown = [one for one in info.differences if not _is_the_metric(one, info.metric)]
    if len(info.runs) <= _MOST_COLUMNS:
        _show_columns(info, shown)
    else:
        _show_rows(info, shown)
    for code in info.code:
        _show_code(code)
    if info.metric is not None:
        _show_influences(info.metric)
    output.line()
    output.line(f"The same in all: {_told_same(info)}" if info.same else "Nothing is the same in all")
    for note in info.notes:
        output.note(f"Note: {on_one_line(note)}")
    output.next_command(*_next(info, asked))


def _is_the_metric(difference: DifferenceInfo, metric: RankedMetricInfo | None) -> bool:
    return metric is not None and (difference.kind, difference.name) == ("metric", metric.name)


def _show_columns(info: ComparisonInfo, differences: Iterable[DifferenceInfo]) -> None:
    rows = [
        ("", "status", *(run.status for run in info.runs)),
        ("", "started", *(words.when(run.created_at) for run in info.runs)),
        ("", "took", *(words.duration(run.duration_s) for run in info.runs)),
        ("", "tags", *(_cell(", ".join(run.tags)) for run in info.runs)),
        ("", "error", *(_cell(run.error) for run in info.runs)),
    ]
    rows = [row for row in rows if any(row[2:])]
    if info.metric is not None:
        marked = (_marked(info, place) for place in range(len(info.runs)))
        rows.append(("judged by", info.metric.name, *marked))
    left = 0
    for kind, several in groupby(differences, lambda one: one.kind):
        of_kind = list(several)
        left += max(0, len(of_kind) - _MOST_OF_A_KIND)
        rows += [(kind, one.name, *map(_cell, one.values)) for one in of_kind[:_MOST_OF_A_KIND]]
    output.table(("differs", "", *(run.id for run in info.runs)), [tuple(row) for row in rows])
    if left:
        output.line(f"and {left:,} more: --json names all")


def _show_rows(info: ComparisonInfo, differences: Sequence[DifferenceInfo]) -> None:
    """The differences that explain most come first; what has no room is named."""
    places = list(range(len(info.runs)))
    metric = info.metric
    if metric is not None:
        values = [value if value is None or not metric.is_minimized else -value for value in metric.values]
        places.sort(key=lambda place: (values[place] is None, -(values[place] or 0.0)))
        strengths = {(one.kind, one.name): place for place, one in enumerate(metric.influences)}
        differences = sorted(differences, key=lambda one: strengths.get((one.kind, one.name), len(strengths)))
    shown = [one for one in differences if one.kind not in ("input", "result")][:_MOST_COLUMNS]
    headers = ("run", "status", "took", metric.name if metric else "", *map(_header, shown), "error")
    rows = [
        (
            info.runs[place].id,
            info.runs[place].status,
            words.duration(info.runs[place].duration_s),
            _marked(info, place),
            *(_cell(one.values[place]) for one in shown),
            _cell(info.runs[place].error),
        )
        for place in places
    ]
    output.table(headers, rows, right=("took",))
    left = [_header(one) for one in differences if one not in shown]
    if left:
        more = f" and {len(left) - _MOST_OF_A_KIND:,} more" if len(left) > _MOST_OF_A_KIND else ""
        output.line(f"These differ, too: {', '.join(left[:_MOST_OF_A_KIND])}{more}; --json has them")


def _header(difference: DifferenceInfo) -> str:
    by_itself = difference.kind in ("parameter", "metric")
    return difference.name if by_itself else f"{difference.kind} {difference.name}"


def _marked(info: ComparisonInfo, place: int) -> str:
    """The metric's value, and whether it is the best or the worst."""
    metric, run = info.metric, info.runs[place].id
    if metric is None or (value := metric.values[place]) is None:
        return ""
    mark = "  best" if run == metric.best else "  worst" if run == metric.worst else ""
    return f"{words.number(value)}{mark}"


def _cell(text: str | None) -> str:
    return "" if text is None else words.one_line(text, _CELL)


def _show_code(code: CodeDifferenceInfo) -> None:
    others = f" (and {words.plural(len(code.runs) - 1, 'run')} more)" if len(code.runs) > 1 else ""
    output.title(f"Code of {code.run}{others} beside {code.base}: {', '.join(code.steps)}")
    for change in code.changes:
        output.line(f"  {on_one_line(change)}")
    for line in code.diff.split("\n") if code.diff else ():
        output.line(click.style(line, fg=_COLOURS.get(line[:1])))


def _show_influences(metric: RankedMetricInfo) -> None:
    told = [one for one in metric.influences if one.chance <= BY_CHANCE]
    judged = "smallest" if metric.is_minimized else "largest"
    output.title(f"What goes with {metric.name} (the {judged} is the best)")
    if told:
        rows = [
            (one.kind, _together(one), f"{one.explained:.0%}", f"{one.chance:.1%}", _cell(one.how), f"{one.runs}")
            for one in told
        ]
        output.table(
            ("kind", "name", "explains", "by chance", "best", "runs"), rows, right=("explains", "by chance", "runs")
        )
        if len(told) > 1:
            output.line("each explains so much of what those above it leave")
    else:
        output.line("  nothing that differs explains it better than chance would")
    if rest := [_together(one) for one in metric.influences if one.chance > BY_CHANCE]:
        output.line(f"No better than chance: {', '.join(rest)}")
    if metric.note:
        output.note(f"Note: {on_one_line(metric.note)}")


def _together(one: InfluenceInfo) -> str:
    """What differs between the same runs can't be told apart."""
    if len(one.alike) > _NAMED:
        return f"{one.name} (or {len(one.alike)} others that differ with it)"
    return " or ".join((one.name, *one.alike))


def _told_same(info: ComparisonInfo) -> str:
    told: list[str] = []
    for kind, names in info.same.items():
        some = f" ({', '.join(names)})" if len(names) <= _NAMED else ""
        counted = (
            f"the code of {words.plural(len(names), 'step')}" if kind == "code" else words.plural(len(names), kind)
        )
        told.append(f"{counted}{some}")
    return on_one_line(", ".join(told))


def _next(info: ComparisonInfo, asked: Sequence[str]) -> tuple[str, str]:
    """From many runs to what a metric depends on, from there to two of them, and from these to the first difference in
    what came of it."""
    metric, last = info.metric, info.runs[-1]
    if metric is not None and len(info.runs) > 2 and metric.best != metric.worst:
        return f"penstock compare {metric.best} {metric.worst}", "the worst beside the best"
    failed = [run for run in info.runs if run.status in ("failed", "crashed")]
    if failed:
        return f"penstock show {failed[-1].id}", "look inside"
    logged = next((one.name for one in info.differences if one.kind == "metric"), "")
    if metric is None and logged and len(info.runs) >= LEAST_RUNS:
        return shlex.join(["penstock", "compare", *asked, "--metric", logged]), f"what {logged} depends on"
    results = (one for one in info.differences if one.kind == "result" and "/" in one.name)
    first = next((one.name for one in results if one.values[-1] is not None), "")
    if first:
        return f"penstock show {last.id}/{first}", "the first result that differs"
    return f"penstock show {last.id}", "look inside"
