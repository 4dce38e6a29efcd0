"""What a run's driver does though nothing comes in: it renews the lease, notes what is in flight, and ends a run that
goes beyond its flow's timeout, or does not stop in the time it was given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

from penstock.engine.jobs import Job
from penstock.engine.machine import Machine
from penstock.engine.neighbours import Neighbours
from penstock.engine.run_state import RunState, Wiring
from penstock.errors import Suspension
from penstock.model.rows import InFlight
from penstock.model.states import Cause

RENEW_S = 2.0
LOOK_S = 0.5
"""What is in flight is noted this often at most, and only where it is not what was noted before."""

SHOWN = 200
"""So many tasks are named at most: a look costs the same whatever the size of the run."""


class FlowTimeout(Suspension):
    """The run went beyond its flow's timeout."""


class Cancelled(Suspension):
    """Somebody asked, through the journal, that the run ends."""


class Timers:
    """The times of one run. But for `utc`, within turns of the driver alone. `halt`: as `Driver.halt`."""

    def __init__(
        self, run_state: RunState, wiring: Wiring, machine: Machine, neighbours: Neighbours, halt: Callable[..., None]
    ) -> None:
        self._run = run_state
        self._wiring = wiring
        self._machine = machine
        self._neighbours = neighbours
        self._halt = halt
        now = run_state.now = time.monotonic()
        self._run.epoch = time.time() - now
        self._renew_at, self._look_at = now + RENEW_S, now + LOOK_S
        self._noted: tuple[InFlight, ...] = ()  # what was in flight when it was noted last
        self._kill_at: float | None = None
        self._kill_for: tuple[BaseException, Cause]
        self._deadline: float | None = None

    def start(self) -> None:
        """The flow's timeout counts from now on."""
        if self._wiring.timeout_s is not None:
            self._deadline = time.monotonic() + self._wiring.timeout_s

    def utc(self) -> float:
        return self._run.epoch + time.monotonic()

    def kill_after(self, seconds: float, reason: BaseException, cause: Cause) -> None:
        """Kill the run so much later, if it has not come to rest by then."""
        self._kill_at, self._kill_for = time.monotonic() + seconds, (reason, cause)

    def next_at(self) -> float:
        """When the driver's thread has something to do, whatever happens."""
        times = (self._machine.wake_at(), self._kill_at, self._deadline, self._look_at)
        return min(at for at in times if at is not None)

    def look(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            self._neighbours.look()
            self._renew(now)
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            reason, cause = self._kill_for
            self._halt(reason, kill=True, cause=cause)
        if self._deadline is not None and now >= self._deadline:
            self._deadline = None
            words = (
                f"ran beyond its flow's timeout of {self._wiring.timeout_s:g} s: give it more with @flow(timeout=...)"
            )
            self._halt(FlowTimeout(words), kill=True, cause=Cause.TIMEOUT)

    def _renew(self, now: float) -> None:
        """Renew the lease where it is time, or where what is in flight has changed."""
        seen = in_flight(self._run, self._awaited)
        if now < self._renew_at and seen == self._noted:
            return
        self._renew_at = now + RENEW_S
        news = None if seen == self._noted else seen
        self._noted = seen
        if self._wiring.journal.renew(self._run.tally.counts(), news):
            self._halt(Cancelled(), kill=True)

    def _awaited(self, task: int) -> str:
        """What of this machine a task waits for, and who has it; "": nothing that other runs have."""
        words = self._neighbours.awaited
        return words if words and self._machine.lacks_machine(task) else ""

    def note_counts(self) -> None:
        """As they are at the end: a list of runs reads no tasks, and what stands from earlier drivers is in no row."""
        if counts := self._run.tally.counts():
            self._wiring.journal.renew(counts)


def in_flight(run_state: RunState, awaited: Callable[[int], str]) -> tuple[InFlight, ...]:
    """The tasks that run, oldest first, then those that wait, in the order of their calls. `awaited`: what a task
    waits for that other runs have. Within a turn alone."""
    epoch = run_state.epoch
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
        awaited = run_state.lacking.get(executor, "") if status == "placed" and not handle else ""
        told = _told(job, status, epoch)._replace(attempt=attempt, executor=executor, awaited=awaited, handle=handle)
        yield told._replace(loops=run_state.loops.get(id_, ()), granted=job.granted)


def _told(job: Job, status: str, epoch: float) -> InFlight:
    return InFlight(job.id, f"{job.call.name}/{job.number}", status, round(epoch + job.since, 3))
