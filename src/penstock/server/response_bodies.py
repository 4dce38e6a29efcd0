"""What a route answers -> bytes and headers: JSON, kept by the client where it can be, compressed where that pays."""

from __future__ import annotations

import gzip
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec
from starlette.responses import Response, StreamingResponse

from penstock.model.nearest import nearest
from penstock.reading.structs import encoded
from penstock.server.refusals import ErrorAnswer, Refusal
from penstock.server.routing import BYTES, JSON, Route

_WORTH_COMPRESSING = 1000  # bytes
_LEVEL = 5  # a sixth larger than 9, in a third of the time
_PLAIN = {bool, int, str, type(None)}
_CHECKED, _LASTING = "private, no-cache", "private, max-age=31536000, immutable"
_CHUNK = 1 << 20  # bytes
ROWS = "rows"
"""What an answer with rows calls them: `fields` chooses among theirs."""


def response_of(
    route: Route, answer: Any, headers: Mapping[str, str], fields: Iterable[str] | None, has_digest: bool = True
) -> Response:
    """The response to a request with these headers. `fields`: the names that are kept; None: all. `has_digest`: what
    its path calls a digest is one."""
    if route.columns is not None and headers.get("accept", "") == BYTES:
        return route.columns(answer)
    body = _encoded(answer, fields)
    sent = {"Cache-Control": _LASTING if route.is_immutable and has_digest else _CHECKED, "Vary": "Accept-Encoding"}
    if route.method == "GET":
        # By what is said rather than by the journal's revision: that a run has crashed, and how long it takes, change
        # without a commit.
        sent["ETag"] = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if _is_known(headers.get("if-none-match", ""), sent["ETag"]):
            return Response(status_code=304, headers=sent)
    if len(body) > _WORTH_COMPRESSING and "gzip" in headers.get("accept-encoding", ""):
        body = gzip.compress(body, _LEVEL, mtime=0)
        sent["Content-Encoding"] = "gzip"
    return Response(body, route.status, sent, JSON)


def bytes_response(
    data: memoryview, media: str, tag: str, headers: Mapping[str, str], is_lasting: bool, more: Mapping[str, str]
) -> Response:
    """The response that gives these bytes to a request with these headers: in pieces, as they may be those of a file
    that is larger than the memory. `tag`: what they are named by; `more`: headers of its own."""
    sent = {"Cache-Control": _LASTING if is_lasting else _CHECKED, "ETag": f'"{tag}"', **more}
    if _is_known(headers.get("if-none-match", ""), sent["ETag"]):
        return Response(status_code=304, headers=sent)
    sent["Content-Length"] = str(len(data))
    return StreamingResponse(_pieces(data), headers=sent, media_type=media)


def _pieces(data: memoryview) -> Iterator[bytes]:
    for at in range(0, len(data), _CHUNK):
        yield bytes(data[at : at + _CHUNK])


def refused(refusal: Refusal) -> Response:
    """The response that says no."""
    headers = {"Cache-Control": "no-store", **refusal.headers}
    return Response(encoded(ErrorAnswer(refusal.words)), refusal.status, headers, JSON)


def _is_known(header: str, tag: str) -> bool:
    known = {one.strip().removeprefix("W/") for one in header.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


def _encoded(answer: Any, fields: Iterable[str] | None) -> bytes:
    if fields is not None:
        answer = _kept(msgspec.to_builtins(answer), list(fields))
    return encoded(_finite(answer) if _has_odd_numbers(answer) else answer)


def _kept(answer: Any, fields: list[str]) -> Any:
    if not isinstance(answer, dict):
        return answer
    known = cast("dict[str, Any]", answer)
    if isinstance(known.get(ROWS), (list, tuple)):
        rows: list[dict[str, Any]] = known[ROWS]
        if rows:
            _check(fields, rows[0])
        return known | {ROWS: [{name: row[name] for name in fields if name in row} for row in rows]}
    _check(fields, known)
    return {name: known[name] for name in fields if name in known}


def _check(fields: Iterable[str], known: Mapping[str, Any]) -> None:
    for name in fields:
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            raise Refusal(422, "wrong_fields", f"the answer has no field {name!r}; {hint}", field="fields")


def _has_odd_numbers(value: Any) -> bool:
    """Whether a number is in it that JSON has not."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, msgspec.Struct):
        return any(_has_odd_numbers(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, dict):
        return any(map(_has_odd_numbers, cast("dict[Any, Any]", value).values()))
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        kinds = set(map(type, items))  # of 200,000 ids or texts: none is looked at
        return not kinds <= _PLAIN and any(map(_has_odd_numbers, items))
    return False


def _finite(value: Any) -> Any:
    """The same with `"nan"`, `"inf"` and `"-inf"` in the place of such numbers."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, msgspec.Struct):
        return {name: _finite(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in cast("dict[Any, Any]", value).items()}
    return [_finite(item) for item in cast("list[Any]", value)] if isinstance(value, (list, tuple)) else value
