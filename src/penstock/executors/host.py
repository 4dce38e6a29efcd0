"""What all runs of this user on this machine have written down, in one small folder: a file and a bell for each.

Owns the files; what is fair is not known here. A run's bell is a named pipe that its process alone reads: one that
nobody reads any more belongs to a dead process, whatever killed it, and what it held is void. All is read and written
under one lock, which is held for microseconds and never waited for long.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from penstock.model.shares import Amount, Share
from penstock.model.wire import shaped

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox

_FORMAT = 1
_ROOM = 4096
"""A file is written at this length from the first, so that a full disk can't cut it short later."""

_TRIES = 20
_PAUSE_S = 0.001

Decide = Callable[[Sequence[Share]], tuple[Share, bool]]


def folder_of(environ: Mapping[str, str]) -> str:
    """Where this user's runs on this machine meet: below `XDG_RUNTIME_DIR` where that is the user's, else below the
    temporary root. Its name has that of this boot: some sites share such folders over machines."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    is_ours = os.path.isdir(runtime) and os.stat(runtime).st_uid == os.geteuid()
    root = (runtime, "penstock") if is_ours else (environ.get("TMPDIR") or "/tmp", f"penstock-{os.geteuid()}")
    return os.path.join(*root, f"host-{_FORMAT}-{_boot()}")


class _Descriptors:
    """What a run holds open here; -1: nothing."""

    def __init__(self) -> None:
        self.lock = self.file = self.bell = self.far_bell = -1

    def close(self) -> None:
        for fd in (self.lock, self.file, self.bell, self.far_bell):
            if fd >= 0:
                os.close(fd)
        self.lock = self.file = self.bell = self.far_bell = -1


class HostFolder:
    """Implements `engine.ports.Host`."""

    def __init__(self, total: Amount, project: str, environ: Mapping[str, str]) -> None:
        self.total = total
        self.project = project
        self._folder = folder_of(environ)
        self._name = f"{os.getpid()}-{time.monotonic_ns()}"
        self._cpus = _cpus()
        self._fds = _Descriptors()
        self._mailbox: Mailbox | None = None
        self._rung: Callable[[], None] = _nothing

    def open(self, mailbox: Mailbox, rung: Callable[[], None]) -> None:
        """Call `rung` in a turn whenever another run has rung. Nothing is written yet."""
        self._mailbox, self._rung = mailbox, rung

    def exchange(self, decide: Decide) -> bool:
        bells: list[int] = []
        rings = False
        try:
            with self._locked() as is_locked:
                if not is_locked:
                    return False
                if self._fds.file < 0:
                    self._enter()
                share, rings = decide(self._others(bells))
                self._write(share)
        finally:
            _ring(bells, rings)
        return True

    def leave(self) -> None:
        if self._fds.bell >= 0 and self._mailbox is not None:
            self._mailbox.unwatch(self._fds.bell)
        bells: list[int] = []
        if self._fds.file >= 0:
            with suppress(OSError), self._locked():  # others take a file that is gone for one that never was
                self._remove(self._name)
                self._others(bells)
        _ring(bells, True)
        self._fds.close()

    @contextmanager
    def _locked(self) -> Generator[bool]:
        """A process may be stopped while it holds the lock, so nobody waits for it; False: it is taken."""
        if self._fds.lock < 0:
            _make_private(os.path.dirname(self._folder))
            _make_private(self._folder)
            self._fds.lock = os.open(os.path.join(self._folder, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        taken = False
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._fds.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                taken = True
                break
            except BlockingIOError:
                time.sleep(_PAUSE_S)
        try:
            yield taken
        finally:
            if taken:
                fcntl.flock(self._fds.lock, fcntl.LOCK_UN)

    def _enter(self) -> None:
        path = self._bell_of(self._name)
        os.mkfifo(path, 0o600)
        self._fds.bell = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if self._mailbox is not None:
            self._mailbox.watch(self._fds.bell, self._hear)
        self._fds.far_bell = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # else it reads as ended
        # A child that the flow's body forks must not keep the share beyond this process.
        os.register_at_fork(after_in_child=self._fds.close)
        self._fds.file = os.open(self._file_of(self._name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._fds.bell, 4096)
        self._rung()

    def _write(self, share: Share) -> None:
        text = json.dumps((self._cpus, share), separators=(",", ":"))
        os.pwrite(self._fds.file, text.encode().ljust(_ROOM), 0)

    def _others(self, bells: list[int]) -> list[Share]:
        """What the other living runs have written, whose bells are added; what dead ones left is removed."""
        found: list[Share] = []
        for entry in os.listdir(self._folder):
            name, _, kind = entry.partition(".")
            if kind != "bell" or name == self._name:
                continue
            try:
                bells.append(os.open(self._bell_of(name), os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
                self._remove(name)  # nobody reads it
                continue
            share = self._read(name)
            if share is not None:
                found.append(share)
        return found

    def _read(self, name: str) -> Share | None:
        """A run's share; None: it has none, or runs on other processors, as the jobs of a cluster's node do."""
        try:
            with open(self._file_of(name), "rb") as file:
                cpus, share = shaped(tuple[tuple[int, ...], Share], json.loads(file.read()))
        except (FileNotFoundError, ValueError):
            return None
        if cpus and self._cpus and set(cpus).isdisjoint(self._cpus):
            return None
        return share

    def _remove(self, name: str) -> None:
        for path in (self._file_of(name), self._bell_of(name)):
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _file_of(self, name: str) -> str:
        return os.path.join(self._folder, f"{name}.json")

    def _bell_of(self, name: str) -> str:
        return os.path.join(self._folder, f"{name}.bell")


def _ring(bells: list[int], rings: bool) -> None:
    for fd in bells:
        if rings:
            with suppress(BlockingIOError, BrokenPipeError):
                os.write(fd, b"\0")
        os.close(fd)


def _make_private(folder: str) -> None:
    """Make a folder of the user's own. One that others can write to is refused: they could hold anything up."""
    with suppress(FileExistsError):
        os.mkdir(folder, mode=0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "it is not a folder that you alone can write to", folder)


def _nothing() -> None:
    pass


def _cpus() -> list[int]:
    try:
        return sorted(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return []


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return os.uname().nodename
