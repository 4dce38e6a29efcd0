"""One local worker as its executor sees it: what was sent to it, and what of that has not begun.

The tickets of attempts wait in the worker's socket, and the executor holds the receiving end too: an attempt whose
ticket it can take back from there had not begun, and will not, whatever happens to the worker. The worker passes over
the content of such an attempt.
"""

from __future__ import annotations

import _socket
import os
import time
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from penstock.executors.zygote_process import Death
from penstock.model.events import Ended, Hint
from penstock.model.outcomes import Log, Metric, Usage, from_plain
from penstock.model.rows import LoopProgress
from penstock.model.specs import Attempt, Places, attempts_to_plain
from penstock.model.tuples import NamedTuple, made
from penstock.model.wire import MalformedError
from penstock.worker import channel, log_files, posix

_READ = 1 << 16
_AHEAD = 512
"""So many attempts are in the sockets at most, and more are written once half of them have ended: each try to write to
one that is full encodes them for nothing."""
_MOST_READS = 64
"""At one look: who says more than this at a time may not keep the driver."""

Unwrap = Callable[[bytes], tuple[bytes, Any]]
"""How a message of the worker is read: `channel.unwrap`, or what trusts it less."""


class _Sent(NamedTuple):
    """An attempt on its way, and its ticket."""

    attempt: Attempt
    ticket: int
    message: bytes  # that names the file with the attempt; b"": it is not in one


