"""The keeper of containers, on real engines: whoever is killed, no container outlives those that hold it."""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from penstock.executors import contained_zygote, container_notes, keepers
from penstock.executors.process import ProcessExecutor
from penstock.model import containers
from penstock.model.containers import Container, ContainerEngine, Mount
from penstock.model.states import Cause
from penstock.worker.keeper_client import ContainerEnd, KeptContainer, KeptRequest
from tests import containers as engines
from tests.contained import contained, mark, outer_pids
from tests.containers import Engine
from tests.contract import faulty_steps
from tests.contract.executor_bench import Bench
from tests.system.flows import wait_until

_LABEL = "penstock.test"
_CLIENT = """
import json, os, sys, time
from penstock.model.containers import Container, ContainerEngine
from penstock.worker.keeper_client import KeptContainer, KeptRequest
engine, image, keeper, name, words = json.loads(sys.argv[1])
container = Container(ContainerEngine(*engine), image, keeper=keeper)
null = os.open(os.devnull, os.O_WRONLY)
kept = KeptContainer(container, KeptRequest(tuple(engine), name, tuple(words), dict(os.environ)), (null, null))
print("holds", flush=True)
time.sleep(600)
"""


class Trial:
    """A keeper, and containers that it is asked for."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.notes = folder / keepers.NOTES
        self.keeper = keepers.ContainerKeeper(os.fspath(self.notes))
        self.label = mark(folder)
        self.container = Container(
            ContainerEngine(engine.kind, engine.program),
            engine.image_id("bare"),
            labels=((_LABEL, self.label),),
            keeper=self.keeper.path,
        )
        self.clients: list[subprocess.Popen[str]] = []
        self._names = 0

    def request(self, *command: str, memory_bytes: int | None = None) -> KeptRequest:
        self._names += 1
        name = f"penstock-test-{self.label}-{self._names}"
        words = containers.run_words(self.container, name, command, {"A": "b"}, "/", memory_bytes=memory_bytes)
        return KeptRequest(tuple(self.container.engine), name, tuple(words), {**os.environ, "A": "b"})

    def ask(self, request: KeptRequest, log: Path) -> KeptContainer:
        fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            return KeptContainer(self.container, request, (fd, fd))
        finally:
            os.close(fd)

    def client(self, *command: str) -> subprocess.Popen[str]:
        """Another process that holds one."""
        request = self.request(*command)
        told = [*request[:1], self.container.image, self.container.keeper, request.name, request.words]
        client = subprocess.Popen(
            [sys.executable, "-c", _CLIENT, json.dumps(told)], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.clients.append(client)
        assert client.stdout is not None
        assert client.stdout.readline() == "holds\n"
        return client

    def delay_runs(self, folder: Path, seconds: int) -> Path:
        """Have containers made late. Gives the file that takes what the engine is asked for, and how that ended."""
        asked, late = folder / "asked", folder / "late"
        program = shlex.quote(self.engine.program)
        late.write_text(
            f"#!/bin/sh\nexec 3>> {shlex.quote(str(asked))}\n"
            f'[ "$1" != run ] || {{ echo run >&3; sleep {seconds}; exec {program} "$@"; }}\n'
            f'{program} "$@"\nstatus=$?\necho "$1 $status" >&3\nexit $status\n'
        )
        late.chmod(0o755)
        self.container = self.container._replace(engine=ContainerEngine(self.engine.kind, os.fspath(late)))
        return asked

    def running(self) -> list[str]:
        return self.engine.containers(f"{_LABEL}={self.label}")

    def noted(self) -> list[str]:
        return [path.name for path in self.notes.glob("*") if path.suffix != ".keeper"]

    def keeper_process(self) -> psutil.Process:
        (found,) = (one for one in psutil.process_iter() if self.container.keeper in _command(one))
        return found

    def kill_keeper(self) -> None:
        """Until all of its threads are dead, and nothing is held any more."""
        pid = self.keeper_process().pid
        os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # who watches it has seen its end
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    def close(self) -> None:
        for client in self.clients:
            client.kill()
            client.communicate()
        self.keeper.close()
        wait_until(lambda: not self.running(), "for the end of all containers")


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def trial(engine: Engine, tmp_path: Path) -> Iterator[Trial]:
    trial = Trial(engine, tmp_path)
    try:
        yield trial
    finally:
        trial.close()


def test_it_passes_on_what_is_printed_and_how_it_ended(trial: Trial, tmp_path: Path) -> None:
    log = tmp_path / "log"
    kept = trial.ask(trial.request("/bin/sh", "-c", "echo $A; echo said >&2; exit 3"), log)
    assert kept.wait(60)
    assert kept.end == ContainerEnd(3)
    assert sorted(log.read_text().split()) == ["b", "said"]  # docker keeps no order between the two
    assert (trial.running(), trial.noted()) == ([], [])
    kept.close()


def test_what_can_not_start_says_why(trial: Trial, tmp_path: Path) -> None:
    kept = trial.ask(trial.request("/no/such/program"), tmp_path / "log")
    assert kept.wait(60)
    assert kept.end == ContainerEnd(127)
    assert "/no/such/program" in (tmp_path / "log").read_text()
    assert (trial.running(), trial.noted()) == ([], [])
    kept.close()


def test_memory_that_the_kernel_has_denied(trial: Trial, tmp_path: Path) -> None:
    eats = ("/bin/sh", "-c", "exec head -c 300000000 /dev/zero | tail -c 200000000 > /dev/null; exit $?")
    kept = trial.ask(trial.request(*eats, memory_bytes=50 << 20), tmp_path / "log")
    assert kept.wait(60)
    assert kept.end == ContainerEnd(137, True)
    assert (trial.running(), trial.noted()) == ([], [])
    kept.close()


def test_nobody_waits_for_what_is_released_while_the_engine_makes_it(trial: Trial, tmp_path: Path) -> None:
    kept = trial.ask(trial.request("/bin/sleep", "600"), tmp_path / "log")
    kept.release()
    assert kept.wait(60)
    assert (trial.running(), trial.noted()) == ([], [])
    kept.close()


def test_a_client_that_is_killed(trial: Trial) -> None:
    client = trial.client("/bin/sleep", "600")
    wait_until(trial.running, "for a container")
    client.kill()
    wait_until(lambda: not trial.running() and not trial.noted(), "for its end")


def test_a_keeper_that_is_killed_and_then_its_client(trial: Trial) -> None:
    client = trial.client("/bin/sleep", "600")
    wait_until(trial.running, "for a container")
    trial.kill_keeper()
    assert container_notes.sweep(os.fspath(trial.notes), os.environ) == []
    assert len(trial.running()) == len(trial.noted()) == 1  # its client lives
    client.kill()
    client.wait()
    assert container_notes.sweep(os.fspath(trial.notes), os.environ) == []
    assert (trial.running(), trial.noted()) == ([], [])
    trial.keeper.close()
    wait_until(lambda: not os.listdir(trial.notes), "for the end of the one in its place")
    assert not Path(trial.container.keeper).parent.exists()


def test_a_keeper_that_is_killed_has_another_one_in_its_place(trial: Trial, tmp_path: Path) -> None:
    for _ in range(2):
        trial.kill_keeper()
        kept = trial.ask(trial.request("/bin/true"), tmp_path / "log")
        assert kept.wait(60)
        assert kept.end == ContainerEnd(0)
        kept.close()
    process = trial.keeper_process()
    time.sleep(3)  # without work, and without a driver that holds it, it would have ended
    assert container_notes.sweep(os.fspath(trial.notes), os.environ) == []
    assert process.is_running()
    assert Path(trial.container.keeper).exists()


def test_who_looks_whether_it_lives_does_not_hold_it(tmp_path: Path) -> None:
    notes = os.fspath(tmp_path / keepers.NOTES)
    keeper = keepers.ContainerKeeper(notes)
    assert Path(keeper.path).exists()
    keeper.close()
    wait_until(lambda: container_notes.sweep(notes, os.environ) == [] and not os.listdir(notes), "for its end")


def test_what_a_keeper_can_not_do_is_told_and_nothing_stays(trial: Trial, tmp_path: Path) -> None:
    request = trial.request("/bin/sleep", "600")._replace(socket="/no/such/folder/socket")
    kept = trial.ask(request, tmp_path / "log")
    assert kept.wait(60)
    assert kept.end is not None
    assert "/no/such/folder" in kept.end.failure
    kept.close()
    (name,) = trial.noted()
    os.utime(trial.notes / name, (0, 0))
    assert container_notes.sweep(os.fspath(trial.notes), os.environ) == []
    assert (trial.running(), trial.noted()) == ([], [])


def test_a_keeper_that_is_killed_while_the_engine_makes_a_container(trial: Trial, tmp_path: Path) -> None:
    asked = trial.delay_runs(tmp_path, 2)
    kept = trial.ask(trial.request("/bin/sleep", "600"), tmp_path / "log")
    kept.hear()  # that it is noted
    wait_until(lambda: asked.exists() and asked.read_text() == "run\n", "for the engine's client")
    trial.kill_keeper()
    kept.close()
    notes = os.fspath(trial.notes)
    assert container_notes.sweep(notes, os.environ) == trial.noted() != []  # there may be one soon
    wait_until(trial.running, "for what nobody wants any more")
    assert container_notes.sweep(notes, os.environ) == []
    assert (trial.running(), trial.noted()) == ([], [])


def test_a_signal_that_comes_before_the_container(trial: Trial, tmp_path: Path) -> None:
    asked = trial.delay_runs(tmp_path, 1)
    kept = trial.ask(trial.request("/bin/sleep", "3"), tmp_path / "log")
    kept.signal("TERM")
    assert kept.wait(60)
    kept.close()
    kills = [line for line in asked.read_text().splitlines() if line.startswith("kill ")]
    assert kills[0] != "kill 0"
    assert kills[-1] == "kill 0"


def test_descriptors_beyond_those_of_select(trial: Trial, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        kept = trial.ask(trial.request("/bin/true"), tmp_path / "log")
        assert kept.fileno() > 1023
        assert kept.wait(60)
        kept.close()
    finally:
        for fd in held:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


_FROM_INSIDE = """
import socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.settimeout(20)
asked.connect(sys.argv[1])
print("let go" if asked.recv(1) == b"" else "heard")
"""


def test_nobody_in_a_container_is_heard(trial: Trial) -> None:
    inside = trial.container._replace(image=trial.engine.image_id("python"))
    container = inside.seeing(Mount(os.path.dirname(trial.keeper.path), True))
    name = f"penstock-test-{trial.label}-inside"
    command = ("python3", "-c", _FROM_INSIDE, trial.keeper.path)
    words = containers.run_words(container, name, command, {}, "/")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("let go\n", "")


def test_a_note_that_is_being_written(tmp_path: Path) -> None:
    note = tmp_path / "penstock-1.new"
    note.touch()
    container_notes.sweep(os.fspath(tmp_path), os.environ)
    assert note.exists()
    os.utime(note, (0, 0))
    container_notes.sweep(os.fspath(tmp_path), os.environ)
    assert not note.exists()


def test_a_folder_that_others_can_write_to(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(PermissionError, match="is not this user's alone"):
        keepers.start(os.fspath(tmp_path / "open" / "keeper"), os.fspath(tmp_path))


def test_a_zygote_that_does_not_do_what_it_is_told(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contained_zygote, "_KILLED_S", 0.5)
    with (
        contained(engine, tmp_path, tmp_path) as found,
        Bench(ProcessExecutor(interpreters=found), tmp_path, "faulty_steps", faulty_steps.__file__) as bench,
    ):
        attempt = bench.start("wait_for", str(tmp_path / "never"))
        bench.until(lambda: len(outer_pids(bench.places.scratch)) == 2)
        os.kill(outer_pids(bench.places.scratch)[1], signal.SIGSTOP)
        bench.executor.cancel(attempt, Cause.TIMEOUT)
        error = bench.outcome(attempt).error
        assert error is not None
        assert error.cause == Cause.TIMEOUT
        assert engine.containers(f"{_LABEL}={mark(tmp_path)}") == []
        assert bench.value(bench.run("ok", 3)) == 6


def test_a_container_that_is_removed_by_hand(engine: Engine, tmp_path: Path) -> None:
    with (
        contained(engine, tmp_path, tmp_path) as found,
        Bench(ProcessExecutor(interpreters=found), tmp_path, "faulty_steps", faulty_steps.__file__) as bench,
    ):
        began = tmp_path / "began"
        attempt = bench.start("own_pid", str(began))
        bench.until(began.exists)
        (name,) = engine.containers(f"{_LABEL}={mark(tmp_path)}")
        engine.ask("rm", "--force", name)
        error = bench.outcome(attempt).error
        assert error is not None
        assert error.cause == Cause.PLATFORM
        assert f"the container {name} of {engine.kind} was removed or killed from outside" in error.message
        assert error.retryable
        assert bench.value(bench.run("ok", 3)) == 6


def test_an_image_that_is_gone_since_it_was_found(engine: Engine, tmp_path: Path) -> None:
    with contained(engine, tmp_path, tmp_path) as found:
        assert found.found.container is not None
        found.found = found.found._replace(container=found.found.container._replace(image=f"sha256:{'0' * 64}"))
        with Bench(ProcessExecutor(interpreters=found), tmp_path, "faulty_steps", faulty_steps.__file__) as bench:
            error = bench.run("ok", 3).error
    assert error is not None
    assert error.cause == Cause.PLATFORM
    mend = f"see whether its image is there, by `{engine.kind} image inspect {'0' * 12}`"
    assert f" of {engine.kind} did not start (exit code 125): {mend}" in error.message


@pytest.mark.parametrize("victim", ["keeper", "zygote", "client of the engine"])
def test_what_is_killed_under_an_attempt(engine: Engine, tmp_path: Path, victim: str) -> None:
    with (
        contained(engine, tmp_path, tmp_path) as found,
        Bench(ProcessExecutor(interpreters=found), tmp_path, "faulty_steps", faulty_steps.__file__) as bench,
    ):
        go = tmp_path / "go"
        attempt = bench.start("wait_for", str(go))
        bench.until(lambda: len(outer_pids(bench.places.scratch)) == 2)
        container = found.found.container
        assert container is not None
        (name,) = engine.containers(f"{_LABEL}={mark(tmp_path)}")
        victims: dict[str, Callable[[], int]] = {
            "keeper": lambda: _one_with(container.keeper),
            "zygote": lambda: outer_pids(bench.places.scratch)[1],
            "client of the engine": lambda: _one_with(f"--name={name}"),
        }
        os.kill(victims[victim](), signal.SIGKILL)
        if victim == "keeper":
            go.touch()
        outcome = bench.outcome(attempt)
        if victim == "keeper":  # nobody needs it until another container is wanted
            assert bench.value(outcome) == "seen"
        else:
            assert outcome.error is not None
            assert outcome.error.cause == Cause.PLATFORM, outcome.error
        assert bench.value(bench.run("ok", 3)) == 6
    wait_until(lambda: not engine.containers(f"{_LABEL}={mark(tmp_path)}"), "for the end of all containers")


def _one_with(word: str) -> int:
    (found,) = (one.pid for one in psutil.process_iter() if word in _command(one) and one.name() != "conmon")
    return found


def test_a_daemon_that_stops(docker_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del docker_engine  # it says whether there is one
    with engines.docker() as engine:
        for name, value in engine.environ.items():
            monkeypatch.setenv(name, value)
        with (
            contained(engine, tmp_path, tmp_path) as found,
            Bench(ProcessExecutor(interpreters=found), tmp_path, "faulty_steps", faulty_steps.__file__) as bench,
        ):
            began = tmp_path / "began"
            attempt = bench.start("own_pid", str(began))
            bench.until(began.exists)
            (name,) = engine.containers(f"{_LABEL}={mark(tmp_path)}")
            daemon = Path(engine.environ["DOCKER_HOST"].removeprefix("unix://")).with_name("pid")
            os.kill(int(daemon.read_text()), signal.SIGTERM)
            error = bench.outcome(attempt).error
            assert error is not None
            assert (error.cause, error.retryable) == (Cause.PLATFORM, True)
            assert f"the container {name} of docker was removed or killed from outside" in error.message
            wait_until(lambda: not daemon.exists(), "for the end of the daemon")
            error = bench.run("ok", 3).error
            assert error is not None
            assert error.cause == Cause.PLATFORM
            assert "Cannot connect to the Docker daemon" in error.message
