"""What stands between a socket and the application: how long a request may take to arrive and an answer to leave, how
many connections are held, and what is said where there is no HTTP, or no application that could say it."""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from penstock.server.guard import guarded
from penstock.server.limits import LIMITS
from penstock.server.refusals import Refusal
from penstock.server.response_bodies import refused

_MOST = 256
_UNREAD_S = 60.0
"""For which a client may read nothing of what is sent to it."""

_LAST_WORDS_S = 1.0
"""What is still being answered when the server ends has this time: a stream does not end by itself."""

_NO_HTTP = {
    431: ("headers_too_large", f"headers may have {LIMITS.header_bytes} bytes"),
    501: ("no_such_encoding", "a body is sent whole or in chunks"),
}


class Connection(H11Protocol):
    """A connection of a client's. The loop calls it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._overdue: asyncio.TimerHandle | None = None  # of a request that is arriving
        self._unread: asyncio.TimerHandle | None = None
        self._since = self.loop.time()  # it is open, or its last answer was given
        self._is_over = False  # nothing more is said, and what still comes is not looked at

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._expect()
        if len(self.connections) > _MOST and not self._make_room():
            self._refuse(Refusal(503, "too_many", f"{_MOST} connections are open", headers={"Retry-After": "1"}))

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._expect()
        else:
            self._overdue = _cancelled(self._overdue)

    def connection_lost(self, exc: Exception | None) -> None:
        self._overdue, self._unread = _cancelled(self._overdue), _cancelled(self._unread)
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = _cancelled(self._unread) or self.loop.call_later(_UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        self._unread = _cancelled(self._unread)
        super().resume_writing()

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(_LAST_WORDS_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Called where what came is no HTTP."""
        error = sys.exception()
        status = getattr(error, "error_status_hint", 400)
        code, message = _NO_HTTP.get(status, ("no_http", f"this is no HTTP: {error}"))
        self._refuse(Refusal(status, code, message))

    def _should_upgrade(self) -> bool:
        return False  # a client that asks for another protocol goes on with this one

    def _expect(self) -> None:
        """A request is to be here, whole, in time. What is left of a body that nobody reads is awaited as long."""
        if self._overdue is None:
            self._overdue = self.loop.call_later(LIMITS.query_s, self._drop)

    def _drop(self) -> None:
        self._overdue = None
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            self.transport.close()  # nothing has been asked
        else:
            self._refuse(Refusal(408, "too_slow", f"a request may take {LIMITS.query_s:.0f} s to arrive"))

    @property
    def _is_idle(self) -> bool:
        return self._is_over or not self.cycle or self.cycle.response_complete

    def _make_room(self) -> bool:
        """Close the connection that has asked for nothing for longest: whoever opens many shuts nobody else out."""
        others = [one for one in cast("set[Connection]", self.connections) if one is not self and one._is_idle]
        if others:
            min(others, key=lambda one: one._since).transport.abort()
        return bool(others)

    def _refuse(self, refusal: Refusal) -> None:
        """Say it, unless an answer has begun, and close: not at once, since what the client is still sending would then
        have the system throw away what it was told."""
        if not self._is_idle:
            self.cycle.disconnected = True  # what the application still sends goes nowhere
            self.cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            response = guarded(refused(refusal))
            headers = [*response.raw_headers, (b"connection", b"close")]
            reason = HTTPStatus(refusal.status).phrase.encode()
            events = (
                h11.Response(status_code=refusal.status, headers=headers, reason=reason),
                h11.Data(data=bytes(response.body)),
                h11.EndOfMessage(),
            )
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        self._is_over = True
        self.transport.write_eof()
        self.loop.call_later(_LAST_WORDS_S, self.transport.close)


def _cancelled(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
