"""A program in a container of its own, on real engines: what it sees, prints and records, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil
import pytest

from penstock.errors import OutOfMemoryError, StepExitError, WorkerLostError
from penstock.executors.keepers import ContainerKeeper
from penstock.model.containers import Container, ContainerEngine, Mount, remove_words
from penstock.model.program_containers import ProgramContainer, of_plain
from penstock.sdk.this_process import this_process
from penstock.worker.child_output import ChildEnd
from penstock.worker.container_program import ContainerProgram
from penstock.worker.meter import SpentElsewhere
from tests.containers import Engine

LABEL = "penstock.test"


class Asked:
    """Whoever watches the attempt: it may have so much memory, and is to end once somebody says so."""

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._limit = limit_bytes
        self.memory_bytes = 0
        self.programs: list[int] = []
        self.is_asked = False

    def program(self, pid: int) -> None:
        self.programs.append(pid)

    def is_ending(self) -> bool:
        return self.is_asked

    def limit(self) -> int | None:
        return self._limit

    def sample(self, size: int) -> None:
        self.memory_bytes = max(self.memory_bytes, size)


class Place:
    """A folder in which programs run, and the engine that runs them."""

    def __init__(self, engine: Engine, folder: Path, keeper: ContainerKeeper) -> None:
        self.engine = engine
        self.folder = folder
        self.name = os.urandom(8).hex()
        self.keeper = keeper
        self.records: list[bytes] = []
        (folder / "in").mkdir()
        (folder / "in" / "given.txt").write_text("given\n")

    def program(self, image: str, *command: str, ending: Asked | None = None, **variables: str) -> ContainerProgram:
        image_id = self.engine.image_id(image)
        container = Container(
            ContainerEngine(self.engine.kind, self.engine.program),
            image_id,
            user=f"{os.getuid()}:{os.getgid()}",
            labels=((LABEL, self.name),),
            keeper=self.keeper.path,
        )
        given = of_plain(ProgramContainer(container, ("OF_STEP",)).plain())
        assert given is not None
        seen = [Mount(str(self.folder), writable=True), Mount(str(self.folder / "in"))]
        variables = {"PENSTOCK_OUTPUTS": str(self.folder), **variables}
        return ContainerProgram(given, command, str(self.folder), variables, seen, str(self.folder / "records"), ending)

    def run(self, image: str, *command: str, ending: Asked | None = None, **variables: str) -> ChildEnd:
        return self.program(image, *command, ending=ending, **variables).run(self.records.append)

    def shell(self, script: str, image: str = "bare", ending: Asked | None = None, **variables: str) -> ChildEnd:
        return self.run(image, "sh", "-c", script, ending=ending, **variables)

    @property
    def left(self) -> list[str]:
        return self.engine.containers(f"{LABEL}={self.name}")


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Generator[Place]:
    with placed(engine, tmp_path) as place:
        yield place


@contextmanager
def placed(engine: Engine, tmp_path: Path) -> Generator[Place]:
    """Afterwards nothing of it is left."""
    keeper = ContainerKeeper(str(tmp_path / "notes"))
    folder = tmp_path / 'a comma, a colon: and a quote"'
    folder.mkdir()
    place = Place(engine, folder, keeper)
    yield place
    keeper.close()
    until = time.monotonic() + 60
    while (left := [*place.left, *(tmp_path / "notes").glob("*")]) and time.monotonic() < until:
        time.sleep(0.1)
    assert not left
    assert not (place.folder / "records").exists()


def test_it_sees_its_folders_and_its_variables_and_no_more_of_this_machine(
    place: Place, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_STEP", "of the step")
    monkeypatch.setenv("OF_HOST", "of the host")
    script = (
        'echo "$OF_STEP|$OF_HOST|$FROM_IMAGE|$HOME|$USER|$PWD"; id -u; command -v python3; cat in/given.txt; '
        "echo err >&2; echo no > in/given.txt; echo made > made; ls /sys/class/net"
    )
    end = place.shell(script, "r", HOME=str(place.folder))
    out, err = capfd.readouterr()
    user = "root" if os.getuid() == 0 else os.environ["USER"]
    assert out.splitlines() == [
        f"of the step||r|{place.folder}|{user}|{place.folder}", str(os.getuid()), "given", "lo",
    ]  # fmt: skip
    assert "err" in err
    assert "Read-only file system" in err
    assert end.status == 0
    made = (place.folder / "made").stat()
    assert (made.st_uid, made.st_gid) == (os.getuid(), os.getgid())
    assert (place.folder / "in" / "given.txt").read_text() == "given\n"


def test_its_records_come_from_all_of_its_writers_to_the_last(place: Place) -> None:
    script = (
        'echo one >> "$PENSTOCK_RECORDS"; sleep 0.3; echo two >> "$PENSTOCK_RECORDS"; echo three >"$PENSTOCK_RECORDS"'
    )
    assert place.shell(script).status == 0
    assert b"".join(place.records).split() == [b"one", b"two", b"three"]


def test_an_image_without_a_shell_runs_its_program(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert place.run("static", "/program", "a", "b, c").status == 0
    assert capfd.readouterr().out == "no shell is here\n"
    assert (place.folder / "words.json").read_text() == '["a", "b, c"]\n'


@pytest.mark.parametrize("status", [1, 3, 125, 126, 127, 139])
def test_its_exit_code_is_its_own(place: Place, status: int) -> None:
    end = place.shell(f"echo why; exit {status}")
    assert (end.status, end.last) == (status, "why")


def test_what_its_image_lacks_is_said(place: Place) -> None:
    with pytest.raises(StepExitError, match=r"there is no `Rscript` in the image [0-9a-f]{12},"):
        place.run("bare", "Rscript", "x.R")
    (place.folder / "data").write_text("no program")
    with pytest.raises(StepExitError, match=r"`\./data` can't be started in the image"):
        place.run("bare", "./data")
    with pytest.raises(StepExitError, match=r"there is no `\./nothing` in the image"):
        place.run("bare", "./nothing")


class Ended(BaseException):
    """Where a worker would wait to be killed."""


def asked_to_end(place: Place, script: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a program prints that is asked to end once it has printed a line."""

    def wait() -> None:
        raise Ended

    asked, log = Asked(), place.folder / "log"
    program = place.program("bare", "sh", "-c", script, ending=asked)

    def end() -> None:
        while not log.read_text():
            time.sleep(0.02)
        asked.is_asked = True

    monkeypatch.setattr("penstock.worker.container_program.await_kill", wait)
    with log.open("w", buffering=1) as file, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", file)
        thread = threading.Thread(target=end)
        thread.start()
        with pytest.raises(Ended):
            program.run(place.records.append)
        thread.join()
    assert asked.programs[0] > 0
    assert asked.programs[-1] == 0
    return log.read_text()


