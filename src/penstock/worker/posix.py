"""The one door to what differs between systems: process control, /proc, message sockets, shared pages.

Knows nothing of attempts. On a system without /proc or prctl the answers are empty or the calls do nothing: workers are
spawned there, their memory is not limited, and what they leave behind is found by its process group alone.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

from penstock.shadows import standard

LINUX = sys.platform.startswith("linux")
PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ANY: Any = getattr(os, "P_ALL", None)
_LOOK: Any = os.WEXITED | os.WNOHANG | os.WNOWAIT if hasattr(os, "waitid") else None  # neither macOS nor PyPy
"""What `waitid` is asked for: any child, and how."""


def _told(file: str, most: int = 4096) -> bytes:
    """What a file of /proc tells; b"" where its process is gone, or there is no /proc."""
    try:
        with open(f"/proc/{file}", "rb", buffering=0) as opened:
            return opened.read(most)
    except OSError:
        return b""


def libc() -> Any:
    """The C library; ctypes costs two milliseconds, so only those who need it load it. None: this Python has none."""
    try:
        import ctypes
    except ImportError:
        return None

    return ctypes.CDLL(None)


def adopt_orphans(library: Any) -> None:
    """Descendants that lose their parent become children of this process, so that it can end them."""
    if LINUX and library is not None:
        library.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(library: Any, parent: int) -> None:
    """Be killed when the parent's thread that started this process ends; exits at once where it is gone already."""
    if LINUX and library is not None:
        library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def message_pair() -> Tuple[Any, Any]:
    """Two connected sockets that keep the bounds of messages. `_socket`, because `socket` costs five milliseconds."""
    import _socket

    kind = _socket.SOCK_SEQPACKET if LINUX else _socket.SOCK_DGRAM
    ends = _socket.socketpair(_socket.AF_UNIX, kind, 0)
    for end in ends:
        end.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, 1 << 20)
    return ends


def stream_pair() -> Tuple[Any, Any]:
    """Two connected sockets for a stream of bytes."""
    import _socket

    ends = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
    for end in ends:
        end.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, 1 << 20)
    return ends


def process_fd(pid: int) -> Optional[int]:
    """A descriptor that can be read once the process is dead; None where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def shared_file(folder: str, size: int) -> int:
    """A descriptor of `size` zero bytes that several processes can map."""
    try:
        fd = os.memfd_create("penstock")
    except (AttributeError, OSError):
        path = os.path.join(folder, f".shared-{os.getpid()}")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.unlink(path)
    os.ftruncate(fd, size)
    return fd


# jemalloc, which pyarrow starts when it is imported, holds this one still for a fork and does without it in the child.
_THREADS_THAT_FORK = (b"jemalloc_bg_thd\n",)


def threads_alive() -> int:
    """How many threads this process has, those that Python does not know included, that a fork would leave behind."""
    try:
        names = [_told(f"self/task/{thread}/comm") for thread in os.listdir("/proc/self/task")]
    except OSError:
        threading = standard("threading")
        return threading.active_count() if threading else 1
    return sum(name not in _THREADS_THAT_FORK for name in names)


def has_children(library: Any = None) -> bool:
    """Whether this process has any, dead ones that wait to be reaped included; leaves these, where the system can.
    `library`: C's, which says no without an exception: that takes half the time."""
    if _LOOK is not None and library is not None:
        return library.waitid(_ANY, 0, None, _LOOK) == 0
    try:
        if _LOOK is not None:
            os.waitid(_ANY, 0, _LOOK)
        else:
            os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def own_file(name: str) -> int:
    """A descriptor of a file of /proc that tells of this process, forks of it not included; -1 where there is none."""
    try:
        return os.open(f"/proc/self/{name}", os.O_RDONLY)
    except OSError:
        return -1


def dead_child() -> int:
    """A child that is dead and waits to be reaped. 0: there is none; -1: the system does not say, so reap any."""
    if _LOOK is None:
        return -1
    try:
        found = os.waitid(_ANY, 0, _LOOK)
    except ChildProcessError:
        return 0
    return found.si_pid if found is not None else 0


