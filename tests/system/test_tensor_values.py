"""The laws of values for torch: what a tensor or a model counts as says no less than what is stored of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore
from tests.unit.artifacts import laws, zoo

NAMES = (
    *(
        "one of many",
        "numbers",
        "differentiable",
        "quantized",
        "by channel",
        "coordinates",
        "compressed",
        "attributes",
        "conjugated",
    ),
    *("no data", "empty", "dtype", "model", "optimizer", "generator", "layers"),
)


@pytest.fixture(scope="session")
def torch_zoo(require: Callable[[str], None]) -> dict[str, zoo.Species]:
    require("torch")
    return {species.name: species for species in zoo.species_of("zoo_torch")}


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(tmp_path_factory.mktemp("tensors") / "store")


def test_all_are_tried(torch_zoo: dict[str, zoo.Species]):
    assert tuple(torch_zoo) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_laws_of_values(torch_zoo: dict[str, zoo.Species], store: FolderStore, name: str):
    laws.differ(torch_zoo[name])
    laws.are_the_same(torch_zoo[name])
    laws.come_back(store, torch_zoo[name])


def test_in_another_process(torch_zoo: dict[str, zoo.Species], store: FolderStore):
    laws.come_back_elsewhere(store, list(torch_zoo.values()))


def test_tied_weights_stay_tied(require: Callable[[str], None], store: FolderStore):
    require("torch")
    import torch

    one, other = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False)
    other.weight = one.weight
    found: Any = decode(encode(torch.nn.ModuleList([one, other]), store).stored.record, store)
    assert found[0].weight is found[1].weight


QUANTIZED = """
import warnings

import torch

from penstock import flow, step

warnings.filterwarnings("ignore")


@step(cache=True)
def total(weights) -> float:
    return weights.dequantize().sum().item()


@flow
def quantized(scale: float = 0.5):
    real = torch.tensor([2.0, 4.0]) * scale
    print(total(torch.quantize_per_tensor(real, scale, 0, torch.quint8)))
"""


def test_a_cached_step_tells_quantised_tensors_apart(require: Callable[[str], None], project_folder: Path):
    require("torch")
    (project_folder / "quantized.py").write_text(QUANTIZED)

    def printed(scale: str) -> str:
        command = [sys.executable, "-m", "penstock", "run", "quantized.py", "--scale", scale]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "3.0" in printed("0.5").split("\n")
    assert "12.0" in printed("2.0").split("\n")
