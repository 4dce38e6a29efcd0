"""Agents on a folder tier, beside local processes: short tasks, what one costs alone, an array, what is asked of the
tier meanwhile; and a driver with many agents."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace

TASKS = 1_000


def measure(workplace: Workplace) -> Iterator[Finding]:
    scale = workplace.scale
    copies: list[float] = []
    found: list[dict[str, float]] = []
    for turn in range(scale.times):
        copies.append(workplace.floor("copy_file.py", scale.array)["seconds"])
        asked = TASKS, scale.chain, scale.array, 0.0 if turn else scale.idle_s
        found.append(workplace.fresh("far.py", *asked, beside=("agents_at.py", "tier_requests.py")))
    near, far, chain = ([figures[name] for figures in found] for name in ("process_map", "agents_map", "agents_chain"))
    yield Finding("a map of 1,000 tasks of 10 ms at 2 warm agents", far, "s", near, "at 2 local workers", Must(2.0))
    requests = [figures["agents_requests"] for figures in found]
    yield Finding("  requests to the tier, a task", requests, "", must=Must(0.3, "value"))
    near = [figures["process_chain"] for figures in found]
    yield Finding("an empty task at a warm agent", chain, "s", near, "in a local worker", Must(0.06, "value"))
    started = [figures["idle_start"] for figures in found]
    yield Finding("  at one that had nothing to do while an array was made", started, "s")  # it looks every 2 s at most
    size = f"{scale.array * 8 / 2**30:.3g} GiB"
    array = [figures["array"] for figures in found]
    yield Finding(
        f"an array of {size} to an agent after that, its sum back", array, "s", copies, "copying the file", Must(1.5)
    )
    idle = [found[0]["idle_requests"]]
    yield Finding(f"2 agents idle for {scale.idle_s:g} s: requests to the tier", idle, "/s", must=Must(2.0, "value"))
    yield from _many(workplace)


def _many(workplace: Workplace) -> Iterator[Finding]:
    """A driver's CPU time, while nothing ends for most of the time."""
    agents, seconds = workplace.scale.agents, workplace.scale.attempt_s
    found = workplace.fresh("many_agents.py", agents, seconds, 4, beside=("agents_at.py", "crowd.py"))
    what = f"a driver with {agents} agents, each with an attempt of {seconds:g} s: cores"
    yield Finding(what, [found["cores"]], "", must=Must(0.1, "value"))
