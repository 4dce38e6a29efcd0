"""Decides what runs when: events in, commands out.

Owns every rule of replay, reuse, admission, queueing, retry, timeout, cancellation and adoption. No clock, socket,
file, thread or randomness: `now` is an argument (seconds of any monotonic clock), and digests are combined by a
function that is handed in. Late and duplicate events change nothing. The cost of an event does not depend on the number
of tasks, only on how many kinds of call wait at once (`ResultDamaged`, which is rare, looks at every task that is not
settled).

A task goes WAITING (for results, for an answer whether it has to run, or for its retry) -> READY (for resources) ->
RUNNING (in a lane, perhaps behind others) -> settled; a settled task leaves behind only its fingerprint. One that is
READY from the start is no more than its number until it is placed, since 100,000 of them may wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from penstock.engine import facts
from penstock.engine.admission import Admission, OpenLane
from penstock.engine.alarms import Alarms
from penstock.engine.by_number import ByNumber
from penstock.engine.machine_tasks import Fresh, OpenTask
from penstock.engine.retries import Verdict, most_grown, verdict
from penstock.engine.schedule import Schedule
from penstock.engine.wishes import Wishes
from penstock.model.events import Profile
from penstock.model.shares import Amount
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import made

ASK_AGAIN_S = 0.1
"""How long a task waits before it asks again for a result that another run makes, at first; then longer and longer."""

ASK_AGAIN_MOST_S = 2.0

_FURTHER = {mode: place for place, mode in enumerate(facts.StopMode)}


class Machine:
    """The state of one run. `handle` is its only way to change."""

    def __init__(
        self,
        profiles: dict[str, Profile],
        limits: dict[str, int],
        platform_retries: int,
        combine: Callable[[tuple[bytes, ...]], bytes],
        shared: Amount | None = None,
    ) -> None:
        """`shared`: what the machine has, where other runs take from it too; None: nobody is asked."""
        self.tasks: dict[int, OpenTask] = {}
        self.fresh: dict[int, Fresh] = {}  # ready since they were submitted; none of them is in `tasks`
        self.settled = ByNumber[bytes | None]()  # fingerprints; None: it has failed
        self.stop: facts.Stop | None = None
        self.in_flight = 0  # attempts that were started, adopted or announced, and have not ended
        self._platform_retries = platform_retries
        self._combine = combine
        self._admission = Admission(profiles, limits, shared)
        self._portion = self._admission.portion
        self._wishes = Wishes(self._admission)
        self._schedule = Schedule(self._admission, self.tasks, self.fresh)
        self._alarms = Alarms()
        self._ahead = 0  # attempts behind the heads of their lanes
        self._adopted: dict[tuple[str, str], OpenLane] = {}  # by executor and its name there
        self._dependents: dict[int, list[int]] = {}
        self._news: deque[int] = deque()  # settled tasks whose dependents have not been told
        self._attempts: dict[int, int] = {}  # the last ones of settled tasks, but for the first ones
        self._damaged_at: dict[int, int] = {}  # attempt whose result was damaged, until the task is submitted anew
        self._out: list[facts.Command] = []
        self._now = 0.0
        self._rules: dict[type, Callable[..., None]] = {
            facts.Submitted: self._submitted,
            facts.SubmittedAlike: self._submitted_alike,
            facts.AttemptEnded: self._attempt_ended,
            facts.AttemptBegan: self._attempt_began,
            facts.AttemptRecalled: self._attempt_recalled,
            facts.AttemptAdopted: self._attempt_adopted,
            facts.IntentCommitted: self._intent_committed,
            facts.Given: self._given,
            facts.Consulted: self._consulted,
            facts.AskAgain: self._ask_again,
            facts.ResultDamaged: self._result_damaged,
            facts.CancelTask: self._cancel_task,
            facts.Stop: self._stop,
            facts.Offered: self._wishes.offered,
            facts.Asked: self._wishes.asked,
            facts.Tick: self._tick,
        }

    def handle(self, events: Iterable[facts.Event], now: float) -> list[facts.Command]:
        """Take in events, in order; give back what is to be done, in order. `now` never goes back."""
        self._now = now
        for event in events:
            self._rules[type(event)](event)
            if self._news:
                self._spread_news()
        for task_id in self._alarms.due(now):
            self._alarm(self.tasks[task_id])
        self._spread_news()
        if self.stop is None:
            self._place()
        if (self._portion.bound is not None or self._wishes.is_asked) and (wish := self._wishes.news()) is not None:
            self._out.append(wish)
        out, self._out = self._out, []
        return out

    def wake_at(self) -> float | None:
        """When a `Tick` is due; None: nothing waits for time to pass."""
        return self._alarms.next()

    @property
    def resting(self) -> bool:
        """Whether nothing is in flight, and nothing will be without another event."""
        if self.stop is None:
            return self.in_flight == 0 and not self.tasks and not self.fresh
        if self.stop.mode is facts.StopMode.DETACH:
            return all(lane.queue.pool.profile.outlives_driver for lane in self._admission.lanes())
        return self.in_flight == 0

    def lacks_machine(self, task_id: int) -> bool:
        """Whether a task waits for what other runs have of the machine."""
        task = self.fresh.get(task_id) or self.tasks.get(task_id)
        is_ready = task is not None and (isinstance(task, Fresh) or task.status is TaskStatus.READY)
        return task is not None and is_ready and not self._portion.fits(task.queue.weight)

    def _submitted(self, event: facts.Submitted) -> None:
        id_, step, options, deps, replay, consult = event
        if id_ in self.tasks or id_ in self.fresh or id_ in self.settled:
            return
        attempt = self._damaged_at.pop(id_, 0) if self._damaged_at else 0
        if not (deps or consult or attempt) and replay is None:
            self._submitted_alike(facts.SubmittedAlike((id_,), step, options))
            return
        queue = self._admission.queue_of(step, options)
        task = self.tasks[id_] = OpenTask(id_, queue, options, deps, replay)
        task.consult, task.attempt = consult, attempt if replay is None else replay.attempt
        self._gather(task)

    def _submitted_alike(self, event: facts.SubmittedAlike) -> None:
        queue = self._admission.queue_of(event.step, event.options)
        fresh = Fresh(queue, event.options, self._now)
        for id_ in event.tasks:
            if not (id_ in self.tasks or id_ in self.fresh or id_ in self.settled):
                self.fresh[id_] = fresh
                self._schedule.add(id_, queue)

    def _opened(self, task_id: int) -> OpenTask | None:
        """A task that is not settled, to do something with it."""
        if (fresh := self.fresh.pop(task_id, None)) is None:
            return self.tasks.get(task_id)
        task = self.tasks[task_id] = OpenTask(task_id, fresh.queue, fresh.options, (), None)
        task.ready_at = fresh.ready_at
        return task

    def _gather(self, task: OpenTask) -> None:
        """Go on with a task that is not in flight: wait for inputs that are not there, give up where one has failed."""
        task.status = TaskStatus.WAITING
        task.asking = task.parked = False
        for dep in dict.fromkeys(task.deps) if task.deps else ():
            if self.settled.get(dep) is not None:
                continue
            if dep in self.settled:
                self._settle(task, facts.Settling.UPSTREAM, failed_dep=dep)
                return
            self._wait_for(task, dep)
        if not task.missing:
            self._bind(task)

    def _given(self, event: facts.Given) -> None:
        if event.task not in self.settled:
            self.settled[event.task] = event.fingerprint if event.ok else None
            self._news.append(event.task)

    def _wait_for(self, task: OpenTask, dep: int) -> None:
        task.missing += 1
        self._dependents.setdefault(dep, []).append(task.id)

    def _spread_news(self) -> None:
        """A loop and not a recursion: a chain of 10,000 tasks may fail at once."""
        while self._news:
            self._tell_dependents(self._news.popleft())

    def _tell_dependents(self, settled_id: int) -> None:
        ok = self.settled[settled_id] is not None
        for task_id in self._dependents.pop(settled_id, ()):
            task = self.tasks.get(task_id)
            if task is None:
                continue
            task.missing -= 1
            if not ok:
                self._settle(task, facts.Settling.UPSTREAM, failed_dep=settled_id)
            elif not task.missing:
                self._bind(task)

    def _bind(self, task: OpenTask) -> None:
        """All its inputs are there: take what an earlier driver left for the same ones, or make it ready."""
        if task.deps:
            task.inputs_digest = self._combine(tuple([found or b"" for found in self.settled.of(task.deps)]))
        if task.replay is not None and self._replayed(task, task.replay):
            return
        if task.consult and self.stop is None:
            task.asking = True
            task.questions += 1
            self._out.append(facts.Consult(task.id, task.questions, task.inputs_digest))
        else:
            self._make_ready(task)

    def _make_ready(self, task: OpenTask) -> None:
        task.status = TaskStatus.READY
        task.ready_at = self._now
        self._schedule.add(task.id, task.queue)

    def _consulted(self, event: facts.Consulted) -> None:
        task = self.tasks.get(event.task)
        if task is None or not task.asking or task.questions != event.number:
            return
        task.asking = task.parked = False
        if event.verdict is facts.TaskVerdict.WAIT:
            self._alarms.set(task.id, self._now + min(ASK_AGAIN_S * 1.5**task.asked, ASK_AGAIN_MOST_S))
            task.asked += 1
        elif event.verdict is facts.TaskVerdict.PARK:
            task.parked = True
        elif event.verdict is facts.TaskVerdict.RUN:
            task.consult = False
            self._make_ready(task)
        else:
            self._settle(task, facts.Settling(event.verdict.value), ok=True, fingerprint=event.fingerprint)

    def _ask_again(self, event: facts.AskAgain) -> None:
        task = self.tasks.get(event.task)
        if task is not None and task.parked:
            self._gather(task)

    def _replayed(self, task: OpenTask, replay: facts.Replay) -> bool:
        agree = replay.inputs_digest == task.inputs_digest
        if agree and (replay.done or replay.failed):
            self._settle(task, facts.Settling.REUSED, ok=replay.done, fingerprint=replay.fingerprint)
            return True
        if not agree or not self._outlived(task):
            if replay.running and not self._outlived(task):
                task.attempt -= 1  # it has died with its driver, and does not count: its number is given again
            self._abandon(task)
            return False
        task.replay = None
        # Where it was started, also if its step goes elsewhere now, and with all that it may have been given there.
        options = task.options._replace(on=replay.executor)
        options = most_grown(options, self._admission.pools[replay.executor].profile, replay.attempt)
        task.queue = self._admission.queue_of(task.queue.kind.step, options)
        lane = self._admission.open_lane(task.queue)
        lane.is_adopted = True
        self._enter_lane(task, lane)
        task.started = True
        self._out.append(facts.Adopt(task.id, task.attempt, task.queue.kind.on, task.inputs_digest))
        self._became_head(task)
        return True

    def _outlived(self, task: OpenTask) -> bool:
        """Whether an attempt of an earlier driver may still run."""
        replay = task.replay
        return replay is not None and replay.running and self._admission.outlives_driver(replay.executor)

    def _abandon(self, task: OpenTask) -> None:
        """What still runs for an earlier driver runs for nobody: its inputs are no more, or its task is settled."""
        if self._outlived(task):
            assert task.replay is not None
            self._out.append(facts.CancelAttempt(task.id, task.replay.attempt, task.replay.executor, Cause.CANCELLED))
        task.replay = None

    def _place(self) -> None:
        if self._portion.bound is not None and self._portion.is_exceeded:
            self._admission.end_excess()
        for task_id, lane in self._schedule.placements(self._now):
            task = self._opened(task_id)
            assert task is not None
            task.attempt += 1
            self._enter_lane(task, lane)
            if task.queue.pool.profile.outlives_driver:
                intent = task.id, task.attempt, task.queue.kind.on, task.inputs_digest, lane.lane.memory_bytes
                self._out.append(facts.CommitIntent(*intent))
            else:
                self._start(task, lane)
        if self._ahead:
            for task_id in self._schedule.surplus(self._now):
                self._recall(self.tasks[task_id])

    def _recall(self, task: OpenTask) -> None:
        if task.started and not task.recalling:
            task.recalling = True
            self._out.append(facts.Recall(task.id, task.attempt, task.queue.kind.on))

    def _enter_lane(self, task: OpenTask, lane: OpenLane) -> None:
        task.status = TaskStatus.RUNNING
        task.lane = lane
        if lane.tasks:
            self._ahead += 1
        lane.tasks.append(task.id)
        self.in_flight += 1

    def _intent_committed(self, event: facts.IntentCommitted) -> None:
        task = self._current(event.task, event.attempt)
        if task is None or task.started or task.lane is None:
            return
        if self.stop is not None or task.stopping is not None:
            self._leave_lane(task)
            self._shelve(task)
        else:
            self._start(task, task.lane)

    def _start(self, task: OpenTask, lane: OpenLane) -> None:
        task.started = True
        inputs_digest, failures = task.inputs_digest, task.user_failures
        out = task.id, task.attempt, task.queue.kind.on, lane.lane, inputs_digest, failures, lane.others
        self._out.append(made(facts.Start, out))
        if lane.tasks[0] == task.id:
            self._became_head(task)

    def _became_head(self, task: OpenTask) -> None:
        """The attempt runs from now on, or where it begins later is the next to run."""
        assert task.lane is not None
        task.lane.since = self._now
        if task.options.timeout_s is not None and not task.queue.pool.profile.begins_later:
            self._set_timeout(task, task.options.timeout_s)
        if task.stopping is None and self.stop is not None and self.stop.mode is facts.StopMode.KILL:
            task.stopping = self.stop.cause
        if task.stopping is not None:  # it was to be recalled, and began before that
            self._out.append(facts.CancelAttempt(task.id, task.attempt, task.queue.kind.on, task.stopping))

    def _attempt_began(self, event: facts.AttemptBegan) -> None:
        task = self._current(event.task, event.attempt)
        if task is None or task.lane is None or task.began:
            return
        if not task.queue.pool.profile.begins_later and task.lane.tasks[0] != task.id:
            return  # its time counts once it is the first of its lane
        task.began = True
        if task.options.timeout_s is not None:
            self._set_timeout(task, task.options.timeout_s)

    def _set_timeout(self, task: OpenTask, timeout_s: float) -> None:
        if "timeout" in task.queue.pool.profile.enforces:
            self._alarms.set(task.id, self._now + timeout_s)

    def _attempt_ended(self, event: facts.AttemptEnded) -> None:
        task = self._current(event.task, event.attempt)
        if task is None:
            return
        self._leave_lane(task)
        if event.cause is None:
            task.queue.note_duration(event.wall_s)
            self._settle(task, ok=True, fingerprint=event.fingerprint)
            return
        if event.cause is Cause.DAMAGED and any(dep not in self.settled for dep in task.deps):
            self._failed(task, Verdict(True))  # the damage is being mended
        else:
            self._go_home(task)  # what it may grow to is what its step's executor has
            self._failed(task, verdict(task, event.cause, event.retryable, self._platform_retries))

    def _failed(self, task: OpenTask, verdict: Verdict) -> None:
        if not verdict.again or self.stop is not None or task.stopping is Cause.CANCELLED:
            self._settle(task)
            return
        task.stopping = None
        self._go_home(task)
        self._out.append(facts.RecordAttempt(task.id, task.attempt, verdict.grown_bytes))
        if verdict.delay_s > 0:
            task.status = TaskStatus.WAITING
            self._alarms.set(task.id, self._now + verdict.delay_s)
        else:
            self._gather(task)

    def _attempt_recalled(self, event: facts.AttemptRecalled) -> None:
        task = self._current(event.task, event.attempt)
        if task is None:
            return
        self._leave_lane(task)
        task.attempt -= 1  # it never began, so it does not count
        self._shelve(task)

    def _attempt_adopted(self, event: facts.AttemptAdopted) -> None:
        """What is unknown where it should run is started anew: it never began, or left nothing behind."""
        task = self._current(event.task, event.attempt)
        if task is None:
            return
        if not event.running:
            self._leave_lane(task)
            self._shelve(task)
        elif event.lane:
            self._join_lane(task, (task.queue.kind.on, event.lane))

    def _join_lane(self, task: OpenTask, name: tuple[str, str]) -> None:
        """It took what a lane takes until it was known in which one it is."""
        own, lane = task.lane, self._adopted.get(name)
        assert own is not None
        if not own.is_adopted or len(own.tasks) > 1:
            return  # it was told before
        if lane is None or not lane.tasks or lane.queue is not own.queue:
            self._adopted[name] = own
        elif lane is not own:
            own.tasks.remove(task.id)
            self._admission.close_lane(own)
            self.in_flight -= 1
            self._enter_lane(task, lane)

    def _shelve(self, task: OpenTask) -> None:
        if task.stopping is Cause.CANCELLED:
            self._settle(task, facts.Settling.CANCELLED)
        else:
            task.stopping = None
            self._go_home(task)
            self._gather(task)

    def _go_home(self, task: OpenTask) -> None:
        """What was adopted elsewhere is tried again where its step runs now."""
        task.queue = self._admission.queue_of(task.queue.kind.step, task.options)

    def _current(self, task_id: int, attempt: int) -> OpenTask | None:
        """The task, if this attempt of it is in flight."""
        task = self.tasks.get(task_id)
        if task is None or task.lane is None or task.attempt != attempt:
            return None
        return task

    def _leave_lane(self, task: OpenTask) -> None:
        lane = task.lane
        assert lane is not None
        task.lane = None
        task.started = task.began = task.recalling = False
        if task.options.timeout_s is not None:
            self._alarms.clear(task.id)
        self.in_flight -= 1
        was_head = lane.tasks[0] == task.id
        lane.tasks.remove(task.id)
        if not lane.tasks:
            self._admission.close_lane(lane)
            return
        self._ahead -= 1
        if was_head:
            self._became_head(self.tasks[lane.tasks[0]])

    def _settle(
        self,
        task: OpenTask,
        how: facts.Settling = facts.Settling.FRESH,
        *,
        ok: bool = False,
        fingerprint: bytes = b"",
        failed_dep: int = 0,
    ) -> None:
        if task.replay is not None:
            self._abandon(task)
        self._out.append(made(facts.Settle, (task.id, task.attempt, how, failed_dep, task.inputs_digest)))
        del self.tasks[task.id]
        self.settled[task.id] = fingerprint if ok else None
        if task.attempt != 1:
            self._attempts[task.id] = task.attempt
        if task.id in self._dependents:
            self._news.append(task.id)

    def _result_damaged(self, event: facts.ResultDamaged) -> None:
        """The task runs again once it is submitted anew; what needs its result, and has not begun, waits for it."""
        if self.settled.get(event.task) is None:
            return
        del self.settled[event.task]
        self._damaged_at[event.task] = self._attempts.pop(event.task, 1)
        for task in self.tasks.values():
            # What is in flight, or waits for its retry, looks at its inputs again when it goes on.
            if event.task not in task.deps or task.lane is not None or task.id in self._alarms:
                continue
            task.status = TaskStatus.WAITING
            task.asking = task.parked = False
            self._wait_for(task, event.task)

    def _cancel_task(self, event: facts.CancelTask) -> None:
        task = self._opened(event.task)
        if task is None:
            return
        if task.lane is not None:
            self._cancel_attempt(task, Cause.CANCELLED)
        else:
            self._alarms.clear(task.id)
            self._settle(task, facts.Settling.CANCELLED)

    def _cancel_attempt(self, task: OpenTask, cause: Cause) -> None:
        """End what runs, take back what is queued; what is about to start is caught when its intent is committed."""
        assert task.lane is not None
        already = task.stopping is not None
        if not already or cause is Cause.CANCELLED:
            task.stopping = cause
        if already or not task.started:
            return
        if task.lane.tasks[0] == task.id:
            self._out.append(facts.CancelAttempt(task.id, task.attempt, task.queue.kind.on, cause))
        else:
            self._recall(task)

    def _stop(self, event: facts.Stop) -> None:
        if self.stop is not None and _FURTHER[self.stop.mode] >= _FURTHER[event.mode]:
            return
        self.stop = event
        for lane in self._admission.lanes():
            if event.mode is facts.StopMode.KILL:
                self._cancel_attempt(self.tasks[lane.tasks[0]], event.cause)
            for task_id in lane.behind():
                self._recall(self.tasks[task_id])

    def _tick(self, event: facts.Tick) -> None:
        """Nothing of its own: `handle` looks at the alarms after every event."""

    def _alarm(self, task: OpenTask) -> None:
        if task.lane is not None:
            self._cancel_attempt(task, Cause.TIMEOUT)
        else:
            self._gather(task)
