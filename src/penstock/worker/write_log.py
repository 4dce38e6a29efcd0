"""What the attempts of a run write, as all processes of the run know it: no two that run at once return the same file.

A log in the run's scratch folder, to which each attempt appends what it opens for writing, before it does, and its own
end. An attempt that returns files reads there what ran beside it: nobody else pays more than a line for a file. Times
are of the monotonic clock, which the processes of a machine share. Knows nothing of how writing is noticed.
"""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from penstock.errors import NotStorableError
from penstock.model.specs import Places
from penstock.sdk.attempts import AttemptContext
from penstock.sdk.this_process import this_process

_NAME = "writes"
_NOBODYS = ("/dev/", "/proc/", "/sys/")
_TICK_NS = 100_000_000
"""The clock of files goes by steps, of some milliseconds on most systems."""

_Key = Tuple[Any, ...]
_PIECE = 32 << 10  # a larger one costs more to make than to read


class WriteLog:
    """One run's, in one process, whose id `pid` tells."""

    def __init__(self, run: str, places: Places, pid: Callable[[], int]) -> None:
        self._path = os.path.join(places.scratch, _NAME)
        ours = (places.scratch, places.store, places.checkpoints, places.logs)
        self._passed_over = (*_NOBODYS, *(os.path.join(folder, "") for folder in ours))
        self._pid = pid
        self._fd = -1
        self._written_bytes = 0
        self._logs: Dict[str, _ReadLog] = {}
        self._scratch = _ScratchFolders(places.scratch, run.partition("/")[0])
        self._lock = threading.Lock()  # of what was read: in the flow's own process several attempts may be checked

    def note(self, here: AttemptContext, path: Any) -> None:
        """The attempt is about to write there. From any thread, and from forks of this process."""
        if isinstance(path, int):  # a descriptor: it was opened before
            return
        text = path if type(path) is str else os.fsdecode(path)
        if not os.path.isabs(text):
            text = os.path.join(os.getcwd(), text)
        if text in here.written or text.startswith(self._passed_over):
            return
        self._append(here, os.fsencode(text).replace(b"\n", b"\\n"))
        here.written[text] = None

    def end(self, here: AttemptContext) -> None:
        if here.written:
            try:
                self._append(here, b"")
            except OSError:
                return  # the disk is full: others take it for one that runs as long as its process does

    def check(self, here: AttemptContext, files: Sequence[Any]) -> None:
        """Raise NotStorableError where another task has written one of the files while the attempt ran: what was stored
        may be that task's."""
        with self._lock:
            self._read()
            all_written = (one for log in self._logs.values() for one in log.by_attempt.values())
            others = [one for one in all_written if one.task != here.task and one.overlaps(here.began_ns)]
            if not others:
                return
            folders: Dict[str, str] = {}
            for file in map(os.fspath, files):
                keys = set(_keys_of(file, folders))
                for other in others:
                    if not keys.isdisjoint(other.keys()):
                        raise NotStorableError(_words(here.task, file, other.task))

    def moved(self) -> Tuple[int, int]:
        """Bytes read and written here since this was last asked: they are no attempt's."""
        read = sum([log.moved() for log in self._logs.values()])
        written, self._written_bytes = self._written_bytes, 0
        return read, written

    def close(self) -> None:
        for log in self._logs.values():
            log.close()
        self._logs.clear()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _append(self, here: AttemptContext, path: bytes) -> None:
        if self._fd < 0:
            self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        line = b"%d\0%d\0%s\0%s\n" % (time.monotonic_ns(), self._pid(), here.attempt.encode(), path)
        self._written_bytes += os.write(self._fd, line)

    def _read(self) -> None:
        """Take in what is new in the logs of this run, and of the project's others that are driven now."""
        paths = [os.path.join(run, _NAME) for run in self._scratch.folders()]
        for path in self._logs.keys() - paths:
            self._logs.pop(path).close()
        oldest_ns = min((one.began_ns for one in this_process.attempts), default=0)
        for path in paths:
            if path not in self._logs:
                self._logs[path] = _ReadLog(path)
            self._logs[path].read(oldest_ns)


