"""The worker: reads attempts, runs them one after another, writes their outcomes. Ends by `os._exit`, or by a kill."""

from __future__ import annotations

import _socket
import faulthandler
import os
import sys
from collections import deque
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any, Callable, Deque, NoReturn, Optional, Tuple, Union
from zlib import crc32

from penstock.model.outcomes import Log, Metric, Outcome, failed, to_plain
from penstock.model.specs import Attempt, Places, attempts_from_plain
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple, made
from penstock.worker import capture, channel, log_files, posix
from penstock.worker.attempt import Workbench, run_attempt
from penstock.worker.boot import Ready
from penstock.worker.chance import Chance
from penstock.worker.channel import WorkerRequest
from penstock.worker.gauge import Gauge
from penstock.worker.leftovers import wait_for_threads
from penstock.worker.log_filter import FilteredStream
from penstock.worker.meter import Meter, MeterReading, between
from penstock.worker.recorded_errors import traceback_text
from penstock.worker.restoring import Restoring

if TYPE_CHECKING:
    from penstock.model.rows import LoopProgress

_SHORT_S = 0.005
"""What is over sooner has hardly changed the memory that was seen last: that is not worth another look."""


_LAST_THREADS_S = 5.0
"""So long threads that are no daemons may go on in a worker that ends."""
_TICKET_SIZE = channel.TICKET.size
_read_ticket = channel.TICKET.unpack


class Post(NamedTuple):
    """Where a worker stands."""

    name: str
    contents: Any  # a socket: what attempts are
    line: Any  # a socket: tickets come in here, and what the worker says goes out
    gauge: Gauge
    scratch: str
    library: Any