TRAPS = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"


def test_it_is_asked_to_end_before_it_is_ended(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked_to_end(place, TRAPS, monkeypatch) == "up\nbye\n"


def test_being_asked_ends_what_minds_no_signal(
    place: Place, monkeypatch: pytest.MonkeyPatch, tool: Callable[[str], str]
) -> None:
    tool("catatonit" if place.engine.kind == "podman" else "docker-init")
    assert asked_to_end(place, "echo up; exec sleep 1000", monkeypatch) == "up\n"


def test_an_engine_without_a_first_process_to_give_runs_it_all_the_same(
    podman_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = (
        Path(podman_engine.environ["CONTAINERS_CONF"]).read_text().replace("[engine]", '[engine]\ninit_path = "/none"')
    )
    (tmp_path / "containers.conf").write_text(conf)
    environ = {**podman_engine.environ, "CONTAINERS_CONF": str(tmp_path / "containers.conf")}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(this_process, "_ones", {})  # what is learnt of this engine is forgotten again
    with placed(podman_engine, tmp_path) as place:
        assert asked_to_end(place, TRAPS, monkeypatch) == "up\nbye\n"


def test_more_memory_than_it_may_have_ends_it(place: Place) -> None:
    with pytest.raises(OutOfMemoryError, match="more than the memory of its step"):
        place.run("node", "perl", "-e", "$x = 'x' x (400 << 20); print 'too far'", ending=Asked(64 << 20))


def test_what_it_uses_is_seen_while_it_runs(place: Place) -> None:
    before = this_process.the_one(SpentElsewhere).cpu_s
    asked = Asked()
    program = "$x = 'x' x (50 << 20); $until = time + 3; while (time < $until) { $y++ }"
    assert place.run("node", "perl", "-e", program, ending=asked).status == 0
    assert asked.memory_bytes > 50 << 20
    assert this_process.the_one(SpentElsewhere).cpu_s > before


def test_a_container_that_is_removed_by_hand_is_named(place: Place) -> None:
    def remove() -> None:
        while not (names := place.left):
            time.sleep(0.05)
        engine = ContainerEngine(place.engine.kind, place.engine.program)
        subprocess.run(remove_words(engine, names[0]), check=True, stdout=subprocess.DEVNULL)

    thread = threading.Thread(target=remove)
    thread.start()
    with pytest.raises(WorkerLostError, match=rf"penstock-program-\w+ of {place.engine.kind}"):
        place.shell("sleep 60")
    thread.join()


def test_a_keeper_that_was_killed_has_another_one_in_its_place(place: Place) -> None:
    assert place.shell("exit 2").status == 2
    path = place.keeper.path
    (keeper,) = (one for one in psutil.process_iter(["cmdline"]) if path in (one.info["cmdline"] or ()))
    keeper.kill()
    assert place.shell("exit 3").status == 3


def test_an_interruption_ends_it(place: Place) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    traps = "trap 'echo asked > asked; exit' TERM; echo up > up; while :; do sleep 0.05; done"
    try:
        program = place.program("bare", "sh", "-c", traps)
        thread = threading.Thread(target=_alarm_when, args=(place.folder / "up",))
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            program.run(place.records.append)
        thread.join()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert (place.folder / "asked").exists()


def _alarm_when(file: Path) -> None:
    while not file.exists():
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGALRM)
