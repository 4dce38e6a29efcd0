"""What came of a trial of a site: where the time went, and what is wrong, each with what mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from penstock.launch.findings import Finding
from penstock.launch.site_mends import mend_of
from penstock.launch.site_sight import Sightings
from penstock.model import words
from penstock.model.agents import AgentSize

_CLOCK_S = 30.0
_SCARCE_BYTES = 1 << 30


class TrialStage(msgspec.Struct, frozen=True):
    """A part of the time of a trial."""

    stage: str  # "order", "queue", "start", ...
    took_s: float
    note: str = ""


class SiteReport(msgspec.Struct, frozen=True):
    """What came of a trial."""

    executor: str
    kind: str
    place: str  # in words
    tier: str  # URL; "": it has none
    stages: tuple[TrialStage, ...]
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether attempts run there."""
        return not any(finding.level == "problem" for finding in self.findings)


def problem(what: str, said: str) -> Finding:
    """What must be mended, in the words of who refused."""
    return Finding(what, "problem", said.strip(), mend_of(said))


def coming(seen: Sightings) -> Iterator[TrialStage]:
    """Where the time went until the agent took attempts, as far as it came."""
    if seen.placed_at:
        yield TrialStage("order", seen.placed_at - seen.ordered_at, "until its site had taken it")
    running_at = min(filter(None, (seen.running_at, seen.hello_at)), default=0.0)
    if running_at and seen.placed_at:
        yield TrialStage("queue", max(0.0, running_at - seen.placed_at), "until its site let it begin")
    if seen.seat_at and running_at:
        yield TrialStage("start", max(0.0, seen.seat_at - running_at), "until the agent took attempts")


def running(cold_s: float, warm_s: float, wall_s: float) -> Iterator[TrialStage]:
    """Where the time of its tasks went. `cold_s`, `warm_s`: of the first one, and of another one like it; `wall_s`: of
    the function itself."""
    yield TrialStage("environment", max(0.0, cold_s - warm_s), "packages, code and worker, for the first task alone")
    yield TrialStage("task", warm_s, f"of it the function itself {words.duration(wall_s)}, the rest on the way")


def failure_to_come(seen: Sightings, wait_s: float) -> Finding:
    """Why no agent takes attempts."""
    if seen.refused:
        return problem("place", seen.refused)
    if seen.end is not None or seen.bye:
        why = seen.bye or (seen.end.why if seen.end else "")
        printed = seen.end.words.strip() if seen.end else ""
        return problem("agent", f"it ended before it ran anything: {why}" + (f"\n{printed}" if printed else ""))
    waited = words.duration(wait_s)
    if not seen.placed_at:
        found = f"its site did not answer within {waited}"
        return Finding("place", "problem", found, "wait longer with --wait, or see whether it can be reached from here")
    if seen.running_at or seen.hello_at:
        return problem("agent", f"it was started, and took no attempt within {waited}")
    why = f": {seen.pending}" if seen.pending else ""
    return Finding("queue", "problem", f"no agent began within {waited}{why}", "wait longer with --wait")


def of_agent(seen: Sightings, asked: AgentSize | None, version: str) -> Iterator[Finding]:
    """What an agent has said of itself. `asked`: what the settings ask for; `version`: of this Penstock."""
    hello = seen.hello
    if hello is None:
        return
    if asked is not None and hello.gpus < asked.gpus:
        found = f"{hello.gpus} of {asked.gpus} on {hello.host}"
        yield Finding("GPUs", "problem", found, "lower `gpus`, or see what `nvidia-smi` lists there")
    if hello.version and version and hello.version != version:
        found = f"Penstock {hello.version} on {hello.host}, and {version} here"
        yield Finding("version", "note", found, "have one version at both ends")


def of_machine(found: Mapping[str, Any], sent_at: float, came_at: float) -> Iterator[Finding]:
    """What the task has found there. `sent_at`, `came_at`: between these times, by the clock here, it ran."""
    yield Finding("machine", "ok", f"{found['host']}, {found['machine']}, Python {found['python']}")
    off_s = max(sent_at - found["time"], found["time"] - came_at, 0.0)
    if off_s > _CLOCK_S:
        side = "behind" if found["time"] < sent_at else "ahead"
        mend = "times of attempts there are as wrong: have it set its clock by NTP"
        yield Finding("clock", "note", f"{words.duration(off_s)} {side} this machine's", mend)
    if found["free_bytes"] < _SCARCE_BYTES:
        mend = "free some space there, or name another folder by `home`"
        yield Finding("disk space", "note", f"{words.size(found['free_bytes'])} free for attempts", mend)


def rate(sent_bytes: int, took_s: float) -> str:
    """`4.0 MiB, 120 MiB a second`."""
    return f"{words.size(sent_bytes)}, {words.size(sent_bytes / max(took_s, 1e-6))} a second"
