"""What the steps of a flow have used, and what they should ask for."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.journal import history
from penstock.journal.history import Spent
from penstock.model.states import Cause, TaskStatus
from penstock.reading import targets
from penstock.reading.reader import JournalReader
from penstock.reading.resource_structs import ResourcesInfo, StepResourcesInfo
from penstock.reading.suggesting import History, spread, suggest

_ATTEMPTS = 10_000
_LONG_ENOUGH_S = 0.1  # CPU of children is told in steps of 0.01 s


def resources_of(reader: JournalReader, of: str) -> ResourcesInfo:
    """What the steps that `of` names (see `targets.find_past`) have used, and what they should ask for."""
    past = targets.find_past(reader, of)
    named = [
        (step, name)
        for step, name in history.steps(reader.journal, past.flow, past.number)
        if past.step in (None, name, step)
    ]
    found = (
        _summed_up(step, name, history.attempts(reader.journal, past.flow, step, past.number, _ATTEMPTS))
        for step, name in named
    )
    return ResourcesInfo(past.name, past.flow, tuple(step for step in found if step.attempts))


def _summed_up(step: str, name: str, spent: Iterable[Spent]) -> StepResourcesInfo:
    attempts = list(spent)
    done = [one.usage for one in attempts if one.status == TaskStatus.DONE]
    seen = History(
        wall_s=[used.wall_s for used in done],
        cores=[used.cpu_s / used.wall_s for used in done if used.wall_s >= _LONG_ENOUGH_S],
        peak_bytes=[used.peak_bytes for used in done if used.peak_bytes],
        out_of_memory=[one.usage.peak_bytes for one in attempts if one.cause == Cause.OUT_OF_MEMORY],
        timeouts_s=[one.usage.wall_s for one in attempts if one.cause == Cause.TIMEOUT],
    )
    return StepResourcesInfo(
        step=name,
        step_path=step,
        attempts=len(attempts),
        done=len(done),
        out_of_memory=len(seen.out_of_memory),
        timeouts=len(seen.timeouts_s),
        wall_s=spread(seen.wall_s),
        cores=spread(seen.cores),
        peak_bytes=spread(seen.peak_bytes),
        read_bytes=spread(used.read_bytes for used in done),
        written_bytes=spread(used.written_bytes for used in done),
        suggestion=suggest(seen),
    )
