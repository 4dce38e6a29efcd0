"""The explicit table of libraries whose values are stored and shown in ways of their own: one module for each.

It is imported when the first value of such a class is met; by then the library itself is. Each has `reducer_of(kind)`,
how a value is taken apart: its record and its canonical form are written from that, and `rebuild` puts it together. One
with leaves, whose bytes may lie in memory in several ways, has rules for them too: `form_of(kind)`. Both give None for
types that go the general way. `look(value, look)` says what a preview shows, `shown_of(kind)` gives what displays its
values. What a form leaves out is listed with its reason: of a leaf at the beginning of its module, else in
`objects.LEFT_OUT`.
"""

from __future__ import annotations

import functools
import importlib
from typing import Any, Callable, Optional

MODULES = {
    "PIL": "figures",
    "matplotlib": "figures",
    "numpy": "numpy_arrays",
    "pandas": "pandas_frames",
    "plotly": "figures",
    "polars": "polars_frames",
    "pyarrow": "arrow_tables",
    "scipy": "scipy_sparse",
    "torch": "torch_tensors",
}

_TABULAR = ("numpy", "pandas", "polars", "pyarrow", "torch")
_TABLES = frozenset("ndarray DataFrame Series Index ExtensionArray Table RecordBatch ChunkedArray Array Tensor".split())


def form_of(kind: type) -> Optional[Callable[..., None]]:
    """The canonical rule of a library for one of its leaves."""
    found = _of(kind, "form_of")
    return found and found(kind)


def reducer_of(kind: type) -> Optional[Callable[..., Any]]:
    """The reducer of a library for one of its types: called with (sink, value), it gives what `__reduce__` gives."""
    found = _of(kind, "reducer_of")
    return found and found(kind)


@functools.lru_cache(maxsize=1024)
def look_of(kind: type) -> Optional[Callable[..., Any]]:
    """What shows the values of a library."""
    return _of(kind, "look")


@functools.lru_cache(maxsize=1024)
def shown_of(kind: type) -> Optional[Callable[..., Any]]:
    """What displays the values of a library; it may give None, for one that it does not know."""
    found = _of(kind, "shown_of")
    return found and found(kind)


def _of(kind: Any, what: str) -> Any:
    """By the class, or the nearest one that it is made from: a subclass of an array is told by numpy's."""
    for base in kind.__mro__:
        name = MODULES.get(base.__module__.partition(".")[0]) if type(base.__module__) is str else None
        found: Any = name and getattr(importlib.import_module(f"penstock.artifacts.{name}"), what, None)
        if found:
            return found
    return None


@functools.lru_cache(maxsize=1024)
def has_layout(kind: type) -> bool:
    """Whether values of a type are arrays or tables."""
    return any(base.__name__ in _TABLES and str(base.__module__).partition(".")[0] in _TABULAR for base in kind.__mro__)
