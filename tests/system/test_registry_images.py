"""Images of a real registry: by name and digest, after a name moved, for who is nobody there; and those that can't
run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.agent.agent_interpreters import AgentInterpreters
from penstock.artifacts.folder import FolderStore
from penstock.environments import local_images
from penstock.errors import UsageError
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model.containers import ContainerEngine, short_id
from penstock.model.environments import Environment
from tests.containers import Engine
from tests.registry import Registry, registry
from tests.system.contained_flows import said_by_verb

_FLOW = """
from penstock import Image, command, flow

says = command(["/program", "{{word}}"], parameters=["word"], outputs={{"words": "json"}}, name="says",
               image={image}, cache=True)

@flow
def f():
    return says(word="one")

@flow
def g():
    import os
    said = says(word="two")
    if not os.path.exists("mended"):
        raise ValueError("not yet")
    return said, says(word="three")
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


class Yard:
    """A project, its engine, and the images that are made for it."""

    def __init__(self, engine: Engine, shop: Registry, root: Path) -> None:
        self.engine, self.shop, self.root = engine, shop, root
        self.name = f"{shop.host}/team/x{os.urandom(6).hex()}:1"
        self.told = list[str]()
        self._made = [self.name]

    def built(self, *lines: str, base: str = "static", platform: str = "", name: str = "") -> str:
        """The name of an image that is like no other one; "": that of the project."""
        context = self.root / "context"
        context.mkdir(parents=True, exist_ok=True)
        (context / "mark").write_text(os.urandom(8).hex(), encoding="ascii")
        begin = f"FROM {self.engine.image(base)}" if base else "FROM scratch"
        (context / "Dockerfile").write_text("\n".join([begin, "COPY mark /", *lines]) + "\n", encoding="utf-8")
        made = name or self.name
        self._made.append(made)
        self.engine.ask("build", *([f"--platform={platform}"] if platform else []), "--tag", made, str(context))
        return made

    def pushed(self, *lines: str, base: str = "static", platform: str = "") -> str:
        """The id of one that the registry has by the project's name, and nobody else."""
        self.built(*lines, base=base, platform=platform)
        found = self.look(self.name)
        assert found is not None
        subprocess.run([self.engine.program, "push", self.name], check=True, capture_output=True)  # as `ada`
        self.engine.ask("image", "rm", self.name)
        assert self.look(found.id) is None
        return found.id

    def look(self, name: str) -> local_images.LocalImage | None:
        return local_images.look(ContainerEngine(self.engine.kind, self.engine.program), name)

    def run(self) -> RunEnvironments:
        """What makes the images of one run ready."""
        folder, secrets = self.root / ".penstock" / "environments", Secrets(self.root, {})
        return RunEnvironments(folder, {}, secrets, self.told.append, containers=self.engine.kind)

    def ready(self, image: str) -> str:
        """The id of the image that a run of the project has for a name."""
        environments = self.run()
        environments.ready(Environment(image=image), "s")
        container = environments.of(Environment(image=image)).container
        assert container is not None
        return container.image

    def refused(self, image: str) -> str:
        with pytest.raises(UsageError) as caught:
            self.ready(image)
        return str(caught.value)

    def penstock(self, *words: str, code: int = 0) -> str:
        """What a verb prints, on both streams."""
        return said_by_verb(self.root, *words, code=code)

    def writes_flow(self, image: str = "") -> None:
        """With steps in an image, the project's, or what stands for another one."""
        (self.root / "flows.py").write_text(_FLOW.format(image=image or repr(self.name)), encoding="utf-8")
        (self.root / "penstock.toml").write_text(f'[project]\ncontainers = "{self.engine.kind}"\n', encoding="utf-8")

    def clear(self, *ids: str) -> None:
        for name in (*self._made, *ids):
            self.engine.try_to("image", "rm", "--force", name)


@pytest.fixture
def yard(engine: Engine, shop: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Yard]:
    for name, value in shop.environ(engine).items():
        monkeypatch.setenv(name, value)
    yard = Yard(engine, shop, tmp_path)
    yield yard
    yard.clear()


def test_it_is_pulled_by_its_name_and_by_its_digest(yard: Yard) -> None:
    first = yard.pushed()
    assert yard.ready(yard.name) == first
    assert yard.told[0] == f"pulls the image {yard.name} with {yard.engine.kind}"
    found = yard.look(yard.name)
    assert found is not None
    (origin,) = found.origins
    assert origin.startswith(f"{yard.name.removesuffix(':1')}@sha256:")
    yard.told.clear()
    assert yard.ready(yard.name) == first
    assert yard.told == []
    yard.engine.ask("image", "rm", yard.name)
    second = yard.pushed()
    assert yard.ready(origin) == first
    assert yard.ready(yard.name) == second
    yard.clear(first, second)


def test_an_agent_pulls_it_by_its_digest(yard: Yard, tmp_path: Path) -> None:
    first = yard.pushed()
    environment, store = Environment(image=yard.name), FolderStore(tmp_path / "tier")
    kind = yard.engine.kind
    told = yard.run().travelling(environment, "s", lambda: store, wheels=False, here=False, containers=kind)
    yard.engine.ask("image", "rm", yard.name)
    yard.pushed()
    agent = AgentInterpreters(tmp_path / "there", store, dict, yard.told.append)
    try:
        agent.learn([told])
        agent.ready(environment, "s")
        container = agent.of(environment).container
        assert container is not None
        assert container.image == first
        assert any(f"pulls the image {yard.name.removesuffix(':1')}@sha256:" in line for line in yard.told)
        assert not (tmp_path / "tier").exists()
    finally:
        agent.close()
        yard.clear(first)


