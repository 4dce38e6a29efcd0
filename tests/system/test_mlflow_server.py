"""Runs go to a server of MLflow's and come from it: one that MLflow itself runs."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

import penstock
from penstock.cli.main import main
from penstock.errors import UsageError
from penstock.exchange import mlflow_address, mlflow_export, mlflow_import
from penstock.exchange.mlflow_api import MlflowApi
from penstock.journal import queries
from penstock.project import Project as OpenProject
from penstock.reading.reader import JournalReader
from tests import mlflow_environment
from tests.system.flows import Project

MAKE = """
import math, sys
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("there/1")
with mlflow.start_run(run_name="first", description="a note"):
    mlflow.log_params({"rows": 500, "a/b": "x: 'y'"})
    for step in range(30):
        mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + step)
    mlflow.log_metric("odd", math.nan, step=1)
    mlflow.log_metric("odd", math.inf, step=2)
    mlflow.set_tag("team", "red")
    mlflow.log_text("hello", "deep/er/a b+é%.txt")
    with mlflow.start_run(nested=True, run_name="child"):
        mlflow.log_metric("accuracy", 0.75)
"""
LOOK = """
import json, sys
import mlflow

mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
found = []
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        def files(path=None):
            for one in client.list_artifacts(run.info.run_id, path):
                yield from files(one.path) if one.is_dir else [one.path]
        history = {name: client.get_metric_history(run.info.run_id, name) for name in run.data.metrics}
        found.append({
            "experiment": experiment.name, "id": run.info.run_id, "name": run.info.run_name,
            "status": run.info.status, "start": run.info.start_time, "end": run.info.end_time,
            "params": run.data.params, "tags": run.data.tags, "files": sorted(files()),
            "metrics": {
                name: [(one.step, one.timestamp, one.value) for one in points] for name, points in history.items()
            },
        })
print(json.dumps(found))
"""
FLOW = """
from pathlib import Path
from penstock import display

@step
def train(depth: int):
    for number in range(1200):
        log_metrics({"loss": 1 / (number + depth)}, step=number)
    display({"depth": depth}, "about", step=depth)

