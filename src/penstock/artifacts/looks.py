"""What is shown of arrays, tables and tensors: code for each library, which it does not import.

Touches the head of a value alone, however many rows or columns it has.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List, Optional, Protocol, Tuple

from penstock.artifacts.masking import cut

ITEMS = 8
_COLUMNS = 24
Facts = Optional[Dict[str, Any]]


class Look(Protocol):
    """Says a value in a few words."""

    def text(self, value: Any, deep: int) -> str: ...


def of(kind: type) -> Any:
    """What looks at values of a class, or of a subclass of it; None: nothing does."""
    for base in kind.__mro__:
        found = LIBRARIES.get(str(base.__module__).partition(".")[0])
        if found is not None:
            return found
    return None


_NUMBERS = "biufc"  # kinds of dtypes; as numpy writes them: what `tolist` makes of a float32 has digits that it has not


def is_quick(value: Any) -> bool:
    """Whether looking at it runs no code but numpy's own, on a dtype that says little."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and value.dtype.names is None and value.dtype != object


def _numpy(value: Any, look: Look) -> Facts:
    np: Any = sys.modules["numpy"]
    if isinstance(value, np.dtype):
        return {"text": f"dtype {_dtype(value)}"}
    if not isinstance(value, (np.ndarray, np.generic)):
        return None
    facts: Dict[str, Any] = {"shape": list(value.shape), "dtype": _dtype(value.dtype)}
    if value.ndim == 0:
        if value.dtype.kind in _NUMBERS:
            return {"text": str(np.ndarray.__getitem__(value, ()) if isinstance(value, np.ndarray) else value), **facts}
        item = value.item()
        return {"text": str(value) if type(item) is type(value) else look.text(item, 1), **facts}
    plain, mask = np.ndarray.view(value, np.ndarray), None
    if isinstance(value, np.ma.MaskedArray):
        mask = np.ma.getmaskarray(value)
    first = (0,) * (value.ndim - 1)
    row = plain[first][:ITEMS] if plain.size else plain[:0]
    head: List[Any] = list(row) if value.dtype.kind in _NUMBERS else row.tolist()
    hidden: List[Any] = mask[first][:ITEMS].tolist() if mask is not None and plain.size else [False] * len(head)
    said: Callable[[Any], str] = str if value.dtype.kind in _NUMBERS else lambda item: look.text(item, 1)
    items = ["--" if gone is True else said(item) for item, gone in zip(head, hidden)]
    shown = "".join((": ", ", ".join(items), ", …" if plain.size > ITEMS else ""))
    return {"text": f"array {'x'.join(map(str, value.shape))} {facts['dtype']}{shown if head else ''}", **facts}


def _dtype(dtype: Any) -> str:
    names = dtype.names or ()
    return f"a record of {len(names)} fields" if len(names) > _COLUMNS else cut(str(dtype), 100)


def _table(head: List[Tuple[Any, Any]], rows: int, columns: int, look: Look) -> Dict[str, Any]:
    schema = [
        [cut(name, 40) if isinstance(name, str) else look.text(name, 1), cut(str(dtype), 40)] for name, dtype in head
    ]
    names = ", ".join(name for name, _ in schema)
    text = f"{rows} rows x {columns} columns: {names}{', …' if columns > _COLUMNS else ''}"
    return {"text": text, "shape": [rows, columns], "schema": schema}


def _series(name: str, size: int, dtype: Any, head: List[Any], look: Look) -> Dict[str, Any]:
    kind = cut(str(dtype), 100)
    shown = ", ".join(look.text(item, 1) for item in head)
    return {"text": f"{name} of {size} {kind}: {shown}{', …' if size > ITEMS else ''}", "dtype": kind}


def _pandas(value: Any, look: Look) -> Facts:
    pd: Any = sys.modules.get("pandas")
    if pd is None:
        return None
    if isinstance(value, pd.DataFrame):
        rows, columns = value.shape
        dtypes = value.iloc[:0, :_COLUMNS].dtypes
        return _table([(value.columns[at], dtypes.iloc[at]) for at in range(len(dtypes))], rows, columns, look)
    if not isinstance(value, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return None
    head = value.iloc[:ITEMS] if isinstance(value, pd.Series) else value[:ITEMS]
    return {**_series(type(value).__name__, len(value), value.dtype, list(head), look), "shape": list(value.shape)}


def _polars(value: Any, look: Look) -> Facts:
    name = type(value).__name__
    if name == "DataFrame":
        head = [value.to_series(at) for at in range(min(value.width, _COLUMNS))]
        return _table([(one.name, one.dtype) for one in head], value.height, value.width, look)
    if name != "Series":
        return None
    head = value.head(ITEMS).to_list()
    return {**_series(name, len(value), value.dtype, head, look), "shape": [len(value)]}


def _pyarrow(value: Any, look: Look) -> Facts:
    if not hasattr(value, "schema") or not hasattr(value, "num_rows"):
        kind = getattr(value, "type", None)
        if kind is None:
            return None
        text = f"{type(value).__name__} of {len(value)} {cut(str(kind), 100)}"
        return {"text": text, "length": len(value)}
    fields = [value.schema.field(at) for at in range(min(value.num_columns, _COLUMNS))]
    return _table([(field.name, field.type) for field in fields], value.num_rows, value.num_columns, look)


def _torch(value: Any, look: Look) -> Facts:
    if not any(base.__name__ == "Tensor" for base in type(value).__mro__):
        return None
    shape = [int(length) for length in value.shape]
    text = f"tensor {'x'.join(map(str, shape))} {value.dtype} on {value.device}"
    return {"text": text, "shape": shape, "dtype": str(value.dtype)}


LIBRARIES: Dict[str, Any] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "torch": _torch,
}
