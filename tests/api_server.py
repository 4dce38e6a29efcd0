"""`penstock ui` in a process of its own, and requests to it over a socket."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import itertools
import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

_MAIN = "import sys; from penstock.cli.main import main; sys.exit(main())"
PATIENCE_S = 60.0
_ADDRESS = re.compile(r"http://(.+):(\d+)/#token=(\S+)")


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]  # by names in lower case
    body: bytes  # not compressed

    @property
    def json(self) -> Any:
        assert self.headers["content-type"].startswith("application/json"), self
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """Why not; fails where it is no error."""
        assert self.status >= 400, self
        found = self.json["error"]
        assert found["code"]
        assert found["message"]
        return found


class ApiServer:
    """A server that answers."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        match = _ADDRESS.fullmatch(address)
        assert match is not None, address
        self.process = process
        self.port, self.token = int(match[2]), match[3]
        self.host = f"127.0.0.1:{self.port}"

    def get(self, path: str, **headers: str) -> Reply:
        """A GET below /api/v1 with the token; `If_None_Match="..."` for a header of this name."""
        return self.ask(
            "GET", f"/api/v1{path}", headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        """A POST of JSON."""
        data = b"" if body is None else json.dumps(body).encode()
        return self.ask("POST", f"/api/v1{path}", data, {n.replace("_", "-"): text for n, text in headers.items()})

    def listen(self, path: str, last_id: str = "") -> EventReader:
        """A stream below /api/v1."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        told = {"Last-Event-ID": last_id} if last_id else {}
        connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"} | told)
        return EventReader(connection, connection.getresponse())

    def ask(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None, token: bool = True
    ) -> Reply:
        """Any request, its target as it stands."""
        sent = {"Host": self.host, **({"Authorization": f"Bearer {self.token}"} if token else {}), **(headers or {})}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, text in sent.items():
                connection.putheader(name, text)
            if body and "Content-Type" not in sent:
                connection.putheader("Content-Type", "application/json")
            if body or method == "POST":
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            response = connection.getresponse()
            found = {name.lower(): text for name, text in response.getheaders()}
            data = response.read()
        return Reply(response.status, found, gzip.decompress(data) if found.get("content-encoding") else data)


class ServerEvent(NamedTuple):
    """What a stream said."""

    name: str
    data: Any
    id: str  # "": it said none


class EventReader:
    """A stream of server-sent events that is read."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): text for name, text in response.getheaders()}
        self.last_id = ""
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[ServerEvent]:
        """The events, each once; ends with the stream, and by TimeoutError where none comes for a minute."""
        fields: dict[str, str] = {}
        with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
            for line in self._lines():
                text = line.decode().removesuffix("\n")
                if text:
                    name, _, value = text.partition(": ")
                    fields[name] = value
                    continue
                if "event" in fields:
                    self.last_id = fields.get("id", self.last_id)
                    yield ServerEvent(fields["event"], json.loads(fields["data"]), fields.get("id", ""))
                    self._end = time.monotonic() + PATIENCE_S
                fields = {}

    def begin(self) -> str:
        """The id that it begins with: from where on it tells what happens."""
        lines = [line.decode() for line in itertools.takewhile(lambda line: line != b"\n", self._lines())]
        return next(line.removeprefix("id: ").rstrip() for line in lines if line.startswith("id: "))

    def _lines(self) -> Iterator[bytes]:
        """What is said. A stream is never silent, so that the socket's own timeout ends no wait in vain."""
        self._end = time.monotonic() + PATIENCE_S
        while line := self._response.readline():
            yield line
            if time.monotonic() > self._end:
                raise TimeoutError(f"the stream has told of nothing for {PATIENCE_S:.0f} s")

    def until(self, is_it: Callable[[ServerEvent], bool]) -> ServerEvent:
        """The first event that is so."""
        found = next((event for event in self if is_it(event)), None)
        assert found is not None, "the stream has ended"
        return found

    def close(self) -> None:
        self._response.close()
        self._connection.close()


@contextlib.contextmanager
def serving(
    folder: Path,
    *words: str,
    environ: Mapping[str, str] | None = None,
    open_browser: bool = False,
    before: str = "",
) -> Iterator[ApiServer]:
    """A server of the project in a folder, on any port; it is told to end afterwards. `before` is executed in it."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("PENSTOCK_")}
    process = subprocess.Popen(
        [sys.executable, "-c", before + _MAIN, "ui", *([] if open_browser else ["--no-open"]), "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=kept | dict(environ or {}),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert select.select([process.stdout], [], [], PATIENCE_S)[0], "waited in vain for a server to say its address"
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        yield ApiServer(process, address)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
    assert process.returncode in (0, -signal.SIGKILL), told
    assert "Traceback" not in told, told
