"""The formats in which a program is given values and gives them back: their names, and how their files are called.

How values are written and read stands in `worker/value_files.py`.
"""

from __future__ import annotations

import re
from keyword import iskeyword
from typing import Any, Dict, Iterable, Mapping, Tuple, cast

from penstock.model.nearest import nearest

EXTENSIONS: Dict[str, str] = {
    "json": ".json",
    "text": ".txt",
    "bytes": ".bin",
    "csv": ".csv",
    "parquet": ".parquet",
    "arrow": ".arrow",
    "npy": ".npy",
    "png": ".png",
    "safetensors": ".safetensors",
    "file": "",
    "folder": "",
}
"""How files of a format end. Any other word is a file that ends in it, whatever is in it."""

VALUES = frozenset(("json", "text", "bytes", "csv", "parquet", "arrow", "npy", "safetensors"))
"""Those whose files are read into values, and needed no more; the others come back as paths."""

_ALIKE = ("jsonl", "ndjson", "json5", "tex", "txt")
"""Endings of files that are like the name of a format, and are meant."""

_NAME = r"[^\W\d]\w*"
_OTHER = r"[A-Za-z0-9]\w*(\.\w+)*"  # tar.gz


def extension(kind: str) -> str:
    """How the name of a file of this format ends."""
    return EXTENSIONS.get(kind, f".{kind}")


def declared(word: str, given: Any) -> Tuple[Tuple[str, str], ...]:
    """Names and formats, of what is given as `inputs` or `outputs`: a dict of them, or names alone, whose format is ""
    (what suits the value) for inputs and "file" for outputs. Raises ValueError that says what was expected."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(f'{word}={given!r}: expected {{"name": "format"}}, or a list of names')
    otherwise = "" if word == "inputs" else "file"
    if isinstance(given, Mapping):
        pairs = [(name, otherwise if kind is None else kind) for name, kind in cast("Mapping[Any, Any]", given).items()]
    else:
        pairs = [(name, otherwise) for name in cast("Iterable[Any]", given)]
    for name, kind in pairs:
        _check_name(word, name)
        if kind != otherwise:
            _check_format(f"{word} {name!r}", kind)
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError(f"{word} names {_twice(name for name, _ in pairs)!r} twice")
    return tuple(pairs)


def names_of(word: str, given: Any) -> Dict[str, Any]:
    """Names of parameters, and the values that they have where a call gives none; of a list they have none: `...`.
    Raises ValueError that says what was expected."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(f'{word}={given!r}: expected a list of names, or {{"name": default}}')
    names: Any = cast("Any", given)
    found: Dict[Any, Any] = dict(names) if isinstance(given, Mapping) else dict.fromkeys(names, ...)
    for name in found:
        _check_name(word, name)
    return found


def _check_name(word: str, name: Any) -> None:
    is_name = isinstance(name, str) and re.fullmatch(_NAME, name)
    if not is_name or (iskeyword(name) and word != "outputs"):
        raise ValueError(f"{word} names {name!r}: expected a name as Python has them, since a call gives it by keyword")


def _check_format(what: str, kind: Any) -> None:
    if not isinstance(kind, str) or not re.fullmatch(_OTHER, kind):
        raise ValueError(f"{what} has the format {kind!r}: expected one of {', '.join(EXTENSIONS)}, or how a file ends")
    if kind in EXTENSIONS or kind in _ALIKE:
        return
    near = (
        kind.lower() if kind.lower() in EXTENSIONS else nearest(kind, (one for one in EXTENSIONS if len(one) > 3), 0.75)
    )
    if near is not None:
        raise ValueError(f"{what} has the format {kind!r}, which is none; did you mean {near!r}?")


def _twice(names: Iterable[str]) -> str:
    seen = list(names)
    return next(name for name in seen if seen.count(name) > 1)
