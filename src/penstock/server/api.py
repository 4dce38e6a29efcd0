"""The application: checks a request, finds its route, performs it, and sends what it answers or why it does not."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from penstock.errors import PenstockError
from penstock.server import query_strings, refusals, shell
from penstock.server.api_call import ApiCall, Served
from penstock.server.event_streams import EventStream
from penstock.server.guard import Guard, guarded
from penstock.server.limits import LIMITS
from penstock.server.refusals import Refusal
from penstock.server.response_bodies import refused, response_of
from penstock.server.route_table import ROUTES
from penstock.server.routing import JSON, Found, Router, is_coroutine

_THREADS = 8  # each with a connection to the journal of its own
_ROUTER = Router((*ROUTES, *shell.ROUTES))


class Api:
    """An ASGI application for one project."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._guard = Guard(served.hosts, served.keyring)
        self._threads = ThreadPoolExecutor(_THREADS, "penstock-api")
        self._answering = 0
        self._streams = 0
        self._is_closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "the server is told to speak nothing else"
        try:
            response = await self._response(Request(scope, receive))
        except ClientDisconnect:
            return
        await guarded(response)(scope, receive, send)

    def close(self) -> None:
        """End its threads; what they are asking the journal is given up."""
        self._is_closed = True
        self._served.events.close()
        self._threads.shutdown(wait=False)

    async def _response(self, request: Request) -> Response:
        try:
            return await self._answered(request)
        except Refusal as refusal:
            path = request.scope["raw_path"].decode("latin-1")
            page = shell.no_such_page(path, request.headers) if refusal.words.code == "no_such_path" else None
            return page or refused(refusal)
        except PenstockError as error:
            return refused(refusals.of_error(error))
        except ClientDisconnect:
            raise
        except Exception:  # noqa: BLE001  a defect here must not end the answers to others
            traceback.print_exc(file=sys.stderr)
            told = "the server met a defect of its own, which it has written to its terminal"
            return refused(Refusal(500, "defect", told))

    async def _answered(self, request: Request) -> Response:
        scope = request.scope
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"]
        self._guard.check(request.method, path, query.decode("latin-1"), request.headers)
        found = _ROUTER.find(request.method, path)
        pairs = [] if found.route.is_page else query_strings.pairs_of(query)  # what follows `?` is the page's own
        fields: list[str] | None = None
        if found.route.media == JSON and found.route.method == "GET":
            fields = [part for name, text in pairs if name == "fields" for part in text.split(",") if part] or None
            pairs = [pair for pair in pairs if pair[0] != "fields"]
        pairs = [pair for pair in pairs if pair[0] != "ticket"]
        more = {} if found.route.query is None else {"query": query_strings.query_of(found.route, pairs)}
        if found.route.query is None and not found.route.is_page:  # the page reads its own
            query_strings.query_of(found.route, pairs)  # which takes none
        if found.route.body is not None:
            more["body"] = query_strings.body_of(found.route, await _body(request))
        call = ApiCall(self._served, _ROUTER, found.path, request.headers, self._in_thread)
        if found.route.is_stream:
            if request.method == "HEAD":
                return Response(media_type=found.route.media)  # rather than all that is to come, to nobody
            return await self._streamed(found, call, more)
        if self._answering >= LIMITS.requests:
            raise Refusal(
                429, "too_many", f"{LIMITS.requests} requests are being answered", headers={"Retry-After": "1"}
            )
        self._answering += 1
        try:
            if is_coroutine(found.route):
                return await found.route.perform(call, **more)
            return await self._in_thread(_performed, found, call, more, fields)
        finally:
            self._answering -= 1

    async def _streamed(self, found: Found, call: ApiCall, more: dict[str, Any]) -> Response:
        if self._streams >= LIMITS.streams:
            told = f"{LIMITS.streams} streams are open: close one, as a page does that nobody looks at"
            raise Refusal(429, "too_many_streams", told, headers={"Retry-After": "5"})
        self._streams += 1
        try:
            stream: EventStream = await found.route.perform(call, **more)
        except BaseException:
            self._streams -= 1
            raise
        on_end = stream.on_end

        def end() -> None:
            self._streams -= 1
            on_end()

        stream.on_end = end
        return stream

    async def _in_thread(self, perform: Callable[..., Any], *given: Any) -> Any:
        if self._is_closed:
            raise Refusal(503, "ending", "the server ends")
        until = time.monotonic() + LIMITS.query_s
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._limited, until, perform, *given)

    def _limited(self, until: float, perform: Callable[..., Any], *given: Any) -> Any:
        """In a thread."""
        if time.monotonic() > until:
            told = f"others were answered for {LIMITS.query_s:.0f} s: ask again"
            raise Refusal(503, "too_busy", told, headers={"Retry-After": "1"})
        reader = self._served.reader
        root = reader.project.root
        if not root.is_dir():
            raise Refusal(503, "gone", f"{root} is not there any more: serve the project from where it is now")
        journal = reader.journal  # the first run's is another one: this is in use for as long
        with journal.database.limited(lambda: self._is_closed or time.monotonic() > until):
            return perform(*given)


def _performed(found: Found, call: ApiCall, more: dict[str, Any], fields: list[str] | None) -> Response:
    answer = found.route.perform(call, **more)
    if found.route.media != JSON:
        return answer
    return response_of(found.route, answer, call.headers, fields, call.has_digest)


async def _body(request: Request) -> bytes:
    """The body, once it is there; raises Refusal where it is no JSON by what is said of it, or is too large."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        told = f"a body is {JSON}, and this one {kind}: send the header `Content-Type: {JSON}`"
        raise Refusal(415, "wrong_type", told, headers={"Accept": JSON})
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "wrong_encoding", "a body is not compressed", headers={"Accept-Encoding": "identity"})
    too_large = Refusal(413, "body_too_large", f"a body may have {LIMITS.body_bytes} bytes")
    if int(request.headers.get("content-length", 0)) > LIMITS.body_bytes:
        raise too_large
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > LIMITS.body_bytes:
            raise too_large
    return bytes(found)
