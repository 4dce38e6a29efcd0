"""The two laws of values, over the zoo.

What a value counts as says no less than what is stored of it; what comes out behaves as what went in.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.artifacts.folder import FolderStore
from tests.unit.artifacts import laws, zoo

ZOO = dict(zoo.everywhere())
PRESENT = [
    pytest.param(found, id=name, marks=[] if found else pytest.mark.skip(f"{name} is not installed"))
    for name, found in ZOO.items()
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(Path(tmp_path_factory.mktemp("zoo")) / "store")


@pytest.mark.parametrize("species", PRESENT)
def test_values_that_differ_count_as_different(species: zoo.Species):
    laws.differ(species)


@pytest.mark.parametrize("species", PRESENT)
def test_memory_and_order_do_not_count(species: zoo.Species):
    laws.are_the_same(species)


@pytest.mark.parametrize("species", PRESENT)
def test_what_comes_out_is_what_went_in(store: FolderStore, species: zoo.Species):
    laws.come_back(store, species)


def test_in_another_process_and_with_another_hash_seed(store: FolderStore):
    laws.come_back_elsewhere(store, [found for found in ZOO.values() if found])
