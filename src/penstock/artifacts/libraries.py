"""The explicit table of libraries whose values have serializers of their own, by the top-level module of a class.

A serializer's module is imported when the first such value is met; by then the library itself is. Each has
`reducer_of(kind)`, how a value is taken apart: its record and its canonical form are written from that. One with
leaves, whose bytes may lie in memory in several ways, has rules for them too: `form_of(kind)`. Both give None for types
that go the general way. What a form leaves out is listed with its reason: of a leaf at the beginning of its
module, else in `objects.LEFT_OUT`.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable, Optional

_SERIALIZERS = {
    "numpy": "penstock.artifacts.numpy_arrays",
    "pandas": "penstock.artifacts.pandas_frames",
    "polars": "penstock.artifacts.polars_frames",
    "pyarrow": "penstock.artifacts.arrow_tables",
    "scipy": "penstock.artifacts.scipy_sparse",
    "torch": "penstock.artifacts.torch_tensors",
}


def form_of(kind: type) -> Optional[Callable[..., None]]:
    """The canonical rule of a library for one of its leaves."""
    return _of(kind, "form_of")


def reducer_of(kind: type) -> Optional[Callable[..., Any]]:
    """The reducer of a library for one of its types: called with (sink, value), it gives what `__reduce__` gives."""
    return _of(kind, "reducer_of")


def _of(kind: Any, what: str) -> Any:
    """By the class, or the nearest one that it is made from: a subclass of an array is told by numpy's."""
    for base in kind.__mro__:
        name = _SERIALIZERS.get(base.__module__.partition(".")[0]) if type(base.__module__) is str else None
        if name is not None:
            asked: Any = getattr(importlib.import_module(name), what, None)
            return asked and asked(kind)
    return None
