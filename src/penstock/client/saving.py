"""A value as a person reads it, and as a file that other programs read.

The kind of file follows from its suffix, else from the value. Knows nothing of runs.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pickle
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from penstock.errors import UsageError

_TABLES = ("pandas.DataFrame", "polars.DataFrame", "pyarrow.Table")
_TEXT_SHOWN = 1 << 20


def save(value: Any, to: Path, *, name: str = "value", force: bool = False) -> Path:
    """Write the value to a file, or, where `to` is a folder, into it as `name` and a suffix; the file that was written.

    A file or folder (`Path`) is copied, bytes and text are written as they are, arrays as .npy, tables as .parquet or
    .csv, what JSON can hold as .json, all else as .pkl. Raises UsageError where something is there and not `force`, and
    for a suffix that does not fit the value.
    """
    kind = _kind(value)
    if to.is_dir():
        to = to / (value.name if isinstance(value, Path) else f"{name}{_default_suffix(value, kind)}")
    if to.exists() and not force:
        raise UsageError(f"{to} is there already; overwrite it with --force, or name another file")
    if not to.parent.is_dir():
        raise UsageError(f"there is no folder {to.parent}")
    writer = _writer(value, kind, to)
    partial = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        writer(value, partial)
        if to.is_dir():
            shutil.rmtree(to)
        os.replace(partial, to)
    finally:
        _remove(partial)
    return to.absolute()


def readable(value: Any) -> str:
    """The value as text: JSON where it can hold it, else as the value shows itself, or why it can't."""
    try:
        return _readable(value)
    except Exception as error:  # noqa: BLE001  the value's own code, which may do anything
        return f"a {type(value).__name__} that can't be shown: {type(error).__name__}: {error}"


def _readable(value: Any) -> str:
    kind = cast("Any", type(value))
    if issubclass(kind, str):
        return value
    if issubclass(kind, Path):
        return _file_text(value)
    if issubclass(kind, (dict, list, tuple)) and (plain := to_plain(value)) is not None:
        return json.dumps(plain, indent=2, ensure_ascii=False)
    if issubclass(kind, (dict, list, tuple, set, frozenset)) or dataclasses.is_dataclass(kind):
        import pprint

        return pprint.pformat(value, width=100, sort_dicts=False)
    return str(value)


def to_plain(value: Any) -> Any:
    """The value as JSON can hold it, dataclasses as objects and tuples as arrays; None where it can't."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain_part).encode())
    except (TypeError, ValueError, RecursionError):
        return None


def _plain_part(value: Any) -> Any:
    kind = cast("Any", type(value))
    if dataclasses.is_dataclass(kind):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return numpy.asarray(value).tolist()
    raise TypeError(f"JSON holds no {kind.__name__}")


def _kind(value: Any) -> str:
    """How the value can be written, apart from a pickle."""
    if isinstance(value, Path):
        return "path"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes"
    if isinstance(value, str):
        return "text"
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return "array"
    top = type(value).__module__.partition(".")[0]
    if top == "pyarrow" or f"{top}.{type(value).__name__}" in _TABLES:
        return "table"
    return "plain" if to_plain(value) is not None or value is None else "object"


def _default_suffix(value: Any, kind: str) -> str:
    suffixes = {"bytes": ".bin", "text": ".txt", "array": ".npy", "table": ".parquet", "plain": ".json"}
    if kind == "table" and not _has_parquet(value):
        return ".csv"
    return suffixes.get(kind, ".pkl")


def _has_parquet(value: Any) -> bool:
    from importlib.util import find_spec

    return type(value).__module__.startswith("polars") or find_spec("pyarrow") is not None


def _writer(value: Any, kind: str, to: Path) -> Callable[[Any, Path], None]:
    suffix = to.suffix.lower()
    if kind == "path":
        return _copy
    if suffix in (".pkl", ".pickle"):
        return _write_pickle
    fitting = _FITTING.get(kind, {})
    known = {each for group in _FITTING.values() for each in group}
    if suffix in fitting:
        return fitting[suffix]
    if suffix in known and kind not in ("bytes", "text"):
        there = ", ".join((*fitting, ".pkl"))
        raise UsageError(f"a {type(value).__name__} can't be saved as {suffix}; it can as {there}")
    return _DEFAULT.get(kind) or fitting.get(_default_suffix(value, kind), _write_pickle)


def _copy(value: Path, to: Path) -> None:
    if value.is_dir():
        shutil.copytree(value, to, symlinks=True)
    else:
        shutil.copy(value, to)


def _write_bytes(value: Any, to: Path) -> None:
    with open(to, "wb") as file:
        file.write(value)


def _write_text(value: str, to: Path) -> None:
    to.write_text(value, encoding="utf-8", newline="")


def _write_json(value: Any, to: Path) -> None:
    to.write_text(json.dumps(to_plain(value), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_pickle(value: Any, to: Path) -> None:
    import cloudpickle

    dump: Any = getattr(cloudpickle, "dump")  # noqa: B009  its types are unknown
    with open(to, "wb") as file:
        dump(value, file, protocol=pickle.DEFAULT_PROTOCOL)


def _write_npy(value: Any, to: Path) -> None:
    import numpy as np

    with open(to, "wb") as file:
        np.save(file, value)


def _write_array_csv(value: Any, to: Path) -> None:
    import numpy as np

    if value.ndim > 2:
        raise UsageError(f"an array of {value.ndim} dimensions can't be saved as .csv; it can as .npy or .pkl")
    np.savetxt(to, value, delimiter=",", fmt="%s")


def _write_parquet(value: Any, to: Path) -> None:
    top = type(value).__module__.partition(".")[0]
    if top == "polars":
        value.write_parquet(to)
    elif top == "pandas":
        value.to_parquet(to)
    else:
        from pyarrow import parquet

        parquet.write_table(value, to)  # pyright: ignore[reportUnknownMemberType]


def _write_table_csv(value: Any, to: Path) -> None:
    top = type(value).__module__.partition(".")[0]
    if top == "polars":
        value.write_csv(to)
    elif top == "pandas":
        value.to_csv(to, index=not _is_plain_index(value))
    else:
        from pyarrow import csv

        csv.write_csv(value, to)  # pyright: ignore[reportUnknownMemberType]


def _is_plain_index(frame: Any) -> bool:
    return type(frame.index).__name__ == "RangeIndex" and frame.index.name is None


_FITTING: dict[str, dict[str, Callable[[Any, Path], None]]] = {
    "array": {".npy": _write_npy, ".csv": _write_array_csv},
    "table": {".parquet": _write_parquet, ".csv": _write_table_csv},
    "plain": {".json": _write_json},
    "text": {".txt": _write_text},
    "bytes": {".bin": _write_bytes},
}
_DEFAULT: dict[str, Callable[[Any, Path], None]] = {"bytes": _write_bytes, "text": _write_text}


def _file_text(path: Path) -> str:
    """A text file's content; of anything else what it is."""
    if path.is_dir():
        names = sorted(found.relative_to(path).as_posix() for found in path.rglob("*") if not found.is_dir())
        return f"a folder {path.name} with {len(names)} files: {', '.join(names[:20])}{', ...' if names[20:] else ''}"
    size = path.stat().st_size
    if size <= _TEXT_SHOWN:
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            pass
    return f"a file {path.name} of {size:,} bytes"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
