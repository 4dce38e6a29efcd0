"""Images that steps describe, built by real podman and docker: once, again where something changed, and taken away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from penstock.environments import built_environments, built_images, contexts, image_builds, image_words, local_images
from penstock.environments.image_builds import Builder
from penstock.environments.local_images import LocalImage
from penstock.environments.uv import Tell
from penstock.errors import PlatformError, UsageError
from penstock.model import image_checks
from penstock.model.containers import ContainerEngine
from penstock.model.images import Image
from tests.contained import mark
from tests.containers import Engine
from tests.system.flows import wait_until
from tests.wheels import wheel


class Yard:
    """Builds images of a project, and removes what was built."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine, self.root, self.told = engine, root, list[str]()
        self.folder = root / ".penstock" / "environments"
        self.repository = root.name.lower().replace(", ", "-").replace(" ", "-")
        self._asked = ContainerEngine(engine.kind, engine.program)

    def built(self, image: Image, tell: Tell | None = None) -> LocalImage:
        checked = image_checks.checked(image, str(self.root))
        assert isinstance(checked, Image)
        return image_builds.built(Builder(self._asked, self.root, self.folder, tell or self.told.append), checked)

    def has(self, name: str) -> bool:
        return local_images.look(self._asked, name) is not None

    def clear(self) -> None:
        for _, note in built_images.listed(self.folder):
            self.engine.try_to("image", "rm", note.tag)
            self.engine.try_to("image", "rm", note.id)


@pytest.fixture
def yard(engine: Engine, tmp_path: Path) -> Yard:
    root = tmp_path / f"My Project, {os.urandom(8).hex()}"  # podman is shared by all sessions
    root.mkdir()
    return Yard(engine, root)


def test_a_dockerfile_is_built_once_for_its_content(engine: Engine, yard: Yard) -> None:
    (yard.root / "Dockerfile").write_text(
        "ARG BASE\nFROM $BASE AS first\nCOPY data.txt /data.txt\nFROM first AS second\nCOPY big.csv /nowhere\n"
    )
    (yard.root / ".dockerignore").write_text("*\n!data.txt\n!big.csv\n*.csv\n")
    (yard.root / "data.txt").write_text("1")
    (yard.root / "big.csv").write_text("1")
    image = Image.dockerfile(target="first", args={"BASE": engine.image("bare")})
    try:
        first = yard.built(image)
        assert first.name.startswith(f"localhost/penstock/{yard.repository}:")
        assert first.tags == (first.name,)
        yard.told.clear()
        (yard.root / "big.csv").write_text("changed")
        assert yard.built(image).id == first.id
        assert yard.told == []
        (yard.root / "data.txt").write_text("2")
        assert yard.built(image).id != first.id
        assert any("builds the image" in line for line in yard.told)
        assert sorted(one.suffix for one in (yard.folder / "images").iterdir()) == [".json", ".json"]
    finally:
        yard.clear()


def test_files_that_change_while_it_is_built_are_not_taken_for_what_they_were(engine: Engine, yard: Yard) -> None:
    (yard.root / "Dockerfile").write_text(f"FROM {engine.image('bare')}\nRUN echo edits\nCOPY in /in\n")
    (yard.root / ".dockerignore").write_text("*\n!in/data.txt\n")
    (yard.root / "in").mkdir()
    data = yard.root / "in" / "data.txt"
    data.write_text("1")

    def tell(line: str) -> None:
        if "echo edits" in line:
            data.write_text("2")

    def content(image: LocalImage) -> str:
        return engine.ask("run", "--rm", "--network=none", image.id, "cat", "/in/data.txt")

    try:
        before = yard.built(Image.dockerfile(), tell)
        assert content(before) == "1"
        after = yard.built(Image.dockerfile())
        assert content(after) == "2"
        data.write_text("1")
        assert yard.built(Image.dockerfile()).id == before.id
    finally:
        yard.clear()


