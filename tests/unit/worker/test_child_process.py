"""Programs as children, as far as no attempt is needed for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.worker.child_process import ChildProcess


@pytest.mark.parametrize("program", ["no-such-program", "./none", "/none"])
def test_one_that_does_not_start_leaves_no_descriptor(tmp_path: Path, program: str):
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        ChildProcess([program], os.fspath(tmp_path), dict(os.environ))
    assert set(os.listdir("/proc/self/fd")) == before


def test_one_that_starts_leaves_none_either(tmp_path: Path):
    before = set(os.listdir("/proc/self/fd"))
    end = ChildProcess(["sh", "-c", "echo said; exit 3"], os.fspath(tmp_path), dict(os.environ)).run(lambda _: None)
    assert (end.status, end.last) == (3, "said")
    assert set(os.listdir("/proc/self/fd")) == before
