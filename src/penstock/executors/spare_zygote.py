"""A zygote's process that knows of no run yet. Light: whoever will start a run may start it before all else.

It imports what it needs for any run while its parent imports what the parent needs, then waits to be told of a run.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from penstock.executors.capacity import GRANT
from penstock.executors.interpreters import OWN, THREAD_VARIABLES, Interpreter
from penstock.worker import posix
from penstock.worker.bootstrap import bootstrap

MARK = "PENSTOCK_ZYGOTE"


_waiting: ContextVar[list[SpareZygote]] = ContextVar("penstock_spare")


@contextmanager
def spare_zygote(wanted: bool = True, environ: Mapping[str, str] | None = None) -> Generator[None]:
    """Start a process that starts up while this one imports what a run needs, if it is wanted. The first run that opens
    process executors inside of the block, in its thread, takes it; one that no run has taken ends with the block.
    `environ`: as for `SpareZygote`."""
    if not wanted:
        yield
        return
    spare = SpareZygote(environ=environ)
    token = _waiting.set([spare])
    try:
        yield
    finally:
        _waiting.reset(token)
        spare.close()


def take_spare(interpreter: Interpreter, threads: int) -> SpareZygote | None:
    """The process that was started for this thread's run, where it is of that kind; given once. None: there is none."""
    waiting = _waiting.get(None)
    if waiting and (waiting[0].interpreter, waiting[0].threads) == (interpreter._replace(secrets=()), threads):
        return waiting.pop()
    return None


class SpareZygote:
    """The process, and this end of its socket. `log` "": what it prints before it knows of a run is lost; `environ`:
    the variables that it starts from, None for this process's own."""

    def __init__(
        self,
        interpreter: Interpreter = OWN,
        threads: int = 1,
        log: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.interpreter = interpreter
        self.threads = threads
        self.mark = f"{MARK}={os.getpid()}-{time.monotonic_ns()}"
        self.near: Any
        self.near, far = posix.message_pair()
        fd = far.fileno()
        target = 4 if fd == 3 else 3  # a copy, since the original is closed when the program starts
        own = {**dict.fromkeys((*THREAD_VARIABLES, GRANT), str(threads)), MARK: self.mark.partition("=")[2]}
        inherited = os.environ if environ is None else environ
        surroundings = interpreter.surroundings({**inherited, **own})
        actions = [
            (os.POSIX_SPAWN_DUP2, fd, target),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        command = bootstrap(interpreter.python, "zygote", target, interpreter.kit)
        # A session of its own: Ctrl-C in the terminal reaches the driver alone.
        try:
            self.pid = os.posix_spawn(command[0], command, surroundings, file_actions=actions, setsid=True)
        except OSError:
            self.near.close()
            raise
        finally:
            far.close()

    def close(self) -> None:
        """Without a run it ends at the end of its socket. Does not wait. Idempotent; for a process of no use alone."""
        self.near.close()
