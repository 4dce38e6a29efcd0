"""Images of steps at agents: the very ones that the driver has, found, pulled or sent there, with steps, packages and
programs in them, and nothing left of an agent that was killed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from penstock.agent import sent_images
from penstock.agent.agent_interpreters import AgentInterpreters
from penstock.artifacts.folder import FolderStore
from penstock.environments import built_environments, built_images, image_words
from penstock.errors import UsageError
from penstock.executors.interpreters import Interpreter
from penstock.launch import own_packages
from penstock.launch.own_packages import OwnPackages
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model import containers, image_checks, luggage
from penstock.model.containers import Mount
from penstock.model.environments import Environment
from penstock.model.images import Image
from penstock.model.luggage import TravellingEnvironment, TravellingImage
from tests.containers import Engine
from tests.system.flows import Project, wait_until
from tests.wheels import wheel


class Machines:
    """A run's environments here, a store that both reach, and an agent's there, with the same engine."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.engine, self.folder, self.told = engine, folder, list[str]()
        self.here = self.driver()
        self.store = FolderStore(folder / "tier")
        self.there = self.agent()

    def driver(self) -> RunEnvironments:
        folder = self.folder / "here" / ".penstock" / "environments"
        return RunEnvironments(folder, {}, Secrets(self.folder, {}), self.told.append, containers=self.engine.kind)

    def agent(self) -> AgentInterpreters:
        return AgentInterpreters(self.folder / "there", self.store, dict, self.told.append)

    def sent(self, environment: Environment, *, wheels: bool = False, here: bool = True) -> TravellingEnvironment:
        kind = self.engine.kind
        told = self.here.travelling(environment, "train", lambda: self.store, wheels=wheels, here=here, containers=kind)
        return luggage.environment_from_plain(told)

    def arrives(self, environment: Environment, sent: TravellingEnvironment) -> Interpreter:
        self.there.learn([luggage.environment_to_plain(sent)])
        self.there.ready(environment, "train")
        return self.there.of(environment)

    def prints(self, interpreter: Interpreter, *command: str, folder: Path | None = None) -> str:
        """What a command prints in a container there; `folder`: where it may write its outputs."""
        assert interpreter.container is not None
        container, variables = interpreter.container, dict(interpreter.variables)
        if folder is not None:
            container = container.seeing(Mount(str(folder), writable=True))
            variables["PENSTOCK_OUTPUTS"] = str(folder)
        words = containers.run_words(container, f"penstock-far-{os.getpid()}", command, variables, "/")
        environ = containers.client_environ(variables, os.environ)
        done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.strip()


