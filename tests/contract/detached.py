"""An executor whose attempts outlive their driver: plain processes of this host that publish what they say in a
folder.

It proves the laws before clouds are there. Each attempt has a process of its own, in a session of its own, which runs
the attempt by the process executor, as an agent does, and writes each event under a new number, by rename. While that
process lives it holds a lock, so that its death is seen by whoever looks, and no process number is trusted. `hold` in
the root folder makes attempts wait for their turn.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from penstock.executors.process import ProcessExecutor
from penstock.model.environments import Environment
from penstock.model.events import Adopted, Began, Ended, ExecutorEvent, Lane, Placed, Profile, Recalled
from penstock.model.outcomes import failed
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.states import Cause

POLL_S = 0.01
CLOSE_S = 10.0
REPOSITORY = Path(__file__).parents[2]


class Place:
    """The folder of one attempt, as all who know it see it."""

    def __init__(self, root: Path, nonce: str, attempt: str) -> None:
        self.path = root / nonce / attempt.replace("/", ".")
        self.attempt = attempt

    def said(self, start: int = 0) -> list[ExecutorEvent]:
        """What its process has said, from this number on."""
        found: list[ExecutorEvent] = []
        while (file := self.path / f"said-{start + len(found)}").exists():
            found.append(pickle.loads(file.read_bytes()))
        return found

    def say(self, number: int, event: ExecutorEvent) -> None:
        self._publish(f"said-{number}", event)

    def cancel(self, cause: Cause) -> None:
        self._publish("cancel", cause)

    def cancelled(self) -> Cause | None:
        file = self.path / "cancel"
        return pickle.loads(file.read_bytes()) if file.exists() else None

    def lives(self) -> bool:
        """Whether its process does: it holds the lock."""
        with open(self.path / "lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def start(self, spec: RunSpec, places: Places, attempt: Attempt, lane: Lane) -> int:
        """Gives the number of its process. Fails where it was started before, and not recalled."""
        if self.path.exists() and any(isinstance(event, Recalled) for event in self.said()):
            shutil.rmtree(self.path)
        self.path.mkdir(parents=True)
        lock = os.open(self.path / "lock", os.O_CREAT | os.O_WRONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock, True)
        (self.path / "order").write_bytes(pickle.dumps((lock, spec, places, attempt, lane)))
        words = (os.POSIX_SPAWN_OPEN, 1, self.path / "words", os.O_CREAT | os.O_WRONLY, 0o600)
        args = [sys.executable, "-m", "tests.contract.detached", os.fspath(self.path)]
        environ = {**os.environ, "PYTHONPATH": os.fspath(REPOSITORY)}
        actions = [words, (os.POSIX_SPAWN_DUP2, 1, 2)]
        pid = os.posix_spawn(sys.executable, args, environ, file_actions=actions, setsid=True)
        os.close(lock)
        return pid

    def _publish(self, name: str, content: object) -> None:
        part = self.path / f"{name}.part"
        part.write_bytes(pickle.dumps(content))
        part.rename(self.path / name)


def is_over(event: ExecutorEvent) -> bool:
    return isinstance(event, (Ended, Recalled))


class DetachedExecutor:
    """Implements `engine.ports.Executor`. `root`: a folder that outlives drivers."""

    def __init__(self, root: Path, profile: Profile | None = None) -> None:
        self._root = root
        unbounded = Profile(None, None, unnamed_gpus=None, outlives_driver=True, begins_later=True)
        self._profile = profile or unbounded
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Place, int]] = {}  # what runs, and how much it has said
        self._lanes: dict[int, deque[tuple[Attempt, Lane]]] = {}  # the head runs
        self._left: list[Place] = []  # cancelled, and not ours
        self._pids: set[int] = set()  # started here, and not reaped
        self._closed = False

    @property
    def profile(self) -> Profile:
        return self._profile

    def open(self, mailbox: Any, spec: RunSpec, places: Places) -> None:
        self._mailbox, self._spec, self._places = mailbox, spec, places
        self._token = int(spec.driver.partition("-")[0])
        (self._root / spec.nonce).mkdir(parents=True, exist_ok=True)
        with self._owner() as file:
            token = max(self._token, int(file.read() or 0))
            file.truncate(0)
            file.write(str(token))
        self._thread = threading.Thread(target=self._poll, name="detached", daemon=True)
        self._thread.start()

    def ready(self, environment: Environment | None, step: str) -> None:
        """Each process has the flow's own environment."""

    def assist(self, timeout_s: float) -> bool:
        return False

    def start(self, launches: Sequence[tuple[Attempt, tuple[Lane, ...]]]) -> None:
        with self._lock:
            for attempt, (lane,) in launches:
                queue = self._lanes.setdefault(lane.number, deque())
                queue.append((attempt, lane))
                if len(queue) == 1:
                    self._launch(attempt, lane)

    def recall(self, attempts: Collection[str]) -> None:
        """Of what was handed over only the process itself knows whether it has begun."""
        with self._lock:
            for queue in self._lanes.values():
                for item in [item for item in list(queue)[1:] if item[0].id in attempts]:
                    queue.remove(item)
                    self._mailbox.post(Recalled(item[0].id))

    def cancel(self, attempt: str, cause: Cause) -> None:
        self.recall((attempt,))
        with self._lock, self._mine() as mine:
            place = self._place(attempt)
            if mine and place.path.exists() and place.lives() and place.cancelled() is None:
                place.cancel(cause)
                if attempt in self._known:
                    self._recall_behind(attempt)
                else:
                    self._left.append(place)

    def adopt(self, attempt: Attempt, handle: str) -> None:
        with self._lock:
            place = self._place(attempt.id)
            assert handle in ("", os.fspath(place.path))
            lives = place.path.exists() and place.lives()
            ends = [event for event in place.said() if isinstance(event, Ended)]
            if lives and not ends:
                self._known[attempt.id] = (place, 0)
            self._mailbox.post(ends[0] if ends else Adopted(attempt.id, lives))

    def close(self, *, leave: bool = False) -> None:
        for attempt in [] if leave or self._closed else list(self._known):
            self.cancel(attempt, Cause.CANCELLED)
        self._closed = True
        self._thread.join()
        mine = [] if leave else [place for place, _ in self._known.values()] + self._left
        until = time.monotonic() + CLOSE_S
        while any(place.lives() for place in mine) and time.monotonic() < until:
            time.sleep(POLL_S)

    def _place(self, attempt: str) -> Place:
        return Place(self._root, self._spec.nonce, attempt)

    @contextmanager
    def _owner(self) -> Iterator[Any]:
        with open(self._root / self._spec.nonce / "owner", "a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file

    @contextmanager
    def _mine(self) -> Iterator[bool]:
        """Whether no later driver has the run; none takes it meanwhile."""
        with self._owner() as file:
            yield int(file.read()) == self._token

    def _launch(self, attempt: Attempt, lane: Lane) -> None:
        place = self._place(attempt.id)
        with self._mine() as mine:
            if mine:
                self._pids.add(place.start(self._spec, self._places, attempt, lane))
                self._known[attempt.id] = (place, 0)
                self._mailbox.post(Placed(attempt.id, os.fspath(place.path)))

    def _poll(self) -> None:
        while not self._closed:
            with self._lock:
                for attempt in list(self._known):
                    self._look(attempt)
                self._pids -= {pid for pid in self._pids if os.waitpid(pid, os.WNOHANG)[0]}
            time.sleep(POLL_S)

    def _look(self, attempt: str) -> None:
        place, start = self._known[attempt]
        lives = place.lives()  # first: what it says before its death is read
        said = place.said(start)
        if not lives and not any(map(is_over, said)):
            said.append(Ended(attempt, failed(Cause.KILLED, "its process was killed from outside")))
        self._known[attempt] = (place, start + len(said))
        for event in said:
            if isinstance(event, Ended) and event.outcome.error and event.outcome.error.cause == Cause.KILLED:
                self._recall_behind(attempt)
            if is_over(event):
                del self._known[attempt]
                self._advance(attempt)
            self._mailbox.post(event)

    def _recall_behind(self, attempt: str) -> None:
        for queue in self._lanes.values():
            while queue[0][0].id == attempt and len(queue) > 1:
                self._mailbox.post(Recalled(queue.pop()[0].id))

    def _advance(self, attempt: str) -> None:
        """The next of its lane."""
        for number, queue in list(self._lanes.items()):
            if queue[0][0].id == attempt:
                queue.popleft()
                if queue:
                    self._launch(*queue[0])
                else:
                    del self._lanes[number]


def main(folder: Path) -> None:
    """The process of one attempt."""
    from tests.contract.executor_bench import FakeMailbox

    lock, spec, places, attempt, lane = pickle.loads((folder / "order").read_bytes())
    os.set_inheritable(lock, False)
    place = Place(folder.parents[1], spec.nonce, attempt.id)
    while (folder.parents[1] / "hold").exists():
        if place.cancelled() is not None:
            place.say(0, Recalled(attempt.id))
            return
        time.sleep(POLL_S)
    mailbox = FakeMailbox()
    mailbox.events.append(Began(attempt.id))
    executor = ProcessExecutor(name=folder.name, max_workers=1, gpus=lane.gpus)
    scratch = folder / "scratch"
    scratch.mkdir()
    executor.open(mailbox, spec, places._replace(scratch=os.fspath(scratch)))
    executor.start([(attempt, (lane,))])
    told, asked = 0, False
    while True:
        news = mailbox.events[told:]
        if any(map(is_over, news)):
            executor.close()  # nothing that it started runs any more
        for event in news:
            place.say(told, event)
            told += 1
        if any(map(is_over, news)):
            return
        if not asked and (cause := place.cancelled()) is not None:
            asked = True
            executor.cancel(attempt.id, cause)
        else:
            mailbox.turn(POLL_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
