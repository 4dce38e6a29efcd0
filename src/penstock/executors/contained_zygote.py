"""A zygote in a container, seen from the executor. The keeper starts it, and removes it when this process dies.

What it says is read as plain data alone, and its process numbers mean nothing here: they are the container's own.
"""

from __future__ import annotations

import _socket
import os
import select
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from penstock.executors import keepers
from penstock.executors.capacity import GRANT
from penstock.executors.endings import Death
from penstock.executors.interpreters import THREAD_VARIABLES, Interpreter
from penstock.executors.spare_zygote import MARK
from penstock.executors.zygote_process import ZygoteProcess
from penstock.model import containers, wire
from penstock.model.containers import Container, Mount
from penstock.model.specs import Places, RunSpec
from penstock.worker import log_files, posix
from penstock.worker.bootstrap import bootstrap
from penstock.worker.keeper_client import KeptContainer, KeptRequest
from penstock.worker.plain_channel import PlainMessages

_CLOSE_S = 3.0
_ENDED_S = 1.0
_REMOVED_S = 5.0
_REFUSED = (125, 126, 127)
"""Exit codes that the engines' clients give where there was no container, or no such program in it."""
_KILLED = (137, 143, 255)


class ContainedZygote(ZygoteProcess):
    """One container, and the zygote in it."""

    def __init__(
        self,
        spec: RunSpec,
        places: Places,
        interpreter: Interpreter,
        threads: int,
        name: str,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._malformed = ""
        self._messages = PlainMessages(places.scratch)
        self._seen = _mounts(interpreter.setup(spec, places)[1])
        super().__init__(spec, places, interpreter, threads, name, environ)

    def _start(self, environ: Mapping[str, str] | None) -> Any:
        assert self.interpreter.container is not None
        self._container = container = _seeing(self.interpreter.container, self._seen)
        inherited = os.environ if environ is None else environ
        name = f"penstock-{uuid.uuid4().hex[:16]}"
        variables = _variables(self.interpreter, self.threads, inherited, self._scratch)
        command = bootstrap(container.python, "contained", f"{name}.socket", self.interpreter.kit)
        words = containers.run_words(container, name, tuple(command), variables, self._scratch)
        socket = os.path.join(self._scratch, f"{name}.socket")
        environ_of_client = containers.client_environ(variables, _without_mark(inherited))
        request = KeptRequest(tuple(container.engine), name, tuple(words), environ_of_client, socket)
        near, far = posix.message_pair()
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            self._kept = kept(container, request, (log, log, far.fileno()))
        except OSError:
            near.close()
            raise
        finally:
            far.close()
            os.close(log)
        return near

    def unwrap(self, message: bytes) -> tuple[bytes, Any]:
        return self._messages.zygote_s(message)

    def unwrap_worker_s(self, message: bytes) -> tuple[bytes, Any]:
        return self._messages.worker_s(message)

    def hear(self, said: Callable[[bytes, Any], None]) -> bool:
        try:
            return super().hear(said)
        except wire.MalformedError as error:
            self._malformed = str(error)
            return False

    def clear(self) -> None:
        """The container ends with its first process; its engine may have to be asked."""
        self._near.close()
        if self._malformed or not self._kept.wait(_ENDED_S):
            self._kept.release()
            self._kept.wait(_REMOVED_S)
        self._kept.close()

    def death(self) -> Death:
        what = f"the container {self._kept.name} of {self._container.engine.kind}"
        if self._malformed:
            return Death(lost=f"{what} was ended, since it sent what no worker sends ({self._malformed})")
        end = self._kept.end
        status = end and end.status
        if status is None:
            return Death(lost=f"{what} is gone, and nobody saw its end, since its keeper is gone too")
        if not self._kept.is_connected:
            return Death(lost=f"{what} did not start, of image {self._container.image} (exit code {status})")
        if status in _KILLED or status in _REFUSED or status < 0:
            return Death(lost=f"{what} was removed or killed from outside, or its engine stopped (exit code {status})")
        return Death()

    def close(self) -> None:
        self._near.shutdown(_socket.SHUT_WR)

    def wait(self) -> None:
        """Until no worker of it runs any more; what the engine then clears away is the keeper's."""
        if not select.select([self._near], [], [], _CLOSE_S)[0]:
            self._kept.release()
            self._kept.wait(_REMOVED_S)
        self._near.close()
        self._kept.close()
        log_files.remove_empty(self._log, opening=0)


def _mounts(places: tuple[Any, ...]) -> tuple[Mount, ...]:
    """What workers use of a run's places: they write where a process would, and read the user's sources."""
    found = Places(*places)
    written = [found.store, found.scratch, found.checkpoints, found.logs, found.cwd]
    read = [*found.sys_path, os.path.dirname(found.module_path), found.sources]
    return (*(Mount(path, True) for path in written), *(Mount(path) for path in read if os.path.isabs(path)))


def _seeing(container: Container, mounts: tuple[Mount, ...]) -> Container:
    """The container with these mounts beside its own, without those that would hide what its image needs."""
    there = [mount for mount in mounts if os.path.exists(mount.path) and not container.lacks(mount.path)]
    return container._replace(mounts=containers.merged((*container.mounts, *there)))


def kept(container: Container, request: KeptRequest, fds: tuple[int, ...]) -> KeptContainer:
    """Ask the keeper for it. One that was killed is started again, at the same place."""
    try:
        return KeptContainer(container, request, fds)
    except (ConnectionRefusedError, FileNotFoundError):
        keepers.restart(container.keeper)
        return KeptContainer(container, request, fds)


def _variables(interpreter: Interpreter, threads: int, environ: Mapping[str, str], scratch: str) -> dict[str, str]:
    """What a container of it finds, beside its image's own: nothing of outside that would lead it to what is there."""
    home = os.path.join(scratch, "home")
    os.makedirs(home, exist_ok=True)
    ours = {name: value for name, value in _without_mark(environ).items() if name.startswith("PENSTOCK_")}
    own = dict.fromkeys((*THREAD_VARIABLES, GRANT), str(threads))
    user = "" if interpreter.container is None else posix.user_name(interpreter.container.user)
    return {**ours, **own, "HOME": home, "USER": user, **dict(interpreter.variables)}


def _without_mark(environ: Mapping[str, str]) -> dict[str, str]:
    """Nobody is to take the engine's client for a process of a zygote."""
    return {name: value for name, value in environ.items() if name != MARK}
