"""torch tensors: bytes as they are, storages shared within one value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore


@pytest.fixture(scope="session")
def torch(require: Callable[[str], None]) -> Any:
    require("torch")
    import torch

    return torch


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def through(store: FolderStore) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        encoded = encode(value, store)
        found = decode(encoded.stored.record, store, verify=True)
        assert encoded.identity.culprit == ""
        assert identify(value).digest == encoded.identity.digest == identify(found).digest
        return found

    return run


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "float16", "int64", "uint8", "bool", "complex64"])
@pytest.mark.parametrize("side", [3, 300])
def test_every_dtype(torch: Any, through: Callable[[Any], Any], dtype: str, side: int):
    tensor = (torch.arange(side * side).reshape(side, side) % 2).to(getattr(torch, dtype))
    found = through(tensor)
    assert found.dtype == tensor.dtype
    assert torch.equal(found, tensor)
    found[0, 0] = 1
    assert tensor[0, 0] == 0


def test_odd_tensors(torch: Any, through: Callable[[Any], Any]):
    grid = torch.arange(90_000.0).reshape(300, 300)
    tensors = (
        torch.tensor(3),
        torch.zeros(0, 3),
        grid.t(),
        grid[::2, 1:],
        grid.to(torch.complex64).conj(),
        grid.to_sparse(),
    )
    for tensor in tensors:
        found = through(tensor)
        assert found.shape == tensor.shape
        assert torch.equal(found.to_dense(), tensor.to_dense())
    assert through(torch.tensor([1.0], requires_grad=True)).requires_grad


def test_a_shared_storage_stays_shared(torch: Any, store: FolderStore, through: Callable[[Any], Any]):
    weight = torch.zeros(200, 200)
    state = {"encoder": weight, "decoder": weight.t(), "head": weight[:150]}
    found = through(state)
    found["encoder"][0, 0] = 5
    assert found["decoder"][0, 0] == found["head"][0, 0] == 5
    assert len(encode(state, store).stored.blobs) == 1


def test_a_small_view_does_not_store_the_whole(torch: Any, store: FolderStore):
    assert encode(torch.zeros(1_000_000)[:10], store).stored.size < 1000


def test_models_and_states(torch: Any, through: Callable[[Any], Any]):
    model = torch.nn.Sequential(torch.nn.Linear(200, 200), torch.nn.ReLU())
    batch = torch.ones(2, 200)
    assert torch.equal(through(model)(batch), model(batch))
    assert all(torch.equal(tensor, model.state_dict()[name]) for name, tensor in through(model.state_dict()).items())
    optimizer = torch.optim.Adam(model.parameters())
    model(batch).sum().backward()
    optimizer.step()
    state = through(optimizer.state_dict())
    assert torch.equal(state["state"][0]["exp_avg"], optimizer.state_dict()["state"][0]["exp_avg"])


def test_what_counts(torch: Any):
    one = torch.arange(90_000.0).reshape(300, 300)
    same = [one.clone(), one.t().contiguous().t(), torch.stack([one, one])[1]]
    assert {identify(tensor) for tensor in same} == {identify(one)}
    others = [one.to(torch.float64), one.reshape(-1), one + 1, torch.nn.Parameter(one), one.clone().requires_grad_()]
    assert len({identify(tensor) for tensor in [one, *others]}) == 6
