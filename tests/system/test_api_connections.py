"""Clients that send no HTTP, too slowly, too much or too often, or read nothing: they are told, others served."""

from __future__ import annotations

import json
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from penstock.server.limits import LIMITS
from tests.api_server import ApiServer, Reply, serving
from tests.system.flows import PATIENCE_S, Project

ODD_ROUTES = """
from penstock.server import limits
limits.LIMITS = limits.ApiLimits(query_s={query_s})
from penstock.server import connections, meta_routes
from penstock.server.event_streams import EventStream
from penstock.server.routing import route
connections._UNREAD_S = 0.2

def endless(call):
    query = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    return call.reader.journal.database.row(query)

async def pieces():
    import asyncio
    yield b"begun "
    await asyncio.sleep(3600)

async def stream(call):
    return EventStream(pieces())

meta_routes.ROUTES += (
    route("GET", "/endless", "A query without end", endless),
    route("GET", "/stream", "A stream without end", stream, media="text/event-stream", is_stream=True),
)
"""
"""For a server that has two routes more."""


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("sockets") / "work") as project, serving(project.folder) as server:
        yield server
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGINT)
        told = server.process.communicate(timeout=PATIENCE_S)[1]
        assert len(told.splitlines()) == 1, told  # whatever was sent, the terminal stayed quiet


class Plain:
    """A connection on which any bytes are sent."""

    def __init__(self, server: ApiServer) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
        self._file = self.socket.makefile("rb")
        self.head = f"Host: {server.host}\r\n".encode()
        self.token = f"Authorization: Bearer {server.token}\r\n".encode()

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def get(self, path: str) -> None:
        self.send(b"GET /api/v1", path.encode(), b" HTTP/1.1\r\n", self.head, self.token, b"\r\n")

    def reply(self) -> Reply:
        """The next answer."""
        status = int(self._file.readline().split()[1])
        headers = dict(iter(self._header, None))
        return Reply(status, headers, self._file.read(int(headers["content-length"])))

    def _header(self) -> Any:
        name, _, text = self._file.readline().decode().partition(":")
        return (name.lower(), text.strip()) if text else None

    def await_end(self) -> None:
        """Fails where the server leaves it open for a minute."""
        try:
            while self._file.read(65_536):
                pass
        except ConnectionError:
            pass

    def close(self) -> None:
        self._file.close()
        self.socket.close()


Dial = Callable[[ApiServer], Plain]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """`dial(server)`: a connection, which is closed after the test."""
    with ExitStack() as stack:

        def made(server: ApiServer) -> Plain:
            plain = Plain(server)
            stack.callback(plain.close)
            return plain

        yield made


@pytest.fixture
def plain(server: ApiServer, dial: Dial) -> Plain:
    return dial(server)


