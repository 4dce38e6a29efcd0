"""A value as a person reads it, and as JSON holds it. Knows nothing of files but how to tell of one."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any, cast

_TEXT_SHOWN = 1 << 20


class NotPlainError(ValueError):
    """JSON can't hold it: what it holds that JSON does not."""


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


def to_plain(value: Any, any_keys: bool = False) -> Any:
    """The value as JSON can hold it, dataclasses as objects and tuples as arrays; None where it can't. `any_keys`: keys
    that are no text become one."""
    try:
        return json.loads(as_json(value, any_keys))
    except NotPlainError:
        return None


def as_json(value: Any, any_keys: bool = False, indent: int | None = None) -> str:
    """The value as JSON, as `to_plain` has it. Raises NotPlainError."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, default=_plain_part, indent=indent)
        text.encode()
    except UnicodeEncodeError as error:
        raise NotPlainError("halves of characters") from error
    except RecursionError as error:
        raise NotPlainError("too many levels") from error
    except (TypeError, ValueError) as error:
        why = "NaN or infinity" if "Out of range float" in str(error) else str(error)
        raise NotPlainError("itself" if "Circular" in why else why) from error
    odd = None if any_keys else _odd_key(value)
    if odd is not None:
        raise NotPlainError(odd)
    return text


def _plain_part(value: Any) -> Any:
    kind = cast("Any", type(value))
    if dataclasses.is_dataclass(kind):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        plain = numpy.asarray(value).tolist()
        if type(plain) in (bool, int, float, str):
            return plain
    raise TypeError(f"a {kind.__name__}")


def _odd_key(value: Any) -> str | None:
    """Of the first key that is no text: JSON would make one of it."""
    left: list[Any] = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            for key, item in cast("dict[Any, Any]", one).items():
                if not isinstance(key, str):
                    return f"a key that is no text, but a {type(key).__name__}"
                left.append(item)
        elif isinstance(one, (list, tuple)):
            left.extend(item for item in cast("list[Any]", one) if not isinstance(item, (str, int, float)))
        elif dataclasses.is_dataclass(one):
            left.extend(getattr(one, item.name) for item in dataclasses.fields(one))
    return None


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
