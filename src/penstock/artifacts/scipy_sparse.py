"""scipy's sparse matrices: those of the kinds `coo` and `dok` by their elements, the others as scipy pickles them.
Trees of `scipy.spatial` go without the addresses in them.

What `coo` and `dok` consist of changes with scipy's versions: what one pickles, another reads as half an object.
Neither records nor forms have what a matrix remembers of its own order once it is asked: it finds it again.
"""

from __future__ import annotations

from typing import Any, Optional

from penstock.artifacts import rebuild
from penstock.artifacts.collected import Collected, Reducer

_KINDS = ("coo_matrix", "coo_array", "dok_matrix", "dok_array")
_COMPRESSED = ("csr_", "csc_", "bsr_")
_REMEMBERED = frozenset("has_sorted_indices _has_sorted_indices has_canonical_format _has_canonical_format".split())
_OWN = frozenset(
    "_shape maxprint data row col coords has_canonical_format _has_canonical_format _dict dtype _dtype".split()
)
_NODE = 72  # bytes of a node of a tree: axis, children, split, first and last index, two addresses, two numbers
_ADDRESSES = (40, 48)


def reducer_of(kind: type) -> Optional[Reducer]:
    """The reducer for matrices and arrays, and for trees."""
    if kind.__name__ in ("cKDTree", "KDTree"):
        return _reduce_tree
    if not kind.__module__.startswith("scipy.sparse."):
        return None
    if kind.__name__ in _KINDS:
        return _reduce
    return _reduce_compressed if kind.__name__.startswith(_COMPRESSED) else None


def _reduce_tree(sink: Collected, value: Any) -> Any:
    """Without the addresses of its nodes, which it finds again from their numbers."""
    make, args, state, *more = value.__reduce_ex__(5)
    nodes = state[0].copy()
    for at in _ADDRESSES:
        nodes.reshape(-1, _NODE)[:, at : at + 8] = 0
    return (make, args, (nodes, *state[1:]), *more)


def _reduce_compressed(sink: Collected, value: Any) -> Any:
    make, args, state, *more = value.__reduce_ex__(5)
    return (make, args, {name: part for name, part in state.items() if name not in _REMEMBERED}, *more)


def _reduce(sink: Collected, value: Any) -> Any:
    if not _OWN.issuperset(value.__dict__):  # the user's own attributes on it
        return NotImplemented
    coo = value.tocoo()
    coords = coo.coords if hasattr(coo, "coords") else (coo.row, coo.col)
    return rebuild.sparse, (type(value).__name__, coo.data, tuple(coords), coo.shape)
