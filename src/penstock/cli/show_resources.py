"""What `penstock show --resources` prints: what a flow's steps have used, and what they should ask for."""

from __future__ import annotations

from collections.abc import Callable

from penstock.cli import output
from penstock.model.words import duration, plural, size
from penstock.reading.resource_structs import ResourcesInfo, SpreadInfo, StepResourcesInfo

_USED = ("attempts", "time", "longest", "cores", "95%", "memory", "95%", "highest", "read", "written")
_NUMBERS = (*_USED, "out of memory", "timeouts")


def show_resources(info: ResourcesInfo) -> None:
    """Print it. Medians, unless the column says otherwise."""
    if not info.steps:
        output.note(f"no attempt of {info.of} has ended here: there is nothing to sum up")
        output.next_command(f"penstock ls {info.flow}", "its runs")
        return
    output.line(f"{info.of}  {plural(sum(step.attempts for step in info.steps), 'attempt')}")
    output.table(("step", *_NUMBERS), [_row(step) for step in info.steps], right=_NUMBERS)
    suggested = [(step.step, step.suggestion.text) for step in info.steps]
    if any(text for _, text in suggested):
        output.title("Suggested")
        output.facts(suggested)
    notes = [(step.step, "; ".join(step.suggestion.notes)) for step in info.steps]
    if any(text for _, text in notes):
        output.title("Notes")
        output.facts(notes)
    output.note("")
    output.next_command("penstock show --help", "how it is worked out")


def _row(info: StepResourcesInfo) -> tuple[str, ...]:
    wall, cores, peak = info.wall_s, info.cores, info.peak_bytes
    return (
        info.step,
        f"{info.attempts:,}",
        _told(wall, duration),
        _told(wall, duration, "highest"),
        _told(cores, "{:.1f}".format),
        _told(cores, "{:.1f}".format, "p95"),
        _told(peak, size),
        _told(peak, size, "p95"),
        _told(peak, size, "highest"),
        _moved(info.read_bytes),
        _moved(info.written_bytes),
        output.count(info.out_of_memory),
        output.count(info.timeouts),
    )


def _told(spread: SpreadInfo | None, how: Callable[[float], str], which: str = "median") -> str:
    return "" if spread is None else how(getattr(spread, which))


def _moved(spread: SpreadInfo | None) -> str:
    return "" if spread is None or not spread.highest else size(spread.median)
