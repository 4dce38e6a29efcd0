"""What a zygote cuts off the logs of its workers while their attempts run."""

from __future__ import annotations

import mmap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from penstock.worker import gauge, zygote


def test_the_log_of_an_attempt_that_has_just_ended_is_its_worker_s_to_cut(tmp_path: Path) -> None:
    log = tmp_path / "process-1-1.log"
    log.write_bytes(bytes(100_000))
    places: Any = SimpleNamespace(log=lambda name: tmp_path / name)
    host: Any = SimpleNamespace(_places=places, _spec=SimpleNamespace(log_bytes=1000))
    slot = gauge.Gauge(mmap.mmap(-1, gauge.FILE_SIZE), 0)
    child: Any = SimpleNamespace(log=log.name, log_began=(0.0, 0), gauge=slot)
    shorten: Any = vars(zygote.Zygote)["_shorten_log"]
    shorten(host, child)
    assert log.stat().st_size == 100_000
    slot.begin(5.0)
    shorten(host, child)
    log.write_bytes(bytes(200_000))
    shorten(host, child)
    assert log.stat().st_size == 101_000
