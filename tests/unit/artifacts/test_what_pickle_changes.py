"""Values whose pickle says more than is read of it, or is read as something else: what they count as survives."""

from __future__ import annotations

import collections
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def digest(value: Any) -> bytes:
    identity = identify(value)
    assert identity.culprit == ""
    return identity.digest


def back(store: FolderStore, value: Any) -> Any:
    return decode(encode(value, store).stored.record, store)


def begun(made: Any) -> Any:
    next(made)
    return made


_ITERATORS: tuple[Callable[[], Any], ...] = (
    lambda: iter({1: 5, 2: 6}),
    lambda: iter({1: 5, 2: 6}.values()),
    lambda: iter({1: 5, 2: 6}.items()),
    lambda: reversed({1: 5, 2: 6}),
    lambda: begun(iter({1: 5, 2: 6})),
    lambda: iter(collections.OrderedDict({3: 5, 4: 6})),
    lambda: begun(iter({7})),
    lambda: iter({7}),
)


@pytest.mark.parametrize("make", _ITERATORS)
def test_an_iterator_that_comes_back_as_that_of_a_list(store: FolderStore, make: Callable[[], Any]) -> None:
    before = digest(make())
    found = back(store, make())
    assert digest(found) == before
    assert list(found) == list(make())


def test_iterators_over_other_items_differ() -> None:
    assert len({digest(make()) for make in _ITERATORS}) == len(_ITERATORS)


def test_a_bunch_and_what_holds_one(store: FolderStore, require: Callable[[str], None]) -> None:
    require("sklearn")
    import sklearn.utils
    from sklearn.ensemble import VotingRegressor
    from sklearn.linear_model import Ridge

    bunch: Any = sklearn.utils.Bunch
    assert digest(bunch(a=1)) != digest(bunch(a=2))
    fitted = VotingRegressor([("ridge", Ridge())]).fit([[0.0], [1.0], [3.0]], [0, 1, 2])
    for value in (bunch(a=1), fitted):
        assert digest(back(store, value)) == digest(value)
    assert back(store, bunch(a=1)).a == 1


def test_a_tree_counts_by_its_nodes_and_not_by_where_they_lie(
    store: FolderStore, require: Callable[[str], None]
) -> None:
    require("scipy")
    import numpy as np
    import scipy.spatial

    spatial: Any = scipy.spatial
    points = np.random.default_rng(1).random((100, 3))

    def trees() -> list[Any]:
        kinds = (spatial.cKDTree, spatial.KDTree)
        return [
            *(kind(points[:count], leafsize=leaf) for kind in kinds for count in (0, 50, 100) for leaf in (4, 16)),
            spatial.cKDTree(points, balanced_tree=False),
            spatial.cKDTree(points, boxsize=1.0),
            spatial.cKDTree(points * 2),
        ]

    digests = [digest(tree) for tree in trees()]
    assert len(set(digests)) == len(digests)
    assert [digest(tree) for tree in trees()] == digests
    for tree, before in zip(trees(), digests, strict=True):
        found = back(store, tree)
        assert digest(found) == before
        asked = [tree.query(points[:5], 2), found.query(points[:5], 2)] if tree.n else [[[0]], [[0]]]
        assert all(np.array_equal(one, other) for one, other in zip(*asked, strict=True))
