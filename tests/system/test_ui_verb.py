"""`penstock ui`: where it listens, what it says, how it ends."""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.server import shell
from tests.api_server import ApiServer, serving
from tests.system.flows import Project, wait_until

UNBUILT = f"note: the API alone, since its page is not built: {shell.MEND}\n"
MAIN = "import sys; from penstock.cli.main import main; sys.exit(main())"


def refused(folder: Path, *words: str, before: str = "", code: int = 2) -> str:
    """What is said by a server that does not begin."""
    command = [sys.executable, "-c", before + MAIN, "ui", "--no-open", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def told(server: ApiServer) -> str:
    """What a server that is ended has written for its user, whether the page is built or not."""
    server.process.send_signal(signal.SIGINT)
    return server.process.communicate(timeout=60)[1].replace(UNBUILT, "")


def test_ctrl_c_ends_it_calmly(project_folder: Path):
    with serving(project_folder) as server:
        server.process.send_signal(signal.SIGINT)
        out, said = server.process.communicate(timeout=60)
        assert server.process.returncode == 0
        assert (out, said.replace(UNBUILT, "")) == ("", f"serving {project_folder}; Ctrl-C ends it\n")


def test_a_project_without_a_folder_of_its_own_is_served(project_folder: Path):
    with serving(project_folder) as server:
        assert server.get("/meta").json["folder"] == str(project_folder)


def test_a_port_that_is_taken_names_its_holder(project_folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refused(project_folder, "--port", str(port))
        assert said.startswith(f"penstock: port {port} is in use by process {os.getpid()} (")
        assert said.endswith("): name another with --port\n")


def test_a_server_on_another_name(project_folder: Path):
    with serving(project_folder, "--host", "127.0.0.2") as server:
        with socket.create_connection(("127.0.0.2", server.port), timeout=60) as plain:
            plain.sendall(f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.2:{server.port}\r\n\r\n".encode())
            assert plain.recv(100).startswith(b"HTTP/1.1 200 ")
        assert told(server).endswith(
            "note: 127.0.0.2 is reached from this machine alone; --host 0.0.0.0 listens on all its addresses\n"
        )


def test_a_server_on_all_addresses_is_named_by_its_machine(project_folder: Path):
    """As in a container, whose port is reached under another machine's name."""
    with serving(project_folder, "--host", "0.0.0.0") as server:
        for host in (platform.node(), "localhost", "0.0.0.0"):
            assert server.get("/meta", Host=f"{host}:{server.port}").status == 200
        assert server.get("/meta", Host=f"other.example:{server.port}").status == 403
        assert "warning: whoever reaches 0.0.0.0 can ask" in told(server)


@pytest.mark.parametrize("name", ["no.such.name.invalid", "http://x", "a b/../", "x" * 300, "ü..x"])
def test_a_name_of_no_machine(project_folder: Path, name: str):
    said = refused(project_folder, "--host", name)
    assert said.startswith(f"penstock: --host {name}: ")
    assert said.endswith("; write a name or an address of this machine\n")


def test_an_address_of_another_machine(project_folder: Path):
    said = refused(project_folder, "--host", "198.51.100.7", "--port", "0")
    assert said == "penstock: can't listen on 198.51.100.7, port 0: Cannot assign requested address\n"


def test_a_port_that_others_have_taken_at_either_address(project_folder: Path):
    """Whoever types `localhost` may be led to either of them."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        assert f"port {port} is in use by" in refused(project_folder, "--port", str(port))
    with serving(project_folder) as server, socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            greedy.bind(("0.0.0.0", server.port))


def test_a_journal_of_a_newer_version_is_told_before_anything_is_served(project_folder: Path):
    (project_folder / ".penstock").mkdir()
    with contextlib.closing(sqlite3.connect(project_folder / ".penstock" / "journal.db")) as journal:
        journal.execute("PRAGMA user_version = 999")
    said = refused(project_folder, code=1)
    assert "was written by a newer Penstock" in said
    assert "pip install --upgrade penstock" in said


def test_a_project_that_goes_and_comes_back(project: Project):
    """So does another journal that is put in the place of one."""
    project.write("@flow\ndef main():\n    return 1")
    assert project.run().value() == 1
    with serving(project.folder) as server:
        assert server.get("/runs:index").json["total"] == 1
        away = project.folder.rename(project.folder.with_name("away"))
        reply = server.get("/runs:index")
        assert (reply.status, reply.error["code"]) == (503, "gone")
        assert str(project.folder) in reply.error["message"]
        away.rename(project.folder)
        assert server.get("/runs:index").json["total"] == 1
        (project.folder / ".penstock").rename(project.folder / "old")
        assert server.get("/runs:index").json["total"] == 0
        (project.folder / "old").rename(project.folder / ".penstock")
        assert server.get("/runs:index").json["total"] == 1


def test_two_servers_of_one_project(project_folder: Path):
    (project_folder / ".penstock").mkdir()
    with serving(project_folder) as first, serving(project_folder) as second:
        assert (first.token, first.port != second.port) == (second.token, True)
        first.process.kill()
        first.process.wait()
        assert second.get("/meta").status == 200
    with serving(project_folder) as anew:
        assert anew.token == first.token


def test_a_project_that_can_not_be_written(mounted: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch):
    folder = mounted("size=4m")
    monkeypatch.setenv("PENSTOCK_PROJECT", "")
    project = Project(folder)
    project.write("@flow\ndef main():\n    return 1")
    assert project.run().value() == 1
    project.end()
    mounted("ro")
    with serving(folder) as server:
        assert server.get("/runs/main/1").status == 200
        for path in ("/runs/main/1:tag", "/flows/main:start"):
            reply = server.post(path, {"add": ["x"]} if path.endswith("tag") else {})
            assert (reply.status, reply.error["code"]) == (503, "not_started")
            assert "Read-only file system" in reply.error["message"]
        assert told(server) == f"serving {folder}; Ctrl-C ends it\n"


def test_what_it_writes_is_for_its_owner_alone_whatever_the_umask(project: Project):
    project.write("@flow\ndef main(x: int = 1):\n    return x")
    with serving(project.folder, before="import os; os.umask(0); ") as server:
        assert server.token.encode() not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()
        action = server.post("/flows/main:start", {"params": {"x": 2}}).json["action"]
        wait_until(lambda: server.get(f"/actions/{action}").json["state"] == "done")
    with serving(project.folder, before="import os; os.umask(0); "):
        home = project.folder / ".penstock"
        assert home.stat().st_mode & 0o007 == 0
        assert (home / "ui-token").stat().st_mode & 0o777 == 0o600
        assert (home / "actions").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_what_is_missing_is_named_with_its_mend(project_folder: Path, package: str):
    said = refused(project_folder, before=f"import sys; sys.modules[{package!r}] = None; ")
    assert said == f'penstock: penstock ui needs {package}: pip install "penstock[ui]"\n'


def test_over_ssh_it_says_how_to_reach_it(project_folder: Path):
    with serving(project_folder, environ={"SSH_CONNECTION": "10.0.0.1 4 10.0.0.2 22"}) as server:
        assert f"Next: ssh -N -L {server.port}:127.0.0.1:{server.port} " in told(server)


def test_a_browser_gets_a_file_that_leads_there(project_folder: Path):
    """Its command line, which all users can read, holds no token."""
    (project_folder / ".penstock").mkdir()
    seen = project_folder / "seen"
    browser = project_folder / "browser"
    browser.write_text(
        f'#!/bin/sh\necho "$1" > {seen}.part; mv {seen}.part {seen}; exec >&- 2>&-\n'
        f"until [ -e {seen}.over ]; do sleep 0.05; done\n"
    )
    browser.chmod(0o755)
    with serving(
        project_folder, open_browser=True, environ={"BROWSER": f"{browser} %s", "SSH_CONNECTION": ""}
    ) as server:
        wait_until(seen.exists)
        assert server.get("/meta").status == 200  # while the browser goes on
        seen.with_name("seen.over").touch()
        door = Path(seen.read_text().strip().removeprefix("file://"))
        assert door.stat().st_mode & 0o777 == 0o600
        assert f"url=http://127.0.0.1:{server.port}/#token={server.token}" in door.read_text()
    assert not door.exists()
