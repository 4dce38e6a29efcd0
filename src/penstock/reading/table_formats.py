"""Files for frames and series of pandas and polars, and tables of Arrow."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from penstock.reading.formats import PICKLE, Formats, Writer

_ONE_KIND = ("string", "empty", "bytes", "floating", "integer", "decimal", "boolean", "datetime", "date", "timedelta")
_NO_CELLS = ("bytes", "complex")
_ODD_DTYPES = ("complex", "interval", "period", "Sparse")


def of(value: Any) -> Formats | None:
    """The formats of a table or a column; None: it is neither."""
    names = [base.__name__ for base in type(value).__mro__]
    modules = (str(base.__module__).partition(".")[0] for base in type(value).__mro__)
    library = next(module for module in modules if module in ("pandas", "polars", "pyarrow"))
    if library == "pyarrow":
        return _of_arrow(value) if names[0] in ("Table", "RecordBatch") else None
    of_frame = _of_pandas if library == "pandas" else _of_polars
    if "Series" in names:
        return _column(of_frame(value.to_frame()))
    return of_frame(value) if "DataFrame" in names else None


def _of_pandas(frame: Any) -> Formats:
    return {
        ".parquet": _why_no_parquet(frame) or (lambda frame, to: frame.to_parquet(to, engine="pyarrow")),
        ".csv": _why_no_csv(frame) or (lambda frame, to: frame.to_csv(to, index=not _is_plain_index(frame))),
    }


def _column(of_frame: Formats) -> Formats:
    """A column can be written as a table of one; it stays a column in a pickle."""

    def wrapped(write: Writer) -> Writer:
        def writes(value: Any, to: Path) -> None:
            write(value.to_frame(), to)

        return writes

    return {**PICKLE, **{suffix: how if isinstance(how, str) else wrapped(how) for suffix, how in of_frame.items()}}


def _why_no_parquet(frame: Any) -> str:
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        return "pyarrow is missing; pip install pyarrow"
    if not frame.columns.is_unique:
        return "several columns have one name"
    types: Any = import_module("pandas.api.types")
    if frame.columns.nlevels == 1 and types.infer_dtype(frame.columns).startswith("mixed"):
        return "its columns' names are of several kinds"
    for name, values in _columns(frame):
        kind = _kind_of(values)
        if kind not in _ONE_KIND:
            return f"{name} holds {_told(kind)}"
        if str(values.dtype).startswith(("complex", "Sparse")):
            return f"{name} is {values.dtype}"
    return ""


def _why_no_csv(frame: Any) -> str:
    if frame.columns.nlevels > 1:
        return "its columns have several levels"
    for name, values in _columns(frame):
        kind = _kind_of(values)
        if kind not in _ONE_KIND or kind in _NO_CELLS:
            return f"{name} holds {_told(kind)}"
        if str(values.dtype).startswith(_ODD_DTYPES) or _is_nested(values.dtype):
            return f"{name} is {values.dtype}"
    return ""


def _columns(frame: Any) -> Any:
    """What a file has as columns: those of the frame, and the levels of its index."""
    for at in range(frame.shape[1]):
        yield f"column {frame.columns[at]}", frame.iloc[:, at]
    if not _is_plain_index(frame):
        for at in range(frame.index.nlevels):
            yield f"level {frame.index.names[at] or at} of the index", frame.index.get_level_values(at)


def _kind_of(values: Any) -> str:
    """Of Python's objects in a column, what pandas calls it; of all else "string", which any file can hold."""
    types: Any = import_module("pandas.api.types")
    categories = getattr(values.dtype, "categories", None)
    if categories is not None and str(values.dtype) == "category":
        return _kind_of(categories)
    return types.infer_dtype(values, skipna=True) if values.dtype == object else "string"


def _told(kind: str) -> str:
    return "values of several kinds, or objects" if kind.startswith("mixed") or kind == "unknown-array" else kind


def _is_nested(dtype: Any) -> bool:
    return any(word in str(dtype) for word in ("list<", "struct<", "map<", "binary"))


def _is_plain_index(frame: Any) -> bool:
    index = frame.index
    return type(index).__name__ == "RangeIndex" and index.name is None and (index.start, index.step) == (0, 1)


def _of_polars(frame: Any) -> Formats:
    odd = next((f"column {name} is {dtype}" for name, dtype in frame.schema.items() if dtype.is_nested()), "")
    plain = next((f"column {name} is {dtype}" for name, dtype in frame.schema.items() if str(dtype) == "Object"), "")
    cells = next((f"column {name} is {dtype}" for name, dtype in frame.schema.items() if str(dtype) == "Binary"), "")
    return {
        ".parquet": plain or (lambda frame, to: frame.write_parquet(to)),
        ".csv": odd or plain or cells or (lambda frame, to: frame.write_csv(to)),
    }


def _of_arrow(table: Any) -> Formats:
    types: Any = import_module("pyarrow.types")

    def why(field: Any) -> str:
        kind: Any = field.type
        odd: bool = types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind)
        return f"column {field.name} is {kind}" if odd or types.is_fixed_size_binary(kind) else ""

    reasons = [why(table.schema.field(at)) for at in range(table.num_columns)]
    reason = next(filter(None, reasons), "")
    return {
        ".parquet": lambda value, to: import_module("pyarrow.parquet").write_table(_as_table(value), to),
        ".csv": reason or (lambda value, to: import_module("pyarrow.csv").write_csv(_as_table(value), to)),
    }


def _as_table(value: Any) -> Any:
    pa: Any = import_module("pyarrow")
    return value if isinstance(value, pa.Table) else pa.Table.from_batches([value])
