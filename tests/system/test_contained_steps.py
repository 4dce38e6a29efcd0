"""What holds of a step in a process holds of one in a container."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.containers import Engine
from tests.system.contained_flows import containers_of
from tests.system.flows import Project, wait_until

_FLOW = """
import socket

IMAGE = {image!r}

@step(image=IMAGE, env={{"MODE": "fast"}}, secrets=["TOKEN"])
def tell():
    print("the token is", os.environ["TOKEN"])
    os.write(1, os.environ["TOKEN"].encode())
    interfaces = [name for _, name in socket.if_nameindex()]
    names = ("MODE", "OUTSIDE", "VIRTUAL_ENV", "PENSTOCK_STEP_CPU", "OMP_NUM_THREADS")
    here = os.path.isdir(os.environ["HOME"]), os.access(os.environ["HOME"], os.W_OK), bool(os.environ["USER"])
    return [os.environ.get(name) for name in names], here, interfaces, (os.getuid(), os.getcwd())

@step(image=IMAGE, retries=2)
def goes_on():
    file = current.checkpoint_dir / "file"
    if not file.exists():
        file.write_text("saved")
        os.kill(os.getpid(), 9)
    return file.read_text()

@step(image=IMAGE)
def learns():
    for epoch in range(3):
        log_metrics({{"loss": 1 / (epoch + 1)}}, step=epoch)
        time.sleep(0.7)
    return current.task

@step(image=IMAGE, memory="150 MiB", retries=0)
def eats():
    return len(bytearray(600 << 20))

@step(image=IMAGE, timeout=1, retries=0)
def sleeps():
    time.sleep(600)

def failure(work):
    try:
        work()
    except Exception as error:
        return str(error)

@flow
def main():
    found = [tell(), goes_on(), learns()]
    return [*found, failure(eats), failure(sleeps)]
"""


@pytest.fixture(params=["python", "musl"])
def project(engine: Engine, project_folder: Path, request: pytest.FixtureRequest) -> Project:
    project = Project(project_folder)
    project.settings(f'[project]\ncontainers = "{engine.kind}"\n')
    project.write(_FLOW.format(image=engine.image(request.param)))
    return project


def test_all_that_a_step_can_count_on(project: Project, engine: Engine) -> None:
    drive = project.spawn(environ={"TOKEN": "s3cr3t-value", "OUTSIDE": "1"})
    wait_until(lambda: containers_of(engine, project), "for a container")
    report = drive.join()
    assert report.code == 0, report
    tells, saved, task, eaten, slept = report.result
    variables, home, interfaces, (user, cwd) = tells
    assert variables == ["fast", None, None, "1", "1"]
    assert home == [True, True, True]
    assert interfaces == ["lo"]
    assert (user, cwd) == (os.getuid(), os.fspath(project.folder))
    assert saved == "saved"
    assert task.endswith("learns/1")
    assert "more than its memory of 150 MiB" in eaten
    assert "ran beyond its timeout" in slept
    logs = b"".join(path.read_bytes() for path in (project.folder / ".penstock" / "logs").rglob("*.log"))
    assert b"the token is" in logs
    assert b"s3cr3t-value" not in logs
    assert list((project.folder / ".penstock" / "logs").rglob("*.system"))
    code, text = project.penstock("show", "main/1/learns/1")
    assert code == 0
    assert "loss" in text
    wait_until(lambda: not containers_of(engine, project), "for the end of all containers")
    wait_until(lambda: not os.listdir(project.folder / ".penstock" / "containers"), "for the end of the keeper")
