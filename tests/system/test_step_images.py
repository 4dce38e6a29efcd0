"""Images of steps on real podman and docker: found, looked into, kept by runs, and packages beside them."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from penstock.environments import image_notes, image_requests, local_images
from penstock.environments.local_images import LocalImage
from penstock.errors import PlatformError, UsageError
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model import containers
from penstock.model.containers import Container, short_id
from penstock.model.environments import Environment
from tests.containers import Engine
from tests.wheels import wheel


class Project:
    """What makes the images of a project's runs ready."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self._kind = root, kind
        self.told = list[str]()

    def run(self, recorded: Mapping[str, str] = {}) -> RunEnvironments:
        """Of a run, new or one that has had images."""
        folder = self.root / ".penstock" / "environments"
        secrets = Secrets(self.root, {})
        return RunEnvironments(folder, recorded, secrets, self.told.append, containers=self._kind)


@pytest.fixture
def project(tmp_path: Path, engine: Engine) -> Project:
    return Project(tmp_path, engine.kind)


def _prints(container: Container, command: tuple[str, ...], variables: Mapping[str, str]) -> str:
    """What a command prints inside."""
    words = containers.run_words(container, f"penstock-test-{os.urandom(8).hex()}", command, variables, "/")
    environ = containers.client_environ(variables, os.environ)
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout.strip()


def _container(environments: RunEnvironments, environment: Environment) -> Container:
    environments.ready(environment, "s")
    found = environments.of(environment).container
    assert found is not None
    return found


def test_an_image_is_looked_into_once(engine: Engine, project: Project) -> None:
    environment = Environment(image=engine.image("python"), network=True, shm=1 << 20)
    container = _container(project.run(), environment)
    assert (container.python_version[:4], container.has_python) == ("3.11", True)
    assert (container.network, container.shm_bytes, container.user) == (True, 1 << 20, "0:0")
    assert _prints(container, (container.python, "-c", "print(6 * 7)"), {}) == "42"
    kept = list((project.root / ".penstock" / "environments" / "images").iterdir())
    assert len(kept) == 1
    kept[0].write_text(kept[0].read_text().replace("3.11.", "3.13."), encoding="utf-8")
    assert _container(project.run(), environment).python_version.startswith("3.13")
    kept[0].write_text("{", encoding="utf-8")
    assert _container(project.run(), environment).python_version.startswith("3.11")


