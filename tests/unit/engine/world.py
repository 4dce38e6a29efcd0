"""A world for the machine: a journal, executors, and drivers that die at any point and are resumed.

Everything that can go wrong where the contract allows it goes wrong here, by a seeded random: events are delayed,
reordered and repeated, workers die, attempts hang, and a driver may die between any two things that it does. The laws
that hold at every step are asserted where the step is taken; `test_laws` asserts the others.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from penstock.engine import facts
from penstock.engine.facts import Command, Event, Replay, Settling, StopMode
from penstock.engine.machine import Machine
from penstock.model.events import Lane, Profile
from penstock.model.options import Options
from penstock.model.states import Cause

PROFILES = {
    "local": Profile(cpu=2, memory_bytes=4, depth=4),
    "cluster": Profile(cpu=3, memory_bytes=4, outlives_driver=True, begins_later=True),
}
LIMITS = {"db": 1}
PLATFORM_RETRIES = 4
CAUSES = {"raise": Cause.RAISED, "kill": Cause.KILLED, "oom": Cause.OUT_OF_MEMORY}


@dataclass(frozen=True)
class Spec:
    """One call of the flow's body, and what its attempts do."""

    deps: tuple[int, ...] = ()
    options: Options = field(default_factory=lambda: Options(on="local"))
    step: str = "s"
    troubles: tuple[str, ...] = ()  # of the first executions: "raise", "hang", "kill" or "oom"
    fails: bool = False  # and so does every later one
    unstable: bool = False  # another result each time
    wall_s: float = 0.001
    cached: bool = False  # one result serves all calls of the step with the same inputs


@dataclass
class Execution:
    """An attempt that an executor knows. `outcome` is None while it runs."""

    task: int
    attempt: int
    on: str
    lane: Lane
    inputs: bytes
    trouble: str = ""
    outcome: tuple[Cause | None, bytes] | None = None
    recalled: bool = False
    began: bool = False


@dataclass
class Row:
    """What is committed of a task."""

    status: str
    attempt: int
    inputs: bytes
    fingerprint: bytes = b""
    delivered: bool = False
    executor: str = ""


class Crash(Exception):
    """The driver dies."""


def combine(fingerprints: tuple[bytes, ...]) -> bytes:
    return b"(" + b"|".join(fingerprints) + b")"


def made_of(task: int, spec: Spec, inputs: bytes) -> bytes:
    """What the task makes of its inputs: its own, or where it is cached what all of its step make of them."""
    return (spec.step.encode() if spec.cached else b"%d" % task) + inputs


