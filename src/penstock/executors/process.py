"""The executor `process`: attempts run in local worker processes, forked warm from a zygote.

Which worker serves which lane is decided here; how a worker runs an attempt, and how its death is noticed, is not.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock.executors import capacity
from penstock.executors.endings import explain, retirement
from penstock.executors.interpreters import OwnInterpreter
from penstock.executors.worker_queue import WorkerQueue
from penstock.executors.zygote_process import Death, ZygoteProcess
from penstock.model.environments import Environment
from penstock.model.events import Adopted, Ended, Hint, Lane, Notice, Profile, Recalled
from penstock.model.ids import step_of
from penstock.model.outcomes import Error, Outcome, failed
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.worker import channel, log_files

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox
    from penstock.executors.interpreters import Interpreters

_MOST_NOTICES = 1000
_DEPTH = 128
"""So many attempts wait at a worker at most: each look at the worker brings the outcomes of several."""


class ProcessExecutor:
    """Local processes. Implements `engine.ports.Executor`.

    `max_workers` and `cpu` both say how many processors it may use (None: all that this process may); `memory_bytes`
    None: all of the machine's; `gpus` None: those that the system shows; `interpreters` None: the flow's own alone;
    `environ`: gives the variables that a new zygote starts from, None for those that this process has then; `eager`
    False: no zygote is started before an attempt needs it.
    """

    def __init__(
        self,
        *,
        name: str = "process",
        max_workers: int | None = None,
        cpu: float | None = None,
        memory_bytes: int | None = None,
        gpus: tuple[str, ...] | None = None,
        interpreters: Interpreters | None = None,
        environ: Callable[[], Mapping[str, str]] | None = None,
        eager: bool = True,
    ) -> None:
        self._name = name
        self._interpreters = interpreters or OwnInterpreter()
        self._environ = environ
        self._eager = eager
        self.profile = Profile(
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
        self._zygotes: dict[_Place, ZygoteProcess] = {}
        self._workers: dict[int, _Worker] = {}  # by worker number
        self._lanes: dict[int, _Worker] = {}  # those that serve one
        self._idle: dict[_Place, list[_Worker]] = {}
        self._where: dict[str, _Worker] = {}  # by attempt
        self._fresh_lanes: dict[int, _FreshLane] = {}
        self._noticed: set[str] = set()
        self._retired_by: set[str] = set()  # steps of which it was said
        self._worker = 0
        self._zygotes_begun = 0
        self._closed = False

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None:
        """Start the zygote that most runs need, and ask it for a first worker: it imports the user's module, and forks
        one that has it, while the flow's body begins."""
        self._mailbox = mailbox
        self._spec, self._places = spec, places
        if self._eager:
            place = _Place(1)
            self._zygote_for(place)
            with suppress(OSError):  # whoever needs it then, and can't have it, is told so
                self._idle[place] = [self._hire(place, None, None)]

    def ready(self, environment: Environment | None, step: str) -> None:
        self._interpreters.ready(environment, step)

    def start(self, launches: Sequence[tuple[Attempt, tuple[Lane, ...]]]) -> None:
        by_worker: dict[_Worker, list[Attempt]] = {}
        for attempt, (lane,) in launches:
            try:
                if lane.gpus or lane.isolated:
                    self._start_fresh(attempt, lane)
                    continue
                worker = self._lanes.get(lane.number) or self._assign(lane)
            except OSError as error:
                self._refuse(attempt.id, error)
                continue
            self._where[attempt.id] = worker
            by_worker.setdefault(worker, []).append(attempt)
        for worker, attempts in by_worker.items():
            worker.queue.send(attempts)

    def _refuse(self, attempt: str, error: OSError) -> None:
        """Here, in the driver's process, no descriptor is left for a worker, no process, or no room for the message."""
        self._where.pop(attempt, None)
        self._mailbox.post(Ended(attempt, failed(Cause.PLATFORM, f"it could not be started: {error}")))

    def recall(self, attempts: Collection[str]) -> None:
        """Take them out of their workers' sockets, as far as they are still there."""
        by_worker: dict[_Worker, list[str]] = {}
        for attempt in attempts:
            worker = self._where.get(attempt)
            if worker is None:
                self._recall_fresh(attempt)
            elif not worker.dying:
                by_worker.setdefault(worker, []).append(attempt)
        for worker, wanted in by_worker.items():
            self._recall_from(worker, worker.queue.take_back(), wanted)

    def cancel(self, attempt: str, cause: Cause) -> None:
        """Kill the worker that runs it; what waits behind it is recalled."""
        worker = self._where.get(attempt)
        if worker is None:
            self._recall_fresh(attempt)
            return
        if worker.dying:
            return
        # First: now the worker begins nothing new while we look. A process that is the attempt's own began with it.
        back = [] if worker.fresh_lane is not None else worker.queue.take_back()
        worker.queue.read()
        if attempt in self._where and all(one.id != attempt for one in back):
            worker.ending = cause
            self._end(worker)
            self._recalled(back)
        else:
            self._recall_from(worker, back, (attempt,))

    def adopt(self, attempt: Attempt, handle: str) -> None:
        """Local workers die with their driver: there is nothing to adopt."""
        self._mailbox.post(Adopted(attempt.id, False))

    def assist(self, timeout_s: float) -> bool:
        return False

    def close(self, *, leave: bool = False) -> None:
        if self._closed:
            return
        self._closed = True
        for zygote in self._zygotes.values():
            self._mailbox.unwatch(zygote.fd)
            zygote.close()
        for worker in list(self._workers.values()):
            self._mailbox.unwatch(worker.queue.fd)
            worker.queue.close()
        for zygote in self._zygotes.values():
            zygote.wait()
        for worker in self._workers.values():
            log_files.remove_empty(self._places.log(worker.queue.log))

    def _zygote_for(self, place: _Place) -> ZygoteProcess:
        zygote = self._zygotes.get(place)
        if zygote is None:
            self._zygotes_begun += 1
            name = f"{self._name}-{self._spec.driver}-zygote-{self._zygotes_begun}"
            interpreter = self._interpreters.of(place.environment)
            if place.gpus and interpreter.container is not None:
                interpreter = interpreter._replace(container=interpreter.container._replace(gpus=("all",)))
            environ = self._environ and self._environ()
            kind = ZygoteProcess
            if interpreter.container is not None and interpreter.container.has_python:
                from penstock.executors.contained_zygote import ContainedZygote

                kind = ContainedZygote
            zygote = kind(self._spec, self._places, interpreter, place.threads, name, environ)
            self._zygotes[place] = zygote
            started = zygote
            self._mailbox.watch(zygote.fd, lambda: self._hear(place, started))
        return zygote

    def _assign(self, lane: Lane) -> _Worker:
        place = _place_of(lane)
        worker = self._idle_worker(place, lane.memory_bytes) or self._hire(place, lane.memory_bytes, None)
        if worker.queue.limit != lane.memory_bytes:
            worker.queue.limit = lane.memory_bytes
            worker.zygote.limit(worker.queue.number, lane.memory_bytes)
        worker.queue.lane = lane.number
        self._lanes[lane.number] = worker
        return worker

    def _idle_worker(self, place: _Place, limit: int | None) -> _Worker | None:
        idle = self._idle.get(place)
        if not idle:
            return None
        container = idle[-1].zygote.interpreter.container
        if container is None or container.has_python:
            return idle.pop()
        # Its programs' containers begin with their limit, of which a worker that lives may hear too late.
        at = next((at for at, worker in enumerate(idle) if worker.queue.limit == limit), None)
        return None if at is None else idle.pop(at)

    def _hire(self, place: _Place, limit: int | None, gpus: tuple[str, ...] | None) -> _Worker:
        self._worker += 1
        number = self._worker
        name = f"{self._name}-{self._spec.driver}-{number}"
        zygote = self._zygote_for(place)
        queue = WorkerQueue(number, name, f"{name}.log", limit, self._places.scratch, zygote.unwrapping())
        try:
            zygote.order(channel.WorkerRequest(number, name, queue.log, limit, gpus), queue.far_fds)
        except OSError:
            queue.close()
            raise
        queue.handed_over()
        worker = _Worker(queue, zygote, place)
        self._workers[number] = worker
        queue.posts_to(
            partial(self._said, worker),
            partial(self._retires, worker),
            self._notice,
            self._refuse,
            partial(self._breaks, worker),
        )
        self._mailbox.watch(queue.fd, lambda: self._read(worker))
        return worker

    def _start_fresh(self, attempt: Attempt, lane: Lane) -> None:
        fresh_lane = self._fresh_lanes.get(lane.number)
        if fresh_lane is None:
            fresh_lane = self._fresh_lanes[lane.number] = _FreshLane(lane)
        fresh_lane.waiting.append(attempt)
        self._advance(fresh_lane)

    def _advance(self, fresh_lane: _FreshLane) -> None:
        """Give the next attempt of such a lane a process of its own, once the one before has let its GPU go."""
        if fresh_lane.worker is not None:
            return
        lane = fresh_lane.lane
        while fresh_lane.waiting:
            attempt = fresh_lane.waiting.popleft()
            try:
                worker = fresh_lane.worker = self._hire(_place_of(lane), lane.memory_bytes, lane.gpus or None)
                break
            except OSError as error:
                self._refuse(attempt.id, error)
        else:
            del self._fresh_lanes[lane.number]
            return
        worker.fresh_lane = fresh_lane
        self._where[attempt.id] = worker
        worker.queue.send((attempt,))

    def _read(self, worker: _Worker) -> None:
        worker.queue.read()
        self._rest(worker)

    def _rest(self, worker: _Worker) -> None:
        """A worker without work is free for any lane; one that was an attempt's own ends."""
        queue = worker.queue
        if not queue.is_idle or worker.dying:
            return
        if worker.fresh_lane is not None:
            self._end(worker)
        elif queue.lane is not None:
            del self._lanes[queue.lane]
            queue.lane = None
            self._idle.setdefault(worker.place, []).append(worker)

    def _said(self, worker: _Worker, events: list[Ended | Hint]) -> None:
        for event in events:
            if type(event) is Ended:
                del self._where[event.attempt]
                if worker.fresh_lane is not None:
                    worker.held = event  # posted when its process is gone
        self._mailbox.post(*[event for event in events if event is not worker.held])

    def _retires(self, worker: _Worker, attempt: str, left: tuple[str, ...]) -> None:
        """The worker ends by itself behind this attempt, since it can't be put back into what it was."""
        if worker.fresh_lane is not None or worker.dying:
            return
        worker.dying = True
        self._leave_lane(worker)
        self._recalled(worker.queue.take_back())
        step = step_of(attempt)
        if step not in self._retired_by:
            self._retired_by.add(step)
            self._mailbox.post(Notice(retirement(step, left)))

    def _hear(self, place: _Place, zygote: ZygoteProcess) -> None:
        if not zygote.hear(partial(self._take_report, zygote)):
            self._zygote_died(place, zygote)

    def _take_report(self, zygote: ZygoteProcess, kind: bytes, content: Any) -> None:
        if kind == channel.DIED:
            number, *death = content
            worker = self._workers.get(number)
            if worker is not None and worker.zygote is zygote:
                del self._workers[number]
                self._bury(worker, Death(*death))
        elif kind == channel.NOTICE:
            self._notice("", content[0])

    def _breaks(self, worker: _Worker, what: str) -> None:
        """What it said is nothing that a worker says: it is not to be trusted with anything else."""
        self._notice("", f"a worker was ended, since it sent what no worker sends ({what})")
        if not worker.dying:
            worker.ending = Cause.PLATFORM
            self._end(worker)

    def _notice(self, attempt: str, text: str) -> None:
        if text not in self._noticed and len(self._noticed) < _MOST_NOTICES:
            self._noticed.add(text)
            self._mailbox.post(Notice(text))

    def _zygote_died(self, place: _Place, zygote: ZygoteProcess) -> None:
        self._mailbox.unwatch(zygote.fd)
        del self._zygotes[place]
        zygote.clear()
        words = zygote.last_words()
        for number, worker in list(self._workers.items()):
            if worker.zygote is zygote:
                del self._workers[number]
                self._bury(worker, zygote.death(), words)

    def _end(self, worker: _Worker) -> None:
        """Have the worker killed; its lane gets another one."""
        worker.dying = True
        worker.zygote.kill(worker.queue.number)
        self._leave_lane(worker)

    def _leave_lane(self, worker: _Worker) -> None:
        lane = worker.queue.lane
        if lane is not None:
            del self._lanes[lane]
            worker.queue.lane = None
        idle = self._idle.get(worker.place)
        if idle and worker in idle:
            idle.remove(worker)

    def _bury(self, worker: _Worker, death: Death, words: str = "") -> None:
        """The worker is dead, and nothing it started runs any more: answer for its attempts."""
        worker.dying = True
        self._leave_lane(worker)
        queue = worker.queue
        back = queue.take_back()
        queue.read()
        is_fresh = worker.fresh_lane is not None
        last = queue.pop() if queue.runs else None
        if last is None and back and not queue.has_served and (worker.ending is None or is_fresh):
            # It died before it could begin: handing all back would start the next one only to die the same way.
            last = back.pop(0)
            words = words or worker.zygote.last_words()
        if last is not None:
            del self._where[last.id]
            self._mailbox.post(Ended(last.id, self._last_outcome(worker, last, death, words)))
            _remove(self._places.temporary(last.id))
        self._recalled(back)
        if worker.held is not None:
            self._mailbox.post(worker.held)
        self._mailbox.unwatch(queue.fd)
        queue.close()
        log_files.remove_empty(self._places.log(queue.log))
        if worker.fresh_lane is not None:
            worker.fresh_lane.worker = None
            self._advance(worker.fresh_lane)

    def _last_outcome(self, worker: _Worker, attempt: Attempt, death: Death, words: str) -> Outcome:
        from penstock.artifacts.checkpoints import metrics_of
        from penstock.worker.recorded_errors import cause_is_retryable

        queue = worker.queue
        if worker.ending is not None and not death.overrun_bytes:
            cause, message = worker.ending, _ENDED.get(worker.ending, f"ended: {worker.ending}")
        else:
            cause, message = explain(death, queue.limit)
        if words and not death.overrun_bytes:
            message = f"{message}; it had printed:\n{words}"
        usage, log = queue.rest(death, self._places, self._spec.log_bytes)
        status = TaskStatus.CANCELLED if cause is Cause.CANCELLED else TaskStatus.FAILED
        error = Error(cause.value, "", message, retryable=cause_is_retryable(cause, attempt.retry_on))
        hinted, in_file = tuple(queue.metrics.values()), metrics_of(self._spec, self._places, attempt)
        metrics = max(hinted, in_file, key=lambda found: sum(metric.points for metric in found))
        return Outcome(status.value, None, error, usage, log, metrics, queue.name)

    def _recall_from(self, worker: _Worker, back: list[Attempt], attempts: Collection[str]) -> None:
        """Of what was taken back from a worker keep the attempts; the others go to it again."""
        wanted = frozenset(attempts)
        worker.queue.send([attempt for attempt in back if attempt.id not in wanted])
        self._recalled([attempt for attempt in back if attempt.id in wanted])
        self._rest(worker)

    def _recall_fresh(self, attempt: str) -> None:
        for fresh_lane in self._fresh_lanes.values():
            for one in fresh_lane.waiting:
                if one.id == attempt:
                    fresh_lane.waiting.remove(one)
                    self._recalled([one])
                    return

    def _recalled(self, attempts: list[Attempt]) -> None:
        for attempt in attempts:
            self._where.pop(attempt.id, None)
            self._mailbox.post(Recalled(attempt.id))


