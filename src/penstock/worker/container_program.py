"""A program in a container of its own, for an image without Python: started by way of the keeper, listened to until it
ends, and ended with all that it has started. To whoever runs it, it is what a `ChildProcess` is.

Its records come by a pipe with a name, since no descriptor but the standard ones enters a container. Nothing outside
knows the numbers of its processes: its engine asks it to end.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import suppress
from typing import Callable, Dict, Mapping, Optional, Sequence, Set

from penstock.errors import OutOfMemoryError, PlatformError, StepExitError, WorkerLostError
from penstock.model import containers
from penstock.model.containers import Container, Mount
from penstock.model.program_containers import ProgramContainer
from penstock.sdk.languages import OWN_PYTHON
from penstock.sdk.this_process import this_process
from penstock.worker import engine_words, posix
from penstock.worker.child_output import ChildEnd, Ending, Printed, await_kill, drain, pass_on
from penstock.worker.child_process import SystemKills
from penstock.worker.container_usage import ContainerUsage
from penstock.worker.gauge import GRACE_S
from penstock.worker.keeper_client import KeptContainer, KeptRequest
from penstock.worker.meter import SpentElsewhere

_ELSEWHERE = 2**31 - 1
"""The number of no process here: whoever ends the attempt waits for the program, and leaves asking it to this one."""
_LOOK_MS = 50
_KILLED = 128 + signal.SIGKILL
_TOO_MUCH = "the program used more than the memory of its step, and the system killed it (SIGKILL)"
_LEAST_BYTES = 6 << 20
"""No engine starts a container that may have less."""


class ContainerProgram:
    """A program that is to run in a container. `seen`: what it sees beside what all containers of the image do;
    `records`: where the pipe of its records is made."""

    def __init__(
        self,
        given: ProgramContainer,
        command: Sequence[str],
        folder: str,
        variables: Mapping[str, str],
        seen: Sequence[Mount],
        records: str,
        ending: Optional[Ending] = None,
    ) -> None:
        container = given.container.seeing(*seen)
        self._container: Container = container if given.gpus is None else container._replace(gpus=given.gpus)
        # That of a flow is no interpreter of the image's.
        self._command = tuple("python3" if word == OWN_PYTHON and not at else word for at, word in enumerate(command))
        self._folder = folder
        own = {name: os.environ[name] for name in given.variables if name in os.environ}
        self._variables = {**own, **variables, "PENSTOCK_RECORDS": records, "USER": posix.user_name(container.user)}
        self._records = records
        self._ending = ending
        self._system_kills = this_process.the_one(SystemKills)
        self._engine = container.engine.kind
        self._limit: Optional[int] = None
        self._kept: KeptContainer

    def run(self, record: Callable[[bytes], None]) -> ChildEnd:
        """Wait for its end; `record` takes what it writes to its pipe of records. Raises StepExitError where the image
        can't run it, and as `ChildProcess.run` does where the machine has ended it, or could not start it."""
        self._system_kills.are_more()  # those before it are none of its own
        os.mkfifo(self._records, 0o600)
        # To be written to, also, so that it has no end between two writers.
        fd = os.open(self._records, os.O_RDWR | os.O_NONBLOCK)
        self._limit = None if self._ending is None else self._ending.limit()
        if self._ending is not None:
            self._ending.program(_ELSEWHERE)
        try:
            known = this_process.the_one(_Known)
            end = self._run(record, fd, self._engine not in known.without_init)
            if engine_words.lacks_init(end.status, end.last):
                known.without_init.add(self._engine)
                end = self._run(record, fd, False)
        finally:
            os.close(fd)
            with suppress(OSError):
                os.unlink(self._records)
            if self._ending is not None:
                self._ending.program(0)
                if self._ending.is_ending():
                    await_kill()
        return self._judged(end)

    def _run(self, record: Callable[[bytes], None], records: int, init: bool) -> ChildEnd:
        pipes = [os.pipe() for _ in range(2)]
        ends = [ours for ours, _ in pipes]
        has_ended = False
        try:
            try:
                self._kept = self._start([theirs for _, theirs in pipes], init)
            finally:
                for _, theirs in pipes:
                    os.close(theirs)
            try:
                printed = Printed()
                takers = printed.taker(sys.stdout), printed.taker(sys.stderr), record
                last = self._passed_on(dict(zip((*ends, records), takers)), printed)
                has_ended = True
            finally:
                self._finish(has_ended)
        finally:
            for fd in ends:
                os.close(fd)
        return ChildEnd(self._status(), last)

    def _start(self, fds: Sequence[int], init: bool) -> KeptContainer:
        name = f"penstock-program-{os.urandom(8).hex()}"
        most = self._limit and max(self._limit, _LEAST_BYTES)
        words = containers.run_words(
            self._container, name, self._command, self._variables, self._folder, memory_bytes=most, init=init
        )
        environ = containers.client_environ(self._variables, os.environ)
        request = KeptRequest(tuple(self._container.engine), name, tuple(words), environ)
        try:
            return KeptContainer(self._container, request, fds)
        except OSError as error:
            raise WorkerLostError(
                f"what starts this run's containers was killed, and nothing is there in its place yet "
                f"({error.strerror or error}): the next attempt asks again; see whether the system's memory ran out"
            ) from error

    def _passed_on(self, takers: Dict[int, Callable[[bytes], None]], printed: Printed) -> str:
        """Pass on what it writes until it is gone; gives its last lines."""
        kept, usage = self._kept, ContainerUsage(f"PENSTOCK_OUTPUTS={self._variables.get('PENSTOCK_OUTPUTS', '')}")
        poll = select.poll()
        for fd in takers:
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLIN)
        poll.register(kept.fileno(), select.POLLIN)
        is_asked = False
        while kept.end is None:
            ready = [fd for fd, _ in poll.poll(_LOOK_MS)]
            for fd in takers.keys() & ready:
                if pass_on(fd, takers[fd]) == 0:
                    poll.unregister(fd)
                    del takers[fd]
            if kept.fileno() in ready:
                kept.hear()
            usage.look()
            if self._ending is not None:
                self._ending.sample(usage.memory_bytes)
                if not is_asked and self._ending.is_ending():
                    is_asked = True
                    kept.signal("TERM")
        this_process.the_one(SpentElsewhere).cpu_s += usage.cpu_s
        drain(takers)
        return printed.last_lines()

    def _finish(self, has_ended: bool) -> None:
        """Let go of it; one that was interrupted may end itself first, as a process may."""
        if not has_ended:
            self._kept.signal("TERM")
            if not self._kept.wait(GRACE_S):
                self._kept.release()
                self._kept.wait(GRACE_S)
        self._kept.close()

    def _status(self) -> int:
        end = self._kept.end
        if end is not None and end.out_of_memory:
            raise OutOfMemoryError(_TOO_MUCH)
        if end is not None and end.failure:
            raise WorkerLostError(f"the keeper of the container {self._kept.name} failed ({end.failure})")
        if end is None or end.status is None:
            raise WorkerLostError(
                f"nobody saw how the container {self._kept.name} of {self._engine} ended, since what starts containers "
                "was killed: the next attempt has another one; see whether the system's memory ran out"
            )
        return end.status

    def _judged(self, end: ChildEnd) -> ChildEnd:
        name = self._kept.name
        if end.status in (_KILLED, -signal.SIGKILL):
            if self._system_kills.are_more():
                if self._limit is not None:  # not every podman tells
                    raise OutOfMemoryError(_TOO_MUCH)
                raise OutOfMemoryError("the system ran out of memory and killed the program (SIGKILL)")
            raise WorkerLostError(f"the program's container {name} of {self._engine} was killed from outside (SIGKILL)")
        if engine_words.is_of_engine(end.status, end.last):
            told = engine_words.not_started(
                self._command, containers.short_id(self._container.image), end.status, end.last
            )
            if told and not engine_words.is_lost(end.last):
                raise StepExitError(end.with_last_lines(told))
            kind = WorkerLostError if engine_words.is_lost(end.last) else PlatformError
            raise kind(end.with_last_lines(f"{self._engine} could not run the container {name}"))
        return end


class _Known:
    """What was learnt of this machine's engines."""

    def __init__(self) -> None:
        self.without_init: Set[str] = set()  # kinds of engines that have no first process to give
