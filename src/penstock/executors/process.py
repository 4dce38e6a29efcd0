"""The executor `process`: attempts run in local worker processes, forked warm from a zygote.

Which worker serves which lane is decided here; how a worker runs an attempt, and how its death is noticed, is not.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock.executors import capacity
from penstock.executors.blank import Blank
from penstock.executors.endings import Death, explain, retirement
from penstock.executors.hands import Hands, Sent
from penstock.executors.interpreters import Interpreter, Interpreters, own_alone
from penstock.executors.nursery import Nursery
from penstock.model.environments import Environment
from penstock.model.events import Adopted, Ended, Hint, Lane, Notice, Profile, Recalled
from penstock.model.ids import step_of
from penstock.model.outcomes import Error, Outcome, failed
from penstock.model.specs import Attempt, Places, RunSpec, attempt_to_plain
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.worker import channel
from penstock.worker.attempt import folders_left, metrics_kept
from penstock.worker.failure import cause_is_retryable

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox

_DEPTH = 64
"""So many attempts wait at a worker at most: each look at the worker brings the outcomes of several."""


class ProcessExecutor:
    """Local processes. Implements `engine.ports.Executor`.

    `max_workers` and `cpu` both say how many processors it may use (None: all that this process may); `memory_bytes`
    None: all of the machine's; `gpus` None: those that the system shows; `interpreters`: says what runs an environment;
    `blank`: a process for its first zygote; `environ`: gives the variables that a new zygote starts from, None for
    those that this process has then.
    """

    def __init__(
        self,
        *,
        name: str = "process",
        max_workers: int | None = None,
        cpu: float | None = None,
        memory_bytes: int | None = None,
        gpus: tuple[str, ...] | None = None,
        interpreters: Interpreters = own_alone,
        blank: Blank | None = None,
        environ: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self._name = name
        self._interpreters = interpreters
        self._blank = blank
        self._environ = environ
        self._profile = Profile(
            cpu=float(max_workers or cpu or capacity.cpu()),
            memory_bytes=memory_bytes or capacity.memory_bytes(),
            gpus=capacity.gpus() if gpus is None else gpus,
            depth=_DEPTH,
            table=f"executors.{name}",
            shared=True,
        )
        self._mailbox: Mailbox
        self._spec: RunSpec
        self._places: Places
        self._nurseries: dict[_Place, Nursery] = {}
        self._hands: dict[int, _Hired] = {}  # by worker number
        self._lanes: dict[int, _Hired] = {}  # those that serve one
        self._idle: dict[_Place, list[_Hired]] = {}
        self._where: dict[str, _Hired] = {}  # by attempt
        self._fresh_lanes: dict[int, _FreshLane] = {}
        self._noticed: set[str] = set()
        self._retired_by: set[str] = set()  # steps of which it was said
        self._hired = 0
        self._zygotes = 0
        self._closed = False

    @property
    def profile(self) -> Profile:
        """What it can hold."""
        return self._profile

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None:
        """Start the zygote that most runs need; it imports the user's module while the flow's body begins."""
        self._mailbox = mailbox
        self._spec, self._places = spec, places
        self._nursery(_Place(1))

    def start(self, attempt: Attempt, lane: Lane) -> None:
        """Send the attempt to the lane's worker."""
        try:
            message = channel.wrap(channel.ATTEMPT, attempt_to_plain(attempt), self._places.scratch)
            item = Sent(attempt.id, attempt, message)
            if lane.gpus or lane.isolated:
                self._start_fresh(item, lane)
                return
            hired = self._lanes.get(lane.number) or self._assign(lane)
            self._where[item.id] = hired
            hired.hands.send(item)
        except OSError as error:
            self._refuse(attempt.id, error)

    def _refuse(self, attempt: str, error: OSError) -> None:
        """Here, in the driver's process, no descriptor is left for a worker, no process, or no room for the message."""
        self._mailbox.post(Ended(attempt, failed(Cause.PLATFORM, f"it could not be started: {error}")))

    def recall(self, attempts: Collection[str]) -> None:
        """Take them out of their workers' sockets, as far as they are still there."""
        by_worker: dict[_Hired, list[str]] = {}
        for attempt in attempts:
            hired = self._where.get(attempt)
            if hired is None:
                self._recall_fresh(attempt)
            elif not hired.dying:
                by_worker.setdefault(hired, []).append(attempt)
        for hired, wanted in by_worker.items():
            self._recall_from(hired, hired.hands.take_back(), wanted)

    def cancel(self, attempt: str, cause: Cause) -> None:
        """Kill the worker that runs it; what waits behind it is recalled."""
        hired = self._where.get(attempt)
        if hired is None:
            self._recall_fresh(attempt)
            return
        if hired.dying:
            return
        # First: now the worker begins nothing new while we look. A process that is the attempt's own began with it.
        back = [] if hired.fresh_lane is not None else hired.hands.take_back()
        hired.hands.read()
        if attempt in self._where and all(item.id != attempt for item in back):
            hired.ending = cause
            self._end(hired)
            self._recalled(back)
        else:
            self._recall_from(hired, back, (attempt,))

    def adopt(self, attempt: Attempt) -> None:
        """Local workers die with their driver: there is nothing to adopt."""
        self._mailbox.post(Adopted(attempt.id, False))

    def close(self) -> None:
        """End all workers and zygotes, and wait until they are gone."""
        if self._closed:
            return
        self._closed = True
        for nursery in self._nurseries.values():
            self._mailbox.unwatch(nursery.fd)
            nursery.close()
        for hired in list(self._hands.values()):
            self._mailbox.unwatch(hired.hands.fd)
            hired.hands.close()
        for nursery in self._nurseries.values():
            nursery.wait()
        for hired in self._hands.values():
            hired.hands.remove_empty_log(self._places.logs)

    # Hiring

    def _nursery(self, place: _Place) -> Nursery:
        nursery = self._nurseries.get(place)
        if nursery is None:
            self._zygotes += 1
            name = f"{self._name}-{self._spec.driver}-zygote-{self._zygotes}"
            interpreter = self._interpreters(place.environment)
            blank = self._take_blank(interpreter, place.threads)
            environ = self._environ and self._environ()
            nursery = Nursery(self._spec, self._places, interpreter, place.threads, name, blank, environ)
            self._nurseries[place] = nursery
            started = nursery
            self._mailbox.watch(nursery.fd, lambda: self._hear(place, started))
        return nursery

    def _take_blank(self, interpreter: Interpreter, threads: int) -> Blank | None:
        blank = self._blank
        if blank is None or (blank.interpreter, blank.threads) != (interpreter._replace(secrets=()), threads):
            return None
        self._blank = None
        return blank

    def _assign(self, lane: Lane) -> _Hired:
        place = _place_of(lane)
        idle = self._idle.get(place)
        hired = idle.pop() if idle else self._hire(place, lane.memory_bytes, None)
        if hired.hands.limit != lane.memory_bytes:
            hired.hands.limit = lane.memory_bytes
            hired.nursery.limit(hired.hands.number, lane.memory_bytes)
        hired.hands.lane = lane.number
        self._lanes[lane.number] = hired
        return hired

    def _hire(self, place: _Place, limit: int | None, gpus: tuple[str, ...] | None) -> _Hired:
        self._hired += 1
        number = self._hired
        name = f"{self._name}-{self._spec.driver}-{number}"
        nursery = self._nursery(place)
        hands = Hands(number, name, f"{name}.log", limit)
        try:
            nursery.order(channel.Order(number, name, hands.log, limit, gpus), hands.far_fd)
        except OSError:
            hands.close()
            raise
        hired = _Hired(hands, nursery, place)
        self._hands[number] = hired
        hands.posts_to(partial(self._said, hired), partial(self._retires, hired), self._notice)
        self._mailbox.watch(hands.fd, lambda: self._read(hired))
        return hired

    def _start_fresh(self, item: Sent, lane: Lane) -> None:
        fresh_lane = self._fresh_lanes.get(lane.number)
        if fresh_lane is None:
            fresh_lane = self._fresh_lanes[lane.number] = _FreshLane(lane)
        fresh_lane.waiting.append(item)
        self._advance(fresh_lane)

    def _advance(self, fresh_lane: _FreshLane) -> None:
        """Give the next attempt of such a lane a process of its own, once the one before has let its GPU go."""
        if fresh_lane.hired is not None:
            return
        lane = fresh_lane.lane
        while fresh_lane.waiting:
            item = fresh_lane.waiting.popleft()
            try:
                hired = fresh_lane.hired = self._hire(_place_of(lane), lane.memory_bytes, lane.gpus or None)
                break
            except OSError as error:
                self._refuse(item.id, error)
        else:
            del self._fresh_lanes[lane.number]
            return
        hired.fresh_lane = fresh_lane
        self._where[item.id] = hired
        hired.hands.send(item)

    # Listening

    def _read(self, hired: _Hired) -> None:
        hired.hands.read()
        self._rest(hired)

    def _rest(self, hired: _Hired) -> None:
        """A worker without work is free for any lane; one that was an attempt's own ends."""
        hands = hired.hands
        if not hands.is_idle or hired.dying:
            return
        if hired.fresh_lane is not None:
            self._end(hired)
        elif hands.lane is not None:
            del self._lanes[hands.lane]
            hands.lane = None
            self._idle.setdefault(hired.place, []).append(hired)

    def _said(self, hired: _Hired, event: Ended | Hint) -> None:
        if type(event) is Ended:
            del self._where[event.attempt]
            if hired.fresh_lane is not None:
                hired.held = event  # posted when its process is gone
                return
        self._mailbox.post(event)

    def _retires(self, hired: _Hired, attempt: str, left: tuple[str, ...]) -> None:
        """The worker ends by itself behind this attempt, since it can't be put back into what it was."""
        if hired.fresh_lane is not None or hired.dying:
            return
        hired.dying = True
        self._leave_lane(hired)
        self._recalled(hired.hands.take_back())
        step = step_of(attempt)
        if step not in self._retired_by:
            self._retired_by.add(step)
            self._mailbox.post(Notice(retirement(step, left)))

    def _hear(self, place: _Place, nursery: Nursery) -> None:
        if not nursery.hear(self._take_report):
            self._zygote_died(place, nursery)

    def _take_report(self, kind: bytes, content: Any) -> None:
        if kind == channel.DIED:
            number, *death = content
            self._bury(self._hands.pop(number), Death(*death))
        elif kind == channel.NOTICE:
            self._notice("", content[0])

    def _notice(self, attempt: str, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._mailbox.post(Notice(text))

    def _zygote_died(self, place: _Place, nursery: Nursery) -> None:
        self._mailbox.unwatch(nursery.fd)
        del self._nurseries[place]
        nursery.clear()
        words = nursery.last_words()
        for number, hired in list(self._hands.items()):
            if hired.nursery is nursery:
                del self._hands[number]
                self._bury(hired, Death(), words)

    # Endings

    def _end(self, hired: _Hired) -> None:
        """Have the worker killed; its lane gets another one."""
        hired.dying = True
        hired.nursery.kill(hired.hands.number)
        self._leave_lane(hired)

    def _leave_lane(self, hired: _Hired) -> None:
        lane = hired.hands.lane
        if lane is not None:
            del self._lanes[lane]
            hired.hands.lane = None
        idle = self._idle.get(hired.place)
        if idle and hired in idle:
            idle.remove(hired)

    def _bury(self, hired: _Hired, death: Death, words: str = "") -> None:
        """The worker is dead, and nothing it started runs any more: answer for its attempts."""
        hired.dying = True
        self._leave_lane(hired)
        hands = hired.hands
        back = hands.take_back()
        hands.read()
        is_fresh = hired.fresh_lane is not None
        if not hands.flight and back and not hands.has_served and (hired.ending is None or is_fresh):
            # It died before it could begin: handing all back would start the next one only to die the same way.
            hands.flight.append(back.pop(0))
            words = words or hired.nursery.last_words()
        if hands.flight:
            item = hands.flight.popleft()
            del self._where[item.id]
            self._mailbox.post(Ended(item.id, self._last_outcome(hired, item, death, words)))
            _remove(folders_left(self._places, item.id))
        self._recalled(back)
        if hired.held is not None:
            self._mailbox.post(hired.held)
        self._mailbox.unwatch(hands.fd)
        hands.close()
        hands.remove_empty_log(self._places.logs)
        if hired.fresh_lane is not None:
            hired.fresh_lane.hired = None
            self._advance(hired.fresh_lane)

    def _last_outcome(self, hired: _Hired, item: Sent, death: Death, words: str) -> Outcome:
        hands = hired.hands
        if hired.ending is not None and not death.overrun_bytes:
            cause, message = hired.ending, _ENDED.get(hired.ending, f"ended: {hired.ending}")
        else:
            cause, message = explain(death, hands.limit)
        if words and not death.overrun_bytes:
            message = f"{message}; it had printed:\n{words}"
        usage, log = hands.rest(death, self._places.logs, self._spec.log_bytes)
        status = TaskStatus.CANCELLED if cause is Cause.CANCELLED else TaskStatus.FAILED
        error = Error(cause.value, "", message, retryable=cause_is_retryable(cause, item.attempt.retry_on))
        # Where the next attempt goes on from a checkpoint, this one had kept what it logged before.
        metrics = max(hands.metrics, metrics_kept(self._spec, self._places, item.attempt), key=len)
        return Outcome(status.value, None, error, usage, log, metrics, hands.name)

    def _recall_from(self, hired: _Hired, back: list[Sent], attempts: Collection[str]) -> None:
        """Of what was taken back from a worker keep the attempts; the others go to it again."""
        wanted = frozenset(attempts)
        for item in back:
            if item.id not in wanted:
                hired.hands.send(item)
        self._recalled([item for item in back if item.id in wanted])
        self._rest(hired)

    def _recall_fresh(self, attempt: str) -> None:
        for fresh_lane in self._fresh_lanes.values():
            for item in fresh_lane.waiting:
                if item.id == attempt:
                    fresh_lane.waiting.remove(item)
                    self._recalled([item])
                    return

    def _recalled(self, items: list[Sent]) -> None:
        for item in items:
            self._where.pop(item.id, None)
            channel.discard(item.message)
            self._mailbox.post(Recalled(item.id))


def _remove(folders: list[str]) -> None:
    """In a thread: they may hold gigabytes. What is left when the run ends goes with its scratch folder."""
    if folders:
        import shutil

        for folder in folders:
            threading.Thread(target=shutil.rmtree, args=(folder, True), name="penstock-remove", daemon=True).start()


_ENDED = {Cause.TIMEOUT: "ran beyond its timeout and was ended", Cause.CANCELLED: "was cancelled"}


class _Place(NamedTuple):
    """What the workers of one zygote have in common."""

    threads: int
    environment: Environment | None = None  # None: the flow's own


def _place_of(lane: Lane) -> _Place:
    return _Place(max(1, int(lane.cpu)), lane.environment)


class _Hired:
    """A worker, and what is known of its fate."""

    def __init__(self, hands: Hands, nursery: Nursery, place: _Place) -> None:
        self.hands = hands
        self.nursery = nursery
        self.place = place
        self.dying = False  # told to end, or dead
        self.ending: Cause | None = None  # why it was told to
        self.fresh_lane: _FreshLane | None = None
        self.held: Ended | None = None


class _FreshLane:
    """A lane whose attempts each get a fresh process, after the one before is gone: it has GPUs, or is isolated."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.waiting: deque[Sent] = deque()
        self.hired: _Hired | None = None