class _Written:
    """What one attempt has written."""

    def __init__(self, attempt: str, pid: int) -> None:
        self.task = attempt.rpartition("#")[0]
        self.ended_ns: Optional[int] = None
        self._pid = pid
        self._last_ns = 0
        self._paths: List[str] = []
        self._keys: Set[_Key] = set()

    def add(self, at_ns: int, path: str) -> None:
        self._last_ns = at_ns
        self._paths.append(path)

    def overlaps(self, began_ns: int) -> bool:
        """Whether it may have written while an attempt ran that began then, and still runs."""
        if self.ended_ns is not None:
            return self.ended_ns > began_ns
        # One that was killed has no end: what it wrote before is not told from what was there.
        return self._last_ns > began_ns or _is_alive(self._pid)

    def keys(self) -> Set[_Key]:
        """What its files are known by; looked up where somebody asks, as they are then."""
        folders: Dict[str, str] = {}
        for path in self._paths:
            self._keys.update(_keys_of(path, folders))
        self._paths.clear()
        return self._keys


class _ReadLog:
    """The log of one run, as far as it was read."""

    def __init__(self, path: str) -> None:
        self.by_attempt: Dict[bytes, _Written] = {}
        self._path = path
        self._fd = -1  # -1: nobody has written yet
        self._offset = 0
        self._read_bytes = 0

    def read(self, oldest_ns: int) -> None:
        """Take in what is new. What had ended before that time is of no use to anybody any more."""
        if self._fd < 0:
            try:
                self._fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return
        while self._take_in(os.pread(self._fd, _PIECE, self._offset)):
            pass
        for attempt, written in list(self.by_attempt.items()):
            if written.ended_ns is not None and written.ended_ns < oldest_ns:
                del self.by_attempt[attempt]

    def moved(self) -> int:
        """Bytes read since this was last asked."""
        read, self._read_bytes = self._read_bytes, 0
        return read

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take_in(self, text: bytes) -> bool:
        """The whole lines of a piece; False: there are none."""
        self._read_bytes += len(text)
        end = text.rfind(b"\n") + 1
        self._offset += end
        for line in text[:end].split(b"\n"):
            fields = line.split(b"\0")
            if len(fields) == 4:  # else it is the end, or a disk was full
                self._take(*fields)
        return end > 0

    def _take(self, at_ns: bytes, pid: bytes, attempt: bytes, path: bytes) -> None:
        written = self.by_attempt.get(attempt)
        if written is None:
            written = self.by_attempt[attempt] = _Written(attempt.decode(), int(pid))
        if path:
            written.add(int(at_ns), os.fsdecode(path))
        else:
            written.ended_ns = int(at_ns)


def _keys_of(path: str, folders: Dict[str, str]) -> Iterator[_Key]:
    """What a file is known by, in whatever way it is reached: its folder and name, and where it is there, itself.
    `folders`: what is known already of where folders really are."""
    folder, name = os.path.split(path)
    real = folders.get(folder)
    if real is None:
        real = folders[folder] = os.path.realpath(folder)
    yield real, name
    try:
        found = os.stat(path)
    except OSError:
        return
    yield found.st_dev, found.st_ino


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


class _ScratchFolders:
    """The scratch folders of the project's drivers; looked for where one has begun or ended since."""

    def __init__(self, own: str, flow: str) -> None:
        self._own = own
        folder = os.path.dirname(os.path.dirname(own))
        self._home = os.path.dirname(folder) if os.path.basename(folder) == flow else ""
        self._stamps: Dict[str, int] = {}
        self._found: List[str] = []

    def folders(self) -> List[str]:
        """This run's own is always among them."""
        if not self._home:
            return [self._own]
        if not self._stamps or any(_changed_ns(path) != at for path, at in self._stamps.items()):
            self._stamps = {}
            flows = self._look_into(self._home)
            runs = [run for flow in flows for run in self._look_into(flow)]
            self._found = [driver for run in runs for driver in self._look_into(run)]
        return self._found

    def _look_into(self, path: str) -> List[str]:
        """Its folders. What comes there later makes another stamp: one of just now could be given twice."""
        changed_ns = _changed_ns(path)
        self._stamps[path] = changed_ns if changed_ns < time.time_ns() - _TICK_NS else -1
        return _folders(path)


def _folders(path: str) -> List[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.path for entry in entries if entry.is_dir()]
    except OSError:  # its last run has ended
        return []


def _changed_ns(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _words(task: str, path: str, other: str) -> str:
    name = os.path.basename(path) or "file"
    return (
        f"{path} is returned by {task}, and {other} opened it for writing, too, while both ran: what is there may be "
        f"the other's. Let each task write to a folder of its own: current.tempdir / {name!r}"
    )
