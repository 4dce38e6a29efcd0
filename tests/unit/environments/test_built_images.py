"""Notes of images that were built: one for each, and no word in them that removes what is the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.environments import built_images
from penstock.environments.local_images import LocalImage
from penstock.model.containers import ContainerEngine

_PODMAN = ContainerEngine("podman", "/usr/bin/podman")
_KEY = "0123456789abcdef"


def _image(digit: str) -> LocalImage:
    return LocalImage("localhost/penstock/flow:0123456789ab", f"sha256:{digit * 64}", (), "amd64", "", 70, (), ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    return tmp_path


def test_one_that_is_built_anew_leaves_the_note_of_the_one_before(folder: Path) -> None:
    for image in (_image("a"), _image("b"), _image("a")):
        built_images.write(built_images.note_of(folder, _PODMAN, _KEY, image.id), _PODMAN, image, "Dockerfile", 50)
    found = [(file.name, note.id, note.own_bytes) for file, note in built_images.listed(folder)]
    assert found == [
        (f"built-0123456789ab-podman-{digit * 12}.json", f"sha256:{digit * 64}", 20) for digit in ("a", "b")
    ]


@pytest.mark.parametrize(
    ("name", "value"), [("tag", "python:3.12"), ("id", "--all"), ("id", "latest"), ("engine", "/tmp/evil")]
)
def test_a_note_that_a_container_may_have_written(folder: Path, name: str, value: str) -> None:
    image = _image("a")
    file = built_images.note_of(folder, _PODMAN, _KEY, image.id)
    built_images.write(file, _PODMAN, image, "Dockerfile", 0)
    assert built_images.read(file) is not None
    file.write_text(json.dumps({**json.loads(file.read_bytes()), name: value}))
    assert built_images.read(file) is None
    assert list(built_images.listed(folder)) == []
