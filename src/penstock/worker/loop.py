"""The worker: reads attempts, runs them one after another, writes their outcomes. Ends by `os._exit`, or by a kill."""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import Any, Callable, NamedTuple, NoReturn, Optional, Tuple

from penstock.model.outcomes import Log, Metric, Outcome, Usage, failed, to_plain
from penstock.model.specs import attempt_from_plain
from penstock.model.states import Cause
from penstock.worker import capture, channel, posix
from penstock.worker.attempt import Workbench, run_attempt
from penstock.worker.failure import traceback_text
from penstock.worker.footing import Footing
from penstock.worker.gauge import Gauge

_SHORT_S = 0.005
"""What is over sooner is not worth a look into /proc."""


class Post(NamedTuple):
    """Where a worker stands."""

    name: str
    fd: int  # attempts come in here, outcomes go out
    gauge: Gauge
    scratch: str
    library: Any


class Worker:
    """One process that runs attempts."""

    def __init__(
        self, post: Post, bench: Workbench, footing: Footing, log_file: str, log_size: Callable[[], int]
    ) -> None:
        self._post = post
        self._bench = bench
        self._footing = footing
        self._log_file = log_file
        self._log_size = log_size
        self._log_end = log_size()
        self._pid = os.getpid()
        self._meter = _Meter()
        bench.hint = self._hint

    def run(self) -> NoReturn:
        """Serve until the other end is closed. The process ends here, whatever happens."""
        status = 1
        try:
            while True:
                message = os.read(self._post.fd, channel.ROOM)
                if not message:
                    status = 0
                    break
                self._serve(message)
        except BaseException as error:  # noqa: BLE001  the last boundary: a forked worker must not unwind into the zygote's frames
            if os.getpid() == self._pid:
                sys.stderr.write(traceback_text(error))
        finally:
            os._exit(status)

    def _serve(self, message: bytes) -> None:
        gauge = self._post.gauge
        gauge.begin(monotonic())
        attempt = attempt_from_plain(channel.unwrap(message)[1])
        self._footing.begin(attempt.key)
        capture.begin(attempt.id)
        outcome = run_attempt(attempt, self._bench)
        children_cpu_s = self._end_children()
        self._footing.end()
        usage = outcome.usage
        read, written = self._meter.look() if usage.wall_s > _SHORT_S else (0, 0)
        peak = max(gauge.end(), self._meter.memory_bytes)
        cpu_s = usage.cpu_s + children_cpu_s
        usage = Usage(usage.began_at, usage.wall_s, cpu_s, peak, read, written)
        self._send(attempt.id, outcome._replace(usage=usage, log=self._log(), worker=self._post.name))

    def _send(self, attempt: str, outcome: Outcome) -> None:
        try:
            message = channel.wrap(channel.OUTCOME, (attempt, to_plain(outcome)), self._post.scratch)
        except OSError as error:  # a long outcome goes through a file, and the disk may be full
            short = failed(Cause.RAISED, f"the outcome can't be written: {error}", usage=outcome.usage)
            message = channel.wrap(channel.OUTCOME, (attempt, to_plain(short)), self._post.scratch)
        os.write(self._post.fd, message)

    def _hint(self, attempt: str, metrics: Tuple[Metric, ...]) -> None:
        data = attempt, tuple(tuple(metric) for metric in metrics)
        try:
            message = channel.wrap(channel.HINT, data, self._post.scratch)
        except OSError:
            return  # a long one goes through a file, and the disk may be full; the outcome carries all metrics
        os.write(self._post.fd, message)

    def _log(self) -> Optional[Log]:
        """The slice of the log that this attempt wrote."""
        capture.finish_lines()
        if self._post.library is not None:
            self._post.library.fflush(None)  # what C code printed
        start, end = self._log_end, self._log_size()
        self._log_end = end
        return Log(self._log_file, start, end) if end > start else None

    def _end_children(self) -> float:
        """Kill and reap what the attempt left running; gives the processor time of all its children."""
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    posix.kill(posix.descendants(self._pid, posix.Family().look(fresh=True)))
                    os.waitpid(-1, 0)
            except ChildProcessError:  # orphans become children of this process: none is left anywhere
                return self._children_cpu()

    _children_before_s = 0.0

    def _children_cpu(self) -> float:
        times = os.times()
        total = times.children_user + times.children_system
        spent, self._children_before_s = total - self._children_before_s, total
        return spent


class _Meter:
    """What the system knows of this process: its anonymous memory, and what it has read and written."""

    def __init__(self) -> None:
        self._statm = _open("/proc/self/statm")
        self._io = _open("/proc/self/io")
        self.memory_bytes = 0
        self._read_bytes = self._written_bytes = 0
        self.look()

    def look(self) -> Tuple[int, int]:
        """Bytes read and written since the last look, from the page cache or the disk; mapped files are not counted."""
        if self._statm >= 0:
            pages = os.pread(self._statm, 128, 0).split()
            self.memory_bytes = (int(pages[1]) - int(pages[2])) * posix.PAGE
        if self._io < 0:
            return 0, 0
        fields = os.pread(self._io, 256, 0).split()
        read, written = int(fields[1]), int(fields[3])
        since = read - self._read_bytes, written - self._written_bytes
        self._read_bytes, self._written_bytes = read, written
        return since


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY)
    except OSError:
        return -1