def used_by(pid: int) -> Tuple[float, int, int]:
    """Seconds of CPU, bytes read and written, of a process and the children it has waited for.

    Also of a process that is dead and waits to be reaped. Zeros where it is gone, or there is no /proc.
    """
    stat, io = _told(f"{pid}/stat"), _told(f"{pid}/io").split()
    if not stat or not io:
        return 0.0, 0, 0
    times = stat.rpartition(b") ")[2].split()[11:15]
    return sum(map(int, times)) / _TICKS_PER_S, int(io[1]), int(io[3])


def network_bytes() -> Tuple[int, int]:
    """Bytes that this machine has received and sent, its own interface to itself left out; zeros without /proc."""
    received = sent = 0
    for line in _told("self/net/dev", 1 << 16).splitlines():
        name, colon, counts = line.partition(b":")
        if colon and name.strip() != b"lo":
            fields = counts.split()
            received, sent = received + int(fields[0]), sent + int(fields[8])
    return received, sent


def _processes() -> Set[int]:
    try:
        return {int(name) for name in os.listdir("/proc") if name.isdigit()}
    except OSError:
        return set()


class Family:
    """Who is whose child, kept between looks so that a look costs one listing of /proc."""

    def __init__(self) -> None:
        self._parents: Dict[int, int] = {}

    def look(self, fresh: bool = False) -> Dict[int, List[int]]:
        """Parent -> children, of all processes. `fresh` trusts nothing of an earlier look."""
        alive = _processes()
        known = {} if fresh else self._parents
        parents: Dict[int, int] = {}
        for pid in alive:
            parent = known.get(pid)
            if parent is None or parent not in alive:  # new, or its parent died and another one took it
                parent = parent_of(pid)
            if parent is not None:
                parents[pid] = parent
        self._parents = parents
        children: Dict[int, List[int]] = {}
        for pid, parent in parents.items():
            children.setdefault(parent, []).append(pid)
        return children


def parent_of(pid: int) -> Optional[int]:
    """The parent of a process that is alive; None for one that is gone, or dead and waiting to be reaped."""
    fields = _told(f"{pid}/stat").rpartition(b") ")[2].split()
    return None if not fields or fields[0] in (b"Z", b"X") else int(fields[1])


def descendants(root: int, children: Dict[int, List[int]]) -> List[int]:
    """All processes below `root`, parents first."""
    found: List[int] = []
    waiting = list(children.get(root, ()))
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting.extend(children.get(pid, ()))
    return found


def memory_of(pid: int) -> int:
    """Anonymous and shared memory of a process in bytes; mapped files are not counted. 0 where it is gone."""
    text = _told(f"{pid}/status")
    found = [(at, len(field)) for field in (b"RssAnon:", b"RssShmem:") if (at := text.find(field)) >= 0]
    return 1024 * sum(int(text[at + length : text.index(b"kB", at)]) for at, length in found)


def kill(pids: Iterable[int]) -> None:
    """SIGKILL; those that are gone are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def has_ended(pid: int, timeout_s: float) -> bool:
    """Reap a child as soon as it has ended; False: it has not, in that time. Whoever else was first may have it."""
    until = time.monotonic() + timeout_s
    fd: Optional[int] = None
    try:
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            left_s = until - time.monotonic()
            if left_s <= 0:
                return False
            fd = process_fd(pid) if fd is None else fd
            if fd is None:
                time.sleep(0.0005)
            else:  # it tells at once, where looks come half a millisecond late on average
                poll = select.poll()
                poll.register(fd, select.POLLIN)
                poll.poll(1000 * left_s)
    except ChildProcessError:
        pass
    finally:
        if fd is not None:
            os.close(fd)
    return True


def marked(mark: bytes) -> Set[int]:
    """Processes whose environment, as they were started, holds `mark`: however far they went from their parents."""
    return {pid for pid in _processes() if mark in _told(f"{pid}/environ", 1 << 20)}


def killed_by_system() -> int:
    """How many processes the system has killed since it started because it ran out of memory."""
    try:
        with open("/proc/vmstat", "rb") as file:  # longer than what one call of `read` gives
            return next((int(line.split()[1]) for line in file if line.startswith(b"oom_kill ")), 0)
    except OSError:
        return 0


def user_name(user: str) -> str:
    """The name of "uid:gid" on this machine; the number where it has none."""
    import pwd

    number = user.partition(":")[0]
    try:
        return pwd.getpwuid(int(number)).pw_name
    except (KeyError, ValueError):
        return number
