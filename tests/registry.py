"""A real registry of images on a port of this host, which asks for credentials, and takes those of `ada` alone."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.containers import Engine
from tests.free_ports import free_ports

_SETTINGS = """
version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: "{folder}/blobs"}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: tests, path: "{folder}/users"}}}}
"""
_USERS = "ada:$2y$05$abcdefghijklmnopqrstuu8xaCxxL82bnl.UY74PMksDxIJShppPC\n"  # bcrypt, the only one that it reads
PASSWORD = "right"


class Registry:
    """Where it is, and how an engine comes to know who asks."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.host = f"127.0.0.1:{port}"

    def environ(self, engine: Engine, password: str = PASSWORD) -> dict[str, str]:
        """Variables by which an engine's client goes there as `ada`, without TLS."""
        folder = self.folder / f"client-{password}"
        folder.mkdir(exist_ok=True)
        login = base64.b64encode(f"ada:{password}".encode()).decode()
        (folder / "config.json").write_text(json.dumps({"auths": {self.host: {"auth": login}}}), encoding="utf-8")
        if engine.kind == "docker":  # which needs no TLS on a loopback address
            return {"DOCKER_CONFIG": str(folder)}
        settings = f'[[registry]]\nlocation = "{self.host}"\ninsecure = true\n'
        (folder / "registries.conf").write_text(settings, encoding="utf-8")
        return {
            "REGISTRY_AUTH_FILE": str(folder / "config.json"),
            "CONTAINERS_REGISTRIES_CONF": str(folder / "registries.conf"),
        }


@contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """One that has nothing yet, for as long as the context is open. Skips the test where the program is missing."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("no docker-registry: install docker-registry")
    (port,) = free_ports(1)
    (folder / "settings.yml").write_text(_SETTINGS.format(folder=folder, port=port), encoding="utf-8")
    (folder / "users").write_text(_USERS, encoding="ascii")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(folder / "settings.yml")], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 30
        while not _answers(f"http://127.0.0.1:{port}/v2/"):
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError((folder / "log").read_text(errors="replace")[-4000:])
            time.sleep(0.05)
        yield Registry(folder, port)
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return True
