"""`penstock ui`: where it listens, what it says, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api_server import serving
from tests.system.flows import wait_until

MAIN = "import sys; from penstock.cli.main import main; sys.exit(main())"


def refused(folder: Path, *words: str, before: str = "") -> str:
    """What is said by a server that does not begin."""
    command = [sys.executable, "-c", before + MAIN, "ui", "--no-open", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_ctrl_c_ends_it_calmly(project_folder: Path):
    with serving(project_folder) as server:
        server.process.send_signal(signal.SIGINT)
        out, told = server.process.communicate(timeout=60)
        assert server.process.returncode == 0
        assert (out, told) == ("", f"serving {project_folder}; Ctrl-C ends it\n")


def test_a_project_without_a_folder_of_its_own_is_served(project_folder: Path):
    with serving(project_folder) as server:
        assert server.get("/meta").json["folder"] == str(project_folder)


def test_a_port_that_is_taken_names_its_holder(project_folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        told = refused(project_folder, "--port", str(port))
        assert told.startswith(f"penstock: port {port} is in use by process {os.getpid()} (")
        assert told.endswith("): name another with --port\n")


def test_a_server_on_another_name(project_folder: Path):
    with serving(project_folder, "--host", "127.0.0.2") as server:
        with socket.create_connection(("127.0.0.2", server.port), timeout=60) as plain:
            plain.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.2:{server.port}\r\n\r\n".encode())
            assert plain.recv(100).startswith(b"HTTP/1.1 200 ")
        server.process.send_signal(signal.SIGINT)
        assert "warning: whoever reaches 127.0.0.2 can ask" in server.process.communicate(timeout=60)[1]


def test_a_name_of_no_machine(project_folder: Path):
    told = refused(project_folder, "--host", "no.such.name.invalid")
    assert told.startswith("penstock: --host no.such.name.invalid: ")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_what_is_missing_is_named_with_its_mend(project_folder: Path, package: str):
    told = refused(project_folder, before=f"import sys; sys.modules[{package!r}] = None; ")
    assert told == f'penstock: penstock ui needs {package}: pip install "penstock[ui]"\n'


def test_over_ssh_it_says_how_to_reach_it(project_folder: Path):
    with serving(project_folder, environ={"SSH_CONNECTION": "10.0.0.1 4 10.0.0.2 22"}) as server:
        server.process.send_signal(signal.SIGINT)
        told = server.process.communicate(timeout=60)[1]
        assert f"Next: ssh -N -L {server.port}:127.0.0.1:{server.port} " in told


def test_a_browser_gets_a_file_that_leads_there(project_folder: Path):
    """Its command line, which all users can read, holds no token."""
    (project_folder / ".penstock").mkdir()
    seen = project_folder / "seen"
    browser = project_folder / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}.part; mv {seen}.part {seen}\n')
    browser.chmod(0o755)
    with serving(
        project_folder, open_browser=True, environ={"BROWSER": f"{browser} %s", "SSH_CONNECTION": ""}
    ) as server:
        wait_until(seen.exists)
        door = Path(seen.read_text().strip().removeprefix("file://"))
        assert door.stat().st_mode & 0o777 == 0o600
        assert f"url=http://127.0.0.1:{server.port}/#token={server.token}" in door.read_text()
    assert not door.exists()
