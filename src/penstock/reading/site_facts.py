"""What is known of a site: what it has said of its agents, joined with what runs have noted of their tasks. No site is
asked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from penstock.executors.far_fleet import is_agent_of, whose
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow, StepRow
from penstock.model import mail
from penstock.model.agents import AgentSight
from penstock.model.mail import Heart
from penstock.model.rows import InFlight
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.model.words import plural, utc
from penstock.project_sites import limits_of
from penstock.reading.site_structs import AgentInfo, AgentTask, SiteInfo, WaitingTasks
from penstock.settings import ExecutorSettings


class SeenAgent(NamedTuple):
    """An agent as its site and its tier show it."""

    run: str  # "digits/3"
    sight: AgentSight
    heart: Heart | None = None  # None: it has not come up


class SiteAnswer(NamedTuple):
    """What a site has said."""

    agents: Mapping[str, SeenAgent] = {}  # by name
    trouble: str = ""  # why it can't be asked, with a mend
    asked_at: float | None = None  # UTC, seconds since the epoch; None: there was nothing to ask for, or not yet


class NotedRun(NamedTuple):
    """A run that is not over, as its driver noted it last."""

    row: RunRow
    in_flight: tuple[InFlight, ...]
    steps: Sequence[StepRow]


def noted(journal: Journal, rows: Iterable[RunRow]) -> list[NotedRun]:
    """What the drivers of runs have noted of their tasks."""
    return [
        NotedRun(row, queries.in_flight(journal, row.id), queries.steps(journal, row.id))
        for row in rows
        if row.status in (RunStatus.RUNNING, RunStatus.CRASHED)
    ]


def told(name: str, declared: ExecutorSettings, url: str, answer: SiteAnswer, runs: Sequence[NotedRun]) -> SiteInfo:
    """All that is known of an executor. `url`: of its tier."""
    agents = tuple(_agents(name, answer, runs))
    site = SiteInfo(
        name,
        declared.kind,
        place_of(declared),
        url,
        limits_of(declared).max_agents,
        agents,
        answer.trouble,
        asked_at=None if answer.asked_at is None else utc(answer.asked_at),
    )
    waiting = tuple(waits for run in runs if run.row.status == RunStatus.RUNNING for waits in _waiting(site, run))
    return msgspec.structs.replace(site, waiting=waiting)


def place_of(declared: ExecutorSettings) -> str:
    """Where it is, in words."""
    if declared.kind == "ssh":
        return ", ".join(host.address for host in declared.hosts)
    if declared.kind == "slurm":
        return " of ".join(filter(None, (declared.partition and f"partition {declared.partition}", declared.via)))
    return "this machine" if declared.here else declared.address


def _agents(executor: str, answer: SiteAnswer, runs: Iterable[NotedRun]) -> Iterator[AgentInfo]:
    """Those that the site shows, and those that have tasks, though it can't be asked."""
    tasks: dict[str, list[AgentTask]] = {}
    seen = dict(answer.agents)
    for run in runs:
        run_id = f"{run.row.flow}/{run.row.number}"
        for flight in run.in_flight:
            if flight.handle and is_agent_of(agent := mail.agent_of(flight.handle), whose(run.row.nonce, executor)):
                tasks.setdefault(agent, []).append(_task(run_id, flight))
                seen.setdefault(agent, SeenAgent(run_id, AgentSight("unknown", _why_unseen(answer, run.row))))
    for name, (run_id, sight, heart) in sorted(seen.items(), key=lambda item: (item[1].run, _number(item[0]))):
        info = AgentInfo(name, run_id, sight.state, sight.why, tasks=tuple(tasks.get(name, ())))
        yield info if heart is None else _with_heart(info, heart)


def _why_unseen(answer: SiteAnswer, row: RunRow) -> str:
    if answer.trouble:
        return "its site can't be asked"
    is_recent = answer.asked_at is not None and answer.asked_at >= row.started_at
    return "its site does not show it" if is_recent else "its site was not asked yet"


def _number(agent: str) -> tuple[str, int]:
    """So that agent 10 stands behind agent 9."""
    prefix, _, number = agent.rpartition("-")
    return prefix, int(number) if number.isdecimal() else 0


def _with_heart(info: AgentInfo, heart: Heart) -> AgentInfo:
    hello = heart.hello
    return msgspec.structs.replace(
        info,
        host=hello.host,
        cpu=hello.cpu,
        memory_bytes=hello.memory_bytes,
        gpus=hello.gpus,
        load=heart.load,
        version=hello.version,
    )


def _task(run: str, flight: InFlight) -> AgentTask:
    found = AgentTask(f"{run}/{flight.name}", flight.status, utc(flight.since))
    if flight.granted is None:
        return found
    granted = flight.granted
    return msgspec.structs.replace(found, cpu=granted.cpu, memory_bytes=granted.memory_bytes or None, gpu=granted.gpu)


def _waiting(site: SiteInfo, run: NotedRun) -> Iterator[WaitingTasks]:
    """The tasks of a run that have no seat at an agent yet: those that were sent there, and those that come before."""
    run_id = f"{run.row.flow}/{run.row.number}"
    told = (flight.awaited for flight in run.in_flight if flight.executor == site.executor and flight.awaited)
    why = next(told, "") or why_waiting(site, run_id)
    sent: dict[str, int] = {}
    for flight in run.in_flight:
        if flight.executor == site.executor and not flight.handle:
            step = flight.name.rpartition("/")[0]
            sent[step] = sent.get(step, 0) + 1
    counts = {count.name: count.waiting for count in run.row.counts}
    for step in run.steps:
        if step.granted is None or step.granted.executor != site.executor:
            continue
        behind = max(0, counts.get(step.name, step.waiting) - sent.get(step.name, 0))
        if behind:
            yield WaitingTasks(
                run_id, step.name, behind, "for results, or for room at the agents that the run may have"
            )
    for name, count in sent.items():
        yield WaitingTasks(run_id, name, count, why)


def why_waiting(site: SiteInfo, run: str) -> str:
    """Why tasks that were sent to a site have no seat at an agent of their run."""
    agents = [agent for agent in site.agents if agent.run == run]
    pending = list(dict.fromkeys(agent.why or "it is being started" for agent in agents if agent.state == "pending"))
    if pending:
        return (
            f"{plural(len([one for one in agents if one.state == 'pending']), 'agent')} pending: {'; '.join(pending)}"
        )
    if site.trouble:
        return site.trouble
    running = [agent for agent in agents if agent.state == "running"]
    if site.asked_at is None and not running:
        return f"nothing was heard of its site yet; `penstock doctor --on {site.executor}` says what is wrong"
    if not running:
        return "no agent is there yet"
    if any(not agent.host for agent in running):
        return "an agent is being started"
    if site.max_agents is not None and len(running) >= site.max_agents:
        return f"all agents that the run may have are busy: max_agents is {site.max_agents}"
    return "all agents are busy, and more are being placed"
