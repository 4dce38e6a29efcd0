"""The zygote: imports the user's module once, forks workers that have it, and ends them with all they started.

It is told what to do by the executor, through one socket, and reports deaths there. It runs no attempt and no thread.
When the executor is gone, it ends every worker and itself.
"""

from __future__ import annotations

import _socket
import errno
import gc
import math
import os
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any, Dict, List, NoReturn, Optional, Set, Tuple

from penstock.artifacts.digests import digest
from penstock.model import wire
from penstock.shadows import standard
from penstock.worker import boot, capture, channel, log_files, log_filter, loop, posix
from penstock.worker.bootstrap import bootstrap
from penstock.worker.channel import LOG_FILTER, WorkerRequest
from penstock.worker.gauge import FILE_SIZE, GRACE_S, Gauge, Gauges
from penstock.worker.log_filter import FilteredStream, LogFilter
from penstock.worker.system_metrics import SystemSamplers

_SAMPLE_S = 0.03
_LOOK_S = 0.1
_LONG_S = 0.05
_REAP_S = 2.0

_Used = Tuple[float, int, int]  # seconds of CPU, bytes read, written


class Child:
    """A worker that lives."""

    def __init__(self, order: WorkerRequest, pid: int, gauge: Gauge, stream: Optional[FilteredStream]) -> None:
        self.number = order.number
        self.limit = order.limit
        self.gpus = order.gpus
        self.pid = pid
        self.gauge = gauge
        self.stream = stream  # None: it writes to its log itself
        self.fd = posix.process_fd(pid)
        self.ends_at = math.inf  # when it is killed, whose program was asked to end before
        self.overrun = 0  # bytes it had when it was killed for them
        self.below: List[_Used] = []  # by what was killed below it
        self.log = order.log
        self.log_began: Tuple[float, int] = (0.0, 0)  # when its attempt began, and how long its log was then


