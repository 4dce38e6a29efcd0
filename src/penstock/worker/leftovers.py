"""What an attempt leaves running in its worker: processes are ended, pools that libraries keep are shut down, and of
threads it is said which there are.

A library that goes on to count on what was ended would fail in the next attempt. Where the pool is known, the library
forgets it and makes a new one; else the worker must not run another attempt.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
from contextlib import suppress
from time import monotonic
from typing import Any, Callable, List, Set, Tuple

from penstock.shadows import standard
from penstock.worker import posix

_COUNT: Callable[[], int] = getattr(_thread, "_count")  # noqa: B009  the threads that Python has started
_FRAMES: Callable[[], Any] = getattr(sys, "_current_frames")  # noqa: B009
_GRACE_S = 0.02
"""So long a thread may take that is about to end."""
_SHUTDOWN_S = 2.0
_BACKENDS = ("multiprocessing", "joblib.externals.loky.backend", "loky.backend")
_REUSABLE = ("joblib.externals.loky.reusable_executor", "loky.reusable_executor")


class Leftovers:
    """What runs in this process from before its first attempt is none of them. `library`: C's."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._pid = os.getpid()
        self._older: Set[int] = set()
        if posix.has_children():
            self._older.update(posix.Family().look(fresh=True).get(self._pid, ()))
        self._count = _COUNT()
        self._threads: Set[Any] = set(_threads())
        self._trackers = {name: _tracker_pid(name) for name in _BACKENDS}

    def end(self) -> List[str]:
        """End what the attempt left, and reap it, so that the meter counts it. Gives what can't be mended."""
        left: List[str] = []
        if self._older or posix.has_children(self._library):
            # A handler, as torch sets one, would take what is killed here for a failure. All handlers are put back.
            if callable(signal.getsignal(signal.SIGCHLD)):
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _shut_down_pools()
            _await_dropped_pools()
            if self._end_children():
                left.append("a process")
        if _COUNT() != self._count:
            left += self._threads_left()
        return left

    def _end_children(self) -> int:
        """Kill and reap all but what was there before; gives how many had to be killed."""
        helpers = self._helpers()
        killed = self._kill_children({pid for _, pid in helpers})
        for stop, pid in helpers:
            stop()
            _await_end(pid)
        return killed + self._kill_children(set())

    def _helpers(self) -> List[Tuple[Callable[[], None], int]]:
        """Processes of `multiprocessing` and its kin which end by themselves when nobody needs them, and clean up."""
        found: List[Tuple[Callable[[], None], int]] = []
        for name in _BACKENDS:
            pid = _tracker_pid(name)
            if pid and pid != self._trackers[name]:
                found.append((lambda name=name: _forget_tracker(name), pid))
        server = getattr(standard("multiprocessing.forkserver"), "_forkserver", None)
        pid = getattr(server, "_forkserver_pid", None)
        if pid and pid not in self._older:
            found.insert(0, (lambda: _forget_server(server), pid))
        return found

    def _kill_children(self, spared: Set[int]) -> int:
        killed = 0
        _forget_finished()
        while True:
            if not self._older and not spared:
                try:
                    pid, _ = os.waitpid(-1, os.WNOHANG)
                except ChildProcessError:  # orphans become children of this process: none is left anywhere
                    return killed
                if pid:
                    continue
            children = posix.Family().look(fresh=True)
            mine = [pid for pid in children.get(self._pid, ()) if pid not in self._older and pid not in spared]
            if not mine:
                if self._older or spared:
                    return killed
                continue  # dead by now, and to be reaped
            for pid in mine:
                posix.kill([pid, *posix.descendants(pid, children)])
            _reap_with_library(mine)
            for pid in mine:
                killed += 1
                _await_end(pid)

    def _threads_left(self) -> List[str]:
        """The names of threads that go on. Idle ones of pools do no harm, and wait for the next attempt."""
        until = monotonic() + _GRACE_S
        while True:
            left = [thread for thread in _threads() if thread not in self._threads and not _is_idle(thread)]
            if not left or monotonic() > until:
                return [f"the thread {thread.name}" for thread in left]
            for thread in left:
                thread.join(max(0.0, until - monotonic()))


def wait_for_threads(timeout_s: float) -> None:
    """Let threads that are no daemons come to their ends, as Python does at the end of a process."""
    until = monotonic() + timeout_s
    for thread in _threads():
        if not thread.daemon:
            thread.join(max(0.0, until - monotonic()))


