"""Writes docs/api.md: the words of `api.in.md`, with what the table of routes and its structs say.

    .venv/bin/python tools/api_page.py

A test compares the page with what this would write.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from penstock.server import openapi, route_table
from penstock.server.routing import ACCEPTED, JSON, Route

TEMPLATE = Path(__file__).with_name("api.in.md")
PAGE = Path(__file__).parents[1] / "docs" / "api.md"
_PLACE = re.compile(r"^<!-- (routes|structs) -->$", re.MULTILINE)
_FIELD = re.compile(r"    (\w+): (?:[^#]|#(?=[^ ]))+?\s+# (.*)")
_NOTHING = (None, "", (), [], {})
_OF_PYTHON = re.compile(r"\bNone\b")
_SOURCE = "<!-- Written by tools/api_page.py from tools/api.in.md and the table of routes: change those. -->\n\n"


def written() -> str:
    """The page as it should be."""
    document = openapi.document(route_table.ROUTES)
    makers = {"routes": _routes, "structs": _structs}

    def filled(match: re.Match[str]) -> str:
        return "\n".join(makers[match[1]](document)).strip()

    return _SOURCE + _PLACE.sub(filled, TEMPLATE.read_text(encoding="utf-8"))


def _routes(document: dict[str, Any]) -> Iterator[str]:
    yield "| | |\n| --- | --- |"
    for route in route_table.ROUTES:
        yield f"| [`{_named(route)}`](#{_anchor(_named(route))}) | {_cell(route.summary)} |"
    yield ""
    for route in route_table.ROUTES:
        yield from _route(route, document["paths"][route.full_path][route.method.lower()])


def _named(route: Route) -> str:
    return f"{route.method} {route.full_path}"


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _route(route: Route, operation: dict[str, Any]) -> Iterator[str]:
    yield f"### {_named(route)}\n"
    yield f"{route.summary}.{_exceptions(route)}\n"
    asked = [one for one in operation.get("parameters", ()) if one["in"] == "query" and one["name"] != "fields"]
    if route.query is not None and asked:
        said = _comments(route.query)
        yield "| query | | |\n| --- | --- | --- |"
        for one in asked:
            yield f"| `{one['name']}` | {_cell(_kind(one['schema']))} | {_cell(said.get(one['name'], ''))} |"
        yield ""
    if route.body is not None:
        yield f"Takes {_link(route.body.__name__)}."
    if route.media == JSON:
        told = operation["responses"][str(route.status)]["content"][JSON]["schema"]
        yield f"Gives {_kind(told)}{f', with the status {route.status}' if route.status != 200 else ''}.\n"
    else:
        yield f"Gives `{route.media}`.\n"


def _exceptions(route: Route) -> str:
    found: list[str] = []
    if route.is_bare:
        found.append("Needs no token.")
    if route.is_ticketed:
        found.append("Takes a ticket, too.")
    if route.is_immutable:
        found.append("What it gives never changes.")
    if route.is_stream:
        found.append("It goes on for as long as somebody listens.")
    if route.columns is not None:
        found.append("As columns of float64 with `Accept: application/octet-stream`.")
    if route.status == ACCEPTED:
        found.append("Takes an `Idempotency-Key`.")
    return "".join(f" {words}" for words in found)


def _structs(document: dict[str, Any]) -> Iterator[str]:
    """What goes over the wire, by name."""
    schemas: dict[str, Any] = document["components"]["schemas"]
    classes = {cls.__name__: cls for cls in _subclasses(msgspec.Struct)}
    for name in sorted(schemas):
        said = _comments(classes[name])
        yield f"### {name}\n"
        yield f"{inspect.cleandoc(classes[name].__doc__ or '')}\n"
        yield "| field | | |\n| --- | --- | --- |"
        for field, schema in schemas[name].get("properties", {}).items():
            yield f"| `{field}` | {_cell(_kind(schema))} | {_cell(said.get(field, ''))} |"
        yield ""


def _subclasses(cls: type) -> Iterator[type]:
    for one in cls.__subclasses__():
        yield one
        yield from _subclasses(one)


def _comments(struct: Any) -> dict[str, str]:
    """What the source says of each field, by its name on the wire."""
    found: dict[str, str] = {}
    for cls in reversed([one for one in struct.__mro__ if one.__module__.startswith("penstock.")]):
        found |= {
            match[1]: _OF_PYTHON.sub("null", match[2])
            for line in inspect.getsource(cls).splitlines()
            if (match := _FIELD.match(line))
        }
    return {field.encode_name: found[field.name] for field in msgspec.structs.fields(struct) if field.name in found}


def _kind(schema: dict[str, Any]) -> str:
    """`integer, 1 to 500; 100`: what a schema allows, and what counts where nothing is given."""
    default = schema.get("default", schema)
    shown = f"; `{json.dumps(default)}`" if default is not schema and default not in _NOTHING else ""
    return f"{_allowed(schema)}{shown}"


def _allowed(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return _link(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        choices = schema["anyOf"]
        if choices[0] == {"type": "number"} and len(choices) > 1 and "nan" in choices[1].get("enum", ()):
            choices = [choices[0], *choices[2:]]  # and the words for what JSON has not
        return " or ".join(dict.fromkeys(map(_allowed, choices)))
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        same = schema.get("minItems") if schema.get("minItems") == schema.get("maxItems") else None
        parts = [schema["items"]] * same if same and schema.get("items") else schema.get("prefixItems")
        of = f"({', '.join(map(_allowed, parts))})" if parts else _allowed(schema.get("items") or {})
        return f"list of {of}" if not parts else of
    if kind == "object":
        return f"object of {_allowed(schema['additionalProperties'])}" if schema.get("additionalProperties") else kind
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None and high < 1 << 31:
        return f"{kind}, {low} to {high}"
    if schema.get("format") == "date-time":
        return "time"
    return f"{kind}, from {low} on" if low is not None else kind


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _cell(words: str) -> str:
    return words.replace("|", r"\|")


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
