"""What a run keeps of its images, by the command line: why, forks after a tag moved, and what the API and gc know."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from tests.containers import Engine
from tests.system.contained_flows import said_by_verb

_FLOW = """
from penstock import flow, step

@step(image="{tag}", cache=True)
def where():
    import platform
    return platform.python_version()

@flow
def f():
    return where()
"""


def test_a_moved_tag_is_said_and_named_and_a_run_that_goes_on_has_what_it_had(
    podman_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in podman_engine.environ.items():
        monkeypatch.setenv(name, value)
    tag = f"localhost/penstock-test/records:{os.urandom(8).hex()}"
    podman_engine.ask("tag", podman_engine.image("python"), tag)
    (tmp_path / "moving.py").write_text(_FLOW.format(tag=tag))
    (tmp_path / "penstock.toml").write_text('[project]\ncontainers = "podman"\n')
    penstock = partial(said_by_verb, tmp_path)
    try:
        penstock("run", "moving.py")
        assert penstock("get", "f/1").startswith("3.11")
        penstock("run", "moving.py")
        assert "reused" in penstock("why", "f/2/where/1")
        podman_engine.ask("tag", podman_engine.image("trixie"), tag)
        assert f"the name {tag} has moved to" in penstock("fork", "f/1")
        assert penstock("get", "f/3").startswith("3.11")
        penstock("run", "moving.py")
        assert penstock("get", "f/4").startswith("3.13")
        why = " ".join(penstock("why", "f/4/where/1").split())
        assert f"the image {tag} (" in why
        assert f") became {tag} (" in why
        lock = penstock("env", "lock", "moving.py")
        assert f"# name {tag}\n" in lock
        assert "python 3.13" in penstock("env", "build", "moving.py").lower()
        compared = penstock("compare", "f/1", "f/4")
        assert "image" in compared
    finally:
        podman_engine.try_to("image", "rm", tag)
