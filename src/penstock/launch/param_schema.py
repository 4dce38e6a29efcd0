"""The JSON Schema (2020-12) of a flow's parameters, which is recorded with each run: a form is made of it.

It says what `conversion.JSON` takes. A parameter that JSON can't hold is `readOnly`: it keeps its value in a fork.
"""

from __future__ import annotations

import enum
import functools
import json
import math
import typing
from collections.abc import Collection
from typing import Any, cast

from penstock.artifacts.masking import masked
from penstock.launch import annotations
from penstock.launch.annotations import MAPPINGS, NONE, SEQUENCES, name_of, origin_of, plain
from penstock.launch.parameters import REQUIRED, Parameters
from penstock.model.texts import is_whole
from penstock.sdk.flows import Flow

Schema = dict[str, Any]

_SETS = (set, frozenset)
_UNKNOWN = (NameError, TypeError, AttributeError, SyntaxError)  # of a field's annotation that names what isn't there


@functools.cache
def _leaves() -> dict[Any, Schema]:
    import datetime  # a flow without parameters asks for none of these
    from pathlib import Path

    return {
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        float: {"type": "number"},
        str: {"type": "string"},
        NONE: {"type": "null"},
        Path: {"type": "string", "format": "path"},
        datetime.datetime: {"type": "string", "format": "date-time"},
        datetime.date: {"type": "string", "format": "date"},
        datetime.time: {"type": "string", "format": "time"},
        datetime.timedelta: {"type": "string", "examples": ["90s", "1h30m"]},
    }


class _NoJsonError(ValueError):
    """A value that JSON can't hold."""


def schema_of(flow: Flow[Any, Any]) -> Schema:
    """The schema of an object with all of a flow's parameters."""
    parameters = Parameters(flow.fn, flow.name)
    made = _Schemas()
    said = _said(flow)
    properties = {one.name: made.of(one.annotation) for one in parameters.named}
    if parameters.rest is not None:
        properties[parameters.rest.name] = {"type": "array", "items": made.of(parameters.rest.annotation)}
    if parameters.more is not None:
        more = made.of(parameters.more.annotation)
        properties[parameters.more.name] = {"type": "object", "additionalProperties": more}
    for one in parameters.every:
        if one.name in said:
            properties[one.name] = {**properties[one.name], "description": said[one.name]}
        if one.default is not REQUIRED:
            try:
                properties[one.name] = {**properties[one.name], "default": _as_json(one.default)}
            except _NoJsonError:
                continue
    required = [one.name for one in parameters.every if one.default is REQUIRED]
    schema: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": flow.name, "type": "object"}
    schema |= {"properties": properties, "required": required, "additionalProperties": False}
    return schema | ({"$defs": made.records} if made.records else {})


def _said(flow: Flow[Any, Any]) -> dict[str, str]:
    """What the flow's docstring says of its parameters."""
    if not flow.fn.__doc__:
        return {}
    from penstock.launch.docstrings import words_of

    return words_of(flow.fn).parameters


def schema_text(flow: Flow[Any, Any]) -> str:
    """The same as text, in UTF-8: a `?` stands in the place of half of a surrogate pair, which no JSON holds."""
    text = json.dumps(schema_of(flow), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode(errors="replace").decode()


class _Schemas:
    """Schemas of annotations; records are named, as they may hold themselves."""

    def __init__(self) -> None:
        self.records: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def of(self, annotation: Any) -> Schema:
        annotation = plain(annotation)
        if annotation in (Any, object):
            return {}
        if found := annotations.members(annotation):
            kinds = [self.of(member) for member in found]
            kinds += [_leaves()[NONE]] if annotations.is_optional(annotation) else []
            return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        if found := annotations.choices(annotation):
            return {"enum": [_choice(name, value) for name, value in found]}
        if annotation in _leaves():
            return dict(_leaves()[annotation])
        origin, args = origin_of(annotation), typing.get_args(annotation)
        if annotations.is_record(annotation):
            return self._record(origin)
        if origin in SEQUENCES:
            unique: Schema = {"uniqueItems": True} if origin in _SETS else {}
            return {"type": "array", "items": self.of(args[0] if args else Any), **unique}
        if origin is tuple:
            return self._tuple(args)
        if origin in MAPPINGS:
            return {"type": "object", "additionalProperties": self.of(args[1] if args else Any)}
        return {"readOnly": True, "title": name_of(annotation)}

    def _tuple(self, args: tuple[Any, ...]) -> Schema:
        if not args or args[-1] is ...:
            return {"type": "array", "items": self.of(args[0] if args else Any)}
        items = [self.of(one) for one in args]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}

    def _record(self, cls: Any) -> Schema:
        if cls not in self._names:
            name = cls.__name__
            while name in self.records:
                name += "_"
            self._names[cls] = name
            self.records[name] = {}  # it may hold itself
            try:
                fields, required = annotations.fields_of(cls)
            except _UNKNOWN:
                fields, required = {}, []
            properties = {field: self.of(one) for field, one in fields.items()}
            self.records[name] = {"type": "object", "title": cls.__name__, "properties": properties}
            self.records[name] |= {"required": required, "additionalProperties": not fields}
        return {"$ref": f"#/$defs/{self._names[cls]}"}


def _choice(name: str, value: Any) -> Any:
    return name if isinstance(value, (enum.Enum, str)) else _as_json(value)


def _as_json(value: Any) -> Any:
    """A default as `conversion.JSON` takes it; raises _NoJsonError."""
    import datetime
    from pathlib import Path

    kind = cast("Any", type(value))
    if kind in (bool, int, NONE) or (kind is float and math.isfinite(value)):
        return value
    if isinstance(value, enum.Enum):
        return value.name
    if kind is str or isinstance(value, Path):
        if not is_whole(str(value)):
            raise _NoJsonError
        return masked(str(value))
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if kind is datetime.timedelta and value >= datetime.timedelta():
        return f"{value.total_seconds():f}s"
    if kind in (list, tuple, set, frozenset):
        return [_as_json(item) for item in cast("Collection[Any]", value)]
    return _object_as_json(kind, value)


def _object_as_json(kind: Any, value: Any) -> dict[str, Any]:
    """What has named parts."""
    named: dict[Any, Any] = {}
    if kind is dict:
        named = value
    elif annotations.is_record(kind):
        named = {name: getattr(value, name) for name in annotations.fields_of(kind)[0]}
    else:
        raise _NoJsonError
    if not all(type(name) is str for name in named):
        raise _NoJsonError
    return {name: _as_json(item) for name, item in named.items()}
