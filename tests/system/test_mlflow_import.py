"""Runs of MLflow's, from the stores that MLflow itself has made, become runs here."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import penstock
from penstock.cli.main import main
from penstock.errors import NotFoundError, UsageError
from penstock.exchange import mlflow_address, mlflow_import
from penstock.project import Project
from tests import mlflow_environment

MAKE = """
import math, os, sys, time
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("two words/1")
with mlflow.start_run(run_name="first try", description="line one\\n\\n 'quoted' \\u2603"):
    mlflow.log_params({"rows": 500, "rate": 0.001, "kind": "007", "wide": True, "a/b": "x: 'y'\\n z", "none": ""})
    for step in range(200):
        mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + 10 * step)
    mlflow.log_metric("loss", math.nan, step=200, timestamp=1_700_000_100_000)
    mlflow.log_metric("best/a b", math.inf, step=-3)
    mlflow.log_metric("plain", 1.5, timestamp=1_700_000_000_000)
    mlflow.log_metric("plain", 0.5, timestamp=1_700_000_000_500)
    mlflow.set_tags({"team": "red", "word": "", "long": "x\\ny"})
    mlflow.log_text("hello", "notes/a b.txt")
    with open("loss.png", "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n" + os.urandom(200_000))
    mlflow.log_artifact("loss.png")
    with mlflow.start_run(nested=True, run_name="child"):
        mlflow.log_metric("accuracy", 0.75)
try:
    with mlflow.start_run(run_name="bad"):
        mlflow.log_text("why", "why.txt")
        raise ValueError
except ValueError:
    pass
deleted = mlflow.start_run()
mlflow.end_run()
mlflow.delete_run(deleted.info.run_id)
mlflow.set_experiment("Ünï: \\"odd\\" #x " + "many words " * 10)
open_run = mlflow.start_run(run_name="open")
mlflow.log_metric("loss", 3.0, step=1)
os.makedirs("open", exist_ok=True)
open("open/" + open_run.info.run_id, "w").close()
os._exit(0)
"""
GO_ON = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
client.log_metric(sys.argv[2], "loss", 2.0, step=2)
client.log_param(sys.argv[2], "late", "4")
client.set_terminated(sys.argv[2])
"""


def address(kind: str, folder: Path) -> str:
    return str(folder / "mlruns") if kind == "files" else f"sqlite:///{folder / 'mlflow.db'}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder with a store of one kind that MLflow has made, once for all tests."""
    folders: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in folders:
            folder = tmp_path_factory.mktemp(kind)
            mlflow_environment.run(MAKE, folder, address(kind, folder))
            folders[kind] = folder
        return folders[kind]

    return make


@pytest.fixture(params=["files", "tables"])
def store(request: pytest.FixtureRequest, made: Callable[[str], Path], project_folder: Path) -> str:
    """The address of a store of the test's own, whose files were moved since MLflow wrote them."""
    folder = project_folder.parent / "theirs"
    shutil.copytree(made(request.param), folder)
    return address(request.param, folder)


def imported(store: str, **how: Any) -> list[mlflow_import.MlflowImport]:
    return list(mlflow_import.import_runs(Project.find(), mlflow_address.opened(store), **how))


def by_name() -> dict[str, penstock.Run]:
    return {run.name: run for run in penstock.runs()}


def test_a_run_is_what_it_was(store: str) -> None:
    imported(store)
    found = by_name()
    assert sorted(found) == ["bad", "child", "first try", "open"]
    first = found["first try"]
    assert first.id == "two-words-1/1"
    assert first.status == "done"
    assert first.note == "line one\n\n 'quoted' \u2603"
    known = {name: first.params[name] for name in first.params}
    assert known == {"rows": 500, "rate": 0.001, "kind": "007", "wide": True, "a/b": "x: 'y'\n z", "none": ""}
    assert {"team=red", "word", "long=x y", "mlflow.experiment=two words/1"} < set(first.tags)
    assert 0 < first.duration.total_seconds() < 100
    assert list(first.tasks()) == []
    assert [found[name].status for name in ("bad", "open")] == ["failed", "interrupted"]


def test_every_point_is_there(store: str) -> None:
    imported(store)
    metrics = by_name()["first try"].metrics
    loss = metrics.history("loss")
    assert loss[:200] == [(step, 1 / (step + 1)) for step in range(200)]
    assert loss[200][0] == 200
    assert math.isnan(loss[200][1])
    assert metrics.history("best/a b") == [(-3, math.inf)]
    assert metrics.history("plain") == [(None, 1.5), (None, 0.5)]
    drawn = metrics.curve("loss", x="time", high=1_700_000_000.5)
    assert drawn.xs[1] - drawn.xs[0] == pytest.approx(0.01, abs=2e-4)  # a tick is a tenth of a millisecond


