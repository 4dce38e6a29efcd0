"""Starts a program: in a folder, with these descriptors, in a process group of its own, as fast as the system can."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from typing import Dict, List, Sequence

from penstock.sdk.languages import OWN_PYTHON, language_of
from penstock.sdk.this_process import this_process

RECORDS_FD = 3
_MOST_SHOWN = 300
_IGNORED = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ", "SIGINT") if hasattr(signal, name)]
"""What this process, or one that it was forked from, may ignore, and no program expects to be ignored."""


def not_started(command: Sequence[str], error: OSError) -> str:
    """What an error says of a program that could not be started."""
    program = command[0]
    known = language_of(program)
    if isinstance(error, FileNotFoundError) and os.sep not in program:
        what = f": install it (Debian and Ubuntu: apt-get install {known[1]})" if known else ": install it"
        return f"there is no `{program}` on PATH of {os.uname().nodename}, which runs this{what}, or name another one"
    if isinstance(error, FileNotFoundError) and os.path.isabs(program):
        if os.path.exists(program):
            return (
                f"{program} can't be started: what runs it, which its beginning names, is not on {os.uname().nodename}"
            )
        return (
            f"there is no {program} on {os.uname().nodename}, which runs this: install it there, or name another one, "
            f"as `{os.path.basename(program)}`, which is looked for on PATH"
        )
    why = error.strerror or str(error)
    mend = {
        "Exec format error": ": begin it with a line as #!/usr/bin/env perl, or name what runs it",
        "Argument list too long": ": give what is long as an input, and not as a parameter",
        "Permission denied": ": it is no program, or has no run bit",
        "No such file or directory": ": it is not in the folder that the program begins in; one that lies beside the "
        "file which declares the step comes with it",
    }.get(why, "")
    shown = " ".join(command)
    shown = shown if len(shown) < _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."
    return f"{shown} can't be started: {why}{mend}"


def high(fd: int) -> int:
    """The same descriptor at a number above those that a program is given; the one that was given is closed then."""
    import fcntl

    if fd > RECORDS_FD:
        return fd
    copy = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, RECORDS_FD + 1)
    os.close(fd)
    return copy


def found(program: str, environ: Dict[str, str]) -> str:
    """The path of a program, which may be a name on PATH. Raises FileNotFoundError."""
    if program == OWN_PYTHON:
        return sys.executable
    if os.sep in program:
        return program
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, program)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return os.path.abspath(path)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)


def start(path: str, command: Sequence[str], folder: str, environ: Dict[str, str], fds: List[int]) -> int:
    """Start it, its standard streams and its records at these descriptors, in a group of its own."""
    if not _is_alone() or not hasattr(os, "posix_spawn"):
        return _start_beside_threads(path, command, folder, _told_of(environ, fds[2]), fds)
    # Python finds its packages by the name that it is called by.
    words = [path if command[0] == OWN_PYTHON else command[0], *command[1:]]
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        *((os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(fds, 1)),
    ]
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)  # it can't be told where to begin, and there is no other thread that would mind
        return os.posix_spawn(
            path, words, _told_of(environ, RECORDS_FD), file_actions=actions, setpgroup=0, setsigdef=_IGNORED
        )
    finally:
        os.fchdir(before)
        os.close(before)


def _is_alone() -> bool:
    return not this_process.places and threading.current_thread() is threading.main_thread()


def _start_beside_threads(
    path: str, command: Sequence[str], folder: str, environ: Dict[str, str], fds: List[int]
) -> int:
    import subprocess

    child = subprocess.Popen(
        [path, *command[1:]],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=fds[0],
        stderr=fds[1],
        pass_fds=fds[2:],
        start_new_session=True,
    )
    child.returncode = 0  # it is waited for here
    return child.pid


def _told_of(environ: Dict[str, str], records: int) -> Dict[str, str]:
    return {**environ, "PENSTOCK_RECORDS": f"/dev/fd/{records}", "PENSTOCK_RECORDS_FD": str(records)}