def test_a_name_that_moved_is_said_and_a_run_that_goes_on_has_what_it_had(yard: Yard) -> None:
    first = yard.pushed()
    yard.writes_flow()
    yard.penstock("run", "flows.py:f")
    yard.penstock("run", "flows.py:g", code=1)
    yard.engine.ask("image", "rm", yard.name)
    second = yard.pushed()
    # Nothing of it lies here any more: the name is pulled, the run's own by its digest.
    (yard.root / "mended").touch()
    said = yard.penstock("resume", "g/1")
    assert f"the image {yard.name} that the run had, {short_id(first)}, is not here any more" in said
    assert f"pulls the image {yard.name.removesuffix(':1')}@sha256:" in said
    assert yard.look(first) is not None
    assert "the name" not in said
    yard.penstock("run", "flows.py:f")
    why = " ".join(yard.penstock("why", "f/2/says/1").split())
    assert f"the image {yard.name} ({short_id(first)}) became {yard.name} ({short_id(second)})" in why
    said = yard.penstock("fork", "f/1")
    assert f"the name {yard.name} has moved to {short_id(second)}; this run goes on with {short_id(first)}" in said
    yard.clear(first, second)


def test_who_is_not_known_there_is_told_which_registry_and_what_mends_it(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.pushed()
    for name, value in yard.shop.environ(yard.engine, "wrong").items():
        monkeypatch.setenv(name, value)
    said = yard.refused(yard.name)
    assert said.startswith(f"step s can't run: can't pull the image {yard.name}: ")
    assert said.endswith(f"\nSay who you are: `{yard.engine.kind} login {yard.shop.host}`")
    for name, value in yard.shop.environ(yard.engine).items():
        monkeypatch.setenv(name, value)
    missing = f"{yard.name.removesuffix(':1')}:2"
    said = yard.refused(missing)
    assert f"There is no {missing} at {yard.shop.host}, or it is not yours to see: check its name and tag" in said


def test_an_image_of_another_architecture_is_refused(yard: Yard) -> None:
    yard.pushed(base="", platform="linux/s390x")
    said = yard.refused(yard.name)
    assert said.startswith(f"step s can't run: the image {yard.name} is made for s390x, and this machine is ")
    assert f"`{yard.engine.kind} image rm {yard.name}` lets it be pulled again" in said
    yard.engine.ask("image", "rm", yard.name)


def test_an_image_that_is_made_for_others_alone_is_not_pulled(
    yard: Yard, podman_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    index = f"localhost/penstock-test/index:{os.urandom(6).hex()}"
    maker = Yard(podman_engine, yard.shop, tmp_path_factory.mktemp("maker"))
    made = maker.built(base="", platform="linux/s390x", name=f"{index}-1")
    login = {**os.environ, **podman_engine.environ, **yard.shop.environ(podman_engine)}
    try:
        podman_engine.ask("manifest", "create", index, f"containers-storage:{made}")
        words = [podman_engine.program, "manifest", "push", "--all", index, f"docker://{yard.name}"]
        subprocess.run(words, env=login, check=True, capture_output=True)
        told = f"\n{yard.name} is not made for this machine ({os.uname().machine}): name one that is"
        assert told in yard.refused(yard.name)
    finally:
        podman_engine.try_to("manifest", "rm", index)
        maker.clear()


_OLD: dict[str, str | list[str]] = {
    "python": "/usr/bin/python3",
    "version": "3.7.3",
    "implementation": "cpython",
    "machine": os.uname().machine,
    "libc": "glibc",
    "libc_version": "2.28",
    "site": "/usr/local/lib/python3.7/dist-packages",
    "path": [],
    "packages": [],
}


def test_an_image_whose_python_is_too_old_runs_programs_and_no_function(yard: Yard) -> None:
    (yard.root / "context").mkdir()
    said = f"#!/bin/sh\ncat <<END\n{json.dumps(_OLD)}\nEND\n"
    (yard.root / "context" / "python3").write_text(said, encoding="ascii")
    (yard.root / "context" / "python3").chmod(0o755)
    name = f"localhost/penstock-test/old:{os.urandom(6).hex()}"
    image = Environment(image=yard.built("COPY python3 /usr/bin/", base="bare", name=name))
    environments = yard.run()
    environments.ready(image, "s")
    container = environments.of(image).container
    assert container is not None
    assert not container.has_python
    with pytest.raises(UsageError) as caught:
        environments.refuse_function(image, "s")
    assert str(caught.value).startswith(
        f"step s can't run: the image {name} has Python 3.7.3, and a function needs one from 3.9 on: name an image with"
    )


def test_what_was_built_goes_by_env_rm_and_gc_and_a_run_that_goes_on_builds_it_anew(yard: Yard) -> None:
    yard.writes_flow("Image.dockerfile()")
    (yard.root / ".dockerignore").write_text("*\n")
    mark = os.urandom(6).hex()
    (yard.root / "Dockerfile").write_text(f"FROM {yard.engine.image('static')}\nLABEL penstock.test={mark}\n")
    yard.penstock("run", "flows.py:g", code=1)
    row = yard.penstock("env", "ls").splitlines()[1].split()
    name = f"{row[2]}:{row[3]}"
    assert name.startswith("localhost/penstock/")
    yard.penstock("env", "rm", row[0])
    assert yard.look(name) is None
    (yard.root / "mended").touch()
    assert f"the image {name} that the run had, " in yard.penstock("resume", "g/1")
    assert yard.look(name) is not None
    assert yard.penstock("gc", "--yes").startswith("nothing to free")
    yard.penstock("gc", "--keep-last", "0", "--older-than", "0d", "--cache", "--yes")
    assert yard.look(name) is None
    assert name not in yard.penstock("env", "ls")
