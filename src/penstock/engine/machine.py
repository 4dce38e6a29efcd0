"""Decides what runs when: events in, commands out.

Owns every rule of replay, admission, queueing, retry, timeout, cancellation and adoption. No clock, socket, file,
thread or randomness: `now` is an argument (seconds of any monotonic clock), and digests are combined by a function that
is handed in. Late and duplicate events change nothing. The cost of an event does not depend on the number of tasks.

A task goes WAITING (for results) -> READY (for resources) -> RUNNING (in a lane, perhaps behind others) -> settled;
a settled task leaves behind only its fingerprint.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from penstock.engine.admission import Kind, OpenLane, Pool, kind_of
from penstock.engine.backoff import retry_delay_s
from penstock.engine.facts import (
    Adopt,
    AttemptAdopted,
    AttemptEnded,
    AttemptRecalled,
    CancelAttempt,
    CancelTask,
    Command,
    CommitIntent,
    Event,
    How,
    IntentCommitted,
    Recall,
    RecordAttempt,
    Replay,
    ResultDamaged,
    Settle,
    Start,
    Stop,
    StopMode,
    Submitted,
    Tick,
)
from penstock.model.events import Profile
from penstock.model.options import Options
from penstock.model.states import PLATFORM_CAUSES, Cause, TaskStatus

SHORT_S = 0.010
"""Steps whose attempts take less than this on average are queued ahead."""

HOLD_S = 10.0
"""A call that has waited this long for resources is not overtaken by smaller ones any more."""


@dataclass(slots=True)
class Task:
    """A task that is not settled."""

    id: int
    kind: Kind
    options: Options
    deps: tuple[int, ...]
    replay: Replay | None
    status: TaskStatus = TaskStatus.WAITING
    missing: int = 0  # results that it still waits for
    attempt: int = 0
    user_failures: int = 0
    platform_failures: int = 0
    ready_at: float = 0.0
    lane: OpenLane | None = None
    inputs_digest: bytes = b""
    stopping: Cause | None = None  # a cancel command is out for this reason
    recalling: bool = False


@dataclass(slots=True)
class Settled:
    """What is kept of a settled task."""

    ok: bool
    fingerprint: bytes


@dataclass(slots=True)
class Queue:
    """Calls of one kind that wait for resources, and the lanes they have."""

    ready: deque[int] = field(default_factory=lambda: deque[int]())
    lanes: list[OpenLane] = field(default_factory=lambda: list[OpenLane]())
    mean_s: float | None = None  # of an attempt's wall time; None: nothing has ended yet


class Machine:
    """The state of one run. `handle` is its only way to change."""

    def __init__(
        self,
        profiles: dict[str, Profile],
        limits: dict[str, int],
        platform_retries: int,
        combine: Callable[[tuple[bytes, ...]], bytes],
    ) -> None:
        self.tasks: dict[int, Task] = {}
        self.settled: dict[int, Settled] = {}
        self.stop: Stop | None = None
        self.in_flight = 0  # attempts that were started, adopted or announced, and have not ended
        self._profiles = profiles
        self._pools = {name: Pool(profile) for name, profile in profiles.items()}
        self._limits = dict(limits)
        self._platform_retries = platform_retries
        self._combine = combine
        self._queues: dict[Kind, Queue] = {}
        self._dependents: dict[int, list[int]] = {}
        self._deadlines: list[tuple[float, int, int]] = []  # at, task, attempt
        self._delayed: list[tuple[float, int]] = []  # ready_at, task
        self._lanes = 0
        self._out: list[Command] = []
        self._now = 0.0
        self._rules: dict[type, Callable[..., None]] = {
            Submitted: self._submitted,
            AttemptEnded: self._attempt_ended,
            AttemptRecalled: self._recalled,
            AttemptAdopted: self._adopted,
            IntentCommitted: self._intent_committed,
            ResultDamaged: self._damaged,
            CancelTask: self._cancel_task,
            Stop: self._stop,
            Tick: self._tick,
        }

    def handle(self, events: Iterable[Event], now: float) -> list[Command]:
        """Take in events, in order; give back what is to be done, in order."""
        self._now = now
        for event in events:
            self._rules[type(event)](event)
        self._wake_delayed()
        self._check_deadlines()
        if self.stop is None:
            self._schedule()
        out, self._out = self._out, []
        return out

    def wake_at(self) -> float | None:
        """When a `Tick` is due; None: nothing waits for time to pass."""
        times = [heap[0][0] for heap in (self._deadlines, self._delayed) if heap]
        return min(times) if times else None

    @property
    def resting(self) -> bool:
        """Whether nothing is in flight, and nothing will be without another event."""
        return self.in_flight == 0 and (self.stop is not None or not self.tasks)

    def inputs_digest(self, task: int) -> bytes:
        """What the task's inputs were when it started; b"" where it has none that come from other tasks."""
        return self.tasks[task].inputs_digest

    # A task arrives, and gets its inputs.

    def _submitted(self, event: Submitted) -> None:
        if event.task in self.tasks or event.task in self.settled:
            return
        task = Task(event.task, kind_of(event.step, event.options), event.options, event.deps, event.replay)
        self.tasks[task.id] = task
        for dep in set(event.deps):
            done = self.settled.get(dep)
            if done is None:
                self._wait_for(task, (dep,))
            elif not done.ok:
                self._settle(task, How.UPSTREAM, failed_dep=dep)
                return
        if not task.missing:
            self._bound(task)

    def _bound(self, task: Task) -> None:
        """All its inputs are there: reuse what an earlier driver committed for them, or make it ready."""
        if task.deps:
            task.inputs_digest = self._combine(tuple(self.settled[dep].fingerprint for dep in task.deps))
        replay, task.replay = task.replay, None
        if replay is not None:
            task.attempt = replay.attempt
            agree = replay.inputs_digest == task.inputs_digest
            if agree and (replay.done or replay.failed):
                self._settle(task, How.REUSED, ok=replay.done, fingerprint=replay.fingerprint)
                return
            if replay.running and agree and self._profiles[task.kind.on].outlives_driver:
                self._announce(task, self._open_lane(task.kind))
                self._out.append(Adopt(task.id, task.attempt, task.kind.on))
                return
        self._make_ready(task)

    def _make_ready(self, task: Task, *, first: bool = False) -> None:
        task.status = TaskStatus.READY
        queue = self._queues.setdefault(task.kind, Queue())
        if first:
            queue.ready.appendleft(task.id)
        else:
            queue.ready.append(task.id)

    # An attempt starts.

    def _schedule(self) -> None:
        """Start what fits: older calls first, smaller ones past a large one only until it has waited for HOLD_S."""
        waiting = [(queue.ready[0], kind) for kind, queue in self._queues.items() if queue.ready]
        if len(waiting) > 1:
            waiting.sort(key=lambda item: item[0])
        held: set[str] = set()
        for _, kind in waiting:
            queue = self._queues[kind]
            if kind.on not in held:
                self._fill_lanes(kind, queue)
            if queue.ready:
                self._queue_ahead(kind, queue)
            if queue.ready:
                head = self.tasks[queue.ready[0]]
                head.ready_at = head.ready_at or self._now
                if self._now - head.ready_at > HOLD_S:
                    held.add(kind.on)
        if not waiting:
            self._rebalance()

    def _fill_lanes(self, kind: Kind, queue: Queue) -> None:
        pool = self._pools[kind.on]
        while queue.ready and pool.fits(kind) and all(self._limits[name] > 0 for name in kind.limits):
            self._begin(self.tasks[queue.ready.popleft()], self._open_lane(kind))

    def _queue_ahead(self, kind: Kind, queue: Queue) -> None:
        """Short attempts wait at the worker rather than here, evenly over the lanes of their kind."""
        depth = self._pools[kind.on].profile.depth
        if queue.mean_s is None or queue.mean_s > SHORT_S:
            return
        for level in range(1, depth):
            for lane in queue.lanes:
                if not queue.ready:
                    return
                if len(lane.queue) == level:
                    self._begin(self.tasks[queue.ready.popleft()], lane)

    def _rebalance(self) -> None:
        """Nothing waits here: take back what waits in lanes where another lane would fit."""
        for kind, queue in self._queues.items():
            longest = max(queue.lanes, key=lambda lane: len(lane.queue), default=None)
            if longest is None or len(longest.queue) < 2 or not self._pools[kind.on].fits(kind):
                continue
            for task_id in list(longest.queue)[(len(longest.queue) + 1) // 2 :]:
                self._recall(self.tasks[task_id])

    def _recall(self, task: Task) -> None:
        if not task.recalling:
            task.recalling = True
            self._out.append(Recall(task.id, task.attempt, task.kind.on))

    def _open_lane(self, kind: Kind) -> OpenLane:
        self._lanes += 1
        lane = OpenLane(self._pools[kind.on].grant(self._lanes, kind), kind)
        for name in kind.limits:
            self._limits[name] -= 1
        self._queues.setdefault(kind, Queue()).lanes.append(lane)
        return lane

    def _begin(self, task: Task, lane: OpenLane) -> None:
        task.attempt += 1
        self._announce(task, lane)
        if self._profiles[task.kind.on].outlives_driver:
            self._out.append(CommitIntent(task.id, task.attempt))
        else:
            self._out.append(Start(task.id, task.attempt, task.kind.on, lane.lane))

    def _announce(self, task: Task, lane: OpenLane) -> None:
        task.status = TaskStatus.RUNNING
        task.lane = lane
        task.recalling = False
        lane.queue.append(task.id)
        self.in_flight += 1
        if len(lane.queue) == 1:
            self._began(task)

    def _began(self, task: Task) -> None:
        if task.options.timeout_s is not None:
            heapq.heappush(self._deadlines, (self._now + task.options.timeout_s, task.id, task.attempt))

    def _intent_committed(self, event: IntentCommitted) -> None:
        task = self._current(event.task, event.attempt)
        if task is None or task.lane is None:
            return
        if self.stop is not None or task.stopping is not None:
            self._leave_lane(task)
            if task.stopping is not None:
                self._settle(task, How.CANCELLED)
            return
        self._out.append(Start(task.id, task.attempt, task.kind.on, task.lane.lane))

    # An attempt ends.

    def _attempt_ended(self, event: AttemptEnded) -> None:
        task = self._current(event.task, event.attempt)
        if task is None:
            return
        self._leave_lane(task)
        cause = event.cause
        if cause is None:
            self._note_duration(task.kind, event.wall_s)
            self._settle(task, How.FRESH, ok=True, fingerprint=event.fingerprint)
        elif cause is Cause.DAMAGED and self._wait_for_damaged(task):
            self._out.append(RecordAttempt(task.id, event.attempt))
        else:
            self._failed(task, cause, event.retryable)

    def _wait_for_damaged(self, task: Task) -> bool:
        """Wait for those of its inputs whose tasks run again (`ResultDamaged` came before); False: there are none."""
        missing = {dep for dep in task.deps if dep not in self.settled}
        task.platform_failures += 1
        if not missing or task.platform_failures > self._platform_retries:
            return False
        task.status = TaskStatus.WAITING
        self._wait_for(task, missing)
        return True

    def _wait_for(self, task: Task, deps: Iterable[int]) -> None:
        for dep in deps:
            task.missing += 1
            self._dependents.setdefault(dep, []).append(task.id)

    def _failed(self, task: Task, cause: Cause, retryable: bool) -> None:
        if cause in PLATFORM_CAUSES:
            task.platform_failures += 1
            again = task.platform_failures <= self._platform_retries
            delay_s = 0.0
        else:
            task.user_failures += 1
            again = retryable and cause is not Cause.CANCELLED and task.user_failures <= task.options.retries
            delay_s = retry_delay_s(task.options.backoff, task.user_failures, task.id)
        if not again or self.stop is not None:
            self._settle(task, How.FRESH, ok=False)
            return
        task.stopping = None
        self._out.append(RecordAttempt(task.id, task.attempt))
        if delay_s > 0:
            task.status = TaskStatus.WAITING
            heapq.heappush(self._delayed, (self._now + delay_s, task.id))
        else:
            self._make_ready(task, first=True)

    def _recalled(self, event: AttemptRecalled) -> None:
        task = self._current(event.task, event.attempt)
        if task is None:
            return
        self._leave_lane(task)
        if task.stopping is not None:
            self._settle(task, How.CANCELLED)
            return
        task.attempt -= 1
        self._make_ready(task, first=True)

    def _adopted(self, event: AttemptAdopted) -> None:
        task = self._current(event.task, event.attempt)
        if task is None or event.running:
            return
        self._leave_lane(task)
        self._failed(task, Cause.LOST, retryable=True)

    def _current(self, task_id: int, attempt: int) -> Task | None:
        """The task, if this attempt of it is in flight."""
        task = self.tasks.get(task_id)
        if task is None or task.lane is None or task.attempt != attempt:
            return None
        return task

    def _leave_lane(self, task: Task) -> None:
        lane, task.lane = task.lane, None
        assert lane is not None
        self.in_flight -= 1
        was_head = lane.queue[0] == task.id
        lane.queue.remove(task.id)
        if lane.queue:
            if was_head:
                self._began(self.tasks[lane.queue[0]])
        else:
            self._queues[task.kind].lanes.remove(lane)
            self._pools[task.kind.on].release(lane.lane)
            for name in task.kind.limits:
                self._limits[name] += 1

    def _note_duration(self, kind: Kind, wall_s: float) -> None:
        queue = self._queues[kind]
        queue.mean_s = wall_s if queue.mean_s is None else 0.8 * queue.mean_s + 0.2 * wall_s

    # A task is settled.

    def _settle(
        self,
        task: Task,
        how: How,
        *,
        ok: bool = False,
        fingerprint: bytes = b"",
        failed_dep: int = 0,
    ) -> None:
        self._out.append(Settle(task.id, task.attempt, how, failed_dep, task.inputs_digest))
        del self.tasks[task.id]
        self.settled[task.id] = Settled(ok, fingerprint)
        for dependent_id in self._dependents.pop(task.id, ()):
            dependent = self.tasks.get(dependent_id)
            if dependent is None:
                continue
            if not ok:
                self._settle(dependent, How.UPSTREAM, failed_dep=task.id)
                continue
            dependent.missing -= 1
            if not dependent.missing:
                self._bound(dependent)

    def _damaged(self, event: ResultDamaged) -> None:
        """A result of an earlier driver can't be read: its task runs again, and what needs it waits for it.

        The driver submits the task anew, without a replay, right after this event.
        """
        if self.settled.pop(event.task, None) is None:
            return
        for task in self.tasks.values():
            if event.task not in task.deps or task.lane is not None:
                continue
            if task.status is TaskStatus.READY:
                self._queues[task.kind].ready.remove(task.id)
                task.status = TaskStatus.WAITING
            self._wait_for(task, (event.task,))

    # Something is to end.

    def _cancel_task(self, event: CancelTask) -> None:
        task = self.tasks.get(event.task)
        if task is None:
            return
        if task.lane is not None:
            self._cancel_attempt(task, Cause.CANCELLED)
            return
        if task.status is TaskStatus.READY:
            self._queues[task.kind].ready.remove(task.id)
        self._settle(task, How.CANCELLED)

    def _cancel_attempt(self, task: Task, cause: Cause) -> None:
        if task.stopping is None:
            task.stopping = cause
            self._out.append(CancelAttempt(task.id, task.attempt, task.kind.on, cause))

    def _stop(self, event: Stop) -> None:
        if self.stop is not None and self.stop.mode is StopMode.KILL:
            return
        self.stop = event
        for task in [task for task in self.tasks.values() if task.lane is not None]:
            assert task.lane is not None
            if event.mode is StopMode.KILL:
                self._cancel_attempt(task, event.cause)
            elif task.lane.queue[0] != task.id:
                self._recall(task)

    # Time passes.

    def _tick(self, event: Tick) -> None:
        """Nothing of its own: `handle` looks at the clock after every event."""

    def _wake_delayed(self) -> None:
        while self._delayed and self._delayed[0][0] <= self._now:
            _, task_id = heapq.heappop(self._delayed)
            task = self.tasks.get(task_id)
            if task is not None and task.status is TaskStatus.WAITING:
                self._make_ready(task)

    def _check_deadlines(self) -> None:
        while self._deadlines and self._deadlines[0][0] <= self._now:
            _, task_id, attempt = heapq.heappop(self._deadlines)
            task = self._current(task_id, attempt)
            if task is not None:
                self._cancel_attempt(task, Cause.TIMEOUT)
