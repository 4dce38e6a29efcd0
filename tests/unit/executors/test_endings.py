"""What the system says of a dead process, in words and as a cause."""

from __future__ import annotations

import signal

import pytest

from penstock.executors import capacity
from penstock.executors.endings import explain
from penstock.executors.zygote_process import Death
from penstock.model.states import Cause


@pytest.mark.parametrize(
    ("death", "cause", "message"),
    [
        (Death(3 << 8), Cause.EXITED, "the process exited with code 3 before the step returned"),
        (Death(0), Cause.EXITED, "the process exited with code 0 before the step returned"),
        (Death(int(signal.SIGSEGV)), Cause.EXITED, "the process crashed: SIGSEGV"),
        (Death(int(signal.SIGABRT) | 0x80), Cause.EXITED, "the process crashed: SIGABRT"),
        (Death(int(signal.SIGKILL)), Cause.KILLED, "the worker was killed from outside (SIGKILL)"),
        (Death(int(signal.SIGTERM)), Cause.KILLED, "the worker was killed from outside (SIGTERM)"),
        (Death(int(signal.SIGKILL), system_kill=True), Cause.OUT_OF_MEMORY, "the system ran out of memory"),
        (Death(None), Cause.KILLED, "the process that all workers are forked from died"),
        (
            Death(int(signal.SIGKILL), overrun_bytes=3 << 29),
            Cause.OUT_OF_MEMORY,
            "used 1.5 GiB, more than its memory of 1 GiB",
        ),
    ],
)
def test_explain(death: Death, cause: Cause, message: str) -> None:
    found = explain(death, 1 << 30)
    assert found[0] is cause
    assert found[1].startswith(message)


def test_capacity_is_what_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert capacity.cpu() >= 1
    assert capacity.memory_bytes() > 1 << 28
    for visible, gpus in [("", ()), ("-1", ()), ("0", ("0",)), ("GPU-a, 3", ("GPU-a", "3"))]:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert capacity.gpus() == gpus
