"""What engines print where a program did not start is told apart from what programs print themselves."""

from __future__ import annotations

import pytest

from penstock.worker import engine_words

MISSING = [
    (127, 'Error: runc: runc create failed: exec: "R": executable file not found in $PATH: OCI runtime attempted'),
    (127, 'docker: Error response from daemon: failed to create task: exec: "R": executable file not found in $PATH.'),
    (127, "[FATAL tini (7)] exec R failed: No such file or directory"),
    (1, "ERROR (catatonit:2): failed to exec pid1: No such file or directory"),
]  # fmt: skip
REFUSED = [
    (126, "Error: runc: exec: \"./data\": permission denied: OCI permission denied"),
    (126, "[FATAL tini (7)] exec ./data failed: Permission denied"),
    (1, "ERROR (catatonit:2): failed to exec pid1: Permission denied"),
]  # fmt: skip
OF_PROGRAMS = [
    (127, "sh: 1: nothing: not found"),
    (126, "Error: the third fold has no rows"),
    (125, "a container of apples"),
    (1, "Error: OCI runtime"),
]


@pytest.mark.parametrize(("status", "said"), MISSING)
def test_what_is_missing(status: int, said: str) -> None:
    assert engine_words.is_of_engine(status, said)
    assert "there is no `R` in the image abc" in engine_words.not_started(["R"], "abc", status, said)


@pytest.mark.parametrize(("status", "said"), REFUSED)
def test_what_can_not_be_started(status: int, said: str) -> None:
    assert engine_words.is_of_engine(status, said)
    assert "`./data` can't be started in the image abc" in engine_words.not_started(["./data"], "abc", status, said)


@pytest.mark.parametrize(("status", "said"), OF_PROGRAMS)
def test_what_a_program_says_itself(status: int, said: str) -> None:
    assert not engine_words.is_of_engine(status, said)


@pytest.mark.parametrize(
    "said",
    [
        "Error: container-init binary not found on the host: stat /usr/libexec/podman/catatonit: no such file",
        'docker: Error response from daemon: exec: "docker-init": executable file not found in $PATH.',
    ],
)
def test_an_engine_without_a_first_process(said: str) -> None:
    assert engine_words.lacks_init(125, said)
    assert not engine_words.lacks_init(1, said)


def test_an_engine_that_is_gone() -> None:
    said = "docker: Cannot connect to the Docker daemon at unix:///d.sock. Is the docker daemon running?"
    assert engine_words.is_of_engine(125, said)
    assert engine_words.is_lost(said)
    assert engine_words.not_started(["R"], "abc", 125, said) == ""
