"""Runs on one machine, for the laws of sharing: real machines and the real rule, over time that a test makes.

Letters between runs are as late as a seeded random wants; runs come, end and are killed at any time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from penstock.engine import facts
from penstock.engine.machine import Machine
from penstock.engine.sharing import agree
from penstock.model.events import Lane, Profile
from penstock.model.options import Options
from penstock.model.shares import Amount, Share

TICK_S = 0.25
LOOK_TICKS = 2


@dataclass(frozen=True)
class Work:
    """One call of a run, and how many ticks its attempt takes."""

    step: str
    options: Options
    ticks: int


@dataclass
class Running:
    """An attempt at the head of a lane."""

    task: int
    lane: Lane
    ends: int


@dataclass
class Neighbour:
    """One run, with its driver's part of the protocol."""

    name: str
    profile: Profile
    work: list[Work]
    comes: int
    dies: int | None = None
    mail: list[facts.Event] = field(default_factory=lambda: list[facts.Event]())
    lanes: dict[int, list[tuple[int, int, Lane]]] = field(
        default_factory=lambda: dict[int, list[tuple[int, int, Lane]]]()
    )
    offers: list[facts.Event] = field(default_factory=lambda: list[facts.Event]())
    ends: dict[int, int] = field(default_factory=lambda: dict[int, int]())
    settled: int = 0
    bound: Amount | None = None
    share: Share | None = None  # None: it has written none
    machine: Machine | None = None

    @property
    def heads(self) -> list[Lane]:
        """The lanes that take something of the machine."""
        lanes = [queue[0][2] for queue in self.lanes.values()]
        return [lane for lane in lanes if lane.cpu or lane.memory_bytes or lane.gpus]


class Neighbourhood:
    def __init__(self, total: Amount, runs: list[Neighbour], rng: random.Random) -> None:
        self.total = total
        self.runs = runs
        self.rng = rng
        self.tick = 0
        self.here: list[Neighbour] = []
        self.most_waited: dict[str, int] = {}

    @property
    def now(self) -> float:
        return 100.0 + self.tick * TICK_S

    def play(self, most_ticks: int) -> None:
        """Until all runs are over."""
        while self.tick < most_ticks:
            self._come_and_go()
            if not self.here and all(run.comes < self.tick for run in self.runs):
                return
            self.rng.shuffle(self.here)
            for _ in range(3):  # letters are read within a tick, or later
                for run in list(self.here):
                    if run.mail and self.rng.random() < 0.8:
                        mail, run.mail = run.mail, []
                        self._turn(run, mail)
            self.tick += 1
        raise AssertionError(f"not over: {[(run.name, run.settled, run.share) for run in self.here]}")

    def _come_and_go(self) -> None:
        for run in self.runs:
            if run.comes == self.tick:
                run.machine = Machine({"process": run.profile}, {}, 3, b"".join, self.total)
                run.mail += (facts.Submitted(id_, work.step, work.options, ()) for id_, work in enumerate(run.work, 1))
                self.here.append(run)
        for run in list(self.here):
            if run.dies == self.tick:  # it rings nobody
                self.here.remove(run)
                continue
            if run.settled == len(run.work):
                self._leave(run)
                continue
            for number, queue in run.lanes.items():
                task, attempt, _ = queue[0]
                if run.ends[number] <= self.tick:
                    run.mail.append(facts.AttemptEnded(task, attempt, None, wall_s=run.work[task - 1].ticks / 1000))
            if self.tick % LOOK_TICKS == 0 and run.bound is not None:
                run.mail.append(facts.Asked(look=True))

    def _leave(self, run: Neighbour) -> None:
        assert not run.lanes
        self.here.remove(run)
        self._ring(run)

    def _ring(self, by: Neighbour) -> None:
        for other in self.here:
            if other is not by and other.share is not None:
                other.mail.append(facts.Asked())

    def _turn(self, run: Neighbour, mail: list[facts.Event]) -> None:
        assert run.machine is not None
        for event in mail:
            if isinstance(event, facts.AttemptEnded):
                self._land(run, event.task)
        commands = run.machine.handle(mail, self.now)
        for _ in range(20):
            self._perform(run, commands)
            offers, run.offers = run.offers, []
            if not offers:
                return
            commands = run.machine.handle(offers, self.now)
        raise AssertionError(f"{run.name} and the rule come to no end: {commands}, {run.share}")

    def _perform(self, run: Neighbour, commands: list[facts.Command]) -> None:
        for command in commands:
            match command:
                case facts.Start():
                    self._start(run, command)
                case facts.Recall():
                    self._recall(run, command)
                case facts.HostWish():
                    self._wish(run, command)
                case facts.Settle():
                    run.settled += 1
                case _:
                    raise AssertionError(command)

    def _land(self, run: Neighbour, task: int) -> None:
        for number, queue in list(run.lanes.items()):
            if queue[0][0] == task:
                queue.pop(0)
                self._next(run, number)
                return

    def _next(self, run: Neighbour, number: int) -> None:
        if run.lanes[number]:
            run.ends[number] = self.tick + run.work[run.lanes[number][0][0] - 1].ticks
        else:
            del run.lanes[number], run.ends[number]

    def _start(self, run: Neighbour, command: facts.Start) -> None:
        queue = run.lanes.setdefault(command.lane.number, [])
        queue.append((command.task, command.attempt, command.lane))
        if len(queue) == 1:
            self._next(run, command.lane.number)
            if command.lane in run.heads:
                self._nothing_is_oversubscribed(run, command.lane)

    def _recall(self, run: Neighbour, command: facts.Recall) -> None:
        for queue in run.lanes.values():
            for entry in queue[1:]:
                if entry[:2] == (command.task, command.attempt):
                    queue.remove(entry)
                    run.mail.append(facts.AttemptRecalled(command.task, command.attempt))

    def _wish(self, run: Neighbour, wish: facts.HostWish) -> None:
        others = [other.share for other in self.here if other is not run and other.share is not None]
        mine = run.share or Share(run.name, "here")
        agreed = agree(mine, wish, others, self.total, self.now)
        run.share = agreed.share
        run.bound = agreed.bound
        run.offers = [facts.Offered(agreed.bound)]
        if agreed.rings:
            self._ring(run)

    def _nothing_is_oversubscribed(self, opener: Neighbour, opened: Lane) -> None:
        """What a run opens beside others fits what there is, whatever the others do."""
        heads = [(run, lane) for run in self.here for lane in run.heads]
        gpus = [name for _, lane in heads for name in lane.gpus]
        assert len(gpus) == len(set(gpus)), f"one GPU, two runs: {gpus}"
        if opener.bound is None:  # it is alone: nobody else is given anything before it has heard of them
            assert all(run is opener for run, _ in heads), f"{opener.name} is not alone: {heads}"
            return
        # What only one run uses is its profile's to bound: it may have been told that there is more than there is.
        cpus, memory_bytes = self.total.cpu_millionths, self.total.memory_bytes
        if opened.cpu and any(run is not opener and lane.cpu for run, lane in heads):
            assert sum(min(round(lane.cpu * 1_000_000), cpus) for _, lane in heads) <= cpus
        if opened.memory_bytes and any(run is not opener and lane.memory_bytes for run, lane in heads):
            assert sum(min(lane.memory_bytes or 0, memory_bytes) for _, lane in heads) <= memory_bytes
