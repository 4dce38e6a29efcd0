"""What `penstock watch` shows of a run, as lines that fit a terminal. Imports rich late; pure but for the clock."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from penstock.artifacts.masking import masked
from penstock.cli.output import STYLES
from penstock.model.ids import how_to_resume
from penstock.model.rows import StepCount
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.model.visible import on_one_line
from penstock.model.words import count_of, duration, how_long, number, one_line
from penstock.reading.structs import InFlightInfo, LogLine, TaskInfo
from penstock.reading.values import shown_error, shown_input
from penstock.reading.watched_runs import LatestMetric, SeenRun

if TYPE_CHECKING:
    from rich.text import Text

_BARS = "▁▂▃▄▅▆▇█"
_LOG = "Log"
_LONGEST_BAR = 30
_LEAST_BAR = 6
_LONGEST_NAME = 24
_LONGEST_LABEL = 20
_LONGEST_PARAM = 40
_LONGEST_LINE = 1000
_WIDE = 200


class _Section(NamedTuple):
    """Lines that belong together; the first few matter most."""

    title: str
    lines: list[Text]
    least: int  # of its lines are shown before other sections get more than their least


def picture(seen: SeenRun, width: int, height: int, *, foot: str = "", log_alone: bool = False) -> list[Text]:
    """A run in at most `height` lines of `width` columns: failures before all else; what has no room is counted.

    `foot`: stands in the last of these lines, and the log gets what room there is; "": there is none, and of the log
    some lines are enough. `log_alone`: its last lines in the place of all the rest.
    """
    sections = [_Section(_LOG, _log(seen, height if foot or log_alone else height // 3), 2)]
    if not log_alone:
        sections = [
            _Section("Failures", _failures(seen), 4),
            _Section("Steps", _steps(seen.counts, width), 4),
            _Section("When its process died" if seen.is_over else "Running", _flight(seen, width), 3),
            _Section("Metrics", _metrics(seen.metrics, width), 2),
            *sections,
        ]
    head = [line for line in (_head(seen), _params(seen)) if line.plain]
    return fitted([*head, *_laid_out(sections, height - len(head) - bool(foot))], width, height, foot)


def fitted(lines: Iterable[Text], width: int, height: int, foot: str) -> list[Text]:
    """The lines, cut to the width, and the foot in the last of so many."""
    shown = list(lines)[: height - bool(foot)]
    if foot:
        shown += [text()] * (height - 1 - len(shown)) + [text(foot, "dim")]
    for line in shown:
        line.truncate(width, overflow="ellipsis")
    return shown


def text(words: str = "", style: str = "") -> Text:
    """One line, whatever is in it."""
    from rich.text import Text

    return Text(no_wrap=True).append(on_one_line(masked(words)), style)


def _laid_out(sections: Sequence[_Section], room: int) -> list[Text]:
    """With a title and an empty line before each where there is room for all of that."""
    sections = [section for section in sections if section.lines]
    wanted = [len(section.lines) for section in sections]
    firm = sum(section.least if section.title == _LOG else len(section.lines) for section in sections)
    airy = firm + 2 * len(sections) <= room
    titled = airy or sum(min(section.least, len(section.lines)) + 1 for section in sections) <= room
    rows = allotted(wanted, [section.least for section in sections], room - (1 + airy) * titled * len(sections))
    shown: list[Text] = []
    for section, count in zip(sections, rows, strict=True):
        shown += [text()] * airy + [text(section.title, "bold")] * titled + _cut(section, count)
    return shown


def allotted(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """How many lines each section gets: in their order first up to its least, then as much as it wants."""
    given = [0] * len(wanted)
    for bounds in (least, wanted):
        for place, want in enumerate(wanted):
            more = max(0, min(want, bounds[place], given[place] + room) - given[place])
            given[place] += more
            room -= more
    return given


def _cut(section: _Section, count: int) -> list[Text]:
    lines = section.lines
    if section.title == _LOG:  # of which the last lines matter
        return lines[len(lines) - count :]
    if len(lines) <= count or not count:
        return lines[:count]
    return [*lines[: count - 1], text(f"  and {len(lines) - count + 1:,} more", "dim")]


def _head(seen: SeenRun) -> Text:
    status, row = seen.row.status, seen.row
    head = text(seen.run_id, "bold").append(f"  {status}", STYLES.get(status, ""))
    if row.cancel_requested and not seen.is_over:
        head.append("  is being cancelled", "yellow")
    lasting = how_long(seen.took_s, is_over=True) if seen.is_over else f"for {_lasting(seen.took_s or 0.0)}"
    head.append(f"  {lasting}" if lasting else "")
    whole = seen.whole
    settled = whole.done + whole.failed + whole.cancelled
    head.append(f"  {settled:,} of {settled + whole.running + whole.waiting:,} tasks" if seen.counts else "")
    head.append_text(text(f"  {one_line(row.name)}" if row.name else ""))
    return head.append_text(text(f"  {', '.join(row.tags)}" if row.tags else "", "dim"))


def _params(seen: SeenRun) -> Text:
    return text("  ".join(f"{item.name}={shown_input(item, _LONGEST_PARAM)}" for item in seen.params), "dim")


def _lasting(seconds: float) -> str:
    """How long what goes on lasts: in whole seconds, since tenths would make a picture restless."""
    return duration(seconds) if seconds >= 60 else f"{int(max(0.0, seconds))} s"


def _failures(seen: SeenRun) -> list[Text]:
    """What went wrong, and the commands that help."""
    lines: list[Text] = []
    if seen.row.status == RunStatus.CRASHED:
        owner = seen.row.owner
        lines.append(text(f"  its process {owner.pid} on {owner.host} has died", "red"))
    ended = shown_error(seen.error, _WIDE)
    if ended and not any(shown_error(task.error, _WIDE) == ended for task in seen.failures):
        lines.append(text(f"  {ended}", "red"))
    lines += [_failure(task) for task in seen.failures]
    more = sum(count.failed for count in seen.counts) - len(seen.failures)
    lines += [text(f"  and {more:,} more", "dim")] if more > 0 else []
    commands = [f"penstock show {seen.failures[0].id}"] if seen.failures else []
    if seen.is_over and seen.row.status != RunStatus.DONE:
        commands.append(how_to_resume(seen.run_id, seen.detail.file, seen.detail.qualname))
    told = [text(f"  {command}", "bold") for command in commands]
    return [*lines[:1], *told, *lines[1:]] if len(lines) > 1 else [*lines, *told]


def _failure(task: TaskInfo) -> Text:
    survived = "  (the flow went on)" if task.survived else ""
    return text(f"✗ {_of_run(task.id)}  {shown_error(task.error, _WIDE)}{survived}", "yellow" if survived else "red")


def _of_run(task: str) -> str:
    """`train/3` of `digits/3/train/3`."""
    return "/".join(task.split("/")[2:])


def _steps(counts: Sequence[StepCount], width: int) -> list[Text]:
    names = _padded([count.name for count in counts], _LONGEST_NAME)
    bar = min(_LONGEST_BAR, width - (names[0].cell_len if names else 0) - 34)
    totals = [f"{_settled(count):,}/{_settled(count) + count.running + count.waiting:,}" for count in counts]
    wide = max(map(len, totals), default=0)
    return [
        _step(count, name, bar, f"{total:>{wide}}") for count, name, total in zip(counts, names, totals, strict=True)
    ]


def _settled(count: StepCount) -> int:
    return count.done + count.failed + count.cancelled


def _step(count: StepCount, name: Text, bar: int, total: str) -> Text:
    line = text("  ").append_text(name).append("  ")
    line.append_text(_bar(count.done, count.failed, _settled(count) + count.running + count.waiting, bar, "green"))
    line.append(total)
    for word, many, style in (
        ("running", count.running, "cyan"),
        ("failed", count.failed, "red"),
        ("cancelled", count.cancelled, "yellow"),
        ("reused", count.reused, "dim"),
        ("retried", count.retries, "yellow"),
    ):
        line.append(f"  {many:,} {word}" if many else "", style)
    return line


def _bar(done: int, failed: int, total: int, width: int, style: str) -> Text:
    """A bar and two spaces; nothing where there is hardly any room."""
    if width < _LEAST_BAR:
        return text()
    filled = min(width, width * (done + failed) // total) if total else 0
    wrong = min(filled, -(-width * failed // total)) if total else 0
    bar = text("━" * (filled - wrong), style)
    return text().append_text(bar).append("━" * wrong, "red").append("━" * (width - filled), "dim").append("  ")


def _flight(seen: SeenRun, width: int) -> list[Text]:
    """What runs now, and since when, each with its loops; after a crash, what was cut short."""
    running = [task for task in seen.in_flight if task.status == "running"]
    names = _padded([_of_run(task.task) for task in running], _LONGEST_NAME)
    lines: list[Text] = []
    for task, name in zip(running, names, strict=True):
        lines.append(text("▸ ", "cyan").append_text(name).append(_running(task, died=seen.is_over)))
        lines += [] if seen.is_over else _loops(task, width)
    return lines


def _running(task: InFlightInfo, died: bool) -> str:
    again = f"  attempt {task.attempt}" if task.attempt > 1 else ""
    since = f"  {_lasting(time.time() - task.since.timestamp()):>9}" if not died else ""
    return f"{since}  {task.executor}{again}"


def _loops(task: InFlightInfo, width: int) -> list[Text]:
    labels = _padded([loop.label for loop in task.loops], _LONGEST_LABEL)
    lines: list[Text] = []
    for loop, label in zip(task.loops, labels, strict=True):
        line = text("    ").append_text(label).append("  " if label.cell_len else "")
        bar = min(_LONGEST_BAR, width - line.cell_len - 20) if loop.total else 0
        lines.append(line.append_text(_bar(loop.done, 0, loop.total or 0, bar, "cyan")))
        line.append(count_of(loop.done, loop.total))
    return lines


def _metrics(metrics: Sequence[LatestMetric], width: int) -> list[Text]:
    names = _padded([metric.name for metric in metrics], _LONGEST_NAME)
    lines: list[Text] = []
    for metric, name in zip(metrics, names, strict=True):
        line = text("  ").append_text(name).append(f"  {number(metric.last):>12}  ")
        lines.append(line.append(sparkline(metric.curve, max(0, width - line.cell_len)), "magenta"))
    return lines


def sparkline(numbers: Sequence[float], width: int) -> str:
    """As many of them as there is room for, the last among them, as bars between the smallest and the largest; a gap
    stands for what is no number."""
    count = min(len(numbers), max(0, width))
    shown = [numbers[(place + 1) * len(numbers) // count - 1] for place in range(count)]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite) / 2, max(finite) / 2  # halves: their difference is finite, too
    scale = (len(_BARS) - 1) / (high - low) if high - low >= 1e-300 else 0.0
    return "".join(_BARS[round((value / 2 - low) * scale)] if math.isfinite(value) else " " for value in shown)


def _log(seen: SeenRun, most: int) -> list[Text]:
    lines = seen.log[-most:] if most > 0 else ()
    return [_line(line, seen.run_id) for line in lines]


def _line(line: LogLine, run_id: str) -> Text:
    whose = "flow" if line.task == run_id else _of_run(line.task)
    style = "red" if line.level in ("error", "critical") else "yellow" if line.level == "warning" else ""
    return text(f"  {whose}  " if whose else "  ", "dim").append_text(text(masked(line.text)[:_LONGEST_LINE], style))


def _padded(names: Sequence[str], most: int) -> list[Text]:
    """Names of one width."""
    shown = [text(name) for name in names]
    for name in shown:
        name.truncate(most, overflow="ellipsis")
    wide = max((name.cell_len for name in shown), default=0)
    for name in shown:
        name.pad_right(wide - name.cell_len)
    return shown
