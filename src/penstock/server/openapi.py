"""The route table as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, cast

import msgspec

from penstock.server.limits import LIMITS
from penstock.server.query_strings import is_list
from penstock.server.refusals import ErrorAnswer
from penstock.server.routing import ACCEPTED, BYTES, JSON, NUMBERS, Route

_REFS = "#/components/schemas/{name}"
_NUMBER = {"anyOf": [{"type": "number"}, {"enum": ["nan", "inf", "-inf"]}]}
"""JSON has no number for these three."""

_DESCRIPTION = f"""\
What a project's runs say about themselves.

Limits: a URL of {LIMITS.url_bytes} bytes (else 414), headers of {LIMITS.header_bytes} (431), a body of \
{LIMITS.body_bytes} (413); {LIMITS.query_s:.0f} s for a request to arrive (408), and as many to answer it (503); \
{LIMITS.requests} requests at once, streams aside (429). Each status from 400 on comes with an `ErrorAnswer`."""


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The document that `/api/v1/openapi.json` gives."""
    routes = list(routes)
    answers = [route.answer for route in routes if route.media == JSON]
    asked = [one for route in routes for one in (route.query, route.body) if one is not None]
    schemas, of_answers = msgspec.json.schema_components([*answers, ErrorAnswer], ref_template=_REFS)
    by_answer = dict(zip(map(id, answers), map(_told, schemas), strict=False))
    of_asked: dict[str, Any] = msgspec.json.schema_components(asked, ref_template=_REFS)[1]
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, by_answer.get(id(route.answer), {}), of_asked)
        paths.setdefault(route.full_path, {})[route.method.lower()] = operation
    bodies = {route.body.__name__ for route in routes if route.body is not None}
    queries = {route.query.__name__ for route in routes if route.query is not None} - bodies
    components = {name: schema for name, schema in of_asked.items() if name not in queries}
    components |= {name: components[name] | {"additionalProperties": False} for name in bodies}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Penstock",
            "version": version("penstock"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components | _told(of_answers),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "ticket": {"type": "apiKey", "in": "query", "name": "ticket"},
            },
        },
    }


def _operation(route: Route, answer: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    told["content"] = {route.media: {"schema": answer}} if route.media == JSON else {route.media: {}}
    if route.columns is not None:
        told["content"][BYTES] = {}
    refused = {"description": "Why not", "content": {JSON: {"schema": {"$ref": _REFS.format(name="ErrorAnswer")}}}}
    found: dict[str, Any] = {
        "operationId": operation_id(route),
        "summary": route.summary,
        "responses": {str(route.status): told, "default": refused},
    }
    if parameters := [*map(_path_parameter, route.names), *_query_parameters(route, schemas)]:
        found["parameters"] = parameters
    if route.body is not None:
        schema = {"$ref": _REFS.format(name=route.body.__name__)}
        found["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if route.is_bare:
        found["security"] = []
    elif route.is_ticketed:
        found["security"] = [{"token": []}, {"ticket": []}]
    return found


def operation_id(route: Route) -> str:
    """`get_runs_flow_number_graph`."""
    words = "".join(letter if letter.isalnum() else " " for letter in route.path).split()
    return "_".join([route.method.lower(), *words])


def _path_parameter(name: str) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
    schema = number if name in NUMBERS else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(route: Route, schemas: dict[str, Any]) -> Iterable[dict[str, Any]]:
    if route.query is not None:
        schema: dict[str, Any] = schemas[route.query.__name__]
        for field in msgspec.structs.fields(route.query):
            found: dict[str, Any] = schema["properties"][field.encode_name]
            listed = {"style": "form", "explode": False} if is_list(field.type) else {}
            said = {"description": found.pop("description")} if "description" in found else {}
            yield (
                {"name": field.encode_name, "in": "query", "required": field.required, "schema": found} | listed | said
            )
    if route.status == ACCEPTED:
        said = "By the same key it is started once, however often it is asked for"
        schema = {"type": "string", "pattern": "^[!-~]+$"}
        yield {"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema, "description": said}
    if route.method == "GET" and route.media == JSON:
        said = "Only these fields of the answer, or of its rows"
        schema = {"type": "array", "items": {"type": "string"}}
        listed = {"style": "form", "explode": False}
        yield {"name": "fields", "in": "query", "required": False, "schema": schema, "description": said} | listed


def _told(schema: Any) -> Any:
    """The schema of an answer: numbers may be the words for what JSON has not, and the parts of a tuple stand where
    JSON Schema has them since 2020; of one type, they are a list of so many, which more tools know."""
    if isinstance(schema, list):
        return [_told(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    known = cast("dict[str, Any]", schema)
    if known.get("type") == "number":
        return {name: value for name, value in known.items() if name != "type"} | _NUMBER
    found = known.get("prefixItems", known.get("items"))
    if isinstance(found, list):
        parts = cast("list[Any]", found)
        known = {name: value for name, value in known.items() if name != "prefixItems"}
        alike = all(part == parts[0] for part in parts)
        known |= {"items": parts[0]} if alike else {"prefixItems": parts, "items": False}
    return {name: _told(value) for name, value in known.items()}
