"""Values as files that programs of any language read, and back: one rule for each format.

A `Path` goes as it is, whatever the format. What a format can't hold is named, with the formats that can. Libraries are
imported where a value needs them.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Callable, Dict, Optional, Tuple, cast

from penstock.model.tuples import NamedTuple
from penstock.sdk.file_formats import extension
from penstock.worker import json_values, table_files

Read = Callable[[str, str], Any]
"""Takes a path, and the kind of tables that are wanted: "pandas", "polars" or "pyarrow"."""


class UnfitError(ValueError):
    """The value can't be written in this format; the text goes on from "input table of fit.R"."""


class MalformedFileError(ValueError):
    """What a program has written is not what its format says."""


class FormatRule(NamedTuple):
    """How values of one format are written and read."""

    holds: Callable[[Any], bool]  # whether a value is of a kind that it holds, what is in it left out
    write: Callable[[Any, str], None]
    read: Read


def write(value: Any, kind: str, stem: str, own: str = "") -> Tuple[str, Optional[str]]:
    """Write a value in a format ("": that which suits it) to `stem` with the format's ending; gives the path, and the
    kind of the table that it is, None for none. Files below `own` are given themselves, others as copies.

    Raises UnfitError, and OSError where the disk fails.
    """
    kind = kind or _suitable(value)
    path = stem + extension(kind)
    if hasattr(value, "__fspath__"):
        _put_file(str(value), kind, path, own)
        return path, None
    rule = _rules().get(kind)
    if rule is None or not rule.holds(value):
        raise UnfitError(_why_not(value, kind))
    try:
        rule.write(value, path)
    except ImportError as error:
        raise UnfitError(f"can't be written as {kind}: {_missing(error)}") from error
    except OSError:
        raise
    except Exception as error:
        told = str(error).strip() or type(error).__name__
        others = () if isinstance(error, json_values.SaidError) else _others(value, kind)
        mend = f"; what may hold it: {', '.join(others)}" if others else ""
        raise UnfitError(f"can't be written as {kind}: {told}{mend}") from error
    return path, table_files.kind_of(value)


def read(kind: str, path: str, tables: str = "") -> Any:
    """The value of a file that a program has written. `tables`: the kind that tables are to be; "": pandas, where it is
    there. Raises MalformedFileError."""
    from pathlib import Path

    try:
        mode = os.stat(path).st_mode
    except OSError as error:  # a link to nothing
        raise MalformedFileError(f"{path}: {error.strerror or error}") from error
    if not (stat.S_ISDIR(mode) if kind == "folder" else stat.S_ISREG(mode)):
        raise MalformedFileError(
            f"{path} is {_word(mode)}, and {'a folder' if kind == 'folder' else 'a file'} is expected"
        )
    rule = _rules().get(kind)
    if rule is None:
        return Path(path)
    try:
        return rule.read(path, tables)
    except ImportError as error:
        raise MalformedFileError(_missing(error)) from error
    except Exception as error:
        raise MalformedFileError(str(error).strip() or type(error).__name__) from error


def _rules() -> Dict[str, FormatRule]:
    return {
        "json": FormatRule(_is_plain, _write_json, _read_json),
        "text": FormatRule(_is_text, _write_text, _read_text),
        "bytes": FormatRule(_is_bytes, _write_bytes, _read_bytes),
        **{kind: _table_rule(kind) for kind in ("csv", "parquet", "arrow")},
        "npy": FormatRule(_is_array, _by_arrays("write_npy"), _by_arrays("read_npy")),
        "png": FormatRule(_is_picture, _by_arrays("write_png"), _by_arrays("checked_png")),
        "safetensors": FormatRule(_is_arrays, _by_arrays("write_safetensors"), _by_arrays("read_safetensors")),
    }


def _table_rule(kind: str) -> FormatRule:
    def write(value: Any, path: str) -> None:
        table_files.write(value, kind, path)

    def read(path: str, tables: str) -> Any:
        return table_files.read(kind, path, tables)

    return FormatRule(_is_table, write, read)


def _by_arrays(name: str) -> Callable[[Any, str], Any]:
    def call(first: Any, second: str) -> Any:
        from penstock.worker import array_files  # it imports numpy

        return getattr(array_files, name)(first, second)

    return call


