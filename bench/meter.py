"""python meter.py COMMAND...: the CPU time of a command and of all that it starts, as the last line of stdout.

What a process leaves behind when it ends (workers, what a killed worker had started) becomes this process's child, and
counts when it has ended too. Runs without the packages of an environment; its own time is not part of the figure.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys

CPU = "CPU "  # what the line begins with
_PATIENCE_S = 60  # for what still runs when the command has ended
_PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> int:
    """The exit code of the command, negative where a signal killed it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system adopts no processes")
    code = subprocess.run(command, check=False).returncode
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(_PATIENCE_S)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{CPU}{used.ru_utime + used.ru_stime:.6f}", flush=True)
    return code


def _give_up(*_: object) -> None:
    sys.exit(f"something still runs {_PATIENCE_S} s after its command has ended, so that its CPU time can't be told")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
