"""Why a worker died: from what the system says about a dead process to the cause of its attempt's failure. Pure."""

from __future__ import annotations

import os
import signal

from penstock.executors.zygote_process import Death
from penstock.model.quantities import format_bytes
from penstock.model.states import Cause

_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGSYS, signal.SIGTRAP}


def explain(death: Death, limit_bytes: int | None) -> tuple[Cause, str]:
    """The cause of the failure of the attempt that the worker ran, and a message."""
    if death.overrun_bytes:
        used, limit = format_bytes(death.overrun_bytes), format_bytes(limit_bytes or 0)
        return Cause.OUT_OF_MEMORY, f"used {used}, more than its memory of {limit}"
    if death.refused:
        return Cause.PLATFORM, f"no worker could be started: {death.refused}"
    if death.lost:
        return Cause.PLATFORM, death.lost
    if death.status is None:
        return Cause.KILLED, "the process that all workers are forked from died"
    if os.WIFEXITED(death.status):
        return Cause.EXITED, f"the process exited with code {os.WEXITSTATUS(death.status)} before the step returned"
    number = os.WTERMSIG(death.status)
    name = _signal_name(number)
    if number in _CRASHES:
        return Cause.EXITED, f"the process crashed: {name}"
    if number == signal.SIGKILL and death.system_kill:
        return Cause.OUT_OF_MEMORY, "the system ran out of memory and killed the process (SIGKILL)"
    return Cause.KILLED, f"the worker was killed from outside ({name})"


def retirement(step: str, left: tuple[str, ...]) -> str:
    """What the user is told where a worker can't run another attempt behind one of this step."""
    what = left[0] if len(left) == 1 else f"{', '.join(left[:-1])} and {left[-1]}"
    return (
        f"{step} leaves {what} behind, which can't be put back: what runs next gets a new process, which takes longer. "
        "End in the step what it begins there"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