def test_files_that_change_before_it_is_built_give_it_its_name(
    engine: Engine, yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    (yard.root / "Dockerfile").write_text(f"FROM {engine.image('bare')}\nCOPY data.txt /\n")
    data = yard.root / "data.txt"
    data.write_text("1")
    stage = contexts.stage

    def late(context: str, target: Path) -> list[str]:
        data.write_text("2")
        return stage(context, target)

    try:
        with monkeypatch.context() as patched:
            patched.setattr(contexts, "stage", late)
            made = yard.built(Image.dockerfile())
        assert engine.ask("run", "--rm", "--network=none", made.id, "cat", "/data.txt") == "2"
        yard.told.clear()
        assert yard.built(Image.dockerfile()).id == made.id
        assert yard.told == []
        data.write_text("1")
        again = yard.built(Image.dockerfile())
        assert engine.ask("run", "--rm", "--network=none", again.id, "cat", "/data.txt") == "1"
    finally:
        yard.clear()


def test_a_line_that_fails_is_named_and_leaves_nothing(engine: Engine, yard: Yard) -> None:
    (yard.root / "Dockerfile").write_text(
        f"FROM {engine.image('bare')}\nRUN echo one; \\\n  echo oh no >&2; exit 3\nRUN true\n"
    )
    with pytest.raises(UsageError, match=r"^can't build the image of Dockerfile: line 2 failed, `RUN echo one; "):
        yard.built(Image.dockerfile())
    assert "oh no" in _failure(yard, Image.dockerfile())
    recipe = Image(engine.image("bare"), run=['echo "oh, no"', "false || exit 7"])
    assert "this failed, `false || exit 7`" in _failure(yard, recipe)
    assert list((yard.folder / "images").iterdir()) == []
    assert f"localhost/penstock/{yard.repository}" not in engine.repositories()
    ((label, value),) = image_words.labels_of(str(yard.root))
    assert engine.containers(f"{label}={value}") == []


def _failure(yard: Yard, image: Image) -> str:
    with pytest.raises(UsageError) as caught:
        yard.built(image)
    return str(caught.value)


def test_what_it_is_built_of_may_be_gone(yard: Yard) -> None:
    assert "Dockerfile, of which an image is built, is not there" in _failure(yard, Image.dockerfile())
    (yard.root / "Dockerfile").write_text("FROM localhost/penstock-test/nosuch:1\n")
    assert "context, of which an image is built, is not there" in _failure(yard, Image.dockerfile(context="context"))
    assert "there is no image localhost/penstock-test/nosuch:1" in _failure(yard, Image.dockerfile())


def test_a_recipe_gets_packages_from_outside_and_then_its_lines(
    engine: Engine, yard: Yard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = tmp_path / "wheels"
    wheel(wheels, "pstrecipe", "1.0", body="def main(): print('runs')", program="pst-runs")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    recipe = Image(engine.image("python"), packages=["pstrecipe"], run=["pst-runs > /made", "test -s /made"])
    try:
        made = yard.built(recipe)
        code = "import pstrecipe; print(pstrecipe.VERSION, open('/made').read().strip())"
        assert engine.ask("run", "--rm", "--network=none", made.id, "python3", "-c", code).strip() == "1.0 runs"
    finally:
        yard.clear()


def test_what_was_built_is_listed_and_taken_away_and_what_was_pulled_is_not(engine: Engine, yard: Yard) -> None:
    base = engine.image("bare")
    made = yard.built(Image(base, run=["echo 1 > /one"]))
    try:
        (entry,) = built_environments.listed(yard.folder)
        assert (entry.python, entry.packages) == ("image", (tuple(made.name.rsplit(":", 1)),))
        assert not entry.in_use
        assert entry.digest == made.note.digest
        with built_images.held(yard.folder, made.id):
            (held,) = built_environments.listed(yard.folder)
            assert held.in_use
            assert not built_environments.take_away(held)
        (entry,) = built_environments.listed(yard.folder)
        container = engine.ask("create", made.id, "true").strip()
        try:
            with pytest.raises(UsageError, match=r"is in use"):
                built_environments.remove(yard.folder, entry.name)
        finally:
            engine.ask("rm", "--force", container)
        built_environments.remove(yard.folder, entry.name)
        assert not yard.has(made.name)
        assert yard.has(base)
        assert built_environments.listed(yard.folder) == []
    finally:
        yard.clear()


def test_an_image_that_was_removed_by_hand_is_built_anew(engine: Engine, yard: Yard) -> None:
    recipe = Image(engine.image("bare"), run=["echo 2 > /two"])
    first = yard.built(recipe)
    try:
        engine.ask("image", "rm", first.name)
        yard.told.clear()
        assert yard.built(recipe).name == first.name
        assert yard.told
        (entry,) = built_environments.listed(yard.folder)
        engine.ask("image", "rm", first.name)
        assert built_environments.take_away(entry)
        assert built_environments.listed(yard.folder) == []
    finally:
        yard.clear()


def test_an_image_that_has_lost_its_name_to_another_one_is_taken_away_alone(engine: Engine, yard: Yard) -> None:
    made = yard.built(Image(engine.image("bare"), run=["echo 3 > /three"]))
    other = yard.built(Image(engine.image("bare"), run=["echo 4 > /four"]))
    try:
        engine.ask("tag", other.id, made.name)
        entries = {entry.digest: entry for entry in built_environments.listed(yard.folder)}
        with built_images.held(yard.folder, made.id):
            assert not built_environments.take_away(entries[made.note.digest])
        (entry,) = [one for one in built_environments.listed(yard.folder) if one.digest == made.note.digest]
        assert built_environments.take_away(entry)
        assert not yard.has(made.id)
        assert yard.has(other.name)
        assert yard.has(made.name)
        assert [one.digest for one in built_environments.listed(yard.folder)] == [other.note.digest]
    finally:
        engine.try_to("image", "rm", made.name)
        yard.clear()


_INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from penstock.environments import image_builds
from penstock.model.containers import ContainerEngine
from penstock.model.images import Image

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever runs the tests may ignore it

def tell(line):
    print(line, flush=True)
    if "sleep" in line:
        threading.Timer(1, os.kill, (os.getpid(), int(number))).start()

kind, program, root, base, line, number = sys.argv[1:]
folder = Path(root, ".penstock", "environments")
builder = image_builds.Builder(ContainerEngine(kind, program), Path(root), folder, tell)
try:
    image_builds.built(builder, Image(base, run=[line]))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_build_ends_with_whoever_wants_it(engine: Engine, yard: Yard, number: signal.Signals) -> None:
    words = [sys.executable, "-c", _INTERRUPTED, engine.kind, engine.program, str(yard.root), engine.image("bare")]
    sleep = f"98{os.getpid()}{number}"
    done = subprocess.run([*words, f"sleep {sleep}", str(number)], capture_output=True, text=True, check=False)
    said = done.stdout, done.stderr
    assert done.returncode == (0 if number == signal.SIGINT else -number), said
    assert done.stdout.endswith("interrupted\n") == (number == signal.SIGINT), said
    wait_until(lambda: not _with_word(yard.repository), "for the end of the client")
    wait_until(lambda: not _with_word(sleep), "for the end of what it ran")
    if number == signal.SIGINT:
        assert list((yard.folder / "images").iterdir()) == []
    assert f"localhost/penstock/{yard.repository}" not in engine.repositories()


def test_a_full_disk_of_the_engine_is_told_with_the_mend(
    podman_engine: Engine, mounted: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, settings, root = mounted("size=24m"), tmp_path / "storage.conf", tmp_path / "project"
    settings.write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{disk}/images"\nrunroot = "{tmp_path}/run"\n', encoding="ascii"
    )
    environ = {**podman_engine.environ, "CONTAINERS_STORAGE_CONF": str(settings)}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    small = Engine("podman", podman_engine.program, environ, disk)
    root.mkdir()
    (root / "Dockerfile").write_text(f"FROM {small.image('static')}\nCOPY data /data\n", encoding="ascii")
    (root / "data").write_bytes(os.urandom(60 << 20))
    yard = Yard(small, root)
    with pytest.raises(
        PlatformError, match=r"no space left on device\nThe engine's disk is full: free some space there"
    ):
        yard.built(Image.dockerfile())
    assert (len(small.ask("image", "ls", "--all", "--quiet").split()), list((yard.folder / "images").iterdir())) == (
        1,
        [],
    )


def _with_word(word: str) -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if any(word in part for part in one.info["cmdline"] or ())]


_LOOKED_INTO = """
import signal, sys
from pathlib import Path
from penstock.environments import image_probe
from penstock.model.containers import Container, ContainerEngine

signal.signal(signal.SIGINT, signal.default_int_handler)  # likewise
kind, program, image, folder, mark = sys.argv[1:]
container = Container(ContainerEngine(kind, program), image, user="0:0", labels=(("penstock.test", mark),))
image_probe.known(Path(folder), container, "slow")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_look_into_an_image_ends_with_whoever_wants_it(engine: Engine, yard: Yard, number: signal.Signals) -> None:
    slow = "printf '#!/bin/sh\\nsleep 600\\n' > /usr/bin/python3 && chmod +x /usr/bin/python3"
    label = f"penstock.test={mark(yard.root)}"
    try:
        made = yard.built(Image(engine.image("bare"), run=[slow]))
        words = [sys.executable, "-c", _LOOKED_INTO, engine.kind, engine.program, made.id, str(yard.root)]
        looks = subprocess.Popen([*words, mark(yard.root)], stderr=subprocess.DEVNULL)
        wait_until(lambda: engine.containers(label), "for a container")
        looks.send_signal(number)
        looks.wait()
        wait_until(lambda: not engine.containers(label), "for its end")
    finally:
        yard.clear()
