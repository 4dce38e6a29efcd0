"""`penstock ui` of a project, as a client sees it and as the system does."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.workplace import Project, environment, timed


class Server:
    """One that answers."""

    def __init__(self, process: subprocess.Popen[str], address: str) -> None:
        place, _, self._token = address.strip().partition("/#token=")
        self._port = int(place.rpartition(":")[2])
        self._pid = process.pid

    def get(self, path: str) -> Any:
        """What a path below /api/v1 says."""
        with contextlib.closing(self._connected()) as connection:
            response = self._asked(connection, path)
            found = json.loads(response.read())
            assert response.status == 200, found
        return found

    def seconds(self, *paths: str) -> float:
        """How long it takes to be told all of these, one after another."""
        return timed(lambda: [self.get(path) for path in paths])

    @contextlib.contextmanager
    def listeners(self, count: int, topics: str) -> Iterator[list[int]]:
        """So many readers of a stream of their own each; the bytes that each is told."""
        told, over = [0] * count, threading.Event()

        def listen(number: int, connection: http.client.HTTPConnection) -> None:
            with contextlib.suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
                response = self._asked(connection, f"/events?topics={topics}")
                while not over.is_set() and (piece := response.read1(1 << 16)):
                    told[number] += len(piece)

        connections = [self._connected() for _ in range(count)]
        threads = [threading.Thread(target=listen, args=one, daemon=True) for one in enumerate(connections)]
        for thread in threads:
            thread.start()
        try:
            yield told
        finally:
            over.set()
            for connection in connections:
                if connection.sock is not None:
                    connection.sock.shutdown(2)
            for thread in threads:
                thread.join()

    def cpu_s(self) -> float:
        """CPU time so far."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """Of all of its memory, files that it maps included."""
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

    def _connected(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        connection.connect()
        return connection

    def _asked(self, connection: http.client.HTTPConnection, path: str) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}"}
        connection.request("GET", f"/api/v1{path}", headers=headers)
        return connection.getresponse()


@contextlib.contextmanager
def serving(project: Project) -> Iterator[Server]:
    """A server of a project, on any port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "penstock", "ui", "--no-open", "--port", "0"],
        cwd=project.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    address = process.stdout.readline()
    if not address:
        raise RuntimeError(f"penstock ui does not serve {project.folder}: run it there and see why")
    try:
        yield Server(process, address)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        process.stdout.close()
