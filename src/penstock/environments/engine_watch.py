"""Runs an engine's client, and ends it when the process that wants it dies, which is not there then to do so itself.

A program of its own (`engine_calls` starts it by its path), in a session of its own, that imports nothing of Penstock.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

_CLEARS_UP_S = 5.0
_UNDOES_S = 60.0
_STARTS_S = 2.0
_LOOK_S = 0.05
_PR_SET_CHILD_SUBREAPER = 36


def command(lifeline: int, undo: list[str], words: list[str]) -> list[str]:
    """What starts it. `lifeline`: a pipe, or what else has an end when whoever wants the client is gone; `undo`: a
    command that is run then, [] for none."""
    return [sys.executable, "-P", os.path.abspath(__file__), str(lifeline), str(len(undo)), *undo, *words]


def main(given: list[str]) -> int:
    """Gives the client's exit code; negative: the signal that it was killed by."""
    lifeline, count = (int(word) for word in given[:2])
    undo, words = given[2 : 2 + count], given[2 + count :]
    os.set_inheritable(lifeline, False)
    _adopt_orphans()
    try:
        # What else this process was given is the client's.
        client = subprocess.Popen(words, stdin=subprocess.DEVNULL, close_fds=False)
    except OSError as error:
        sys.stderr.write(f"can't start {words[0]}: {error.strerror}\n")
        return 127
    exited = os.pidfd_open(client.pid)
    poll = select.poll()
    for fd in (lifeline, exited):
        poll.register(fd, select.POLLIN)
    if exited not in (fd for fd, _ in poll.poll()):
        _run(undo)
        _end(client)
        _run(undo)  # it may have been making it just then
    return client.wait()


def _run(undo: list[str]) -> None:
    if undo:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(undo, timeout=_UNDOES_S, check=False, capture_output=True, stdin=subprocess.DEVNULL)


def _end(client: subprocess.Popen[bytes]) -> None:
    """What podman builds runs below it, and has no ears for signals: once that is gone podman clears up by itself."""
    below = _kill_below(client.pid)
    with suppress(subprocess.TimeoutExpired):
        client.wait(_CLEARS_UP_S if below else 0)
    client.terminate()
    try:
        client.wait(_CLEARS_UP_S)
    except subprocess.TimeoutExpired:
        client.kill()
        client.wait()
    # What was starting a container just then has left it to this process.
    until = time.monotonic() + _STARTS_S
    while time.monotonic() < until:
        _kill_below(os.getpid(), os.readlink("/proc/self/ns/pid"))
        time.sleep(_LOOK_S)


def _kill_below(pid: int, but_in: str = "") -> int:
    """Kill what descends from a process; `but_in`: not what is in this namespace of process numbers, as what an engine
    keeps for all of its containers is. Gives how many there were."""
    import psutil

    count = 0
    with suppress(psutil.Error):
        for one in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error, OSError):
                if os.readlink(f"/proc/{one.pid}/ns/pid") != but_in:
                    one.kill()
                    count += 1
    return count


def _adopt_orphans() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    if code < 0:
        with suppress(OSError):  # of SIGKILL, which nobody takes
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)
