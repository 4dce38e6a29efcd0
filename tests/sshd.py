"""A real sshd on a port of this host, with keys of its own, and a configuration for ssh in which many names are it."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.free_ports import free_ports
from tests.networks import Network

_SERVER = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
MaxStartups 100
MaxSessions 100
ListenAddress {address}
Subsystem sftp internal-sftp
SetEnv HOME={folder}
"""  # whatever the user's own shell does when it starts is none of a test's
_CLIENT = """
Host *
    HostName {address}
    Port {port}
    User {user}
    IdentityFile {folder}/user
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known
    LogLevel ERROR
"""


class Sshd:
    """Where it listens, and how it is reached: any name of a host is it."""

    def __init__(self, folder: Path, port: int, program: str, network: Network | None = None) -> None:
        self.folder = folder
        self.port = port
        self._address = network.address if network else "127.0.0.1"
        self._inside = network.inside if network else ()
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._sessions: list[psutil.Process] = []

    @property
    def command(self) -> str:
        """What stands for `ssh`."""
        return f"ssh -F {self.folder}/client"

    @property
    def environ(self) -> dict[str, str]:
        """Variables of what is to reach it."""
        return {"PENSTOCK_SSH": self.command}

    def start(self) -> None:
        """Have it listen; returns once it does."""
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [*self._inside, self._program, "-D", "-e", "-f", f"{self.folder}/server", "-p", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 60
        while not _listens(self._address, self.port):
            assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < until
            time.sleep(0.02)

    def stop(self) -> None:
        """Have nothing listen there. Connections go on."""
        if self._process is not None:
            self._sessions += psutil.Process(self._process.pid).children(recursive=True)
            self._process.kill()
            self._process.wait()
            self._process = None

    def cut(self) -> None:
        """End all connections and what still runs in them. What has left them goes on."""
        sessions = [*self._sessions]
        if self._process is not None:
            sessions += psutil.Process(self._process.pid).children(recursive=True)
        for process in sessions:
            with suppress(psutil.NoSuchProcess):
                process.kill()


@contextmanager
def served(folder: Path, network: Network | None = None) -> Iterator[Sshd]:
    """A server whose files lie in a folder. Skips the test where there is none. `network`: at whose far end it is."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("no sshd: install openssh-server")
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (port,) = free_ports(1)
    address = network.address if network else "127.0.0.1"
    public = (folder / "host.pub").read_text(encoding="ascii")
    (folder / "known").write_text(f"[{address}]:{port} {public}", encoding="ascii")
    (folder / "server").write_text(_SERVER.format(folder=folder, address=address), encoding="utf-8")
    client = _CLIENT.format(folder=folder, address=address, port=port, user=getpass.getuser())
    (folder / "client").write_text(client, encoding="utf-8")
    server = Sshd(folder, port, program, network)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.cut()


def _listens(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=5):
        return True
    return False
