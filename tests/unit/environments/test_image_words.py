"""What podman and docker are asked about images, and how their answers are read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.environments import engine_calls, image_notes, image_probe, image_words, local_images
from penstock.environments.image_notes import ImageNote
from penstock.errors import DamagedError, PlatformError
from penstock.model import containers
from penstock.model.containers import Container, ContainerEngine

PODMAN = ContainerEngine("podman", "/usr/bin/podman")
DOCKER = ContainerEngine("docker", "/usr/bin/docker")
ID = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("python:3.12-slim", "docker.io/library/python:3.12-slim"),
        ("team/model@sha256:12", "docker.io/team/model@sha256:12"),
        ("docker.io/library/python", "docker.io/library/python"),
        ("ghcr.io/a/b", "ghcr.io/a/b"),
        ("localhost/x:1", "localhost/x:1"),
    ],
)
def test_a_short_name_is_that_of_docker_hub_with_both(name: str, full: str) -> None:
    assert image_words.pull(PODMAN, name) == ["/usr/bin/podman", "pull", full]
    assert image_words.pull(DOCKER, name) == ["/usr/bin/docker", "pull", name]


def test_a_look_into_an_image_says_how_its_container_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(words: list[str], undo: list[str], **_: object) -> None:
        assert "--network=none" in words
        assert undo[:3] == ["/usr/bin/podman", "rm", "--force"]
        assert f"--name={undo[-1]}" in words
        raise KeyboardInterrupt

    monkeypatch.setattr(engine_calls, "look", look)
    with pytest.raises(KeyboardInterrupt):
        image_probe.known(Path("/nowhere"), Container(PODMAN, ID), "x")


def test_what_both_say_of_an_image_is_one() -> None:
    config = {"Env": ["PATH=/opt/bin:/bin", "A=1=2"], "Labels": {"b": "2", "a": "1"}}
    podman = [{"Id": ID[7:], "Architecture": "amd64", "Config": config, "RepoDigests": None, "Size": 7}]
    docker = [{**podman[0], "Id": ID, "RepoDigests": [], "RepoTags": None}]
    assert local_images.read("x", json.dumps(podman)) == local_images.read("x", json.dumps(docker))
    found = local_images.read("x", json.dumps(docker))
    assert (found.id, found.path, found.labels) == (ID, "/opt/bin:/bin", (("a", "1"), ("b", "2")))
    local = [{**docker[0], "RepoDigests": ["localhost/x@sha256:12", "ghcr.io/a/x@sha256:12"]}]
    assert local_images.read("x", json.dumps(local)).origins == ("ghcr.io/a/x@sha256:12",)
    bare = local_images.read("x", json.dumps([{"Id": ID, "Config": {"Env": None, "Labels": None}}]))
    assert (bare.path, bare.labels, bare.origins) == ("", (), ())
    for damaged in ("", "[]", "{}", '[{"Id": 3}]', "[3]"):
        with pytest.raises(PlatformError, match=r"says of the image x what can't be read"):
            local_images.read("x", damaged)


def test_what_a_run_keeps_of_an_image_is_read_again() -> None:
    note = ImageNote("python:3.12", ID, ("docker.io/library/python@sha256:12",))
    assert image_notes.parse(note.text) == note
    assert image_notes.is_note(note.text)
    moved = ImageNote("python:3", ID, ())
    assert image_notes.parse(moved.text) == moved
    assert moved.digest == note.digest
    assert ImageNote("python:3.12", "sha256:" + "cd" * 32, ()).digest != note.digest
    with pytest.raises(DamagedError):
        image_notes.parse(note.text.replace("abab", "abac"))
    with pytest.raises(DamagedError):
        image_notes.parse("# penstock lock 2 b3-")
    assert containers.short_id(ID) == "ab" * 6


def test_what_the_probe_prints_is_read_and_nothing_else() -> None:
    printed = {**image_probe.NONE._asdict(), "python": "/usr/bin/python3", "version": "3.8.1"}
    found = image_probe.read(f"a banner of the image\n{json.dumps(printed)}\n")
    assert found is not None
    assert found.python == "/usr/bin/python3"
    assert not image_probe.runs_steps(found)
    assert image_probe.runs_steps(found._replace(version="3.10.0rc1"))
    assert not image_probe.runs_steps(image_probe.NONE)
    assert image_probe.read("hello") is None
    assert image_probe.read("") is None
    assert image_probe.read('{"python": 3}') is None