def test_it_has_the_caller_s_groups_and_no_proxy_of_the_engine_s(
    engine: Engine, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://ada:s3cr3t@127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://ada:s3cr3t@127.0.0.1:1")
    container = _container(project.run(), Environment(image=engine.image("python")))
    code = "import os; print(sorted(os.getgroups()), [name for name in os.environ if 'proxy' in name.lower()])"
    assert _prints(container._replace(groups=(7, 70007)), (container.python, "-c", code), {}).endswith("7, 70007] []")


@pytest.mark.parametrize("name", ["bare", "static"])
def test_an_image_without_python_runs_programs_and_no_function(engine: Engine, project: Project, name: str) -> None:
    environment = Environment(image=engine.image(name))
    environments = project.run()
    assert not _container(environments, environment).has_python
    assert environments.of(environment).kit == ""
    with pytest.raises(UsageError, match=r"^step s can't run: the image \S+ has no Python on its PATH"):
        environments.refuse_function(environment, "s")
    with pytest.raises(UsageError, match=r"on top of the image \S+, which has no Python"):
        environments.ready(environment._replace(packages=("six",)), "s")


def test_packages_lie_beside_an_image_in_front_of_its_own(engine: Engine, project: Project, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheel(
        wheels, "pstsample", "1.0", requires="pstother", body="def main(): print('sample runs')", program="sample-runs"
    )
    wheel(wheels, "pstother", "2.0")
    environment = Environment(
        ["pstsample"], find_links=[wheels], image=engine.image("python"), env={"PYTHONPATH": "/mine", "A": "1"}
    )
    environments = project.run()
    container = _container(environments, environment)
    variables = dict(environments.of(environment).variables)
    assert variables["PYTHONPATH"].endswith("/site:/mine")
    lock = environments.lock_of(environment)
    assert lock is not None
    assert lock.packages == (("pstother", "2.0"), ("pstsample", "1.0"))
    code = "import pstother, pstsample; print(pstsample.VERSION, pstother.VERSION)"
    assert _prints(container, (container.python, "-c", code), variables) == "1.0 2.0"
    assert _prints(container, ("sample-runs",), variables) == "sample runs"
    assert environments.damages() == []
    name, image, python = environments.image_of(environment)
    assert (name, python) == (environment.image, container.python_version)
    assert image == container.image
    project.told.clear()
    _container(project.run(), environment)
    assert project.told == []


def test_packages_are_those_for_the_image_s_own_c_library(engine: Engine, project: Project, tmp_path: Path) -> None:
    for system in ("manylinux_2_17", "musllinux_1_1"):
        wheel(tmp_path, "pstsample", "1.0", body=f"SYSTEM = {system!r}", tag=f"py3-none-{system}_x86_64")
    environment = Environment(["pstsample"], find_links=[tmp_path], image=engine.image("musl"))
    environments = project.run()
    container = _container(environments, environment)
    code = "import pstsample; print(pstsample.SYSTEM)"
    variables = dict(environments.of(environment).variables)
    assert _prints(container, (container.python, "-c", code), variables) == "musllinux_1_1"


def test_what_an_image_has_and_fits_is_not_installed_again(engine: Engine, project: Project, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheel(wheels, "pstother", "2.0")
    wheel(wheels, "pstother", "1.0")
    wheel(wheels, "pstsample", "1.0", requires="pstother")
    built = f"localhost/penstock-test/has-other:{os.urandom(8).hex()}"
    context = tmp_path / "context"
    wheel(context, "pstother", "1.0")
    (context / "Dockerfile").write_text(
        f"FROM {engine.image('python')}\nCOPY *.whl /tmp/\n"
        "RUN cd /usr/local/lib/python3.11/dist-packages && python3 -m zipfile -e /tmp/*.whl .\n",
        encoding="utf-8",
    )
    engine.ask("build", "--tag", built, str(context))
    try:
        environments = project.run()
        environment = Environment(["pstsample"], find_links=[wheels], image=built)
        _container(environments, environment)
        lock = environments.lock_of(environment)
        assert lock is not None
        assert lock.packages == (("pstsample", "1.0"),)
        newer = environment._replace(packages=("pstsample", "pstother>1"))
        _container(environments, newer)
        lock = environments.lock_of(newer)
        assert lock is not None
        assert lock.packages == (("pstother", "2.0"), ("pstsample", "1.0"))
    finally:
        engine.try_to("image", "rm", built)


def test_a_package_without_a_wheel_is_told_with_the_mend(engine: Engine, project: Project) -> None:
    environment = Environment(["pstsample @ https://localhost:1/pstsample-1.0.tar.gz"], image=engine.image("python"))
    with pytest.raises(UsageError, match=r"^step s can't run: can't resolve the environment"):
        project.run().ready(environment, "s")


def _moved(engine: Engine, tag: str) -> str:
    """The tag, of another image than before."""
    engine.ask("tag", engine.image("trixie"), tag)
    return tag


def test_a_run_that_goes_on_gets_the_image_that_it_had_though_its_tag_moved(engine: Engine, project: Project) -> None:
    tag = f"localhost/penstock-test/moving:{os.urandom(8).hex()}"
    engine.ask("tag", engine.image("python"), tag)
    environment = Environment(image=tag)
    try:
        had = _container(project.run(), environment).image
        note = local_images.look(containers.ContainerEngine(engine.kind, engine.program), tag)
        assert note is not None
        recorded = {image_requests.asked(tag): note.note.text}
        _moved(engine, tag)
        assert _container(project.run(), environment).image != had
        project.told.clear()
        assert _container(project.run(recorded), environment).image == had
        short = short_id(had)
        assert project.told[0].startswith(f"the name {tag} has moved to ")
        assert project.told[0].endswith(f"; this run goes on with {short}, which it had")
        assert len(project.told) == 1
        gone = {image_requests.asked(tag): image_notes.ImageNote(tag, f"sha256:{'0' * 64}", ()).text}
        with pytest.raises(UsageError, match=rf"{tag} that the run had, 0{{12}}, is gone from {engine.kind}, and no"):
            project.run(gone).ready(environment, "s")
        origin = f"127.0.0.1:1/team/x@sha256:{'0' * 64}"
        gone = {image_requests.asked(tag): image_notes.ImageNote(tag, f"sha256:{'0' * 64}", (origin,)).text}
        told = (
            rf"gone from {engine.kind}: can't pull the image {origin}: .*\n127.0.0.1:1 can't be reached: .*\nOr bring"
        )
        with pytest.raises(UsageError, match=told):
            project.run(gone).ready(environment, "s")
    finally:
        engine.try_to("image", "rm", tag)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("localhost/penstock-test/nosuch:1", r"there is no image localhost/penstock-test/nosuch:1 in {kind}"),
        ("127.0.0.1:1/team/x:1", r"can't pull the image 127.0.0.1:1/team/x:1: [^\n]+\n127.0.0.1:1 can't be reached"),
    ],
)
def test_an_image_that_can_not_be_had_is_told(engine: Engine, project: Project, image: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"^step s can't run: {said.format(kind=engine.kind)}"):
        project.run().ready(Environment(image=image), "s")


def test_a_project_that_would_hide_what_an_image_needs_is_refused(engine: Engine, project: Project) -> None:
    environment = Environment(image=engine.image("bare"))
    folder = project.root / ".penstock" / "environments"
    for root in (Path("/"), Path("/usr"), Path("/proc/self")):
        here = RunEnvironments(folder, {}, Secrets(project.root, {}), print, containers=engine.kind, root=root)
        with pytest.raises(UsageError, match=r"move the project into a folder of its own"):
            here.ready(environment, "s")


def test_a_secret_that_would_stand_in_an_argument_list_is_refused(engine: Engine, project: Project) -> None:
    (project.root / ".env").write_text("DOCKER_AUTH_CONFIG=s3cr3t\n", encoding="ascii")
    environment = Environment(image=engine.image("bare"), secrets=["DOCKER_AUTH_CONFIG"])
    with pytest.raises(UsageError, match=rf"the secret DOCKER_AUTH_CONFIG can't go into a container: {engine.kind} "):
        project.run().ready(environment, "s")


def test_without_an_engine_it_says_what_to_install(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project.root))
    with pytest.raises(UsageError, match=r"^step s can't run: .* is not on PATH: install one: `sudo apt-get"):
        project.run().ready(Environment(image="python:3.12"), "s")