@pytest.fixture
def podman(podman_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Its variables are set, so that whatever the test starts asks this one."""
    for name, value in podman_engine.environ.items():
        monkeypatch.setenv(name, value)
    return podman_engine


@pytest.fixture
def machines(podman: Engine, tmp_path: Path) -> Iterator[Machines]:
    machines = Machines(tmp_path, podman)
    yield machines
    machines.there.close()


def test_packages_are_put_beside_an_image_there(machines: Machines, tmp_path: Path) -> None:
    index = tmp_path / "index"
    wheel(index, "pstsample", "1.0", requires="pstother", body="def main(): print('runs')\n", program="sample-runs")
    wheel(index, "pstother", "2.0")
    image = machines.engine.image("python")
    environment = Environment(["pstsample"], find_links=[index], image=image, env={"MODE": "fast"})
    sent = machines.sent(environment)
    with pytest.raises(
        UsageError, match=r"^step train can't run: packages on top of an image don't go by `wheels = tr"
    ):
        machines.sent(environment, wheels=True)
    there = machines.arrives(environment, sent)
    assert there.container is not None
    code = "import os, pstother, pstsample; print(pstsample.VERSION, pstother.VERSION, os.environ['MODE'])"
    assert machines.prints(there, there.container.python, "-c", code) == "1.0 2.0 fast"
    assert machines.prints(there, "sample-runs") == "runs"
    assert there.variables[0] == ("MODE", "fast")
    site = dict(there.variables)["PYTHONPATH"]
    assert site.startswith(f"{tmp_path / 'there' / 'environments'}/")


def test_an_image_that_no_registry_has_comes_as_an_archive_once(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setattr(own_packages, "own_packages", lambda: OwnPackages("3.0.0", (), ()))
    (tmp_path / "Dockerfile").write_text(f"FROM {machines.engine.image('static')}\nCOPY Dockerfile /made\n")
    image = image_checks.checked(Image.dockerfile(), str(tmp_path))
    environment = Environment(image=image)
    sent = machines.sent(environment, here=False)
    assert sent.image is not None
    assert sent.image.archive is not None
    name, identity, _ = machines.here.image_of(environment)
    machines.engine.ask("image", "rm", name)  # as on another machine
    there = machines.arrives(environment, sent)
    tag = f"localhost/penstock/sent:{identity.removeprefix('sha256:')[:12]}"
    try:
        assert there.container is not None
        assert machines.prints(there, "/program", "ran", folder=tmp_path) == "no shell is here"
        assert (tmp_path / "words.json").read_text() == '["ran"]\n'
        assert (there.container.image, there.container.has_python) == (identity, False)
        assert sum("loads the image" in line for line in machines.told) == 1
        machines.arrives(environment, sent)
        assert machines.agent().of(None).container is None
        assert sum("loads the image" in line for line in machines.told) == 1
        assert machines.sent(environment, here=False) == sent  # it lies in the store
        assert sum("saves the image" in line for line in machines.told) == 1
        (entry,) = built_environments.listed(machines.folder / "there" / "environments")
        assert entry.in_use
        machines.there.close()
        assert built_environments.take_away(entry)
        assert machines.engine.try_to("image", "inspect", identity).returncode
    finally:
        machines.engine.try_to("image", "rm", "--force", tag)


def test_an_image_for_another_machine_is_refused_before_it_is_sent_there(machines: Machines) -> None:
    environment = Environment(image=machines.engine.image("bare"))
    sent = machines.sent(environment)
    assert sent.image is not None
    other = sent._replace(image=sent.image._replace(machine="s390x", archive=None))
    with pytest.raises(UsageError, match=r"^step train can't run on \S+: the image \S+ is made for s390x, and this m"):
        machines.arrives(environment, other)


def test_an_image_that_is_not_there_and_nothing_brings_is_named(machines: Machines) -> None:
    environment = Environment(image=machines.engine.image("bare"))
    sent = machines.sent(environment)
    note = machines.here.images.note_of(environment)
    assert note is not None
    gone = note._replace(id=f"sha256:{'0' * 64}", origins=())
    with pytest.raises(UsageError, match=r"the image \S+ is not in podman there, and nothing says where it is$"):
        machines.arrives(environment, sent._replace(image=TravellingImage(gone.text, "")))


def test_an_engine_that_is_not_there_is_named_with_what_says_which(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment(image=machines.engine.image("bare"))
    sent = machines.sent(environment)
    monkeypatch.setenv("PATH", str(machines.folder))
    with pytest.raises(
        UsageError, match=r"podman.*not on PATH.*`containers = \.\.\.` of its executor in penstock.toml$"
    ):
        machines.arrives(environment, sent)


FLOW = """
from penstock import command, Image

BARE, PYTHON = {bare!r}, {python!r}

@step(on="there")
def of_site(x):
    return sys.version_info[:2], x + 1, open("/etc/debian_version").read()[:2]

@step(on="there", image=PYTHON, env={"MODE": "fast"})
def of_step(x):
    return sys.version_info[:2], os.environ["MODE"], x, os.path.exists("/etc/penstock")

told = command(["sh", "-c", "cat {given} /etc/debian_version > {out}"], inputs={"given": "text"},
               outputs={"out": "text"}, image=BARE, on="there", name="told")
made = command(["cp", "/made", "{out}"], outputs={"out": "text"}, image=Image.dockerfile(), on="there", name="made")

@step(on="there")
def third_time():
    print("begins", current.attempt, flush=True)
    while current.attempt < 3:
        time.sleep(1)
    return "at last"

@flow
def killed():
    return third_time()

@flow
def main():
    first = of_site.submit(1)
    return [first.result(), of_step("a value"), told("given ")["out"], made()["out"]]
"""
SITE = """
[project]
containers = "podman"

[executors.there]
kind = "agent"
here = true
image = "{image}"
"""


@pytest.fixture
def far(podman: Engine, project: Project) -> Iterator[Project]:
    """A project whose steps run at agents of this machine, in images. Afterwards there is no container of them."""
    project.settings(SITE.format(image=podman.image("trixie")))
    flow = FLOW
    for name in ("bare", "python"):
        flow = flow.replace(f"{{{name}!r}}", repr(podman.image(name)))
    project.write(flow)
    (project.folder / "Dockerfile").write_text(f"FROM {podman.image('bare')}\nCOPY made /made\n")
    (project.folder / "made").write_text("built")
    (project.folder / ".dockerignore").write_text("*\n!made\n")
    yield project
    project.end()
    for home in homes(project):
        wait_until(lambda home=home: not left(podman, home), "for the end of all containers")
    for _, note in built_images.listed(project.folder / ".penstock" / "environments"):
        podman.try_to("image", "rm", note.tag)


def homes(project: Project) -> list[Path]:
    return [one.parent for one in (project.folder / ".penstock" / "agents").glob("*/environments")]


def left(engine: Engine, home: Path) -> list[str]:
    """The containers of an agent's home, and the notes of them."""
    ((name, value),) = image_words.labels_of(str(home))
    notes = home / "containers"
    return [*engine.containers(f"{name}={value}"), *(os.listdir(notes) if notes.exists() else [])]


def test_steps_and_programs_run_in_images_at_agents(far: Project) -> None:
    drive = far.spawn()
    drive.process.wait(240)
    of_site, of_step, told, made = drive.join().value()
    assert of_site == [[3, 13], 2, "13"]
    assert of_step == [[3, 11], "fast", "a value", False]
    assert (told[:8], made) == ("given 12", "built")
    executors = dict(far.rows("SELECT name, executor FROM task_row"))
    assert executors == dict.fromkeys(("of_site", "of_step", "told", "made"), "there")


def test_what_a_killed_agent_ran_goes_with_its_keeper_or_by_the_next_agent(far: Project, podman: Engine) -> None:
    """The second agent is killed with its keeper, so that nobody but the third can remove its container."""
    drive = far.spawn(target="mine.py:killed")
    logs = far.folder / ".penstock" / "logs"
    for attempt in (1, 2):
        said = f"begins {attempt}".encode()
        wait_until(lambda said=said: any(said in file.read_bytes() for file in logs.rglob("*.log")), "for the step")
        (home,) = homes(far)
        ran = left(podman, home)
        assert any(name.startswith("penstock-") for name in ran)
        agent = agent_of(far)
        if attempt == 2:
            agent.suspend()  # it would start another keeper
            for keeper in keepers_of(home):
                keeper.kill()
        agent.kill()
        wait_until(lambda home=home, ran=ran: not set(ran) & set(left(podman, home)), "for the container's end")
    assert drive.join().value() == "at last"
    assert far.rows("SELECT name, status FROM task_row") == [("third_time", "done")]


def agent_of(project: Project) -> psutil.Process:
    files = (project.folder / ".penstock" / "agents" / "placed").glob("*/pid")
    (alive,) = [file for file in files if not (file.parent / "status").exists()]
    return psutil.Process(int(alive.read_text().split()[0]))


def keepers_of(home: Path) -> list[psutil.Process]:
    notes = str(sent_images.notes_of(home))
    found = [one for one in psutil.process_iter(["cmdline"]) if notes in (one.info["cmdline"] or ())]
    assert found
    return found
