"""One row of the route table, from which come the dispatch, the decoding and the document.

A route is a function, `perform(call)`, that may take `query` and `body` as well: structs, whose types stand in its
signature, as what it answers does. It runs in a thread, and raises what the rooms below raise. A coroutine runs in the
loop instead; a route with another `media` than JSON answers a response of starlette's itself.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from penstock.model.nearest import nearest
from penstock.server.refusals import Refusal

JSON = "application/json"
BYTES = "application/octet-stream"
BASE = "/api/v1"
ACCEPTED = 202
"""The status of what starts an action: it takes an Idempotency-Key."""
RUN = "/runs/{flow}/{number}"
TASK = RUN + "/tasks/{step}/{task}"

NUMBERS = ("number", "task", "attempt")
"""Names in paths that stand for numbers; the others are texts."""

_NAMED = re.compile(r"\\\{(\w+)\\\}")


class Route(msgspec.Struct, frozen=True):
    """A method and a path of the API, and what comes of it."""

    method: str
    path: str  # below `BASE`, unless it is `is_bare`; `{name}` stands for what is between two slashes
    summary: str  # a line for the document
    perform: Callable[..., Any]
    answer: Any  # the type of what JSON tells
    query: Any = None  # a struct; None: it has none
    body: Any = None
    status: int = 200
    media: str = JSON
    columns: Callable[[Any], Any] | None = None  # the answer as a response of bytes, for who accepts these alone
    is_immutable: bool = False  # its path names a digest
    is_ticketed: bool = False  # a ticket may stand for the token
    is_stream: bool = False  # it goes on for as long as it is listened to
    is_bare: bool = False  # it lies outside of `BASE`, and needs no token
    is_page: bool = False  # it gives a browser the page, and stands in no document

    @property
    def full_path(self) -> str:
        """With all that stands before it."""
        return self.path if self.is_bare else BASE + self.path

    @property
    def names(self) -> list[str]:
        """What its path names."""
        return re.findall(r"\{(\w+)\}", self.path)


def route(method: str, path: str, summary: str, perform: Callable[..., Any], **more: Any) -> Route:
    """A row of the table; the types are those of the function's signature."""
    hints = typing.get_type_hints(perform)
    return Route(
        method, path, summary, perform, hints.get("return"), query=hints.get("query"), body=hints.get("body"), **more
    )


class Found(typing.NamedTuple):
    """The route that a request means, and what its path names."""

    route: Route
    path: dict[str, str]


class Router:
    """Finds the route of a path, which is split before it is decoded: a name may hold any character."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._patterns = [(_pattern(route), route) for route in self.routes]

    def find(self, method: str, path: str) -> Found:
        """`path` as it was sent, in ASCII. Raises Refusal: 404, or 405 with what there is."""
        method = "GET" if method == "HEAD" else method
        there: list[str] = []
        for pattern, route in self._patterns:
            if match := pattern.fullmatch(path):
                if route.method == method:
                    return Found(route, {name: _decoded(text) for name, text in match.groupdict().items()})
                there += ["GET", "HEAD"] if route.method == "GET" else [route.method]
        if there:
            allow = ", ".join(sorted(set(there)))
            raise Refusal(405, "wrong_method", f"{path} takes {allow} alone", headers={"Allow": allow})
        plain = [route.full_path for route in self.routes]
        near = nearest(path, plain)
        hint = f"did you mean {near}?" if near else f"{BASE}/meta lists what there is"
        raise Refusal(404, "no_such_path", f"there is no {path}; {hint}")


def _pattern(route: Route) -> re.Pattern[str]:
    def named(match: re.Match[str]) -> str:
        return f"(?P<{match[1]}>{'[0-9]{1,18}' if match[1] in NUMBERS else '[^/]+'})"

    return re.compile(_NAMED.sub(named, re.escape(route.full_path)))


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "wrong_path", f"{text!r} in the path is not UTF-8") from None


def is_coroutine(route: Route) -> bool:
    """Whether it runs in the loop."""
    return inspect.iscoroutinefunction(route.perform)
