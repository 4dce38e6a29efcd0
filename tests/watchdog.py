"""Interrupts tests of which one hangs: else all of CI's time would pass, and nobody would know which it was.

It is a process: a thread or a timer would be seen by what is tested. Each test that begins writes a line to it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

LIMIT_S = 900
"""No test takes a third of it, nor what is set up for one, on a machine that is busy with much else."""


def start(limit_s: float = LIMIT_S) -> subprocess.Popen[bytes]:
    """To its input a line is written when a test begins; it ends once that is closed."""
    command = [sys.executable, "-S", __file__, str(os.getpid()), str(limit_s)]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=nowhere, stderr=nowhere, process_group=0)


def watch(fd: int, pid: int, limit_s: float) -> None:
    """Interrupt the process whenever so long nothing comes."""
    while True:
        if not select.select([fd], [], [], limit_s)[0]:
            os.kill(pid, signal.SIGINT)
        elif not os.read(fd, 65536):
            return


if __name__ == "__main__":
    watch(0, int(sys.argv[1]), float(sys.argv[2]))
