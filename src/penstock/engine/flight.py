"""What has not settled yet, for others to look at. Nothing is decided by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from penstock.engine.jobs import Job
from penstock.engine.run_state import RunState
from penstock.model.rows import InFlight

SHOWN = 200
"""So many tasks are named at most: a look costs the same whatever the size of the run."""


def in_flight(run_state: RunState, epoch: float, awaited: Callable[[int], str]) -> tuple[InFlight, ...]:
    """The tasks that run, oldest first, then those that wait, in the order of their calls. `epoch`: what makes UTC of
    the monotonic clock; `awaited`: what a task waits for that other runs have. Within a turn alone."""
    running = list(islice(run_state.attempts.items(), SHOWN))
    found = list(_running(run_state, running, epoch))
    named = {task for _, (task, _) in running}
    # One step of C code: another thread may submit meanwhile.
    jobs = list(islice(run_state.jobs.values(), SHOWN + len(run_state.attempts))) if len(found) < SHOWN else []
    waiting = (_told(job, "waiting", epoch)._replace(awaited=awaited(job.id)) for job in jobs if job.id not in named)
    return (*found, *islice(waiting, SHOWN - len(found)))


def _running(run_state: RunState, attempts: list[tuple[str, tuple[int, int]]], epoch: float) -> Iterator[InFlight]:
    busy = set[tuple[str, int]]()
    for id_, (task, attempt) in attempts:
        job, intent = run_state.jobs[task], run_state.intents.get(id_)
        executor = intent.executor if intent else job.call.options.on
        status = "placed" if (executor, job.lane) in busy or id_ in run_state.queued else "running"
        if job.lane:
            busy.add((executor, job.lane))
        handle = intent.handle if intent else ""
        yield _told(job, status, epoch)._replace(attempt=attempt, executor=executor, handle=handle)


def _told(job: Job, status: str, epoch: float) -> InFlight:
    return InFlight(job.id, f"{job.call.name}/{job.number}", status, round(epoch + job.since, 3))