@dataclass
class World:
    """What outlives drivers: the journal, what was executed, and what still runs on the cluster."""

    specs: dict[int, Spec]
    rows: dict[int, Row] = field(default_factory=lambda: dict[int, Row]())
    executions: list[Execution] = field(default_factory=lambda: list[Execution]())
    damaged: set[int] = field(default_factory=lambda: set[int]())
    shelf: dict[tuple[str, bytes], bytes] = field(default_factory=lambda: dict[tuple[str, bytes], bytes]())
    claims: dict[tuple[str, bytes], tuple[int, int]] = field(
        default_factory=lambda: dict[tuple[str, bytes], tuple[int, int]]()
    )  # by whom a result is made: driver, task
    drivers: int = 0

    def result(self, task: int, inputs: bytes) -> bytes:
        spec = self.specs[task]
        nonce = b"#%d" % len(self.executions) if spec.unstable and not spec.cached else b""
        return made_of(task, spec, inputs) + nonce

    def begin(self, execution: Execution) -> None:
        """An attempt begins to run, or waits for that where nobody can forget it: nothing that is finished, or still
        runs elsewhere, may run again."""
        same = [old for old in self.executions if old.task == execution.task and old.inputs == execution.inputs]
        earlier = [old for old in same if not old.recalled]
        row = self.rows.get(execution.task)
        spec = self.specs[execution.task]
        if execution.task not in self.damaged:
            settled = row is not None and (row.status == "done" or row.delivered)
            assert not (settled and row.inputs == execution.inputs), f"{execution} was settled: {row}"
            outliving = [old for old in earlier if PROFILES[old.on].outlives_driver]
            lost = [old for old in outliving if old.outcome is None or old.outcome[0] is None]
            assert not lost, f"{execution} was lost: {lost}"
        if spec.cached and execution.task not in self.damaged:
            key = (spec.step, execution.inputs)
            assert self.claims[key] == (self.drivers, execution.task), f"{execution} is made by {self.claims[key]}"
            assert key not in self.shelf, f"{execution} was made already"
        begun = sum(old.task == execution.task and not old.recalled for old in self.executions)
        execution.began = not PROFILES[execution.on].begins_later
        execution.trouble = spec.troubles[begun] if begun < len(spec.troubles) else "raise" if spec.fails else ""
        self.executions.append(execution)

    def replay(self, task: int) -> Replay | None:
        row = self.rows.get(task)
        if row is None:
            return None
        failed = row.status == "failed" and row.delivered
        running = row.status in ("running", "cancelled")  # it may have ended well before it was to be cancelled
        return Replay(row.status == "done", failed, running, row.attempt, row.inputs, row.fingerprint, row.executor)

    def edit(self, rng: random.Random) -> None:
        """Somebody moves some of the steps elsewhere."""
        for task, spec in self.specs.items():
            if not spec.cached and rng.random() < 0.3:
                self.specs[task] = replace(spec, options=spec.options._replace(on=rng.choice(list(PROFILES))))


