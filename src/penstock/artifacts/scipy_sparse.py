"""scipy's sparse matrices of the kinds `coo` and `dok`, by their elements.

What they consist of changes with scipy's versions: what one pickles, another reads as half an object. The other kinds
are the same in all.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from penstock.artifacts import rebuild
from penstock.artifacts.reducing import Sink

_KINDS = ("coo_matrix", "coo_array", "dok_matrix", "dok_array")
_OWN = frozenset(
    "_shape maxprint data row col coords has_canonical_format _has_canonical_format _dict dtype _dtype".split()
)


def form_of(kind: type) -> Optional[Callable[..., None]]:
    """None: they go the general way."""
    return None


def reducer_of(kind: type) -> Optional[Callable[[Sink, Any], Any]]:
    """The reducer for these kinds."""
    return _reduce if kind.__name__ in _KINDS and kind.__module__.startswith("scipy.sparse.") else None


def _reduce(sink: Sink, value: Any) -> Any:
    if not _OWN.issuperset(value.__dict__):  # the user's own attributes on it
        return NotImplemented
    coo = value.tocoo()
    coords = coo.coords if hasattr(coo, "coords") else (coo.row, coo.col)
    return rebuild.sparse, (type(value).__name__, coo.data, tuple(coords), coo.shape)