def test_podman_by_the_name_of_docker_is_told(
    podman_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in podman_engine.environ.items():
        monkeypatch.setenv(name, value)
    docker = tmp_path / "bin" / "docker"  # as Debian's podman-docker brings it
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\nexec {podman_engine.program} "$@"\n', encoding="ascii")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    told = rf"^step s can't run: {docker} is podman by another name: say `containers = \"podman\"` in \[project\]$"
    with pytest.raises(UsageError, match=told):
        Project(tmp_path, "docker").run().ready(Environment(image="x:1"), "s")


def test_a_daemon_that_is_gone_is_told(docker_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in docker_engine.environ.items():
        monkeypatch.setenv(name, value)
    environments = Project(tmp_path, "docker").run()
    environment = Environment(image=docker_engine.image("bare"))
    environments.ready(environment, "s")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/gone.sock")
    for run in (environments, Project(tmp_path, "docker").run()):
        with pytest.raises(PlatformError, match=r"gone.sock[^\n]*\nStart it: `sudo systemctl start docker`"):
            run.ready(environment._replace(image="localhost/penstock-test/other:1"), "s")


def test_an_image_of_another_machine_is_refused(podman_engine: Engine, tmp_path: Path) -> None:
    engine = containers.ContainerEngine("podman", podman_engine.program)
    (found,) = [LocalImage("x:1", f"sha256:{'0' * 64}", (), "s390x", "", 0, (), ())]
    with pytest.raises(UsageError, match=r"the image x:1 is made for s390x, and this machine is "):
        local_images.refuse_another_machine(engine, found)
    local_images.refuse_another_machine(engine, found._replace(machine=os.uname().machine))


def test_an_image_is_found_while_others_are_built_and_removed(
    podman_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in podman_engine.environ.items():
        monkeypatch.setenv(name, value)
    base = podman_engine.image("bare")
    tag = f"localhost/penstock-test/others:{os.urandom(8).hex()}"
    is_over = threading.Event()

    def build_others() -> None:
        try:
            for turn in range(4):
                lines = [f"FROM {base}", *(f"LABEL {tag.rpartition(':')[2]}={turn}-{line}" for line in range(3))]
                (tmp_path / "Dockerfile").write_text("\n".join(lines), encoding="utf-8")
                podman_engine.ask("build", "--tag", tag, str(tmp_path))
                podman_engine.ask("image", "rm", tag)
        finally:
            is_over.set()

    others = threading.Thread(target=build_others)
    others.start()
    found = set[str]()
    while not is_over.is_set():
        image = local_images.look(containers.ContainerEngine("podman", podman_engine.program), base)
        found.add("gone" if image is None else image.id)
    others.join()
    assert found == {podman_engine.image_id("bare")}
