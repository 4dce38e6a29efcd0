"""One local worker as its executor sees it: what was sent to it, and what of that has not begun.

Messages to a worker wait in its socket, and the executor holds the receiving end too: what it can take back from there
had not begun, whatever happens to the worker.
"""

from __future__ import annotations

import _socket
import os
import time
from collections import deque
from collections.abc import Callable

from penstock.executors.endings import Death
from penstock.model.events import Ended, Hint
from penstock.model.outcomes import Log, Metric, Outcome, Usage, from_plain
from penstock.model.rows import LoopProgress
from penstock.model.specs import Attempt, Places
from penstock.model.tuples import NamedTuple
from penstock.worker import channel, log_files, posix


class Sent(NamedTuple):
    """An attempt on its way."""

    id: str
    attempt: Attempt
    message: bytes


class WorkerQueue:
    """A worker's two sockets and its queue."""

    def __init__(self, number: int, name: str, log: str, limit: int | None) -> None:
        self.number = number
        self.name = name
        self.log = log  # relative to the run's log folder
        self.limit = limit
        self.lane: int | None = None  # None: idle, or dying
        self.flight: deque[Sent] = deque()  # the head runs
        self.unsent: deque[Sent] = deque()  # did not fit into the socket
        self.log_end = 0
        self.has_served = False  # it has ended an attempt
        self.began_at = 0.0  # of the head
        self.metrics: dict[str, Metric] = {}  # hinted by the head
        self._post: Callable[[Ended | Hint], None]
        self._retires: Callable[[str, tuple[str, ...]], None]
        self._near, self._far = posix.message_pair()
        self._near.setblocking(False)

    @property
    def fd(self) -> int:
        """Readable when the worker has said something."""
        return self._near.fileno()

    @property
    def far_fd(self) -> int:
        return self._far.fileno()

    @property
    def is_idle(self) -> bool:
        return not self.flight and not self.unsent

    def posts_to(
        self,
        post: Callable[[Ended | Hint], None],
        retires: Callable[[str, tuple[str, ...]], None],
        notices: Callable[[str, str], None],
    ) -> None:
        """Who is told what the worker says; `retires`: of the attempt that it ends with, and why; `notices`: of an
        attempt, and a line for the user. Once, before anything is sent."""
        self._post, self._retires, self._notices = post, retires, notices

    def send(self, item: Sent) -> None:
        if self.unsent:
            self.unsent.append(item)
            return
        try:
            self._near.send(item.message)
        except BlockingIOError:
            self.unsent.append(item)
            return
        if not self.flight:
            self.began_at = time.time()
        self.flight.append(item)

    def read(self) -> None:
        """Post what the worker has said."""
        recv = self._near.recv
        while self.flight:  # else it has no more to say
            try:
                data = recv(channel.ROOM)
            except (BlockingIOError, ConnectionResetError):
                break
            kind, content = channel.unwrap(data)
            attempt, said, *more = content
            if kind == channel.OUTCOME:
                self._take_outcome(attempt, from_plain(said))
            elif kind == channel.RETIRES:
                self._retires(attempt, said)
            elif kind == channel.NOTICE:
                self._notices(attempt, said)
            else:
                metrics = tuple(Metric(*metric) for metric in said)
                self.metrics.update((metric.name, metric) for metric in metrics)
                loops = more[0] if more else None
                self._post(
                    Hint(attempt, metrics, None if loops is None else tuple(LoopProgress(*one) for one in loops))
                )
        if self.unsent:
            items, self.unsent = self.unsent, deque()
            for item in items:
                self.send(item)

    def _take_outcome(self, attempt: str, outcome: Outcome) -> None:
        if self.flight and self.flight[0].id == attempt:
            self.flight.popleft()
        else:
            self.flight = deque(item for item in self.flight if item.id != attempt)
        self.metrics.clear()
        self.has_served = True
        if outcome.log is not None:
            self.log_end = outcome.log.end
        if self.flight:
            self.began_at = time.time()
        self._post(Ended(attempt, outcome))

    def take_back(self) -> list[Sent]:
        """Empty the queue of what has not begun, in order."""
        messages: set[bytes] = set()
        while True:
            try:
                messages.add(self._far.recv(channel.ROOM, _socket.MSG_DONTWAIT))
            except (BlockingIOError, ConnectionResetError):
                break
        # The worker goes on reading meanwhile: what came back need not be the end of the queue.
        back = [item for item in self.flight if item.message in messages]
        self.flight = deque(item for item in self.flight if item.message not in messages)
        back.extend(self.unsent)
        self.unsent.clear()
        return back

    def rest(self, death: Death, places: Places, log_bytes: int) -> tuple[Usage, Log | None]:
        """What can be said of the attempt that a dead worker left. `log_bytes`: how much of its log is kept; 0: all."""
        path, start = places.log(self.log), max(self.log_end, log_files.OPENING)
        wall_s = max(0.0, time.time() - self.began_at)
        used = death.cpu_s, death.peak_bytes, death.read_bytes, death.written_bytes
        usage = Usage(self.began_at, wall_s, *used)
        try:
            end = os.stat(path).st_size
            if log_bytes and end - start > log_bytes + log_files.SLACK:
                end = log_files.cut(path, start, log_bytes)
        except OSError:  # killed before it had one
            end = 0
        return usage, Log(self.log, start, end) if end > start else None

    def close(self) -> None:
        """Give the sockets back. Not before they are no longer watched."""
        self._near.close()
        self._far.close()
