"""Which engine runs containers: what the project asks for, what there is, and none of another machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.environments import engines
from penstock.errors import UsageError

_DOCKER = """#!/bin/sh
case "$1" in
info) printf '%s\\n' '{options}' '"{system}"' ;;
context) echo 'ssh://far' ;;
esac
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that is all of PATH."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def _put(path: Path, name: str, options: str = '["name=seccomp"]', system: str = "Debian GNU/Linux 12") -> None:
    program = path / name
    program.write_text(_DOCKER.replace("{options}", options).replace("{system}", system), encoding="utf-8")
    program.chmod(0o755)


def _found(path: Path, asked: str = "", platform: str = "linux", **variables: str) -> tuple[str, str, bool]:
    environ = {"PATH": str(path), "HOME": str(path.parent), **variables}
    engine = engines.find(asked, environ, platform)
    return engine.kind, engine.program, engine.rootless


def test_podman_comes_first_and_docker_where_it_is_asked_for_or_alone(path: Path) -> None:
    _put(path, "docker")
    assert _found(path) == ("docker", str(path / "docker"), False)
    _put(path, "podman")
    assert _found(path) == ("podman", str(path / "podman"), os.geteuid() != 0)
    assert _found(path, "docker") == ("docker", str(path / "docker"), False)


def test_a_daemon_without_root_is_known_as_such(path: Path) -> None:
    _put(path, "docker", '["name=seccomp","name=rootless"]')
    assert _found(path) == ("docker", str(path / "docker"), True)


def test_where_there_is_none_it_says_what_to_install(path: Path) -> None:
    with pytest.raises(UsageError, match=r"podman or docker, and neither is on PATH: install one: `sudo apt-get"):
        _found(path)
    with pytest.raises(UsageError, match=r"asks for podman, which is not on PATH: install one"):
        _found(path, "podman")
    _put(path, "docker")
    with pytest.raises(UsageError, match=r'which is not on PATH: `containers = "docker"` takes the one that is'):
        _found(path, "podman")


def test_an_engine_of_another_machine_is_refused(path: Path) -> None:
    _put(path, "docker", "null", "Docker Desktop")
    with pytest.raises(UsageError, match=r"Docker Desktop runs containers in a machine of its own"):
        _found(path)
    with pytest.raises(UsageError, match=r"at tcp://10\.0\.0\.1:2375, by DOCKER_HOST"):
        _found(path, DOCKER_HOST="tcp://10.0.0.1:2375")
    with pytest.raises(UsageError, match=r"at ssh://far, by docker's context other"):
        _found(path, DOCKER_CONTEXT="other")
    (path.parent / ".docker").mkdir()
    (path.parent / ".docker" / "config.json").write_text('{"currentContext": "far"}', encoding="utf-8")
    with pytest.raises(UsageError, match=r"by docker's context far"):
        _found(path)
    _put(path, "podman")
    with pytest.raises(UsageError, match=r"at ssh://x, by CONTAINER_HOST"):
        _found(path, CONTAINER_HOST="ssh://x")
    with pytest.raises(UsageError, match=r"on macOS runs containers in a machine of its own"):
        _found(path, platform="darwin")


def test_a_daemon_that_does_not_answer_is_told(path: Path) -> None:
    (path / "docker").write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n")
    (path / "docker").chmod(0o755)
    with pytest.raises(engines.engine_failures.PlatformError, match=r"systemctl start docker"):
        _found(path)