def _remove(folders: Iterable[str]) -> None:
    """In a thread: they may hold gigabytes. What is left when the run ends goes with its scratch folder."""
    for folder in folders:
        if os.path.isdir(folder):
            import shutil

            threading.Thread(target=shutil.rmtree, args=(folder, True), name="penstock-remove", daemon=True).start()


_ENDED = {
    Cause.TIMEOUT: "ran beyond its timeout and was ended",
    Cause.CANCELLED: "was cancelled",
    Cause.PLATFORM: "sent what no worker sends, and was ended",
    Cause.PREEMPTED: "was cut: its machine was taken away, or its allocation ended",
}


class _Place(NamedTuple):
    """What the workers of one zygote have in common."""

    threads: int
    environment: Environment | None = None  # None: the flow's own
    gpus: bool = False  # it is a container that is to see them; a process sees them anyway


def _place_of(lane: Lane) -> _Place:
    is_image_s = lane.environment is not None and bool(lane.environment.image)
    return _Place(max(1, int(lane.cpu)), lane.environment, is_image_s and bool(lane.gpus))


class _Worker:
    """A worker, and what is known of its fate."""

    def __init__(self, queue: WorkerQueue, zygote: ZygoteProcess, place: _Place) -> None:
        self.queue = queue
        self.zygote = zygote
        self.place = place
        self.dying = False  # told to end, or dead
        self.ending: Cause | None = None  # why it was told to
        self.fresh_lane: _FreshLane | None = None
        self.held: Ended | None = None


class _FreshLane:
    """A lane whose attempts each get a fresh process, after the one before is gone: it has GPUs, or is isolated."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.waiting: deque[Attempt] = deque()
        self.worker: _Worker | None = None
