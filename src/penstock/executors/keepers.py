"""Starts keepers (`executors/keeper.py`): one for each driver, when it first needs a container."""

from __future__ import annotations

import _socket
import os
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress

from penstock.executors import container_notes
from penstock.worker import keeper_client, posix
from penstock.worker.bootstrap import kit_root

_PROGRAM = (
    "import sys; sys.path[:] = [p for p in sys.path if p] + [{root!r}]; "
    "from penstock.executors import keeper; keeper.main({fd})"
)


NOTES = "containers"
"""The folder of notes, in a project's own."""


class ContainerKeeper:
    """A driver's own. Its process starts when `path` is first asked for, and outlives this object, and the driver,
    until all that it keeps is removed. `notes`: the folder of notes, `.penstock/containers`."""

    def __init__(self, notes: str) -> None:
        self._notes = notes
        self._path = ""
        self._pid = 0
        self._let_go: Callable[[], object] | None = None

    @property
    def path(self) -> str:
        """Of its socket."""
        if not self._path:
            import tempfile

            self._path = os.path.join(tempfile.mkdtemp(prefix="penstock-", dir=_short_root()), "keeper")
            self._pid = start(self._path, self._notes)
            lifeline = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
            lifeline.connect(self._path)
            note = container_notes.note_keeper(self._notes, self._path)
            self._let_go = weakref.finalize(self, _let_go, lifeline.detach(), note, self._notes, self._path)
        return self._path

    def close(self) -> None:
        """It may end when what it keeps is gone."""
        if self._let_go is not None:
            self._let_go()
            self._let_go = None
            posix.has_ended(self._pid, 0.0)


def _let_go(lifeline: int, note: int, notes: str, path: str) -> None:
    os.close(lifeline)
    container_notes.forget_keeper(notes, path)  # of one that was killed; another one does so itself
    os.close(note)


def start(path: str, notes: str) -> int:
    """Start a keeper that listens at a path; gives its process. It ends by itself when it has had nothing to do for
    a while."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(path)
    with open(f"{path}.notes", "w", encoding="utf-8") as file:
        file.write(notes)
    listener = keeper_client.listen(path)
    fd = listener.fileno()
    target = 4 if fd == 3 else 3
    command = [sys.executable, "-c", _PROGRAM.format(root=kit_root(), fd=target), path, notes]
    actions = [
        (os.POSIX_SPAWN_DUP2, fd, target),
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    try:
        # A session of its own: what ends the driver's does not end it.
        return os.posix_spawn(command[0], command, os.environ, file_actions=actions, setsid=True)
    finally:
        listener.close()


def restart(path: str) -> None:
    """Start another one in the place of one that was killed. Raises OSError where nothing is left of it."""
    with open(f"{path}.notes", encoding="utf-8") as file:
        notes = file.read()
    start(path, notes)


def _short_root() -> str:
    """Where a socket's path has room."""
    import tempfile

    root = tempfile.gettempdir()
    return root if len(root) < 60 else "/tmp"