class Worker:
    """One process that runs attempts."""

    def __init__(
        self,
        post: Post,
        bench: Workbench,
        chance: Chance,
        restoring: Restoring,
        log_file: str,
        log_size: Callable[[], int],
    ) -> None:
        self._name, self._contents, self._line, self._gauge, self._scratch, library = post
        self._bench = bench
        self._chance = chance
        self._restoring = restoring
        restoring.keep(library)
        self._log_file = log_file
        self._log_size = log_size
        self._log_end = log_size()
        self._pid = os.getpid()
        self._meter = Meter()
        self._last = self._meter.read(memory=True)
        self._orders: Deque[Tuple[int, Union[Attempt, bytes]]] = deque()  # that were read, with their tickets
        self._memory_bytes = self._last.memory_bytes
        self._has_forked = True  # since the meter was read
        os.register_at_fork(after_in_parent=self._note_fork)
        bench.hint = self._hint
        bench.ending = self._gauge

    def run(self) -> NoReturn:
        """Serve until the other end is closed. The process ends here, whatever happens."""
        status = 1
        try:
            while True:
                order = self._next()
                if order is None:
                    status = 0
                    break
                self._serve(order)
        except (BrokenPipeError, ConnectionResetError):
            pass  # whoever gave it work is dead; its log is the step's, and no place to say so
        except BaseException as error:  # noqa: BLE001  the last boundary: a forked worker must not unwind into the zygote's frames
            if os.getpid() == self._pid:
                sys.stderr.write(traceback_text(error))
        finally:
            os._exit(status)

    def _next(self) -> Optional[Union[Attempt, bytes]]:
        """The next attempt that is to run, or the message that names its file; None: nothing comes any more."""
        if not self._orders:
            content = self._read()
            if content is None:
                return None
            if content == channel.LONE:
                return self._orders.popleft()[1]
        ticket = self._line.recv(_TICKET_SIZE)
        return self._order(*_read_ticket(ticket)) if ticket else None

    def _read(self) -> Optional[bytes]:
        """Read the next content, and give its kind; None: the other end is closed."""
        data = self._contents.recv(channel.ROOM)
        if not data:
            return None
        (first,), message = channel.TICKET.unpack_from(data), data[_TICKET_SIZE:]
        if channel.is_in_file(message):
            self._orders.append((first, message))
            return message[:1]
        kind, content = channel.unwrap(message)
        self._orders.extend(enumerate(attempts_from_plain(content), first))
        return kind

    def _order(self, ticket: int) -> Union[Attempt, bytes]:
        """The attempt with this ticket, or the message that names its file. Those before it were taken back."""
        orders = self._orders
        while True:
            while orders:
                number, order = orders.popleft()
                if number == ticket:
                    return order
                if isinstance(order, bytes):
                    channel.discard(order)
            if self._read() is None:
                raise ConnectionResetError

    def _serve(self, attempt: Union[Attempt, bytes]) -> None:
        before = self._last
        if isinstance(attempt, bytes):  # a long one, which may take all memory that there is
            self._begin(before, process_time(), 0)
            (attempt,) = attempts_from_plain(channel.unwrap(attempt)[1])
            before = self._meter.read()
        self._chance.begin(attempt)
        capture.begin(attempt.id, self._bench.spec.log_bytes)
        for note in self._chance.told():
            sys.stderr.write(f"{note}\n")
        cpu_s = process_time()
        self._begin(before, cpu_s, crc32(attempt.id.encode()))
        # What it sets of context variables goes with it.
        outcome = copy_context().run(run_attempt, attempt, self._bench, cpu_s)
        was_long = outcome.usage.wall_s > _SHORT_S
        left = self._restoring.end(was_long)
        for note in self._chance.end():
            self._say(channel.wrap(channel.NOTICE, (attempt.id, note), self._scratch))
        outcome = self._completed(outcome, before, was_long)
        if left:
            self._say(channel.wrap(channel.RETIRES, (attempt.id, tuple(left)), self._scratch))
        self._send(attempt.id, outcome)
        if left:  # it can't be put back: the next one gets another process
            wait_for_threads(_LAST_THREADS_S)
            os._exit(0)

    def _completed(self, outcome: Outcome, before: MeterReading, was_long: bool) -> Outcome:
        """With what only the worker knows of it."""
        capture.finish_lines()
        has_forked, self._has_forked = self._has_forked, False
        after = self._last = self._meter.read(was_long, None if was_long or has_forked else before)
        self._memory_bytes = after.memory_bytes or self._memory_bytes
        peak_bytes = max(self._gauge.end(), self._memory_bytes)
        log, ours = (None, (0, 0)) if after.is_still else (self._log(), self._bench.writes.moved())
        status, result, error, usage, _, metrics, _, records = outcome
        usage = between(usage, before, after, peak_bytes, ours)
        return made(Outcome, (status, result, error, usage, log, metrics, self._name, records))

    def _begin(self, before: MeterReading, cpu_s: float, tag: int) -> None:
        children_cpu_s, read_bytes, written_bytes, _, look_bytes, _ = before
        self._gauge.begin(monotonic(), cpu_s + children_cpu_s, read_bytes + look_bytes, written_bytes, tag)

    def _send(self, attempt: str, outcome: Outcome) -> None:
        """Say how it ended; what this takes is no attempt's."""
        in_file = False
        try:
            message = channel.wrap(channel.OUTCOME, (attempt, to_plain(outcome)), self._scratch)
        except OSError as error:  # a long outcome goes through a file, and the disk may be full
            short = failed(Cause.PLATFORM, f"the outcome can't be written: {error}", usage=outcome.usage)
            message = channel.wrap(channel.OUTCOME, (attempt, to_plain(short)), self._scratch)
            in_file = True
        self._say(message)
        if in_file or channel.is_in_file(message):  # a file was written, or a part of one
            self._last = self._meter.read()

    def _say(self, message: bytes) -> None:
        self._line.sendall(channel.framed(message))

    def _hint(
        self, attempt: str, metrics: Tuple[Metric, ...], loops: Optional[Tuple[LoopProgress, ...]] = None
    ) -> None:
        data = attempt, tuple(tuple(metric) for metric in metrics), loops and tuple(tuple(one) for one in loops)
        try:
            message = channel.wrap(channel.HINT, data, self._scratch)
        except OSError:
            return  # a long one goes through a file, and the disk may be full; the outcome carries all metrics
        with suppress(BrokenPipeError, ConnectionResetError):  # nobody hears it any more; the step is not to blame
            self._say(message)

    def _note_fork(self) -> None:
        self._has_forked = True

    def _log(self) -> Optional[Log]:
        start, end = self._log_end, self._log_size()
        most = self._bench.spec.log_bytes
        if most and end - start >= most:
            end = self._bounded(start, most, end)
            self._last = self._meter.read()
        self._log_end = end
        return Log(self._log_file, start, end) if end > start else None

    def _bounded(self, start: int, most: int, end: int) -> int:
        """Keep no more of the log than that, and say so in it; gives where it ends."""
        if end - start < most + log_files.SLACK:
            capture.tell_limit()
            return self._log_size()
        try:
            return log_files.cut(self._bench.places.log(self._log_file), start, most)
        except OSError:  # removed by hand
            return self._log_size()


def serve(
    order: WorkerRequest,
    fds: Tuple[int, int],
    gauge: Gauge,
    places: Places,
    ready: Ready,
    parent: int,
    stream: Optional[FilteredStream],
) -> NoReturn:
    """Be the worker that was ordered, in a process that is ready for it. `parent`: the zygote's process."""
    posix.die_with_parent(ready.library, parent)
    posix.adopt_orphans(ready.library)
    os.setsid()
    log = places.log(order.log)
    capture.write_to(_begun(log) if stream is None else stream.fd)
    capture.write_into(log_files.token_of(log))
    faulthandler.enable(2)  # a crash leaves its traceback in the log
    ready.bench.pid = os.getpid()
    ready.bench.gpus = order.gpus
    contents, line = [_socket.socket(fileno=fd) for fd in fds]
    post = Post(order.name, contents, line, gauge, places.scratch, ready.library)
    log_size = partial(os.lseek, 1, 0, os.SEEK_END) if stream is None else stream.size
    Worker(post, ready.bench, ready.chance, ready.restoring, order.log, log_size).run()


def _begun(log: str) -> int:
    try:
        return log_files.begin(log)
    except OSError:  # what the worker prints is lost then, and goes nowhere else
        return os.open(os.devnull, os.O_WRONLY)
