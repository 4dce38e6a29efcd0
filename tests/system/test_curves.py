"""What steps log and use, as whoever looks at a run sees it: while it runs, after a kill, in a fork."""

from __future__ import annotations

import json
import re
from itertools import pairwise

from penstock.client.flow_runs import Run
from penstock.project import Project as OpenProject
from penstock.reading.reader import JournalReader
from penstock.settings import Settings
from tests.system.flows import Project, wait_until

LONG = """
@step(cache=True)
def train(epochs: int):
    for epoch in range(epochs):
        log_metrics({"loss": 1 / (epoch + 1)}, step=epoch)
    note("logged")
    await_file("go")
    log_metrics({"loss": 0.0}, step=epochs)
    return epochs

@flow
def main(epochs: int = 2000, other: int = 1):
    return train(epochs)
"""


def opened(project: Project, run: str = "") -> Run:
    return Run.find(JournalReader(OpenProject(Settings.load(project.folder, {}))), run)


def rows(project: Project) -> list[tuple[int, str | None]]:
    return project.rows("SELECT points, file FROM metric")


def test_a_curve_is_there_while_it_grows_and_after_everything_was_killed(project: Project) -> None:
    project.write(LONG)
    drive = project.spawn()
    wait_until(lambda: [points for points, _ in rows(project)] == [2000], "for what was passed on")
    metrics = opened(project).task("train/1").metrics
    seen = metrics.curve("loss")
    assert (seen.count, seen.xs[:2], seen.ys[:2]) == (2000, (0, 1), (1.0, 0.5))
    drive.kill()
    assert len(opened(project).task("train/1").metrics.history("loss")) == 2000
    project.touch("go")
    assert project.run("main/1").value() == 2000
    metrics = opened(project).task("train/1").metrics
    assert len(metrics.history("loss")) == 2001, "the try that was killed had no checkpoint: this one began anew"
    assert (metrics["loss"], rows(project)) == (0.0, [(2001, None)])
    assert not list((project.folder / ".penstock" / "logs").rglob("train-*.2.points"))


def test_an_attempt_whose_worker_was_killed_keeps_its_points(project: Project) -> None:
    project.write("""
        from pathlib import Path
        from penstock.artifacts import point_files

        def written():
            files = [file.read_bytes() for file in Path(".penstock/logs").rglob("train-*.points")]
            return sum(len(part.steps) for data in files for part in point_files.read(data).get("loss", ()))

        @step(retries=1)
        def train():
            for epoch in range(500):
                log_metrics({"loss": current.attempt}, step=epoch)
            if current.attempt == 1:
                while written() < 500:
                    time.sleep(0.01)
                os.kill(os.getpid(), 9)
            return 1

        @flow
        def main():
            return train()
    """)
    assert project.run().value() == 1
    metrics = opened(project).task("train/1").metrics
    assert metrics.history("loss", attempt=1) == [(epoch, 1.0) for epoch in range(500)]
    assert metrics.history("loss") == [(epoch, 2.0) for epoch in range(500)]
    assert opened(project).info().metrics[0].points == 500


def test_points_are_kept_for_whoever_refers_to_them(project: Project) -> None:
    project.write(LONG)
    project.touch("go")
    assert project.run().value() == 2000
    code, said = project.penstock("fork", "main/1", "--other", "2")
    assert code == 0, said
    for words in (("rm", "main/1", "--yes"), ("gc", "--keep-last", "5", "--yes")):
        code, said = project.penstock(*words)
        assert code == 0, said
    fork = opened(project, "main/2").task("train/1")
    assert fork.origin == "main/1/train/1"
    assert [step for step, _ in fork.metrics.history("loss")] == [*range(2001)]
    for words in (("rm", "main/2", "--yes"), ("gc", "--keep-last", "5", "--yes")):
        assert project.penstock(*words)[0] == 0
    assert project.run().value() == 2000
    cached = opened(project, "main/3").task("train/1")
    assert cached.origin == "main/1/train/1"
    assert len(cached.metrics.points) == 2001


def test_what_an_attempt_uses_is_seen_while_it_runs(project: Project) -> None:
    project.write("""
        @step
        def busy(n):
            held = bytearray(64 << 20)
            held[:: 4096] = bytes(len(held[:: 4096]))
            end = time.process_time() + 0.4
            while time.process_time() < end:
                pass
            await_file(f"go-{n}")
            return n

        @flow
        def main():
            return [busy(1), busy(2)]
    """)
    drive = project.spawn(how={"max_workers": 1})
    wait_until(lambda: len(files(project)) == 1, "for the first look")
    project.touch("go-1")
    wait_until(lambda: json.loads(project.penstock("show", "--json")[1])["steps"][0]["done"] == 1, "for the first task")
    run = opened(project)
    first = run.task("busy/1").system()
    assert set(first) == {f"system/{name}" for name in ("cpu", "memory", "read", "written", "received", "sent")}
    assert max(first["system/memory"].ys) > 64 << 20
    assert 0 < max(first["system/cpu"].ys) < 64
    assert all(before < after for before, after in pairwise(first["system/cpu"].xs))
    project.touch("go-2")
    assert drive.join().code == 0
    second = opened(project).task("busy/2").system()
    assert not set(first["system/cpu"].xs) & set(second["system/cpu"].xs if second else ())
    shown = project.penstock("show", "main/1/busy/1")[1]
    assert re.search(r" s of CPU, up to [\d.]+ CPUs at once, [\d.]+ MiB of memory at its peak", shown)


def files(project: Project) -> list[object]:
    return [file for file in (project.folder / ".penstock" / "logs").rglob("*.system") if file.stat().st_size > 500]
