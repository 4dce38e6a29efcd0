"""How far a run is, step by step, and which lines tell of it where no terminal shows it live. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model.rows import StepCount
from penstock.model.slotted import Slotted
from penstock.model.states import RunStatus
from penstock.model.words import duration, how_long, plural

_LIFE_S = 30.0
"""A step that goes on says so this often: a silent job of hours looks dead."""

_LONGEST_PAUSE_S = 60.0


class StepProgress(Slotted):
    """A step, as its counts were seen last."""

    name: str
    count: StepCount
    began_s: float  # monotonic, as are all times here
    active_s: float  # when its counts changed last, or something of it ran
    told: int = -1  # how many had settled when a line told of it last; -1: no line did
    told_s: float = 0.0
    told_retries: bool = False
    pause_s: float = 0.0  # until the next line that tells of its rest: twice as long each time

    @property
    def total(self) -> int:
        return self.count.waiting + self.count.running + self.settled

    @property
    def settled(self) -> int:
        return self.count.done + self.count.failed + self.count.cancelled

    @property
    def elapsed_s(self) -> float:
        """From its first task's start to its latest news."""
        return self.active_s - self.began_s


class Progress:
    """The steps of one run."""

    def __init__(self) -> None:
        self.steps: dict[str, StepProgress] = {}

    def see(self, counts: Iterable[StepCount], now_s: float) -> None:
        """Take in the counts as they are now."""
        for count in counts:
            known = self.steps.get(count.name)
            if known is None:
                self.steps[count.name] = StepProgress(count.name, count, now_s, now_s)
                continue
            if not known.settled and not known.count.running:
                known.began_s = now_s  # it waited until now
            if count.running or count != known.count:
                known.active_s = now_s
            known.count = count

    def whole(self) -> StepCount:
        """The counts of all steps together."""
        return StepCount("", *map(sum, zip(*(step.count[1:] for step in self.steps.values()), strict=True)))

    def lines(self, now_s: float) -> list[str]:
        """What is to be told now: a start, a rest, a sign of life. Never a line for each task."""
        return [line for step in self.steps.values() if (line := _line(step, now_s))]

    def last_lines(self, now_s: float) -> list[str]:
        """What was not told yet of steps that are at rest for good."""
        left = [step for step in self.steps.values() if step.settled != step.told and step.settled]
        return [_told(step, now_s, _at_rest(step)) for step in left]


def _line(step: StepProgress, now_s: float) -> str:
    rests = step.settled == step.total
    if rests and step.settled != step.told and now_s - step.told_s >= step.pause_s:
        step.pause_s = min(_LONGEST_PAUSE_S, 2 * step.pause_s or 1.0)
        return _told(step, now_s, _at_rest(step))
    if step.told < 0 and not rests and step.count.running:
        return _told(step, now_s, f"{step.name}: started, {plural(step.total, 'task')} so far")
    if step.count.retries and not rests and not step.told_retries:
        step.told_retries = True
        return _told(step, now_s, f"{step.name}: {retries(step)} so far")
    if not rests and step.told >= 0 and now_s - step.told_s >= _LIFE_S:
        going = f"{step.name}: {step.settled:,} of {step.total:,} done, {step.count.running} running"
        going += f", {retries(step)}" if step.count.retries else ""
        return _told(step, now_s, f"{going}, {duration(now_s - step.began_s)}")
    return ""


def summary(run_id: str, status: str, took_s: float | None, whole: StepCount) -> str:
    """One line: how a run ended, how long it took (None: nobody knows), how much was done."""
    if status == RunStatus.DONE:
        reused = f", {whole.reused:,} reused" if whole.reused else ""
        return f"{run_id} done in {duration(took_s)}: {plural(whole.done, 'task')}{reused}"
    failed = f", {whole.failed:,} failed" if whole.failed else ""
    cancelled = f", {whole.cancelled:,} cancelled" if whole.cancelled else ""
    ended = " ".join(filter(None, (run_id, status, how_long(took_s, is_over=True))))
    return f"{ended}: {plural(whole.done, 'task')} done{failed}{cancelled}"


def retries(step: StepProgress) -> str:
    """`2 retries`; "": none."""
    count = step.count.retries
    return f"{count:,} {'retry' if count == 1 else 'retries'}" if count else ""


def _told(step: StepProgress, now_s: float, line: str) -> str:
    step.told, step.told_s = step.settled, now_s
    return line


def _at_rest(step: StepProgress) -> str:
    count = step.count
    others = ((count.failed, "failed"), (count.cancelled, "cancelled"), (count.reused, "reused"))
    told = [f"{count.done:,} done", *(f"{number:,} {word}" for number, word in others if number), retries(step)]
    took = f" in {duration(step.elapsed_s)}" if step.elapsed_s >= 0.1 else ""
    return f"{step.name}: {', '.join(filter(None, told))}{took}"