class WorkerQueue:
    """A worker's sockets and its queue."""

    def __init__(
        self, number: int, name: str, log: str, limit: int | None, scratch: str, unwrap: Unwrap = channel.unwrap
    ) -> None:
        self.number = number
        self.name = name
        self.log = log  # relative to the run's log folder
        self.limit = limit
        self.lane: int | None = None  # None: idle, or dying
        self.unsent: deque[Attempt] = deque()  # did not fit into the socket
        self.log_end = 0
        self.has_served = False  # it has ended an attempt
        self.began_at = 0.0  # of the head
        self.metrics: dict[str, Metric] = {}  # hinted by the head
        self._scratch = scratch
        self._unwrap = unwrap
        self._is_malformed = False
        self._flight: deque[_Sent] = deque()  # the head runs
        self._full = _AHEAD  # so many are in the sockets when no more goes into them
        self._fit = _AHEAD  # so many may go into one message: twice as many as went into the last one
        self._tickets = 0  # that were given
        self._waits = False  # with nothing in flight: it has ended all that it has got, and waits for the next content
        self._said = b""  # of what the worker has said, what is not complete
        self._heard: list[Ended | Hint] = []  # within one read
        self._post: Callable[[list[Ended | Hint]], None]
        self._breaks: Callable[[str], None]
        self._retires: Callable[[str, tuple[str, ...]], None]
        self._contents, self._contents_far = posix.message_pair()
        self._near, self._far = posix.stream_pair()
        self._contents.setblocking(False)
        self._near.setblocking(False)

    @property
    def fd(self) -> int:
        """Readable when the worker has said something."""
        return self._near.fileno()

    @property
    def far_fds(self) -> tuple[int, int]:
        """What the worker gets: where contents come in, and where tickets come in and what it says goes out."""
        return self._contents_far.fileno(), self._far.fileno()

    def handed_over(self) -> None:
        """The worker's own copies of these are on their way."""
        self._contents_far.close()

    @property
    def is_idle(self) -> bool:
        return not self._flight and not self.unsent

    @property
    def runs(self) -> bool:
        """Whether an attempt was sent that has not ended."""
        return bool(self._flight)

    def pop(self) -> Attempt:
        """The attempt that ran when the worker died; it is taken out."""
        return self._flight.popleft().attempt

    def posts_to(
        self,
        post: Callable[[list[Ended | Hint]], None],
        retires: Callable[[str, tuple[str, ...]], None],
        notices: Callable[[str, str], None],
        refuses: Callable[[str, OSError], None],
        breaks: Callable[[str], None],
    ) -> None:
        """Who is told what the worker says; `retires`: of the attempt that it ends with, and why; `notices`: of an
        attempt, and a line for the user; `refuses`: of an attempt that can't be sent; `breaks`: that it said what no
        worker says. Once, before anything is sent."""
        self._post, self._retires, self._notices, self._refuses, self._breaks = post, retires, notices, refuses, breaks

    def send(self, attempts: Iterable[Attempt]) -> None:
        """Have the worker run them, behind those that it has."""
        self.unsent.extend(attempts)
        while self.unsent and self._send_some():
            pass

    def _send_some(self) -> bool:
        """Send as many as one message holds; False: the worker has to read first what was sent before."""
        if 2 * len(self._flight) > self._full:
            return False
        some = list(islice(self.unsent, min(self._fit, _AHEAD - len(self._flight))))
        while len(body := channel.body_of(attempts_to_plain(some))) > channel.LIMIT and len(some) > 1:
            some = some[: len(some) // 2]
            self._fit = len(some)
        kind = channel.LONE if self._waits and not self._flight and len(some) == 1 else channel.ATTEMPTS
        try:
            message = channel.wrap_body(kind, body, self._scratch)
        except OSError as error:  # a long one goes through a file, and the disk may be full
            self._refuses(self.unsent.popleft().id, error)
            return True
        try:
            self._contents.send(channel.TICKET.pack(self._tickets) + message)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):  # or it is dead, which its zygote will say
            channel.discard(message)
            self._full = len(self._flight)
            return False
        self._full, self._fit = _AHEAD, min(2 * self._fit, _AHEAD)
        if not self._flight:
            self.began_at = time.time()
        in_file = message if channel.is_in_file(message) else b""
        sent = [made(_Sent, (attempt, ticket, in_file)) for ticket, attempt in enumerate(some, self._tickets)]
        if kind is channel.ATTEMPTS:
            self._near.send(channel.tickets(self._tickets, len(sent)))
        self._tickets += len(sent)
        self._flight.extend(sent)
        for _ in sent:
            self.unsent.popleft()
        return True

    def read(self) -> None:
        """Post what the worker has said."""
        for _ in range(_MOST_READS):
            try:
                data = self._near.recv(_READ)
            except (BlockingIOError, ConnectionResetError):
                break
            if not self._is_malformed:  # else it is read, so that it wakes nobody any more, and dropped
                try:
                    self._take_all(data)
                except MalformedError as error:
                    self._is_malformed = True
                    self._breaks(str(error))
            if len(data) < _READ:
                break
        if self.unsent:
            self.send(())

    def _take_all(self, data: bytes) -> None:
        messages, self._said = channel.messages(self._said + data if self._said else data)
        if len(self._said) > channel.ROOM:
            raise MalformedError("a message without an end")
        try:
            for message in messages:
                kind, content = self._unwrap(message)
                if kind == channel.OUTCOME:
                    self._take_outcome(*content)
                else:
                    self._take(kind, *content)
        finally:
            if self._heard:
                heard, self._heard = self._heard, []
                self._post(heard)

    def _take(self, kind: bytes, attempt: str, said: Any, *more: Any) -> None:
        if kind == channel.NOTICE:
            self._notices(attempt, said)
        elif not self._has(attempt):
            if kind != channel.HINT:  # which a thread may give too late
                raise _not_its_own(attempt)
        elif kind == channel.RETIRES:
            self._retires(attempt, said)
        else:
            metrics = tuple(Metric(*metric) for metric in said)
            self.metrics.update((metric.name, metric) for metric in metrics)
            loops = more[0] if more else None
            told = None if loops is None else tuple(LoopProgress(*one) for one in loops)
            self._heard.append(Hint(attempt, metrics, told))

    def _has(self, attempt: str) -> bool:
        flight = self._flight  # the head speaks, but for what was passed over
        return bool(flight) and (flight[0].attempt.id == attempt or any(one.attempt.id == attempt for one in flight))

    def _take_outcome(self, attempt: str, said: tuple[Any, ...]) -> None:
        outcome, flight = from_plain(said), self._flight
        log = outcome.log
        if log is not None and log.file != self.log:
            raise MalformedError(f"{log.file!r} is not its own log")
        if flight and flight[0].attempt.id == attempt:
            self._waits = flight.popleft().ticket == self._tickets - 1
        elif self._has(attempt):
            self._flight = deque(one for one in flight if one.attempt.id != attempt)
        else:
            raise _not_its_own(attempt)
        self.metrics.clear()
        self.has_served = True
        if log is not None:
            self.log_end = log.end
        if self._flight:
            self.began_at = time.time()
        self._heard.append(made(Ended, (attempt, outcome)))

    def take_back(self) -> list[Attempt]:
        """Empty the queue of what has not begun, in order."""
        data = bytearray()
        while True:
            try:
                data += self._far.recv(_READ, _socket.MSG_DONTWAIT)
            except (BlockingIOError, ConnectionResetError):
                break
        back: list[Attempt] = []
        if data:
            self._waits = False  # it may hold contents whose tickets are here, and waits for the next ticket
            # The worker goes on reading meanwhile: what came back need not be the end of the queue.
            tickets = {ticket for (ticket,) in channel.TICKET.iter_unpack(data)}
            for one in self._flight:
                if one.ticket in tickets:
                    back.append(one.attempt)
                    channel.discard(one.message)
            self._flight = deque(one for one in self._flight if one.ticket not in tickets)
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
        for end in (self._contents, self._contents_far, self._near, self._far):
            end.close()


def _not_its_own(attempt: str) -> MalformedError:
    return MalformedError(f"{attempt!r} is no attempt of its own")