def _threads() -> List[Any]:
    """The threads of Python's that run, but for the main one; a thread that C code started counts for nothing."""
    threading = standard("threading")
    if threading is None or not hasattr(threading, "_DummyThread"):
        return []
    dummy, main = threading._DummyThread, threading.main_thread()
    return [thread for thread in threading.enumerate() if thread is not main and not isinstance(thread, dummy)]


def _is_idle(thread: Any) -> bool:
    """Whether it waits for work of a `ThreadPoolExecutor`, or is tqdm's, which only looks at the clock."""
    if type(thread).__module__.startswith("tqdm"):
        return True
    pools = standard("concurrent.futures.thread")
    if pools is None or thread not in getattr(pools, "_threads_queues", ()):
        return False
    frame = _FRAMES().get(thread.ident)
    return frame is not None and frame.f_code is pools._worker.__code__  # else it is in what it was given to do


def _shut_down_pools() -> None:
    """Those that libraries keep for the next call, which makes a new one."""
    for name in _REUSABLE:
        module = standard(name)
        executor = getattr(module, "_executor", None)
        if executor is None:
            continue
        setattr(module, "_executor", None)  # noqa: B010  a module that is not known to the type checker
        # joblib's removes what it has laid into shared memory, too.
        end = getattr(executor, "terminate", None) or executor.shutdown
        end(kill_workers=True)


def _await_dropped_pools() -> None:
    """Let pools of processes that nobody has any more come to their ends: whichever thread lets go of one last ends it,
    and that is seldom the one that had it made."""
    until = monotonic() + _SHUTDOWN_S
    for thread in _threads():
        while _lets_go(thread) and monotonic() < until:
            thread.join(0.001)


def _lets_go(thread: Any) -> bool:
    """Whether a thread of a pool's ends with it, or still has what holds the pool."""
    if type(thread).__module__ == "concurrent.futures.process":
        return thread.is_alive() and thread.is_shutting_down()
    frame = _FRAMES().get(thread.ident)
    holds = False
    while frame is not None:
        if frame.f_globals.get("__name__") == "multiprocessing.pool":
            name, known = frame.f_code.co_name, frame.f_locals
            if name == "_help_stuff_finish" and known["task_handler"] is thread:
                _free(known["inqueue"], frame.f_back.f_locals["pool"])
            if name in ("_handle_tasks", "_handle_results"):  # what they handle just now, else None
                holds = known.get("task") is not None or known.get("taskseq") is not None
        frame = frame.f_back
    return thread.is_alive() and (holds or getattr(thread, "_state", "") == "TERMINATE")


def _free(queue: Any, processes: List[Any]) -> None:
    """The thread that hands out a pool's tasks, where it is the last to let go of the pool, waits without an end for a
    lock that an idle process of it holds (as of Python 3.13)."""
    for process in processes:
        process.kill()
        process.join()
    with suppress(ValueError):  # no process held it
        queue._rlock.release()


def _forget_finished() -> None:
    """Let `multiprocessing` reap its own processes that have ended: else it would wait for them for ever."""
    module = standard("multiprocessing.process")
    if getattr(module, "_children", None):
        module.active_children()


def _reap_with_library(dead: List[int]) -> None:
    """Let `multiprocessing` reap those of its processes that are dead: what waits for them, as the thread of a pool
    does, would wait for ever."""
    for process in [*getattr(standard("multiprocessing.process"), "_children", ())]:
        if process.pid in dead:
            process.join(_SHUTDOWN_S)


def _tracker(name: str) -> Any:
    return getattr(standard(f"{name}.resource_tracker"), "_resource_tracker", None)


def _tracker_pid(name: str) -> int:
    return getattr(_tracker(name), "_pid", None) or 0


def _forget_tracker(name: str) -> None:
    """Let it remove what was left, and end."""
    tracker = _tracker(name)
    os.close(tracker._fd)
    tracker._fd = tracker._pid = None


def _forget_server(server: Any) -> None:
    os.close(server._forkserver_alive_fd)
    address = server._forkserver_address
    server._forkserver_alive_fd = server._forkserver_pid = server._forkserver_address = None
    if isinstance(address, str) and not address.startswith("\0"):
        os.unlink(address)


def _await_end(pid: int) -> None:
    """Reap a process that is to end; one that does not is killed."""
    while not posix.has_ended(pid, _SHUTDOWN_S):
        posix.kill([pid])