POST = b"POST /api/v1/tickets HTTP/1.1\r\n"
NO_HTTP: dict[str, tuple[int, Callable[[Plain], bytes]]] = {
    "TLS": (400, lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n"),
    "no Host": (400, lambda _: b"GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, lambda plain: b"GET / HTTP/1.1\r\n" + plain.head * 2 + b"\r\n"),
    "HTTP/1.0 without Host": (403, lambda _: b"GET / HTTP/1.0\r\n\r\n"),
    "bytes in the target": (400, lambda plain: b"GET /\xff HTTP/1.1\r\n" + plain.head + b"\r\n"),
    "NUL in a header": (400, lambda plain: b"GET / HTTP/1.1\r\n" + plain.head + b"X: a\0b\r\n\r\n"),
    "a folded header": (403, lambda plain: b"GET / HTTP/1.1\r\n" + plain.head.replace(b":", b":\r\n x", 1) + b"\r\n"),
    "two lengths": (400, lambda plain: POST + plain.head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "a length below 0": (400, lambda plain: POST + plain.head + b"Content-Length: -1\r\n\r\n"),
    "another encoding": (501, lambda plain: POST + plain.head + b"Transfer-Encoding: gzip\r\n\r\n"),
    "a wrong chunk": (400, lambda plain: POST + plain.head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "headers that go on": (431, lambda plain: b"GET / HTTP/1.1\r\n" + plain.head + b"X: " + b"y" * 500_000),
    "headers at once": (431, lambda plain: b"GET / HTTP/1.1\r\n" + plain.head + b"X: " + b"y" * 17_000 + b"\r\n\r\n"),
    "a tunnel": (404, lambda plain: b"CONNECT other:80 HTTP/1.1\r\n" + plain.head + b"\r\n"),
    "a method of one's own": (405, lambda plain: b"BREW /healthz HTTP/1.1\r\n" + plain.head + b"\r\n"),
    "HTTP/2": (403, lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_of_ours_is_told_so(server: ApiServer, plain: Plain, name: str):
    """As JSON, with the headers of all answers, and read to its end by a client that is still sending."""
    status, made = NO_HTTP[name]
    plain.send(made(plain))
    reply = plain.reply()
    assert (reply.status, bool(reply.error)) == (status, True)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cache-control"] == "no-store"
    assert server.get("/meta").status == 200


def test_another_protocol_is_not_spoken(server: ApiServer, plain: Plain):
    plain.send(b"GET /healthz HTTP/1.1\r\n", plain.head, b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n")
    assert plain.reply().status == 200


def test_requests_behind_one_another(plain: Plain):
    for _ in range(3):
        plain.get("/meta")
    assert [plain.reply().status for _ in range(3)] == [200] * 3


def test_what_is_in_a_body_is_no_request(server: ApiServer, plain: Plain):
    hidden = b"GET /api/v1/meta HTTP/1.1\r\n" + plain.head + plain.token + b"\r\n"
    plain.send(POST, plain.head, f"Content-Length: {len(hidden)}\r\n\r\n".encode(), hidden)
    assert plain.reply().status == 401
    plain.send(b"GET /healthz HTTP/1.1\r\n", plain.head, b"\r\n")
    assert plain.reply().json == {"status": "ok"}


def test_a_body_that_is_announced_as_too_large_is_not_awaited(plain: Plain):
    plain.send(POST, plain.head, plain.token, f"Content-Length: {LIMITS.body_bytes + 1}\r\n\r\n".encode())
    assert plain.reply().error["code"] == "body_too_large"


def test_a_body_in_chunks_that_is_too_large(plain: Plain):
    plain.send(POST, plain.head, plain.token, b"Transfer-Encoding: chunked\r\n\r\n")
    piece = b" " * 50_000
    for _ in range(LIMITS.body_bytes // len(piece) + 1):
        plain.send(f"{len(piece):x}\r\n".encode(), piece, b"\r\n")
    assert plain.reply().error["code"] == "body_too_large"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_of_another_type(server: ApiServer, kind: str):
    reply = server.ask("POST", "/api/v1/tickets", b"{}", {"Content-Type": kind})
    assert (reply.status, reply.error["code"], reply.headers["accept"]) == (415, "wrong_type", "application/json")


def test_a_compressed_body_is_not_unpacked(server: ApiServer):
    reply = server.ask("POST", "/api/v1/tickets", b"\x1f\x8b", {"Content-Encoding": "gzip"})
    assert (reply.status, reply.error["code"]) == (415, "wrong_encoding")
    assert reply.headers["accept-encoding"] == "identity"


def test_many_who_ask_for_nothing_shut_nobody_out(server: ApiServer, dial: Dial):
    opened = [dial(server) for _ in range(300)]
    assert server.get("/meta").status == 200
    opened[0].await_end()


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server that waits for nobody."""
    with serving(tmp_path_factory.mktemp("quick"), before=ODD_ROUTES.format(query_s=0.3)) as server:
        yield server


def test_who_says_nothing_is_dropped(quick: ApiServer, dial: Dial):
    plain = dial(quick)
    plain.await_end()


@pytest.mark.parametrize(
    "begun",
    [
        lambda _: b"GET /healthz HT",
        lambda plain: b"GET /healthz HTTP/1.1\r\n" + plain.head,
        lambda plain: POST + plain.head + plain.token + b"Content-Length: 5\r\n\r\n{",
    ],
)
def test_half_a_request(quick: ApiServer, dial: Dial, begun: Callable[[Plain], bytes]):
    plain = dial(quick)
    plain.send(begun(plain))
    reply = plain.reply()
    assert (reply.status, reply.error["code"]) == (408, "too_slow")
    plain.await_end()


def test_a_body_that_nobody_reads_ends(quick: ApiServer, dial: Dial):
    plain = dial(quick)
    plain.send(POST, plain.head, b"Content-Length: 1000000000\r\n\r\n", b"x" * 100_000)
    assert plain.reply().status == 401
    plain.await_end()


def test_who_reads_nothing_is_dropped(quick: ApiServer, dial: Dial):
    plain = dial(quick)
    plain.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.socket.settimeout(PATIENCE_S)
    with pytest.raises(ConnectionError):  # once the system's buffers are full, and it has waited
        _ask_on(plain)


def _ask_on(plain: Plain) -> None:
    while True:
        plain.get("/openapi.json")


def test_a_query_that_takes_too_long(quick: ApiServer, dial: Dial):
    """Many at once wait for one another no longer than that."""
    asking = [dial(quick) for _ in range(20)]
    for plain in asking:
        plain.get("/endless")
    for plain in asking:
        reply = plain.reply()
        assert (reply.status, reply.error["code"] in ("too_slow", "too_busy")) == (503, True)
    assert quick.get("/endless").error["code"] == "too_slow"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_streams_open_and_queries_without_end(tmp_path: Path, dial: Dial, number: signal.Signals):
    """Others are answered meanwhile, and the terminal stays quiet. Where too much is asked at once it says so."""
    with serving(tmp_path, before=ODD_ROUTES.format(query_s=3600)) as server:
        streams = [dial(server) for _ in range(3)]
        for plain in streams:
            plain.get("/stream")
            assert plain.socket.recv(4096).startswith(b"HTTP/1.1 200 ")
        asking = [dial(server) for _ in range(7)]
        for plain in asking:
            plain.get("/endless")
        assert server.get("/meta").status == 200
        asking += [dial(server) for _ in range(LIMITS.requests)]
        for plain in asking[7:]:
            plain.get("/endless")
        for _ in range(7):
            (ready, *_), _, _ = select.select([plain.socket for plain in asking], [], [], PATIENCE_S)
            (refused,) = [plain for plain in asking if plain.socket is ready]
            reply = refused.reply()
            assert (reply.status, reply.error["code"], reply.headers["retry-after"]) == (429, "too_many", "1")
            asking.remove(refused)
        server.process.send_signal(number)
        out, told = server.process.communicate(timeout=PATIENCE_S)
        assert (server.process.returncode, out, told) == (0, "", f"serving {tmp_path}; Ctrl-C ends it\n")
        for plain in (*streams, *asking):
            plain.await_end()


def test_the_limits_are_told(server: ApiServer):
    told = server.get("/meta").json["limits"]
    assert told == json.loads(json.dumps({name: getattr(LIMITS, name) for name in LIMITS.__struct_fields__}))
