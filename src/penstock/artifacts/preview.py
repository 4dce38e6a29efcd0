"""What a person sees of a value before anything is unpickled, without secrets; docs/formats.md, Preview.

Never raises, never takes long: containers are looked into a few items deep, arrays and tables by code of their own.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Tuple, Type, cast

from penstock.artifacts.masking import cut, cut_bytes, masked

_LONGEST = 200  # characters of `text`
_SURELY = 2048 // 4  # characters: no more than 2 KiB as UTF-8
_ITEMS = 8
_DEEP = 3
_COLUMNS = 24
_NUMBERS = 1 << 600  # beyond it an int is told by its length: writing it out takes quadratic time
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_PLAIN: Dict[type, str] = {type(None): "NoneType", bool: "bool", int: "int", float: "float"}


def preview(value: object, size: int = 0) -> str:
    """JSON of at most 2 KiB: type, text; where they apply size (bytes; 0 is left out), length, shape, dtype, schema."""
    name = _PLAIN.get(type(value))
    if name is not None and not (isinstance(value, int) and abs(value) >= _NUMBERS):
        tail = f',"size":{size}}}' if size else "}"
        return f'{{"type":"{name}","text":"{masked(str(value))}"{tail}'
    try:
        facts = _facts(value)
    except Exception:  # noqa: BLE001 - a repr or a library's own code failed: a preview never fails a task
        facts = {"text": ""}
    return _written({"type": type_name(type(value)), **facts}, size)


def type_name(kind: type) -> str:
    """`int`, `pandas.DataFrame`, `digits.Trained`: builtins bare, libraries by their short name."""
    module, name = str(getattr(kind, "__module__", "")), kind.__qualname__
    if module in ("builtins", "__main__", ""):
        return name
    top = module.partition(".")[0]
    return f"{top if top in _LIBRARIES else module}.{name}"


def _written(facts: Dict[str, Any], size: int) -> str:
    if size:
        facts["size"] = size
    text = masked(str(facts["text"]))
    facts["text"] = (text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…").encode("utf-8", "replace").decode()
    facts["type"] = str(facts["type"])[-120:].encode("utf-8", "replace").decode()
    written = _json(facts)
    if len(written) > _SURELY and len(written.encode()) > 2048:
        facts.pop("schema", None)
        facts["text"] = facts["text"][:100]
        written = _json(facts)
    return written


def _facts(value: Any) -> Dict[str, Any]:
    kind = cast("Type[Any]", type(value))
    library = _LIBRARIES.get(str(kind.__module__).partition(".")[0])
    if library is not None:
        found = library(value)
        if found is not None:
            return found
    facts: Dict[str, Any] = {"text": _text(value, _DEEP)}
    if kind in (list, tuple, dict, set, frozenset, str, bytes, bytearray):
        facts["length"] = len(value)
    return facts


def _text(value: Any, deep: int) -> str:
    kind = cast("Type[Any]", type(value))
    if kind is str:
        return cut(value, _LONGEST) if deep == _DEEP else repr(cut(value, 60)) + ("…" if len(value) > 60 else "")
    if kind in (bytes, bytearray):
        return repr(cut_bytes(value, 60)) + ("…" if len(value) > 60 else "")
    if kind is int and not -_NUMBERS < value < _NUMBERS:
        return f"an integer of {value.bit_length()} bits"
    fields = getattr(kind, "__dataclass_fields__", None) or getattr(kind, "_fields", None)
    if fields is not None and deep:
        shown = (f"{name}={_text(getattr(value, name, None), deep - 1)}" for name in list(fields)[:_ITEMS])
        return f"{kind.__name__}({', '.join(shown)})"
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return _container_text(value, deep)
    library = _LIBRARIES.get(str(kind.__module__).partition(".")[0])
    facts = library(value) if library is not None else None
    return f"<{facts['text'][:60]}>" if facts else _own_text(value)


def _container_text(value: Any, deep: int) -> str:
    name = "" if type(value) in _BRACKETS else value.__class__.__name__
    opening, closing = next(pair for base, pair in _BRACKETS.items() if issubclass(value.__class__, base))
    shown: List[str] = []
    if deep and opening == "{" and hasattr(value, "items"):
        shown = [f"{_text(key, 1)}: {_text(item, deep - 1)}" for key, item in _head(value.items())]
    elif deep:
        shown = [_text(item, deep - 1) for item in _head(value)]
    more = "" if len(shown) == len(value) else ", …" if shown else "…"
    return f"{name}{opening}{', '.join(shown)}{more}{closing}"


_BRACKETS = {list: "[]", tuple: "()", dict: "{}", set: "{}", frozenset: "{}"}


def _head(items: Any) -> List[Any]:
    return [item for item, _ in zip(items, range(_ITEMS))]


def _own_text(value: Any) -> str:
    if type(value).__repr__ is object.__repr__:
        return f"<{type_name(value.__class__)}>"
    return " ".join(cut(repr(value), 4 * _LONGEST).split())


def _numpy(value: Any) -> Any:
    if not hasattr(value, "ndim") or not hasattr(value, "flat"):
        return None
    facts = {"shape": list(value.shape), "dtype": str(value.dtype)[:100]}
    if value.ndim == 0:
        return {"text": _text(value.item(), 1), **facts}
    head: List[Any] = value[(0,) * (value.ndim - 1)][:_ITEMS].tolist() if value.size else []
    shown = "".join((": ", ", ".join(_text(item, 1) for item in head), ", …" if value.size > _ITEMS else ""))
    return {"text": f"array {'x'.join(map(str, value.shape))} {value.dtype}{shown if head else ''}", **facts}


def _table(value: Any, columns: List[Tuple[Any, Any]], rows: int) -> Dict[str, Any]:
    schema = [[cut(str(name), 40), str(dtype)[:40]] for name, dtype in columns[:_COLUMNS]]
    names = ", ".join(name for name, _ in schema)
    text = f"{rows} rows x {len(columns)} columns: {names}{', …' if len(columns) > _COLUMNS else ''}"
    return {"text": text, "shape": [rows, len(columns)], "schema": schema}


def _pandas(value: Any) -> Any:
    name = type(value).__name__
    if name == "DataFrame":
        head = range(min(value.shape[1], _COLUMNS))
        columns = [(value.columns[i], value.dtypes.iloc[i]) for i in head]
        return _table(value, columns + [("", "")] * (value.shape[1] - len(columns)), len(value))
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        return None
    shown = [_text(item, 1) for item in _head(value)]
    text = f"{name} of {len(value)} {value.dtype}: {', '.join(shown)}{', …' if len(value) > _ITEMS else ''}"
    return {"text": text, "shape": list(value.shape), "dtype": str(value.dtype)[:100]}


def _polars(value: Any) -> Any:
    name = type(value).__name__
    if name == "DataFrame":
        return _table(value, list(zip(value.columns, value.dtypes)), value.height)
    if name != "Series":
        return None
    shown = ", ".join(_text(item, 1) for item in value.head(_ITEMS).to_list())
    text = f"Series of {len(value)} {value.dtype}: {shown}{', …' if len(value) > _ITEMS else ''}"
    return {"text": text, "shape": [len(value)], "dtype": str(value.dtype)[:100]}


def _pyarrow(value: Any) -> Any:
    if not hasattr(value, "schema") or not hasattr(value, "num_rows"):
        kind = getattr(value, "type", None)
        return {"text": f"{type(value).__name__} of {len(value)} {kind}", "length": len(value)} if kind else None
    return _table(value, list(zip(value.schema.names, value.schema.types)), value.num_rows)


def _torch(value: Any) -> Any:
    if type(value).__name__ not in ("Tensor", "Parameter"):
        return None
    shape = list(value.shape)
    text = f"tensor {'x'.join(map(str, shape))} {value.dtype} on {value.device}"
    return {"text": text, "shape": shape, "dtype": str(value.dtype)}


_LIBRARIES: Dict[str, Any] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
    "torch": _torch,
}