class Zygote:
    """Workers, and who is told about them."""

    def __init__(self, control: Any, setup: Tuple[Any, ...], log_filter: Optional[LogFilter]) -> None:
        self._control = control
        self._log_filter = log_filter
        self._setup = setup
        self._spec, self._places = boot.setup_from_plain(setup)
        if log_filter is not None:
            self._report(channel.STARTED, (LOG_FILTER, log_filter.pid))
        self._gauge_fd = posix.shared_file(self._places.scratch, FILE_SIZE)
        self._gauges = Gauges(self._gauge_fd)
        self._family = posix.Family()
        self._living: Dict[int, Child] = {}
        self._samplers = SystemSamplers()
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        self._me, self._parent = os.getpid(), os.getppid()  # 1 and 0: a container's first process, whose socket ends
        self._parent_fd = posix.process_fd(self._parent)
        if self._parent_fd is not None:
            self._poll.register(self._parent_fd, select.POLLIN)
        self._ready = boot.boot(self._spec, self._places)
        for note in self._ready.chance.told():
            self._report(channel.NOTICE, (note,))
        posix.adopt_orphans(self._ready.library)
        self._forks = self._fork_is_safe()
        # What the user's module started belongs to no attempt.
        self._older: Set[int] = set(self._family.look(fresh=True).get(self._me, ())) if posix.has_children() else set()
        self._system_kills = posix.killed_by_system()
        if hasattr(gc, "freeze"):  # not in PyPy
            gc.freeze()

    def run(self) -> NoReturn:
        """Serve until the executor is gone."""
        try:
            while os.getppid() == self._parent:
                self._poll.poll(self._patience_ms())
                while self._take_order():
                    pass
                self._reap()
                self._sample()
                self._end_asked()
        finally:
            self._end_all()
            os._exit(0)

    def _take_order(self) -> bool:
        """Do one thing that the executor asks for; False: it asks for nothing now."""
        try:
            data, ancillary, _, _ = self._control.recvmsg(channel.ROOM, _socket.CMSG_SPACE(8), _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        if not data:
            self._end_all()
            os._exit(0)
        kind, content = channel.unwrap(data)
        if kind == channel.WORKER:
            self._hire(WorkerRequest(*content), ancillary)
        elif content[0] in self._living:
            child = self._living[content[0]]
            if kind == channel.LIMITED:
                child.limit = content[1]
                child.gauge.may_have(content[1])
            elif kind == channel.KILL and not self._ask_program(child):
                self._kill(child)
        return True

    def _hire(self, order: WorkerRequest, ancillary: List[Any]) -> None:
        """Start a worker. Where the system has no memory, process or descriptor left for one, those that run are not
        to suffer from it: this one alone is told to be dead."""
        data = ancillary[0][2] if ancillary else b""
        fds = [fd for (fd,) in struct.iter_unpack("i", data[: len(data) // 4 * 4])]
        try:
            if len(fds) < 2:  # not all of its descriptors could be received
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            self._start(order, (fds[0], fds[1]))
        except OSError as error:
            self._refuse(order, error.strerror or str(error))
        finally:
            for fd in fds:
                os.close(fd)

    def _refuse(self, order: WorkerRequest, why: str) -> None:
        self._report(channel.DIED, (order.number, None, 0, 0, False, 0.0, 0, 0, why))

    def _start(self, order: WorkerRequest, fds: Tuple[int, int]) -> None:
        gauge = self._gauges.take()
        gauge.may_have(order.limit)
        stream = None
        try:
            stream = self._log_filter.stream(self._places.log(order.log)) if self._log_filter else None
            if order.gpus is None and self._forks:
                pid = os.fork()
                if pid == 0:
                    self._become_worker(order, fds, gauge, stream)
            else:
                pid = self._spawn(order, fds, gauge, stream)
        except OSError:
            self._gauges.give(gauge)
            if stream is not None:
                os.close(stream.fd)  # first: what masks waits for its end
                stream.close()
            raise
        if stream is not None:
            os.close(stream.fd)
        child = self._living[order.number] = Child(order, pid, gauge, stream)
        if child.fd is not None:
            self._poll.register(child.fd, select.POLLIN)
        self._report(channel.STARTED, (order.number, pid))

    def _become_worker(
        self, order: WorkerRequest, fds: Tuple[int, int], gauge: Gauge, stream: Optional[FilteredStream]
    ) -> NoReturn:
        try:
            if not self._parent:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)  # as `contained.py` had it
            self._control.close()
            if self._log_filter is not None:
                self._log_filter.leave()
            self._samplers.close()
            for other in self._living.values():
                if other.fd is not None:
                    os.close(other.fd)
                if other.stream is not None:
                    other.stream.sync.close()
            loop.serve(order, fds, gauge, self._places, self._ready, self._me, stream)
        finally:
            os._exit(1)

    def _spawn(
        self, order: WorkerRequest, own_fds: Tuple[int, int], gauge: Gauge, stream: Optional[FilteredStream]
    ) -> int:
        """A worker in an interpreter of its own: where forking is not safe, or a GPU must not be shared."""
        parcel = wire.pack((self._setup, tuple(order), gauge.slot, stream is not None))
        parcel_fd = posix.shared_file(self._places.scratch, len(parcel))
        os.pwrite(parcel_fd, parcel, 0)
        environ = dict(os.environ)
        if order.gpus is not None:
            environ["CUDA_VISIBLE_DEVICES"] = ",".join(order.gpus)
        fds = [parcel_fd, *own_fds, self._gauge_fd, *((stream.fd, stream.sync.fileno()) if stream else ())]
        # Above the numbers that they have now, so that none is overwritten before it is copied.
        first = max(fds) + 1
        copies = [(os.POSIX_SPAWN_DUP2, old, first + at) for at, old in enumerate(fds)]
        command = bootstrap(sys.executable, "spawned", first)
        try:
            return os.posix_spawn(command[0], command, environ, file_actions=copies)
        finally:
            os.close(parcel_fd)

    def _fork_is_safe(self) -> bool:
        if not posix.LINUX:
            return False
        threading = standard("threading")
        if posix.threads_alive() > 1 and (threading is None or threading.active_count() == 1):
            # Threads of a library. OpenBLAS, for one, ends its own before a fork and starts them again when needed.
            pid = os.fork()
            if pid == 0:
                os._exit(0)
            os.waitpid(pid, 0)
        count = posix.threads_alive()
        what = ""
        if count > 1:
            what = f"leaves {'a thread' if count == 2 else f'{count - 1} threads'} running"
        elif _has_queues():
            what = "makes a pool or a queue of processes"
        if what:
            text = (
                f"{self._spec.module} {what} when it is imported, so that workers can't be forked: each is started "
                "anew, which takes longer"
            )
            self._report(channel.NOTICE, (text,))
        return not what

    def _patience_ms(self) -> Optional[float]:
        """How long to wait for orders until memory has to be looked at."""
        if not self._living:
            return None if self._parent_fd is not None or not self._parent else 1000 * _LOOK_S
        now = time.monotonic()
        for child in self._living.values():
            if child.ends_at < math.inf or child.limit is not None or 0.0 < child.gauge.began() < now - _LONG_S:
                return 1000 * _SAMPLE_S
        return 1000 * _LOOK_S

    def _sample(self) -> None:
        """Look at the memory of what has a limit or runs for long; end what went beyond its limit."""
        now = time.monotonic()
        watched: List[Child] = []
        for child in self._living.values():
            began = child.gauge.began()
            if began and (child.limit is not None or began < now - _LONG_S):
                watched.append(child)
        children = self._family.look() if watched else {}
        for child in watched:
            pids = [child.pid, *posix.descendants(child.pid, children)]
            size = sum(map(posix.memory_of, pids))
            child.gauge.sample(size)
            self._sample_system(child, now, pids, size)
            if self._spec.log_bytes:
                self._shorten_log(child)
            if child.limit is not None and size > child.limit and not child.overrun:
                child.overrun = size
                self._kill(child)

    def _sample_system(self, child: Child, now: float, pids: List[int], memory: int) -> None:
        """Note what the attempt uses, for whoever looks at its curves."""
        began = child.gauge.began()
        sampler = self._samplers.of(child.number, self._places.log(child.log), child.gpus)
        if began and sampler.is_due(now, began):
            sampler.look(now, child.gauge.tag(), child.gauge.used_before(), pids, memory)

    def _shorten_log(self, child: Child) -> None:
        """What an attempt's programs write on and on may not fill the disk until it ends, when its log is cut."""
        path, most = self._places.log(child.log), self._spec.log_bytes
        with suppress(OSError):  # removed by hand
            size = os.stat(path).st_size
            known, start = child.log_began
            began = child.gauge.began()  # 0.0: it has ended just now, and its worker cuts what is too long
            if began != known:
                child.log_began = began, size
            elif began and size - start > 2 * most + log_files.SLACK:
                os.truncate(path, start + most)

    def _ask_program(self, child: Child) -> bool:
        """Have the program that the worker runs, if it does, end itself first; whether it was asked."""
        pid = child.gauge.program_pid()
        if not pid or child.ends_at < math.inf:
            return child.ends_at < math.inf
        child.ends_at = time.monotonic() + GRACE_S
        child.gauge.ask_to_end()
        for one in (pid, *posix.descendants(pid, self._family.look(fresh=True))):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(one, signal.SIGTERM)
        return True

    def _end_asked(self) -> None:
        """Kill the workers whose programs have ended, or had their time for it."""
        for child in self._living.values():
            if child.ends_at < math.inf and (time.monotonic() >= child.ends_at or not child.gauge.program_pid()):
                child.ends_at = math.inf
                self._kill(child)

    def _kill(self, child: Child) -> None:
        """The worker, and everything below it. What slips away becomes this process's child when the worker dies."""
        below = posix.descendants(child.pid, self._family.look(fresh=True))
        child.below = child.below or list(map(posix.used_by, below))  # nobody waits for them who would be told
        posix.kill([child.pid, *below])

    def _reap(self) -> None:
        by_pid = {child.pid: child for child in self._living.values()}
        dead: List[Tuple[Child, int, _Used]] = []
        while True:
            waiting = posix.dead_child()
            if waiting == 0:
                break
            used = _used_by_attempt(by_pid[waiting]) if waiting in by_pid else (0.0, 0, 0)
            try:
                pid, status = os.waitpid(waiting, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            if self._log_filter is not None and pid == self._log_filter.pid:  # nobody can write any more
                self._end_all()
                os._exit(1)
            if pid in by_pid:
                dead.append((by_pid[pid], status, used))
        if dead:
            for child, *_ in dead:
                del self._living[child.number]
            self._end_orphans()
            for child, status, used in dead:
                self._bury(child, status, used)

    def _bury(self, child: Child, status: int, used: _Used) -> None:
        if child.fd is not None:
            self._poll.unregister(child.fd)
            os.close(child.fd)
        self._samplers.forget(child.number)
        peak = child.gauge.end()
        self._gauges.give(child.gauge)
        if child.stream is not None:
            child.stream.close()
        kills, before = posix.killed_by_system(), self._system_kills
        self._system_kills = kills
        self._report(channel.DIED, (child.number, status, peak, child.overrun, kills > before, *used))

    def _end_orphans(self) -> None:
        """End what dead workers left: it has become this process's own."""
        until = time.monotonic() + _REAP_S
        while time.monotonic() < until:
            living = {child.pid for child in self._living.values()} | self._older
            children = self._family.look(fresh=True)
            orphans = [pid for pid in children.get(self._me, ()) if pid not in living]
            if not orphans:
                return
            for orphan in orphans:
                posix.kill([orphan, *posix.descendants(orphan, children)])
            for orphan in orphans:
                posix.has_ended(orphan, until - time.monotonic())

    def _end_all(self) -> None:
        """End every worker, and what the user's module started."""
        pids = [child.pid for child in self._living.values()]
        posix.kill(pids)
        until = time.monotonic() + _REAP_S
        for pid in pids:
            posix.has_ended(pid, until - time.monotonic())
        if self._log_filter is not None:
            self._log_filter.end()
        while posix.has_children() and time.monotonic() < until:  # what the workers had, if they had anything
            posix.kill(posix.descendants(self._me, self._family.look(fresh=True)))
            os.waitpid(-1, os.WNOHANG)

    def _report(self, kind: bytes, content: Tuple[Any, ...]) -> None:
        # Else the executor is gone; the next look at the socket says so.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._control.send(channel.wrap(kind, content, self._places.scratch))


def _has_queues() -> bool:
    """Whether there are queues of `multiprocessing`, as each `ProcessPoolExecutor` has: forks would share their pipes,
    and take one another's results."""
    queues, util = standard("multiprocessing.queues"), standard("multiprocessing.util")
    known: Any = getattr(util, "_afterfork_registry", {})
    return queues is not None and any(isinstance(item, queues.Queue) for item in known.values())


def _used_by_attempt(child: Child) -> _Used:
    """What the attempt has used whose worker is dead and not reaped yet; zeros where it had begun none."""
    if not child.gauge.began():
        return 0.0, 0, 0
    cpu_s, read, written = (sum(each) for each in zip(posix.used_by(child.pid), *child.below))
    cpu_before_s, read_before, written_before = child.gauge.used_before()
    return max(0.0, cpu_s - cpu_before_s), max(0, int(read) - read_before), max(0, int(written) - written_before)


def _import_ahead() -> None:
    """What the user's module imports of Penstock, and each worker with its first attempt: it is told of a run soon, and
    nobody waits before that."""
    artifacts = ("objects", "preview", "skeleton_reader", "skeleton_writer")
    for name in ("sdk.flows", *(f"artifacts.{name}" for name in artifacts)):
        import_module(f"penstock.{name}")
    posix.libc()
    digest(b"")


def main(fd: int) -> NoReturn:
    """The zygote's process. `fd` is its end of the control socket."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = _socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    _import_ahead()
    first = control.recv(channel.ROOM)
    if first:
        log, setup = channel.unwrap(first)[1]
        spec, _ = boot.setup_from_plain(setup)
        boot.hide_secrets(spec)
        found = log_filter.start(control, log, spec.log_bytes)
        # What it prints goes to its log from now on, also where it was started before there was one.
        outlet = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if found is None else found.own_outlet(log)
        capture.write_to(outlet)
        Zygote(control, setup, found).run()
    os._exit(0)
