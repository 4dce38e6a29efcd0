"""What stands in records as a callable: how parts of a value come back when a skeleton is unpickled.

The names in here are part of the record format: never rename or remove one. Libraries are imported when needed.
"""

from __future__ import annotations

import importlib
from typing import Any, Dict, List, Optional, Tuple


def ref(number: int) -> Any:
    """The result that an edge stands for. `decode` puts its own in the place of this name."""
    raise LookupError(f"reference {number} is read outside of `decode`")


def blob(number: int) -> Any:
    """The bytes of a blob. `decode` puts its own in the place of this name."""
    raise LookupError(f"blob {number} is read outside of `decode`")


def path(name: str, entries: List[Any]) -> Any:
    """A stored file or folder. `decode` puts its own in the place of this name."""
    raise LookupError(f"file {name} is read outside of `decode`")


def array(data: Any, dtype: Any, shape: Tuple[int, ...], order: str) -> Any:
    """A numpy array over `data`; writable."""
    np: Any = importlib.import_module("numpy")
    return np.ndarray(shape, np.dtype(dtype), data, order=order)


def strings(offsets: Any, data: Any, shape: Tuple[int, ...]) -> Any:
    """A numpy object array of `str`."""
    from penstock.artifacts import texts

    return texts.unpack(offsets, data).reshape(shape)


def exception(
    kind: Any, args: Tuple[Any, ...], state: Optional[Dict[str, Any]], cause: Any = None, quiet: bool = False
) -> BaseException:
    """An exception, without a call of its own `__init__`."""
    from penstock.artifacts import failures

    return failures.rebuild(kind, args, state, cause, quiet)


def frame(columns: Any, index: Any, arrays: List[Any], attrs: Dict[Any, Any], duplicates: bool) -> Any:
    """A pandas frame over its columns' arrays."""
    np: Any = importlib.import_module("numpy")
    pd: Any = importlib.import_module("pandas")

    ready = {
        number: pd.Series(values, index=index, dtype=object, copy=False)  # or pandas would guess another dtype
        if isinstance(values, np.ndarray) and values.dtype == object
        else values
        for number, values in enumerate(arrays)
    }
    return _finished(pd.DataFrame(ready, index=index, copy=False), columns, attrs, duplicates)


def frame_of_array(columns: Any, index: Any, values: Any, attrs: Dict[Any, Any], duplicates: bool) -> Any:
    """A pandas frame over one two-dimensional array."""
    pd: Any = importlib.import_module("pandas")
    return _finished(pd.DataFrame(values, index=index, copy=False), columns, attrs, duplicates)


def _finished(frame: Any, columns: Any, attrs: Dict[Any, Any], duplicates: bool) -> Any:
    frame.columns = columns
    if attrs:
        frame.attrs = attrs
    return frame if duplicates else frame.set_flags(allows_duplicate_labels=False)


def pandas_arrow(kind: Any, state: Dict[str, Any]) -> Any:
    """A pandas array over an Arrow array."""
    values: Any = kind.__new__(kind)
    values.__dict__.update(state)
    return values


def polars_frame(columns: List[Any], height: int) -> Any:
    """A polars frame from an IPC stream for each column."""
    pl: Any = importlib.import_module("polars")
    series = [polars_series(data) for data in columns]
    return pl.DataFrame(series) if series else pl.DataFrame(height=height) if height else pl.DataFrame()


def polars_series(data: Any) -> Any:
    """A polars series from an IPC stream."""
    import io

    pl: Any = importlib.import_module("polars")
    return pl.read_ipc(io.BytesIO(data)).to_series(0)


def tensor(storage: Any, dtype: str, shape: Any, stride: Any, offset: int, requires_grad: bool, device: str) -> Any:
    """A torch tensor over a storage's bytes, on its device where that is here and on the CPU elsewhere."""
    torch: Any = importlib.import_module("torch")
    kind = getattr(torch, dtype)
    flat: Any = torch.from_numpy(storage) if storage.size else torch.empty(0, dtype=torch.uint8)
    made = flat.view(kind).as_strided(shape, stride, offset) if storage.size else torch.empty(shape, dtype=kind)
    if device.startswith("cuda") and torch.cuda.is_available():
        made = made.to(device)
    return made.requires_grad_() if requires_grad else made
