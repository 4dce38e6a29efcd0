"""Folders of event files become runs: those that tensorboardX writes, and what a kill or a fault leaves of them."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import penstock
from penstock.cli.main import main
from penstock.project import Project
from tests.event_writing import event, scalar

pytestmark = pytest.mark.usefixtures("project_folder")


def written(name: str, *records: bytes) -> Path:
    file = Path("logs", name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(records))
    return file


WRITE = """
import numpy, tensorboardX

with tensorboardX.SummaryWriter("logs") as writer:
    for step in range(100):
        writer.add_scalar("loss", 1 / (step + 1), step, walltime=1_700_000_000 + step)
    writer.add_histogram("weights", numpy.arange(10.0), 1)
    writer.add_image("picture", numpy.zeros((3, 4, 4)), 1)
    writer.add_hparams({"rate": 0.5, "kind": "sgd", "wide": True}, {"accuracy": 0.75}, name="trial")
"""


def test_what_tensorboardx_writes_is_a_run(require: Callable[[str], None], capfd: pytest.CaptureFixture[str]) -> None:
    require("tensorboardX")
    subprocess.run([sys.executable, "-c", WRITE], check=True)
    capfd.readouterr()
    assert main(["tensorboard", "import", "logs", "--flow", "digits"]) == 0
    said = capfd.readouterr()
    assert said.out == "imported 1 run; 0 changed since, 0 known already\n"
    assert "left out: 1 histograms, 1 images" in said.err
    run = penstock.run("digits/1")
    assert (run.name, run.status) == ("logs", "done")
    assert {name: run.params[name] for name in run.params} == {"rate": 0.5, "kind": "sgd", "wide": True}
    assert run.metrics["trial/accuracy"] == 0.75
    assert [step for step, _ in run.metrics.history("loss")] == list(range(100))
    assert run.metrics.history("loss")[3][1] == pytest.approx(0.25)
    assert [found.id for found in penstock.runs("rate=0.5 loss<0.1")] == ["digits/1"]
    assert main(["gc", "--yes"]) == 0
    assert len(run.metrics.history("loss")) == 100


def test_a_second_import_adds_what_came_since(capfd: pytest.CaptureFixture[str]) -> None:
    whole = event(2, 20.0, scalar("loss", 0.25))
    file = written("a.tfevents.1", event(1, 10.0, scalar("loss", 0.5)), whole[:9])  # cut off by a kill
    assert main(["tensorboard", "import", "logs"]) == 0
    run = penstock.run("tensorboard/1")
    assert run.metrics.history("loss") == [(1, 0.5)]
    run.name, run.note = "mine", "looked at"
    assert main(["tensorboard", "import", "logs"]) == 0
    file.write_bytes(file.read_bytes()[:-9] + whole)
    written("deep/b.tfevents.2", event(1, 30.0, scalar("loss", math.nan)))
    capfd.readouterr()
    assert main(["tensorboard", "import", "logs", "--json"]) == 0
    (said,) = json.loads(capfd.readouterr().out)
    assert (said["run"], said["state"]) == ("tensorboard/1", "changed")
    run = penstock.run("tensorboard/1")
    assert run.metrics.history("loss") == [(1, 0.5), (2, 0.25)]
    assert math.isnan(run.metrics["deep/loss"])
    assert (run.name, run.note) == ("mine", "looked at")
    assert run.ended is not None
    assert run.ended.timestamp() == 30.0
    assert len(penstock.runs()) == 1
    assert not list((Project.find().home / "scratch").glob("import/*"))


def test_what_is_damaged_is_told_and_the_rest_is_there(capfd: pytest.CaptureFixture[str]) -> None:
    good = event(1, 10.0, scalar("loss", 0.5))
    written("a.tfevents", good, b"\xff" * 40, good)
    written("b.tfevents", event(7, 5.0, scalar("loss", 0.125)))
    os.mkfifo("logs/c.tfevents")
    assert main(["tensorboard", "import", "logs"]) == 0
    assert "a.tfevents: it is damaged at byte" in capfd.readouterr().err
    assert penstock.run().metrics.history("loss") == [(1, 0.5), (7, 0.125)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["missing"], "there is no folder missing"),
        (["empty"], "empty holds no event files of TensorBoard's: their names have tfevents in them"),
        (["--flow", "two words", "empty"], "--flow 'two words' is no name of a flow: write a letter, then"),
    ],
)
def test_what_is_no_folder_of_event_files_is_told(
    words: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    assert main(["tensorboard", "import", *words]) == 2
    assert capfd.readouterr().err.startswith(f"penstock: {message}")
