"""Which kinds of files can hold a value, and what writes them. What a kind would lose or change, it can't hold.

Arrays, tables and pictures have files of their own beside this one; no library is imported for a value of another.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from penstock.reading.readable import NotPlainError, as_json

Writer = Callable[[Any, Path], object]
Formats = dict[str, Writer | str]
"""By suffix, the best first: what writes it, or why it can't hold the value. "": what writes all other suffixes."""

_BINARY = (".npy", ".npz", ".parquet", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".pdf", ".pt")
_BY_LIBRARY = {
    "numpy": "array_formats",
    "scipy": "array_formats",
    "torch": "array_formats",
    "pandas": "table_formats",
    "polars": "table_formats",
    "pyarrow": "table_formats",
    "matplotlib": "picture_formats",
    "PIL": "picture_formats",
    "plotly": "picture_formats",
}


def of(value: Any) -> Formats:
    """The formats of a value; a pickle is always among them."""
    found = _of(value)
    return found if ".pkl" in found else {**found, **PICKLE}


def default(offered: Formats) -> str:
    """The suffix of the best one that can hold it."""
    return next(suffix for suffix, how in offered.items() if suffix and callable(how))


def _of(value: Any) -> Formats:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return dict.fromkeys((".bin", ""), lambda value, to: to.write_bytes(value))
    if isinstance(value, str):
        binary: Formats = dict.fromkeys(_BINARY, "it is text")
        return {".txt": _write_text, ".json": _write_text if _is_json(value) else "it is no JSON", **binary,
                "": _write_text}  # fmt: skip
    for base in type(value).__mro__:
        module = _BY_LIBRARY.get(str(base.__module__).partition(".")[0])
        if module is not None:
            found = import_module(f"penstock.reading.{module}").of(value)
            if found is not None:
                return found
    try:
        as_json(value)
    except NotPlainError as error:
        return {**PICKLE, ".json": f"it holds {error}"}
    return {".json": lambda value, to: to.write_text(as_json(value, indent=2) + "\n", encoding="utf-8")}


def copy(value: Path, to: Path) -> None:
    """A file or folder, with its links as links."""
    if value.is_dir():
        shutil.copytree(value, to, symlinks=True)
    else:
        shutil.copy(value, to)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _write_text(value: str, to: Path) -> None:
    try:
        to.write_text(value, encoding="utf-8", newline="")
    except UnicodeEncodeError as error:
        raise ValueError("it holds halves of characters") from error


def _write_pickle(value: Any, to: Path) -> None:
    import cloudpickle

    dump: Any = getattr(cloudpickle, "dump")  # noqa: B009  its types are unknown
    with open(to, "wb") as file:
        dump(value, file, protocol=pickle.DEFAULT_PROTOCOL)


PICKLE: Formats = {".pkl": _write_pickle, ".pickle": _write_pickle}
