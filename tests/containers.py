"""Real podman and docker, apart from those of whoever runs the tests: storage in the user's cache, sockets in temporary
folders. Dockerd ends with the tests that have started it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from tests import container_images
from tests.container_images import CACHE
from tests.locked_files import first_free, locked

# Debian's limits ask for a right that root of a container has not, and crun refuses cgroups of both versions.
_PODMAN_CONF = """
[containers]
default_ulimits = []
[engine]
runtime = "{runtime}"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{run}/libpod"
[network]
network_config_dir = "{run}/networks"
"""
_STORAGE_CONF = """
[storage]
driver = "overlay"
graphroot = "{storage}"
runroot = "{run}/storage"
"""
_LOOKS = (("image", "inspect"), ("image", "ls"))
# It ends a daemon once its own input is closed, as that of tests that were killed is.
_UNTIL_CLOSED = """
import signal, subprocess, sys
daemon = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, pass_fds=[int(sys.argv[1])], start_new_session=True)
sys.stdin.read()
daemon.send_signal(signal.SIGTERM)
try:
    daemon.wait(20)
except subprocess.TimeoutExpired:
    daemon.kill()
"""


class Engine:
    """One that runs: what kind it is, and how it is asked."""

    def __init__(self, kind: Literal["podman", "docker"], program: str, environ: dict[str, str], storage: Path) -> None:
        self.kind = kind
        self.program = program
        self.environ = environ  # variables of whatever is to ask it
        self._storage = storage

    def ask(self, *words: str) -> str:
        """What its client prints."""
        done = self.try_to(*words)
        until = time.monotonic() + 10
        # To tell of images podman reads all, and fails over one that is built or removed meanwhile by other tests.
        while done.returncode and words[:2] in _LOOKS and time.monotonic() < until:
            done = self.try_to(*words)
        assert done.returncode == 0, (self.kind, words, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def try_to(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same where it may fail."""
        environ = {**os.environ, **self.environ}
        command = [self.program, *words]
        return subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600
        )

    def image(self, name: str) -> str:
        """The full name of an image of `container_images.RECIPES`, which it has then."""
        full = container_images.full_name(name)
        if self._has(full):
            return full
        file = container_images.archive(name, self.ask, self.image)
        with locked(self._storage / f"{name}.lock"):
            if not self._has(full):
                self.ask("load", "--input", str(file))
        return full

    def image_id(self, name: str) -> str:
        """The id, "sha256:...", of an image of `container_images.RECIPES`."""
        full = self.image(name)
        return f"sha256:{self.ask('image', 'inspect', '--format', '{{.Id}}', full).strip().removeprefix('sha256:')}"

    def repositories(self) -> list[str]:
        """The names of all its images, without their tags; those of other tests are among them."""
        return self.ask("image", "ls", "--format", "{{.Repository}}").split()

    def _has(self, image: str) -> bool:
        words = ["exists", image] if self.kind == "podman" else ["inspect", "--format", "{{.Id}}", image]
        return self.try_to("image", *words).returncode == 0

    def containers(self, label: str = "") -> list[str]:
        """The names of all its containers, or of those with a label; what other tests started is among them."""
        chosen = ["--filter", f"label={label}"] if label else []
        return self.ask("ps", "--all", "--format", "{{.Names}}", *chosen).split()


def _program(name: str, package: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"no {name}: install {package}")
    return path


def podman() -> Engine:
    """Podman. All tests that run at once share its storage. Skips the test where there is none."""
    if os.getuid() != 0:
        pytest.skip("podman is tried as root alone: its storage is made for that")
    program, runtime = _program("podman", "podman"), _program("runc", "runc")
    run = Path(f"/tmp/penstock-tests-{os.getuid()}/podman")  # short, for sockets lie there
    storage = CACHE / "podman"
    with locked(storage / "settings.lock"):
        run.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = {
            "containers.conf": _PODMAN_CONF.format(runtime=Path(runtime).name, run=run),
            "storage.conf": _STORAGE_CONF.format(storage=storage / "storage", run=run),
        }
        for name, text in files.items():
            written = storage / f"{name}.new"
            written.write_text(text, encoding="utf-8")
            written.rename(storage / name)
    environ = {
        "CONTAINERS_CONF": f"{storage}/containers.conf",
        "CONTAINERS_STORAGE_CONF": f"{storage}/storage.conf",
    }
    return Engine("podman", program, environ, storage)


@contextmanager
def docker() -> Iterator[Engine]:
    """Docker, and a daemon for as long as the context is open. Skips the test where there is none."""
    if os.getuid() != 0:
        pytest.skip("a docker daemon is started by root alone")
    program, daemon = _program("docker", "docker.io"), _program("dockerd", "docker.io")
    storage, held = first_free(CACHE / "docker")
    run = Path(tempfile.mkdtemp(prefix="dockerd-", dir="/tmp"))  # short, for sockets lie there
    environ = {
        "DOCKER_HOST": f"unix://{run}/sock",
        "DOCKER_CONFIG": str(run / "config"),
        "DOCKER_BUILDKIT": "0",  # its builder is a program that Debian's package lacks
    }
    engine = Engine("docker", program, environ, storage)
    # Two daemons on a host can't have one bridge; what a killed one has left of it is taken over.
    bridge = [f"--bridge={_bridge(int(storage.name))}"] if int(storage.name) else []
    places = [f"--data-root={storage}/data", f"--exec-root={run}/exec", f"--pidfile={run}/pid", f"-H=unix://{run}/sock"]
    command = [sys.executable, "-S", "-c", _UNTIL_CLOSED, str(held), daemon, *places, *bridge]
    with locked(CACHE / "docker" / "start.lock"):  # two that start at once make each other's chains of iptables fail
        with open(storage / "dockerd.log", "wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, pass_fds=[held], start_new_session=True
            )
        os.close(held)
        try:
            _await(engine, process, storage / "dockerd.log")
        except BaseException:
            process.communicate()
            raise
    try:
        yield engine
    finally:
        process.communicate()
        shutil.rmtree(run, ignore_errors=True)


def _bridge(number: int) -> str:
    name = f"pstest{number}"
    if not Path("/sys/class/net", name).exists():
        for words in (["add", name, "type", "bridge"], ["set", name, "up"]):
            subprocess.run([_program("ip", "iproute2"), "link", *words], check=True)
        address = f"172.31.{number % 256}.1/24"
        subprocess.run([_program("ip", "iproute2"), "address", "add", address, "dev", name], check=True)
    return name


def _await(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while engine.try_to("version").returncode:
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(log.read_text(errors="replace")[-4000:])
        time.sleep(0.05)
