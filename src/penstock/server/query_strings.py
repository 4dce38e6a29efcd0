"""Query strings and bodies -> the structs that a route takes. What is wrong is named."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

import msgspec

from penstock.model.nearest import nearest
from penstock.server.refusals import Refusal
from penstock.server.routing import Route

_MISSING = re.compile(r"^Object missing required field `(\w+)`$")
_PLACE = re.compile(r"^(.*?)(?: - at `\$?\.?(.*)`)?$", re.DOTALL)


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """The names and values of a query string, in order; raises Refusal for what is no text."""
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError as error:  # also of UnicodeError
        raise Refusal(400, "wrong_query", f"the query can't be read: {error}") from None


def query_of(route: Route, pairs: Iterable[tuple[str, str]]) -> Any:
    """The struct of a route's query; None where it has none. Raises Refusal."""
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(route.query)} if route.query else {}
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name not in fields:
            raise _unknown("query", name, fields)
        if is_list(fields[name]):
            values.setdefault(name, []).extend(part for part in text.split(",") if part)
        elif name in values:
            raise Refusal(422, "wrong_query", f"{name} is given twice", field=name)
        else:
            values[name] = text
    return _converted(values, route.query, strict=False) if route.query else None


def body_of(route: Route, data: bytes) -> Any:
    """The struct of a route's body; an empty body is `{}`. Raises Refusal."""
    try:
        found = _DECODER.decode(data or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refusal(400, "no_json", f"the body is no JSON: {error}") from None
    fields = [field.encode_name for field in msgspec.structs.fields(route.body)]
    for name in cast("dict[str, Any]", found) if isinstance(found, dict) else ():
        if name not in fields:
            raise _unknown("body", name, fields)
    return _converted(found, route.body, strict=True)


def _number(text: str) -> int | float:
    """18.0 is a whole number, too."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number


_DECODER = msgspec.json.Decoder(float_hook=_number)


def is_list(annotation: Any) -> bool:
    """Whether a field of a query takes several values: `ids=1,2` or `ids=1&ids=2`."""
    plain = typing.get_args(annotation)[0] if typing.get_origin(annotation) is Annotated else annotation
    return typing.get_origin(plain) in (tuple, list)


def _converted(values: Any, into: Any, strict: bool) -> Any:
    try:
        return msgspec.convert(values, into, strict=strict)
    except (msgspec.ValidationError, OverflowError) as error:
        match = _PLACE.match(str(error))
        assert match is not None  # either part may be empty
        message, field = match[1], match[2] or ""
        if missing := _MISSING.search(message):
            raise Refusal(422, "wrong_value", f"{missing[1]} is missing", field=missing[1]) from None
        told = f"{field}: {message[:1].lower()}{message[1:]}" if field else message
        raise Refusal(422, "wrong_value", told, field=field) from None


def _unknown(where: str, name: str, fields: Iterable[str]) -> Refusal:
    near = nearest(name, fields)
    known = f"there are {', '.join(fields)}" if fields else "it takes none"
    hint = f"did you mean {near}?" if near else known
    return Refusal(422, f"wrong_{where}", f"the {where} has no {name!r}; {hint}", field=name)