class Driver:
    """Drives the world's run until everything is settled, it is told to stop, or it dies."""

    def __init__(self, world: World, rng: random.Random, *, dies_after: int | None = None) -> None:
        self.world = world
        self.rng = rng
        self.machine = Machine(PROFILES, LIMITS, PLATFORM_RETRIES, combine)
        self.now = 0.0
        self.values: dict[int, bytes | None] = {}  # what is settled; None: failed
        self.reused: set[int] = set()
        self.settled_times: dict[int, int] = {}
        self.steps_left = dies_after
        self.to_submit = sorted(world.specs)
        self.mail: list[Event] = []
        self.past: list[Event] = []
        self.known: dict[tuple[int, int], Execution] = {}  # attempts that this driver started or adopted, not ended
        self.lanes: dict[int, list[Execution]] = {}
        self.adopted: set[tuple[int, int]] = set()
        self.parked: dict[tuple[str, bytes], list[int]] = {}
        world.drivers += 1

    # The loop.

    def run(self, stop: tuple[int, StopMode] | None = None, cancels: tuple[int, ...] = ()) -> None:
        """Until the machine rests with nothing left to submit. Raises `Crash`."""
        for step in range(3_000):
            if self.machine.resting and not self.mail and (not self.to_submit or self.machine.stop):
                if self.machine.stop and self.machine.stop.mode is not StopMode.DETACH:
                    self.end_uncalled()
                return
            events = self.arrivals()
            if stop is not None and step == stop[0]:
                events.append(facts.Stop(stop[1]))
            if step < len(cancels):
                events.append(facts.CancelTask(cancels[step]))
            self.turn(events)
            self.late_and_duplicate_events_change_nothing()
            self.world_moves()
        raise AssertionError("the run does not end")

    def end_uncalled(self) -> None:
        """What an earlier driver has started, and the body has not called before it was stopped."""
        rows = self.world.rows
        left = [task for task in self.to_submit if task in rows and rows[task].status in ("running", "cancelled")]
        for task in left:
            self.survive()
            self.cancel(task, rows[task].attempt, Cause.CANCELLED)
        for task in left:
            self.survive()
            rows[task].status = "cancelled"

    def arrivals(self) -> list[Event]:
        """Some of what is in the mail, in any order, and perhaps some of it twice."""
        self.rng.shuffle(self.mail)
        taken = self.rng.randint(0, len(self.mail))
        events: list[Event] = []
        for event in self.mail[:taken]:
            if isinstance(event, facts.AttemptEnded) and event.cause is Cause.DAMAGED:
                events += self.damage_found_by(event.task)
            events.append(event)
        self.mail = self.mail[taken:]
        if self.rng.random() < 0.3:
            events += self.late()
        while self.to_submit and not self.machine.stop and self.rng.random() < 0.6:
            events.append(self.submitted(self.to_submit.pop(0), replay=True))
        return events

    def late(self) -> list[Event]:
        """Events that were taken in before. (A recall is answered once for each start.)"""
        once = (facts.AttemptRecalled, facts.AskAgain, facts.ResultDamaged, facts.Stop, facts.CancelTask)
        known = [event for event in self.past if not isinstance(event, once)]
        return self.rng.sample(known, min(len(known), 3))

    def submitted(self, task: int, *, replay: bool) -> Event:
        spec = self.world.specs[task]
        known = self.world.replay(task) if replay else None
        return facts.Submitted(task, spec.step, spec.options, spec.deps, known, spec.cached and replay)

    def turn(self, events: list[Event]) -> None:
        for event in events:
            self.ended(event)
        self.past += events
        commands = self.machine.handle(events, self.now)
        while True:
            batch: list[Command] = []
            for command in commands:
                self.survive()
                self.perform(command, batch)
            self.survive()
            intents: list[Event] = [answer for command in batch if (answer := self.commit(command))]
            if not intents:
                mine = {task for driver, task in self.world.claims.values() if driver == self.world.drivers}
                assert mine <= self.machine.tasks.keys(), "what is settled makes nothing any more"
                return
            self.past += intents
            commands = self.machine.handle(intents, self.now)

    def survive(self) -> None:
        if self.steps_left is not None:
            self.steps_left -= 1
            if self.steps_left < 0:
                raise Crash

    def ended(self, event: Event) -> None:
        if isinstance(event, facts.AttemptEnded):
            self.known.pop((event.task, event.attempt), None)
            self.adopted.discard((event.task, event.attempt))

    def late_and_duplicate_events_change_nothing(self) -> None:
        if self.rng.random() < 0.2:
            before = self.seen()
            assert self.machine.handle([*self.late(), facts.Tick()], self.now) == []
            assert self.seen() == before

    def seen(self) -> str:
        machine = self.machine
        return repr((machine.tasks, machine.fresh, machine.settled, machine.in_flight))

    # What the machine wants done.

    def perform(self, command: Command, batch: list[Command]) -> None:
        match command:
            case facts.Start():
                self.start(command)
            case facts.Recall():
                self.recall(command.task, command.attempt)
            case facts.CancelAttempt():
                self.cancel(command.task, command.attempt, command.cause)
            case facts.Adopt():
                assert command.executor == self.world.rows[command.task].executor
                self.adopt(command.task, command.attempt)
            case facts.Settle():
                self.settle(command)
                batch.append(command)
            case _:
                batch.append(command)

    def start(self, command: facts.Start) -> None:
        task, lane = command.task, command.lane
        assert len(command.others) + 1 == self.world.specs[task].options.lanes, "a gang has all of its lanes"
        inputs = self.inputs_of(task)
        execution = Execution(task, command.attempt, command.executor, lane, inputs)
        assert (task, command.attempt) not in self.known
        self.known[task, command.attempt] = execution
        queue = self.lanes.setdefault(lane.number, [])
        queue.append(execution)
        self.nothing_is_oversubscribed(execution)
        if len(queue) == 1:
            self.world.begin(execution)

    def inputs_of(self, task: int) -> bytes:
        deps = self.world.specs[task].deps
        found = [self.values[dep] for dep in deps]
        assert None not in found
        return combine(tuple(value for value in found if value is not None)) if deps else b""

    def nothing_is_oversubscribed(self, new: Execution) -> None:
        """What is adopted later than others are started may not fit beside them: then what takes none of that still
        starts."""
        active = {
            key if key in self.adopted else execution.lane.number: execution
            for key, execution in self.known.items()
            if execution.outcome is None and not execution.recalled
        }
        here = [
            self.world.specs[execution.task].options._replace(on=execution.on, memory_bytes=execution.lane.memory_bytes)
            for execution in active.values()
        ]
        same, profile = [options for options in here if options.on == new.on], PROFILES[new.on]
        if new.lane.cpu:
            assert sum(options.lanes * options.cpu for options in same) <= (profile.cpu or 0)
        if new.lane.memory_bytes:
            assert sum(options.lanes * (options.memory_bytes or 0) for options in same) <= (profile.memory_bytes or 0)
        for name in self.world.specs[new.task].options.limits:
            assert sum(name in options.limits for options in here) <= LIMITS[name]

    def recall(self, task: int, attempt: int) -> None:
        execution = self.known.get((task, attempt))
        if execution is None or execution.recalled or execution.outcome is not None:
            return
        if not execution.began:
            self.take_back(execution)

    def take_back(self, execution: Execution) -> None:
        execution.recalled = True
        if execution in self.lanes.get(execution.lane.number, ()):
            self.lanes[execution.lane.number].remove(execution)
        self.known.pop((execution.task, execution.attempt), None)
        self.adopted.discard((execution.task, execution.attempt))
        self.mail.append(facts.AttemptRecalled(execution.task, execution.attempt))

    def cancel(self, task: int, attempt: int, cause: Cause) -> None:
        execution = self.known.get((task, attempt)) or self.on_cluster(task, attempt)
        if execution is None or execution.outcome is not None or execution.recalled:
            return
        if not execution.began:
            assert cause is not Cause.TIMEOUT, "it has used none of its time"
            self.take_back(execution)
            return
        for behind in self.lanes.get(execution.lane.number, [])[1:]:
            self.take_back(behind)
        self.finish(execution, cause)

    def on_cluster(self, task: int, attempt: int) -> Execution | None:
        """What a driver finds, whoever started it."""
        here = [old for old in self.world.executions if (old.task, old.attempt) == (task, attempt)]
        found = [old for old in here if PROFILES[old.on].outlives_driver and not old.recalled]
        assert len(found) <= 1, "one attempt was started twice"
        return found[0] if found else None

    def adopt(self, task: int, attempt: int) -> None:
        execution = self.on_cluster(task, attempt)
        if execution is None:
            self.mail.append(facts.AttemptAdopted(task, attempt, False))
        elif execution.outcome is None:
            self.known[task, attempt] = execution
            self.adopted.add((task, attempt))
            if self.rng.random() < 0.5:  # this answer may get lost
                self.mail.append(facts.AttemptAdopted(task, attempt, True))
            if execution.began:
                self.mail.append(facts.AttemptBegan(task, attempt))
        else:
            self.mail.append(self.outcome_of(execution))

    # What is committed.

    def commit(self, command: Command) -> Event | None:
        """One row; rows of one batch are committed together, so the driver does not die in between."""
        match command:
            case facts.CommitIntent(task, attempt, executor, inputs):
                assert inputs == self.inputs_of(task)
                self.world.rows[task] = Row("running", attempt, inputs, executor=executor)
                return facts.IntentCommitted(task, attempt)
            case facts.Settle(how=Settling.FRESH | Settling.COPIED):
                self.write(command)
            case facts.Consult(task) if task not in self.machine.tasks:
                return None  # it has settled since it asked
            case facts.Consult(task, number, inputs):
                assert inputs == self.inputs_of(task)
                return self.consulted(task, number, (self.world.specs[task].step, inputs))
            case _:
                pass
        return None

    def consulted(self, task: int, number: int, key: tuple[str, bytes]) -> facts.Consulted:
        found, claim = self.world.shelf.get(key), self.world.claims.get(key)
        if found is not None:
            return facts.Consulted(task, number, facts.TaskVerdict.COPIED, found)
        if claim is not None and claim[0] == self.world.drivers and claim[1] != task:
            if self.rng.random() < 0.5:
                return facts.Consulted(task, number, facts.TaskVerdict.WAIT)
            self.parked.setdefault(key, []).append(task)
            return facts.Consulted(task, number, facts.TaskVerdict.PARK)
        self.world.claims[key] = (self.world.drivers, task)
        return facts.Consulted(task, number, facts.TaskVerdict.RUN)

    def settle(self, command: facts.Settle) -> None:
        value = self.values[command.task] = self.machine.settled[command.task]
        self.settled_times[command.task] = self.settled_times.get(command.task, 0) + 1
        assert self.settled_times[command.task] == 1
        if command.how in (Settling.REUSED, Settling.COPIED) and value is not None:
            self.reused.add(command.task)
        mine = (self.world.drivers, command.task)
        for key in [key for key, claim in self.world.claims.items() if claim == mine]:
            del self.world.claims[key]
            self.mail += map(facts.AskAgain, self.parked.pop(key, ()))

    def write(self, command: facts.Settle) -> None:
        task, value = command.task, self.machine.settled[command.task]
        old = self.world.rows.get(task)
        assert old is None or command.attempt >= old.attempt
        new = Row("failed" if value is None else "done", command.attempt, command.inputs_digest, value or b"")
        spec = self.world.specs[task]
        if spec.cached and value is not None:
            self.world.shelf[spec.step, command.inputs_digest] = value
        if value is not None:
            self.world.damaged.discard(task)
        elif self.machine.stop is None:
            new.delivered = self.rng.random() < 0.5
        self.world.rows[task] = new

    # What the world does by itself.

    def world_moves(self) -> None:
        for execution in [execution for execution in self.in_place() if not execution.began]:
            if self.rng.random() < 0.5:
                execution.began = True
                self.mail.append(facts.AttemptBegan(execution.task, execution.attempt))
        waits = any(not execution.began for execution in self.in_place())
        busy = [execution for execution in self.in_place() if execution.began and execution.trouble != "hang"]
        for execution in busy:
            if self.rng.random() < 0.5:
                self.finish(execution)
        wake_at = self.machine.wake_at()
        if wake_at is not None and not busy and not waits:
            self.now = max(self.now, wake_at)
        else:
            self.now += self.rng.choice((0.001, 0.1, 2.0))

    def in_place(self) -> Iterator[Execution]:
        """What runs, or is the next to run."""
        yield from (queue[0] for queue in self.lanes.values() if queue)
        yield from (self.known[key] for key in self.adopted if self.known[key].outcome is None)

    def finish(self, execution: Execution, cause: Cause | None = None) -> None:
        """The head of a lane ends: as it is told, or as it does by itself."""
        task = execution.task
        damaged = self.world.damaged.intersection(self.world.specs[task].deps)
        if cause is not None:
            execution.outcome = (cause, b"")
        elif execution.trouble:
            execution.outcome = (CAUSES[execution.trouble], b"")
        elif damaged:
            execution.outcome = (Cause.DAMAGED, b"")
        else:
            execution.outcome = (None, self.world.result(task, execution.inputs))
        queue = self.lanes.get(execution.lane.number, [])
        if execution in queue:
            queue.remove(execution)
            if queue:
                self.world.begin(queue[0])
        if (task, execution.attempt) in self.known:
            self.mail.append(self.outcome_of(execution))

    def damage_found_by(self, task: int) -> Iterator[Event]:
        """The driver knows what is damaged, and submits it anew. Only what it did not make itself can be."""
        for dep in sorted(self.world.damaged & self.reused & set(self.world.specs[task].deps)):
            self.reused.discard(dep)
            self.settled_times[dep] -= 1
            yield facts.ResultDamaged(dep)
            yield self.submitted(dep, replay=False)

    def outcome_of(self, execution: Execution) -> Event:
        assert execution.outcome is not None
        cause, result = execution.outcome
        wall_s = self.world.specs[execution.task].wall_s
        return facts.AttemptEnded(execution.task, execution.attempt, cause, True, result, wall_s)
