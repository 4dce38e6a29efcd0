"""Shells of other hosts, by a real sshd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.errors import PlatformError
from penstock.sites.shells import LocalShell, SshShell
from tests import sshd


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sshd.Sshd]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with sshd.served(tmp_path / "sshd") as served:
        monkeypatch.setenv("PENSTOCK_SSH", served.command)
        yield served


def test_a_script_runs_there(server: sshd.Sshd):
    shell = SshShell("one")
    assert shell.tell("echo hello; echo $SSH_CONNECTION").split()[:2] == ["hello", "127.0.0.1"]
    assert shell.tell("cat <<'END'\nit's \"quoted\" $HOME\nEND\n") == 'it\'s "quoted" $HOME\n'


def test_a_script_that_fails_says_why(server: sshd.Sshd):
    for shell in (SshShell("one"), LocalShell()):
        with pytest.raises(PlatformError, match=f"^{shell.place}: no room left$"):
            shell.tell("echo first >&2; echo no room left >&2; exit 3")


def test_a_connection_that_is_cut_is_made_anew(server: sshd.Sshd):
    shell = SshShell("one")
    first = shell.tell("echo $SSH_CONNECTION")
    assert shell.tell("echo $SSH_CONNECTION") == first
    server.cut()
    assert shell.tell("echo $SSH_CONNECTION") != first


def test_a_host_that_does_not_listen_is_named_with_a_mend(server: sshd.Sshd):
    server.stop()
    with pytest.raises(PlatformError, match=r"(?s)^two: .*Connection refused.*`ssh -v two`"):
        SshShell("two").tell("true")


def test_a_key_that_is_refused_is_named_with_a_mend(server: sshd.Sshd):
    (server.folder / "user.pub").write_text("")
    with pytest.raises(PlatformError, match=r"(?s)^two: .*Permission denied.*`ssh-copy-id two`"):
        SshShell("two").tell("true")