@flow
def main(rows: int = 5, name: str = "x 'y'", depths: list[int] = [1, 2]):
    current.tag("best", "team=red", "odd (name)=1")
    current.note("a note")
    current.name("the first")
    train.map(depths)
    log_metrics({"final": float("inf"), "odd (name)": 0.5})
    display("# Title", "../up")
    folder = Path("model")
    folder.mkdir(exist_ok=True)
    (folder / "weights.bin").write_bytes(bytes(3_000_000))
    (folder / "readme.txt").write_text("read me")
    return folder
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is empty at first."""
    with mlflow_environment.served(tmp_path_factory.mktemp("server")) as address:
        yield address


def looked(server: str, experiment: str) -> list[dict[str, Any]]:
    """What MLflow says of the runs of an experiment."""
    found = json.loads(mlflow_environment.run(LOOK, Path.cwd(), server))
    return [run for run in found if run["experiment"] == experiment]


@pytest.mark.usefixtures("project_folder")
def test_what_a_server_keeps_is_imported(server: str, tmp_path: Path) -> None:
    mlflow_environment.run(MAKE, tmp_path, server)
    assert main(["mlflow", "import", server, "--experiment", "there/1"]) == 0
    by_name = {run.name: run for run in penstock.runs()}
    first = by_name["first"]
    assert (first.id, first.status, first.note) == ("there-1/1", "done", "a note")
    assert {name: first.params[name] for name in first.params} == {"rows": 500, "a/b": "x: 'y'"}
    assert "team=red" in first.tags
    assert first.metrics.history("loss") == [(step, 1 / (step + 1)) for step in range(30)]
    (_, nan), last = first.metrics.history("odd")
    assert math.isnan(nan)
    assert last == (2, math.inf)
    assert (first.result() / "deep" / "er" / "a b+é%.txt").read_text() == "hello"
    origin = by_name["child"].origin
    assert origin is not None
    assert origin.run == first.id
    found = list(mlflow_import.import_runs(OpenProject.find(), mlflow_address.opened(server), ["there/1"], again=True))
    assert [(one.put.is_new, one.put.is_changed) for one in found] == [(False, False)] * 2
    list(mlflow_import.import_runs(OpenProject.find(), mlflow_address.opened(server), again=True, artifacts=False))
    assert (first.result() / "deep" / "er" / "a b+é%.txt").read_text() == "hello"


def exported(server: str, **how: Any) -> list[mlflow_export.MlflowExport]:
    reader = JournalReader.find()
    return list(mlflow_export.export_runs(reader, mlflow_address.server(server), queries.runs(reader.journal), **how))


def test_what_a_run_records_is_there(project: Project, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write(FLOW)
    project.run()
    monkeypatch.chdir(project.folder)
    own = penstock.run("main/1")
    ((here,), (there,)) = exported(server, experiment="all of it"), looked(server, "all of it")
    assert here == mlflow_export.MlflowExport("main/1", there["id"], "new")
    assert (there["name"], there["status"]) == ("the first", "FINISHED")
    assert own.ended is not None
    assert there["start"] == round(own.created.timestamp() * 1000)
    assert there["end"] == round(own.ended.timestamp() * 1000)
    assert there["params"] == {"rows": "5", "name": "x 'y'", "depths": "[1, 2]"}
    tags = there["tags"]
    assert {
        "best": "",
        "team": "red",
        "mlflow.note.content": "a note",
        "penstock.run": "main/1",
    }.items() <= tags.items()
    assert [text for name, text in tags.items() if name.startswith("odd _name_-")] == ["1"]
    for task in (1, 2):
        points = there["metrics"][f"train/{task}/loss"]
        logged = [point for point in own.metrics.points if point.task == f"main/1/train/{task}"]
        assert sorted(points) == [[one.step, round(one.at.timestamp() * 1000), one.value] for one in logged]
        assert len(points) == 1200
    assert there["metrics"]["final"][0][2] > 1e308
    (odd,) = [points for name, points in there["metrics"].items() if name.startswith("odd _name_-")]
    assert odd[0][2] == 0.5
    assert there["files"] == [
        "displays/.._up.md",
        "displays/train/1/about-1.json",
        "displays/train/2/about-2.json",
        "penstock.json",
        "result/readme.txt",
        "result/weights.bin",
    ]


def test_what_is_there_already_is_left_or_brought_up_to_date(
    project: Project, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(FLOW)
    project.run()
    monkeypatch.chdir(project.folder)
    (first,) = exported(server, experiment="twice")
    before = looked(server, "twice")
    assert [one.state for one in exported(server, experiment="twice")] == ["known"]
    assert looked(server, "twice") == before
    penstock.run("main/1").tag("later")
    assert [(one.state, one.mlflow) for one in exported(server, experiment="twice")] == [("changed", first.mlflow)]
    (after,) = looked(server, "twice")
    assert after["tags"]["later"] == ""
    assert after["metrics"] == before[0]["metrics"]
    assert main(["mlflow", "import", server, "--experiment", "twice"]) == 0
    assert len(penstock.runs()) == 1  # it is known where it came from


def test_an_export_that_was_cut_off_is_gone_on_with(
    project: Project, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write(FLOW)
    project.run()
    monkeypatch.chdir(project.folder)
    post, left = MlflowApi.post, [("metrics", 2), ("metrics", 2), ("status", 1)]

    def cut_off(api: MlflowApi, path: str, /, **body: Any) -> dict[str, Any]:
        if left and left[0][0] in body:
            what, count = left.pop(0)
            if count == 1:
                raise KeyboardInterrupt
            left.insert(0, (what, count - 1))
        return post(api, path, **body)

    monkeypatch.setattr(MlflowApi, "post", cut_off)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            exported(server, experiment="cut off")
    assert [one.state for one in exported(server, experiment="cut off")] == ["changed"]
    assert [one.state for one in exported(server, experiment="cut off")] == ["known"]
    (there,) = looked(server, "cut off")
    assert there["status"] == "FINISHED"
    assert len(there["metrics"]["train/1/loss"]) == 1200
    assert "result/weights.bin" in there["files"]


def test_a_run_that_was_imported_from_there_is_not_exported_again(
    server: str, project_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mlflow_environment.run(MAKE.replace("there/1", "and back"), tmp_path, server)
    assert main(["mlflow", "import", server, "--experiment", "and back"]) == 0
    capfd.readouterr()
    assert main(["mlflow", "export", server]) == 0
    assert capfd.readouterr().out == "exported 0 runs; 0 brought up to date, 2 there already\n"
    assert main(["mlflow", "export", server, "and-back/7"]) == 2


# What a server of MLflow's never answers, or this one does not.


class Answers(BaseHTTPRequestHandler):
    """A server that answers as it is told."""

    answers: ClassVar[dict[str, Any]] = {}
    seen: ClassVar[list[str]] = []
    status = 200
    location = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append(self.headers.get("Authorization") or "")
        found = self.answers.get(self.path.partition("?")[0].rpartition("mlflow/")[2], {})
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(content)))
        if self.location:
            self.send_header("Location", self.location)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def answering(**how: Any) -> Iterator[tuple[str, type[Answers]]]:
    kind = type("Told", (Answers,), {"seen": [], **how})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}", kind
        finally:
            http.shutdown()
            thread.join()


def refused(address: str) -> str:
    with pytest.raises(UsageError) as raised:
        list(mlflow_import.import_runs(OpenProject.find(), mlflow_address.opened(address)))
    return str(raised.value)


@pytest.mark.usefixtures("project_folder")
def test_a_server_that_can_not_be_used_is_told() -> None:
    with answering() as (address, _):
        pass
    assert refused(address).startswith(f"no server answers at {address}: Connection refused. Start one with `mlflow")
    for status in (401, 403):
        with answering(status=status) as (address, _):
            assert f"{address} refuses who asks ({status}): set MLFLOW_TRACKING_USERNAME" in refused(address)
    for how in (
        {"status": 404},
        {"answers": {"experiments/search": b"<html>"}},
        {"answers": {"experiments/search": []}},
    ):
        with answering(**how) as (address, _):
            assert refused(address).startswith(f"{address} is no server of MLflow's: give the address")
    broken = {"experiments/search": {"error_code": "INTERNAL_ERROR", "message": "out of order"}}
    with answering(status=500, answers=broken) as (address, _):
        assert "answers 500 to /api/2.0/mlflow/experiments/search: out of order" in refused(address)


@pytest.mark.usefixtures("project_folder")
def test_credentials_are_for_the_server_that_was_named_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "secret")
    with answering() as (other, told), answering(status=302, location=f"{other}/") as (address, first):
        assert refused(address) == f"{address} leads to {other}/: give the address that is meant"
        assert told.seen == []
        assert first.seen == ["Bearer secret"]
    with answering() as (address, told):
        assert main(["mlflow", "import", address.replace("//", "//me:p%40ss@")]) == 0
        assert told.seen == ["Basic bWU6cEBzcw=="]
    with answering(status=401) as (address, _):
        assert "p%40ss" not in refused(address.replace("//", "//me:p%40ss@"))


def one_run(files: list[dict[str, Any]]) -> dict[str, Any]:
    info = {"run_id": "r1", "status": "FINISHED", "start_time": 1, "artifact_uri": "mlflow-artifacts:/1/r1/artifacts"}
    return {
        "experiments/search": {"experiments": [{"experiment_id": "1", "name": "e"}]},
        "runs/search": {"runs": [{"info": info}]},
        "artifacts/list": {"files": files},
    }


@pytest.mark.usefixtures("project_folder")
def test_names_that_lead_elsewhere_are_left_out() -> None:
    names = ["../../up.txt", "/etc/passwd", "a/../../b", "a\0b", "", "fine.txt", "fine.txt", "loop"]
    files = [{"path": name, "is_dir": name == "loop"} for name in names]
    with answering(answers=one_run(files)) as (address, _):
        (one,) = mlflow_import.import_runs(OpenProject.find(), mlflow_address.opened(address))
    assert one.notes == ("left out of its artifacts, as a link or under no plain name: 14 files",)
    assert [path.name for path in penstock.run().result().iterdir()] == ["fine.txt"]
    assert not list(Path.cwd().parent.rglob("up.txt"))


@pytest.mark.usefixtures("project_folder")
def test_a_file_that_breaks_off_leaves_no_half_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(api: MlflowApi, run: str, path: str) -> Iterator[bytes]:
        yield b"half"
        raise UsageError("no server answers")

    with answering(answers=one_run([{"path": "a.txt", "is_dir": False}])) as (address, _):
        with monkeypatch.context() as patch:
            patch.setattr(MlflowApi, "download", broken)
            assert "Leave the files where they are with --no-artifacts" in refused(address)
        assert penstock.runs() == []
        assert main(["mlflow", "import", address]) == 0
        assert penstock.run().result() is not None
