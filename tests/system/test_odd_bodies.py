"""Bodies that do what few do: go to another folder, cancel what they began, return futures in odd places."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BODIES = """
import collections, os, resource, subprocess, time
from penstock import flow, step

@step
def double(x: int):
    if x < 0:
        raise ValueError(x)
    return 2 * x

@step
def wait():
    time.sleep(60)

@flow
def wanders(x: int = 1):
    os.chdir("/")
    return double(x)

@flow
def cancels():
    return [future.cancel() for future in [wait.submit() for _ in range(6)]]

@flow
def many():
    return {"doubled": double.map([1, 2])}

@flow
def hidden():
    return collections.deque([double.submit(1)])

@step
def leaves_a_process():
    subprocess.Popen(["sleep", "60"])
    return 7

def awaited_without_descriptors(submit, *args):
    double.submit(1).result()
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    files = []
    try:
        while True:
            files.append(os.dup(0))
    except OSError:
        pass
    future = submit(*args)
    while not future.done():
        time.sleep(0.01)
    for file in files:
        os.close(file)
    return future

@flow
def crowded():
    try:
        return awaited_without_descriptors(double.submit, -1).result()
    except ValueError:
        return double(2)

@flow
def crowded_and_left():
    return awaited_without_descriptors(leaves_a_process.submit).result() + double(2)
"""
COMMAND = [sys.executable, "-c", "import sys; from penstock.cli.main import main; sys.exit(main())"]


@pytest.fixture
def run(project_folder: Path):
    (project_folder / "bodies.py").write_text(BODIES)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=120, env=kept, check=False)

    return call


def test_a_body_may_go_to_another_folder(run):
    done = run("run", "--json", "bodies.py:wanders")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == "wanders/1"
    failed = run("run", "bodies.py:wanders", "--x", "-1")
    assert failed.returncode == 1
    assert "Task wanders/2/double/1 failed\n  x = -1" in failed.stderr


def test_what_the_body_cancels_fails_nothing(run):
    done = run("run", "bodies.py:cancels")
    assert done.returncode == 0, done.stderr
    assert json.loads(run("get", "cancels").stdout) == [True] * 6


def test_futures_in_a_result_are_kept_as_values(run):
    assert run("run", "bodies.py:many").returncode == 0
    assert json.loads(run("get", "many").stdout) == {"doubled": [2, 4]}


def test_a_result_that_hides_a_future_is_said_not_to_be_kept(run):
    done = run("run", "bodies.py:hidden")
    assert done.returncode == 0
    assert "result is not kept: it holds a future; return its .result()" in done.stderr
    assert "penstock show hidden/1" in done.stderr
    assert "penstock get" not in done.stderr


@pytest.mark.parametrize(("flow", "value"), [("crowded", "4"), ("crowded_and_left", "11")])
def test_a_task_may_go_wrong_while_the_body_has_no_descriptor_left(run, flow: str, value: str):
    done = run("run", "--json", f"bodies.py:{flow}")
    assert done.returncode == 0, done.stderr
    assert run("get", f"{flow}/1").stdout.split() == [value]