def test_what_was_imported_is_found_by_what_it_was_given_and_came_to(store: str) -> None:
    imported(store)
    assert [run.name for run in penstock.runs("rows>400 rate<0.01")] == ["first try"]
    assert [run.name for run in penstock.runs("plain<1")] == ["first try"]
    assert [run.name for run in penstock.runs("accuracy>0.7")] == ["child"]
    assert [run.name for run in penstock.runs("tag:team=red")] == ["first try"]


def test_a_nested_run_is_a_fork_of_its_parent(store: str) -> None:
    imported(store)
    found = by_name()
    origin = found["child"].origin
    assert origin is not None
    assert origin.run == found["first try"].id


def test_artifacts_are_files(store: str, tmp_path: Path) -> None:
    imported(store)
    found = by_name()
    files = found["first try"].result()
    assert (files / "notes" / "a b.txt").read_text() == "hello"
    picture = found["first try"].displays.named("loss.png")
    assert picture.media == "image/png"
    assert picture.load() == (files / "loss.png").read_bytes()
    assert (found["bad"].result() / "why.txt").read_text() == "why"
    preview = found["first try"].preview
    assert preview is not None
    assert preview.text == "2 files: loss.png, notes/a b.txt"
    assert main(["get", found["first try"].id, "-o", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "loss.png").exists()


def test_what_artifacts_hold_stays_while_the_run_does(store: str) -> None:
    imported(store)
    assert main(["gc", "--yes"]) == 0
    run = by_name()["first try"]
    assert (run.result() / "loss.png").stat().st_size > 200_000
    assert len(run.metrics.history("loss")) == 201
    assert not list((Project.find().home / "scratch").glob("import/*"))


def test_a_second_import_adds_what_is_new_alone(store: str) -> None:
    imported(store)
    before = [run.info() for run in penstock.runs()]
    found = imported(store)
    assert [(one.put.is_new, one.put.is_changed) for one in found] == [(False, False)] * 4
    assert [run.info() for run in penstock.runs()] == before
    penstock.run(by_name()["open"].id).tag("mine")
    open_run = next((Path(store.removeprefix("sqlite:///")).parent / "open").iterdir()).name
    mlflow_environment.run(GO_ON, Path.cwd(), store, open_run)
    found = imported(store)
    assert [one.mlflow for one in found if one.put.is_changed] == [open_run]
    run = by_name()["open"]
    assert run.status == "done"
    assert "mine" in run.tags
    assert run.params["late"] == 4
    assert [value for _, value in run.metrics.history("loss")] == [3.0, 2.0]
    assert [found.id for found in penstock.runs("late=4 loss=2")] == [run.id]
    assert len(penstock.runs()) == 4


def test_some_experiments_alone_and_no_files(store: str) -> None:
    found = imported(store, experiments=["two words/1"], artifacts=False)
    assert len(found) == 3
    assert {run.flow for run in (penstock.run(one.put.run).info() for one in found)} == {"two-words-1"}
    assert by_name()["first try"].result() is None
    with pytest.raises(NotFoundError, match=r"there is no experiment 'two word'.*did you mean two words/1"):
        imported(store, experiments=["two word"])


def test_the_verb_says_what_it_did(store: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["mlflow", "import", store]) == 0
    said = capfd.readouterr()
    assert said.out == "imported 4 runs; 0 changed since, 0 known already\n"
    assert "two-words-1/1: run " in said.err
    assert main(["mlflow", "import", "--json", store]) == 0
    rows = json.loads(capfd.readouterr().out)
    assert {row["state"] for row in rows if row["run"].startswith("two-words")} == {"known"}
    for run in penstock.runs():
        assert main(["show", run.id]) == 0
        assert main(["logs", run.id]) == 0
    assert main(["compare", "two-words-1"]) == 0
    capfd.readouterr()
    assert main(["resume"]) == 2
    assert "there is no run that is not done" in capfd.readouterr().err
    for verb in ("resume", "fork"):
        assert main([verb, by_name()["bad"].id]) == 2
        assert "it was imported, and has no flow here" in capfd.readouterr().err


CODE = "import sys; from penstock.cli.main import main; sys.exit(main())"


def test_two_imports_at_once_and_one_that_is_killed(store: str) -> None:
    environ = {**os.environ, "PYTHONPATH": str(Path(penstock.__file__).parents[1])}
    kill = "import os, sys, signal; from penstock.journal import handle; from penstock.cli.main import main\n"
    kill += "handle.RunHandle.write_end = lambda *a: os.kill(os.getpid(), signal.SIGKILL); main()"
    killed = subprocess.run([sys.executable, "-c", kill, "mlflow", "import", store], env=environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert penstock.runs() == []
    command = [sys.executable, "-c", CODE, "mlflow", "import", store]
    both = [subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    assert sorted(by_name()) == ["bad", "child", "first try", "open"]
    assert len(penstock.runs()) == 4
    assert main(["gc", "--yes"]) == 0
    assert not list((Project.find().home / "scratch").glob("import/*"))


def test_links_and_other_places_are_left_out(made: Callable[[str], Path], project_folder: Path) -> None:
    folder = project_folder.parent / "theirs"
    shutil.copytree(made("files"), folder)
    secret = project_folder.parent / "secret.txt"
    secret.write_text("secret")
    (run,) = [path.parents[1] for path in folder.glob("mlruns/*/*/params/rows")]
    (run / "artifacts" / "link.txt").symlink_to(secret)
    (run / "artifacts" / "up").symlink_to("..")
    (run / "params" / "stolen").symlink_to(secret)
    os.mkfifo(run / "artifacts" / "pipe")
    (bad,) = [path.parents[1] for path in folder.glob("mlruns/*/*/artifacts/why.txt")]
    shutil.rmtree(bad / "artifacts")
    (bad / "artifacts").symlink_to(secret.parent)
    notes = [text for one in imported(str(folder / "mlruns")) for text in one.notes]
    assert sorted(notes) == [
        "left out of its artifacts, as a link or under no plain name: 1 file",
        "left out of its artifacts, as a link or under no plain name: 3 files",
    ]
    assert by_name()["bad"].preview is None
    assert sorted(path.name for path in by_name()["first try"].result().iterdir()) == ["loss.png", "notes"]
    assert "stolen" not in by_name()["first try"].params


def test_tables_that_name_a_folder_which_is_no_run_s(made: Callable[[str], Path], project_folder: Path) -> None:
    folder = project_folder.parent / "theirs"
    shutil.copytree(made("tables"), folder)
    (folder / "secret").mkdir()
    (folder / "secret" / "key").write_text("secret")
    places = [str(folder / "secret"), "mlflow-artifacts:/../secret", "s3://bucket/1/artifacts"]
    with closing(sqlite3.connect(folder / "mlflow.db")) as tables, tables:
        ids = [id_ for (id_,) in tables.execute("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active'")]
        for id_, place in zip(ids, places, strict=False):
            tables.execute("UPDATE runs SET artifact_uri = ? WHERE run_uuid = ?", (place, id_))
    notes = [text for one in imported(address("tables", folder)) for text in one.notes]
    assert sorted(notes) == sorted(f"its artifacts were not imported: they lie at {place}" for place in places)


def test_damaged_files_lose_no_other_run(made: Callable[[str], Path], project_folder: Path, capfd: Any) -> None:
    folder = project_folder.parent / "theirs"
    shutil.copytree(made("files"), folder)
    (run,) = [path.parents[1] for path in folder.glob("mlruns/*/*/params/rows")]
    with open(run / "metrics" / "loss", "a") as file:
        file.write("17000000")  # cut off by a kill
    (bad,) = [path.parents[1] for path in folder.glob("mlruns/*/*/artifacts/why.txt")]
    (bad / "meta.yaml").write_bytes(b"\xff\xfe{[")
    assert main(["mlflow", "import", str(folder / "mlruns")]) == 0
    assert "meta.yaml: " in capfd.readouterr().err
    assert sorted(by_name()) == ["child", "first try", "open"]
    assert len(by_name()["first try"].metrics.history("loss")) == 201


def test_what_is_no_store_is_told(made: Callable[[str], Path], project_folder: Path) -> None:
    folder = project_folder.parent / "theirs"
    shutil.copytree(made("tables"), folder)
    (folder / "text.db").write_text("no database at all" * 100)
    with closing(sqlite3.connect(folder / "other.db")) as tables, tables:
        tables.execute("CREATE TABLE t (x)")
    with closing(sqlite3.connect(folder / "mlflow.db")) as tables, tables:
        tables.execute("ALTER TABLE metrics RENAME COLUMN is_nan TO nan")
    for given, message in [
        ("missing", "there is no missing: give a folder `mlruns`, sqlite:///mlflow.db"),
        ("sqlite:///missing.db", "there is no file missing.db"),
        (str(folder), "theirs is no store of MLflow's, and .*mlflow.db is: give sqlite:///"),
        ("postgresql://me@there/db", "mlflow server --backend-store-uri postgresql://me@there/db"),
        (f"sqlite:///{folder / 'text.db'}", "text.db can't be read as a store of MLflow's: file is not a database"),
        (f"sqlite:///{folder / 'other.db'}", "other.db is no store of MLflow's: it has no table of runs"),
        (f"sqlite:///{folder / 'mlflow.db'}", "other.*is_nan.*mlflow db upgrade sqlite:///"),
    ]:
        with pytest.raises(UsageError, match=message):
            imported(given)
    assert penstock.runs() == []


def test_a_million_points(project_folder: Path, made: Callable[[str], Path]) -> None:
    folder = project_folder.parent / "theirs"
    shutil.copytree(made("files"), folder)
    (run,) = [path.parents[1] for path in folder.glob("mlruns/*/*/metrics/accuracy")]
    (run / "metrics" / "many").write_text("".join(f"{at} {at % 7} {at}\n" for at in range(1_000_000)))
    imported(str(folder / "mlruns"), artifacts=False)
    curve = by_name()["child"].metrics.curve("many")
    assert curve.count == 1_000_000
    assert len(curve.xs) <= 4 * 1200
