"""The process that masks what workers write: what ends it is told."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from penstock.artifacts import masking
from penstock.artifacts.finder import Finder
from penstock.worker import log_filter


def test_what_ends_it_stands_in_the_log_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Finder) -> None:
        raise RuntimeError("it holds s3cr3t-value")

    for name, value in (("_forms", {}), ("_texts", None), ("_bytes", None)):
        monkeypatch.setattr(masking, name, value)
    masking.hide(["s3cr3t-value"])
    monkeypatch.setattr(log_filter, "RunningMask", fails)
    control, other = socket.socketpair()
    log = tmp_path / "zygote.log"
    process = log_filter.start(control, str(log))
    assert process is not None
    stream = process.stream(str(tmp_path / "worker.log"))
    assert os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1]) == 1
    assert "what masks the lines of workers has failed:\nTraceback" in log.read_text()
    assert "RuntimeError: it holds ***\n" in log.read_text()
    process.leave()
    stream.close()
    os.close(stream.fd)
    control.close()
    other.close()
