"""Tables of pandas, polars and pyarrow as CSV, Parquet and Arrow files, and back."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, List, Optional

from penstock.worker.json_values import SaidError

_CLASSES = (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "Table"))


def kind_of(value: Any) -> Optional[str]:
    """The library whose table a value is; None: it is none."""
    for library, name in _CLASSES:
        known = getattr(sys.modules.get(library), name, None)
        if known is not None and isinstance(value, known):
            return library
    return None


def write(value: Any, kind: str, path: str) -> None:
    """Write a table. Raises ValueError for what the format can't hold, or what a library raises."""
    library = kind_of(value)
    if library == "pandas":
        _write_pandas(value, kind, path)
    elif library == "polars":
        _write_polars(value, kind, path)
    else:
        _write_pyarrow(value, kind, path)


def read(kind: str, path: str, library: str) -> Any:
    """A table of a library; "": of pandas where that is there, else of polars."""
    library = library or _default()
    if library == "polars":
        return _read_polars(kind, path)
    if library == "pyarrow":
        return _read_pyarrow(kind, path)
    pandas: Any = import_module("pandas")
    if kind == "csv":
        return pandas.read_csv(path)
    if kind == "parquet":
        return pandas.read_parquet(path)
    return _read_arrow(path).to_pandas()


def _default() -> str:
    return "polars" if find_spec("pandas") is None and find_spec("polars") is not None else "pandas"


def _write_pandas(value: Any, kind: str, path: str) -> None:
    pandas: Any = import_module("pandas")
    _check_names(list(value.columns))
    if getattr(value.columns, "nlevels", 1) > 1:
        raise SaidError("its columns have several levels: make them names, as by table.columns.map('_'.join)")
    for name in value.columns:
        column = value[name]
        if column.dtype == object:
            _check_column(pandas, kind, name, column)
    if kind == "csv":
        value.to_csv(path, index=_says_something(value.index))
    elif kind == "parquet":
        value.to_parquet(path)
    else:
        _write_arrow(import_module("pyarrow").Table.from_pandas(value), path)


def _says_something(index: Any) -> bool:
    """Whether it is more than the numbers of rows, which a table that was filtered or sorted has from the one before:
    as a column without a name they would be data to a program."""
    return index.nlevels > 1 or index.name is not None or index.dtype.kind not in "iu"


def _check_column(pandas: Any, kind: str, name: Any, column: Any) -> None:
    """A column of Python objects may hold anything."""
    found = pandas.api.types.infer_dtype(column, skipna=True)
    if found in ("mixed", "mixed-integer"):
        kinds = sorted({type(item).__name__ for item in column if item is not None and item == item})
        if len(kinds) > 1 or kind == "csv":
            raise SaidError(
                f"its column {name!r} holds {' and '.join(kinds)}, which no column of such a file can: make it one "
                f"type, as by table[{name!r}].astype(str)"
            )
    if found == "bytes" and kind == "csv":
        raise SaidError(f"its column {name!r} holds bytes: Parquet and Arrow can hold them")


def _check_names(columns: List[Any]) -> None:
    twice = [name for at, name in enumerate(columns) if name in columns[:at]]
    if twice:
        raise SaidError(f"it has two columns {twice[0]!r}: rename one")


def _write_polars(value: Any, kind: str, path: str) -> None:
    if kind == "csv":
        value.write_csv(path)
    elif kind == "parquet":
        value.write_parquet(path)
    else:
        # Other languages don't know of its own kinds of text.
        oldest = import_module("polars").CompatLevel.oldest()
        value.write_ipc(path, compression="uncompressed", compat_level=oldest)


def _write_pyarrow(value: Any, kind: str, path: str) -> None:
    _check_names(value.column_names)
    if kind == "csv":
        import_module("pyarrow.csv").write_csv(value, path)
    elif kind == "parquet":
        import_module("pyarrow.parquet").write_table(value, path)
    else:
        _write_arrow(value, path)


def _write_arrow(table: Any, path: str) -> None:
    """Uncompressed, so that whoever reads it can map it."""
    pyarrow: Any = import_module("pyarrow")
    with pyarrow.OSFile(path, "wb") as sink, pyarrow.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _read_arrow(path: str) -> Any:
    """A file or a stream, which is what some languages write by default; mapped, and read when touched."""
    pyarrow: Any = import_module("pyarrow")
    source = pyarrow.memory_map(path)
    try:
        return pyarrow.ipc.open_file(source).read_all()
    except pyarrow.ArrowInvalid:
        source.seek(0)
        return pyarrow.ipc.open_stream(source).read_all()


def _read_polars(kind: str, path: str) -> Any:
    polars: Any = import_module("polars")
    if kind == "csv":
        return polars.read_csv(path)
    if kind == "parquet":
        return polars.read_parquet(path)
    with open(path, "rb") as file:
        is_file = file.read(6) == b"ARROW1"
    return polars.read_ipc(path) if is_file else polars.read_ipc_stream(path)


def _read_pyarrow(kind: str, path: str) -> Any:
    if kind == "csv":
        return import_module("pyarrow.csv").read_csv(path)
    if kind == "parquet":
        return import_module("pyarrow.parquet").read_table(path)
    return _read_arrow(path)
