"""Who drives a run, and whether it still lives. Linux reads /proc; elsewhere `ps` and `sysctl` are asked."""

from __future__ import annotations

import functools
import os

from penstock.model.rows import Owner

_IS_LINUX = os.path.exists("/proc/self/stat")


def owner_of_this_process() -> Owner:
    """This process, as a lease names it."""
    return Owner(os.uname().nodename, boot_id(), os.getpid(), process_started(os.getpid()))


def is_alive(owner: Owner) -> bool | None:
    """Whether the owner's process runs; None where that can't be seen from here.

    It can be seen since the same boot, and from the same process namespace: a container has other process numbers. A
    host's name says nothing: it may be changed while a run lives, or shared by a container.
    """
    if not is_same_boot(owner) or owner.started.partition("@")[2] != _namespace():
        return None
    return process_started(owner.pid) == owner.started


def is_same_host(owner: Owner) -> bool:
    """Whether the owner's host has the name of this one."""
    return owner.host == os.uname().nodename


def is_same_boot(owner: Owner) -> bool:
    """Whether the owner reads the same monotonic clock as this process."""
    return owner.boot_id != "" and owner.boot_id == boot_id()


@functools.cache
def boot_id() -> str:
    """Names this boot of this machine; empty where the system has no name for it."""
    if _IS_LINUX:
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            return file.read().strip()
    return _ask("sysctl", "-n", "kern.bootsessionuuid")


def process_started(pid: int) -> str:
    """When a process started, in the system's own words and with its process namespace; empty: no such process."""
    if _IS_LINUX:
        ticks = _start_ticks(pid)
        return f"{ticks}@{_namespace()}" if ticks else ""
    return _ask("ps", "-o", "lstart=", "-p", str(pid))


def _start_ticks(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            stat = file.read()
    except OSError:
        return ""
    # The name may hold spaces and parentheses; the state is the first field after it, the start the 20th.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in ("Z", "X") else fields[19]


@functools.cache
def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return ""


def _ask(*command: str) -> str:
    import subprocess

    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""
