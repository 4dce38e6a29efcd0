"""Starts keepers (`executors/keeper.py`): one for each driver, when it first needs a container, and another one at the
same place where one was killed."""

from __future__ import annotations

import _socket
import os
import stat
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from penstock.executors import container_notes
from penstock.worker import keeper_client, posix
from penstock.worker.bootstrap import kit_root

_PROGRAM = (
    "import sys; sys.path[:] = [p for p in sys.path if p] + [{root!r}]; "
    "from penstock.executors import keeper; keeper.main({fd})"
)
_PAUSE_S = 1.0
"""Between the starts of two keepers. Who needs one waits longer."""

NOTES = "containers"
"""The folder of notes, in a project's own."""


class ContainerKeeper:
    """A driver's own. Its process starts when `path` is first asked for, and outlives this object, and the driver,
    until all that it keeps is removed. `notes`: the folder of notes, `.penstock/containers`."""

    def __init__(self, notes: str) -> None:
        self._notes = notes
        self._post: _KeeperPost | None = None
        self._let_go: Callable[[], object] | None = None

    @property
    def path(self) -> str:
        """Of its socket."""
        if self._post is None:
            self._post = _KeeperPost(self._notes)
            self._let_go = weakref.finalize(self, self._post.let_go)
        return self._post.path

    def close(self) -> None:
        """It may end when what it keeps is gone."""
        if self._let_go is not None:
            self._let_go()


class _KeeperPost:
    """Where a keeper listens, and the thread that sees to it that one does. A keeper lives as long as this holds the
    lifeline, a connection on which nothing is said."""

    def __init__(self, notes: str) -> None:
        import tempfile

        self.path = os.path.join(tempfile.mkdtemp(prefix="penstock-", dir=_short_root()), "keeper")
        self._notes = notes
        self._owner = os.getpid()
        self._note = container_notes.note_keeper(notes, self.path)
        self._lock = threading.Lock()
        self._is_over = False
        self._pid, self._lifeline = self._started()
        threading.Thread(target=self._watch, name="penstock-keeper", daemon=True).start()

    def _started(self) -> tuple[int, Any]:
        pid = start(self.path, self._notes)
        lifeline = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        lifeline.connect(self.path)
        return pid, lifeline

    def _watch(self) -> None:
        began_at = time.monotonic()
        while not self._is_over:
            with suppress(OSError):
                self._lifeline.recv(1)
            time.sleep(max(0.0, began_at + _PAUSE_S - time.monotonic()))
            began_at = time.monotonic()
            with self._lock, suppress(OSError):  # of descriptors, or of processes, there may be some again later
                if not self._is_over:
                    posix.has_ended(self._pid, 0.0)
                    self._lifeline.close()
                    self._pid, self._lifeline = self._started()

    def let_go(self) -> None:
        """Of the keeper; of what a killed one has left, there is nothing then. A fork of the driver holds none."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            self._is_over = True
            with suppress(OSError):
                self._lifeline.shutdown(_socket.SHUT_RDWR)
            self._lifeline.close()
            container_notes.forget_keeper(self._notes, self.path)
            os.close(self._note)
            posix.has_ended(self._pid, 0.0)


def start(path: str, notes: str) -> int:
    """Start a keeper that listens at a path, in the place of one that is dead; gives its process. Raises OSError where
    somebody else has made the folder."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) != 0o700 or not stat.S_ISDIR(found.st_mode):
        raise PermissionError(f"{folder} is not this user's alone")
    with suppress(FileNotFoundError):
        os.unlink(path)
    listener = keeper_client.listen(path)
    fd = listener.fileno()
    target = 4 if fd == 3 else 3
    command = [sys.executable, "-c", _PROGRAM.format(root=kit_root(), fd=target), path, notes]
    actions = [
        (os.POSIX_SPAWN_DUP2, fd, target),
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, container_notes.errors_of(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
    ]
    try:
        # A session of its own: what ends the driver's does not end it.
        return os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)
    finally:
        listener.close()


def _short_root() -> str:
    """Where a socket's path has room."""
    import tempfile

    root = tempfile.gettempdir()
    return root if len(root) < 60 else "/tmp"
