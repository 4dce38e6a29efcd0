"""What `--dry-run` prints: for each step, how much would be reused, how much would run, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.cli import output
from penstock.model.words import plural

if TYPE_CHECKING:
    from penstock.reading.structs import ForecastInfo

_WHYS_SHOWN = 3


def show_forecast(info: ForecastInfo, command: str) -> None:
    """Print it; `command` is what does it."""
    rows: list[tuple[str, str, str, str]] = []
    for step in info.steps:
        whys = [f"{why}{f' ({count:,})' if len(step.whys) > 1 else ''}" for why, count in step.whys.items()]
        first, *rest = whys[:_WHYS_SHOWN] or [""]
        rows.append((step.step, output.count(step.reused), output.count(step.run), first))
        rows += [("", "", "", why) for why in rest]
        if len(whys) > _WHYS_SHOWN:
            rows.append(("", "", "", f"and {len(whys) - _WHYS_SHOWN} other reasons"))
    if rows:
        output.table(("step", "reused", "run", "why"), rows, right=("reused", "run"))
    else:
        output.line("the flow calls no step")
    output.note("")
    if info.error:
        output.note(f"The flow's body raised {info.error}")
    elif info.stopped_at:
        output.note(f"The flow waits for {info.stopped_at} here; what it calls then depends on that result.")
    if info.left:
        left = ", ".join(f"{name} {count:,}" for name, count in info.left.items())
        done = plural(sum(info.left.values()), "task")
        were = "was" if sum(info.left.values()) == 1 else "were"
        output.note(f"{done} that the earlier run finished {were} not asked for so far: {left}")
    output.next_command(command, "do it")