def _suitable(value: Any) -> str:
    """The format of an input for which none was named."""
    if hasattr(value, "__fspath__"):
        return "folder" if os.path.isdir(value) else "file"
    for kind in ("text", "bytes", "csv", "npy", "png", "json"):
        if _rules()[kind].holds(value) and not (kind == "npy" and _is_plain(value)):
            return kind
    return "json"


def _why_not(value: Any, kind: str) -> str:
    shown = f"is a {_kind_name(value)}"
    if kind not in _rules():
        shown += f", and {'a folder' if kind == 'folder' else 'a file'} (a Path) is expected"
    else:
        shown += f", which {kind} can't hold"
    others = _others(value, kind)
    if others:
        return f"{shown}; what can: {', '.join(others)}"
    return f"{shown}. No format can: hand over plain dicts and lists, arrays, tables, or a Path to a file of its own"


def _others(value: Any, kind: str) -> Tuple[str, ...]:
    return tuple(name for name, rule in _rules().items() if name != kind and _can_hold(rule, value))


def _can_hold(rule: FormatRule, value: Any) -> bool:
    try:
        return rule.holds(value)
    except Exception:  # noqa: BLE001  the user's own `__array__`
        return False


def _kind_name(value: Any) -> str:
    kind = cast("Any", type(value))
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, dict, list, tuple)) or _is_scalar(value)


def _is_scalar(value: Any) -> bool:
    return type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bytes(value: Any) -> bool:
    return isinstance(value, (bytes, bytearray, memoryview))


def _is_table(value: Any) -> bool:
    return table_files.kind_of(value) is not None


def _is_array(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return _by_arrays("holds_numbers")(value, "")
    return hasattr(value, "__array__") and not _is_table(value) and not hasattr(value, "save")


def _is_arrays(value: Any) -> bool:
    items = cast("Dict[Any, Any]", value) if isinstance(value, dict) else {}
    return bool(items) and all(isinstance(name, str) and hasattr(item, "__array__") for name, item in items.items())


def _is_picture(value: Any) -> bool:
    is_image = hasattr(value, "save") and hasattr(value, "mode")  # Pillow's
    return is_image or hasattr(value, "savefig") or (hasattr(value, "__array__") and _by_arrays("is_image")(value, ""))


def _write_json(value: Any, path: str) -> None:
    _write_bytes(json_values.written(value), path)


def _write_text(value: str, path: str) -> None:
    _write_bytes(value.encode(), path)


def _write_bytes(value: Any, path: str) -> None:
    with open(path, "wb") as file:
        file.write(value)


def _read_json(path: str, _tables: str) -> Any:
    return json_values.read(_read_bytes(path, ""))


def _read_bytes(path: str, _tables: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _read_text(path: str, _tables: str) -> str:
    data = _read_bytes(path, "")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no UTF-8: byte {data[error.start]:#04x} at {error.start:,}") from None


def _put_file(source: str, kind: str, path: str, own: str) -> None:
    if not os.path.exists(source):
        raise UnfitError(
            f"can't be given: there is no file {source} on {os.uname().nodename}; another machine has what a step has "
            "returned, or what [project] include in penstock.toml names"
        )
    is_folder = os.path.isdir(source)
    if is_folder != (kind == "folder"):
        expected = "a folder" if kind == "folder" else "a file"
        raise UnfitError(
            f"can't be given as {kind}: {source} is {'a folder' if is_folder else 'a file'}, not {expected}"
        )
    import shutil

    copy: Any = os.link if own and source.startswith(own + os.sep) else shutil.copy2
    if is_folder:
        shutil.copytree(source, path, symlinks=True, copy_function=copy)
    else:
        copy(source, path)


def _word(mode: int) -> str:
    return "a folder" if stat.S_ISDIR(mode) else "a file" if stat.S_ISREG(mode) else "neither a file nor a folder"


def _missing(error: ImportError) -> str:
    name = (error.name or str(error)).partition(".")[0]
    package = {"PIL": "pillow"}.get(name, name)
    return f"{name} is not installed, which does that: pip install {package}"
