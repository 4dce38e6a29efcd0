"""What a sampler notes of an attempt, seldom and in a file of points."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from penstock.artifacts import point_files
from penstock.worker import posix
from penstock.worker.system_metrics import Devices, SystemSampler, SystemSamplers


def read(path: Path) -> dict[str, list[tuple[int, float]]]:
    found = point_files.read(path.read_bytes())
    return {
        name: [point for one in segments for point in zip(one.steps, one.values, strict=True)]
        for name, segments in found.items()
    }


def test_a_short_attempt_is_not_looked_at_and_a_long_one_less_and_less_often(tmp_path: Path) -> None:
    sampler = SystemSampler(str(tmp_path / "w.system"), ())
    began, now, looks = 1000.0, 1000.0, list[float]()
    while now < began + 3600:
        if sampler.is_due(now, began):
            sampler.look(now, 7, (0.0, 0, 0), [os.getpid()], 1 << 20)
            looks.append(now - began)
        now += 0.03
    sampler.close()
    assert 1.0 <= looks[0] < 1.1
    assert 1.0 <= looks[1] - looks[0] < 1.1
    assert 9.9 < looks[-1] - looks[-2] < 10.1
    assert len(looks) < 700
    assert sampler.is_due(5000.5, 5000.0) is False, "another attempt"
    assert sampler.is_due(5001.0, 5000.0)


def test_rates_are_those_since_the_last_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uses, network = iter([(3.0, 1000, 0), (1.0, 0, 10), (4.0, 900, 30), (1.0, 0, 10)]), iter([(100, 5), (300, 5)])
    monkeypatch.setattr(posix, "used_by", lambda _pid: next(uses))
    monkeypatch.setattr(posix, "network_bytes", lambda: next(network))
    sampler = SystemSampler(str(tmp_path / "w.system"), ())
    assert sampler.is_due(102.0, 100.0)
    sampler.look(102.0, 7, (1.0, 500, 10), [1, 2], 4096)
    sampler.look(104.0, 7, (1.0, 500, 10), [1, 2], 8192)
    sampler.close()
    assert read(tmp_path / "w.system") == {
        "system/cpu": [(7, 1.5), (7, 0.5)],
        "system/memory": [(7, 4096.0), (7, 8192.0)],
        "system/read": [(7, 250.0), (7, 0.0)],
        "system/written": [(7, 0.0), (7, 15.0)],
        "system/received": [(7, 0.0), (7, 100.0)],
        "system/sent": [(7, 0.0), (7, 0.0)],
    }


def test_the_network_is_looked_at() -> None:
    received, sent = posix.network_bytes()
    assert received >= 0
    assert sent >= 0


def nvml(asked: list[object]) -> ModuleType:
    """nvidia-ml-py, as far as it is used."""

    def find(name: object) -> object:
        if name == 7:
            raise RuntimeError("Invalid Argument")
        asked.append(name)
        return name

    module = ModuleType("pynvml")
    vars(module).update(
        nvmlInit=lambda: asked.append("init"),
        nvmlDeviceGetHandleByIndex=find,
        nvmlDeviceGetHandleByUUID=find,
        nvmlDeviceGetUtilizationRates=lambda gpu: SimpleNamespace(gpu=100 if gpu == 2 else 50, memory=3),
        nvmlDeviceGetMemoryInfo=lambda gpu: SimpleNamespace(total=100, free=90, used=20 if gpu == 2 else 10),
    )
    return module


def test_gpus_are_asked_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setitem(sys.modules, "pynvml", nvml(asked))
    sampler = SystemSamplers().of(1, str(tmp_path / "process-1-1.log"), ("2", "GPU-5f0c"))
    assert sampler.is_due(102.0, 100.0)
    sampler.look(102.0, 7, (0.0, 0, 0), [os.getpid()], 4096)
    sampler.close()
    found = read(tmp_path / "process-1-1.system")
    assert asked == ["init", 2, "GPU-5f0c"]
    assert (found["system/gpu"], found["system/gpu_memory"]) == ([(7, 1.5)], [(7, 30.0)])


def test_without_what_tells_of_gpus_there_are_no_such_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert Devices(("0",)).look() == []
    monkeypatch.setitem(sys.modules, "pynvml", nvml([]))
    assert Devices(("7",)).look() == []
