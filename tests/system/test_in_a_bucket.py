"""A project whose store behaves as a bucket does: nothing asks a store for more than its port says."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bucket import MARGIN_S, Bucket, BucketStore
from tests.system.flows import ROOT, Project

IN_BUCKET = f"""
import sys
from pathlib import Path
sys.path.append({str(ROOT)!r})
from penstock.artifacts import opening
from tests.bucket import Bucket, BucketStore
opening.open_store = lambda place: BucketStore(Bucket(Path("bucket")))
from penstock.cli.main import main
sys.exit(main(sys.argv[1:]))
"""

FLOW = """
    import numpy

    @step
    def load(n):
        note("loads")
        return numpy.arange(n, dtype=float)

    @step(cache=True)
    def scale(data, by):
        note("scales")
        Path = type(current.tempdir)
        file = current.tempdir / "scaled.npy"
        numpy.save(file, data * by)
        return {"file": Path(file), "sum": float(data.sum() * by)}

    @step
    def check(scaled):
        if not os.path.exists("mended"):
            raise ValueError(numpy.load(scaled["file"]).tolist())
        return numpy.load(scaled["file"]).sum() == scaled["sum"]

    @flow
    def main(by: float = 2.0):
        return bool(check(scale(load.submit(50_000), by)))
"""


@pytest.fixture
def penstock(project: Project, require: Callable[[str], None]) -> Callable[..., str]:
    require("numpy")
    project.write(FLOW)

    def run(*words: str, code: int = 0) -> str:
        process = project.popen([sys.executable, "-c", IN_BUCKET, *words])
        output, _ = process.communicate(timeout=60)
        assert process.returncode == code, output
        return output

    return run


def test_a_flow_is_run_resumed_cached_looked_at_and_swept(project: Project, penstock: Callable[..., str]) -> None:
    assert "ValueError" in penstock("run", "--inline", "mine.py", code=1)
    (project.folder / "mended").touch()
    assert "2 reused" in penstock("resume", "--inline")
    assert penstock("get", "main/1").startswith("True\n")
    penstock("get", "main/1/load/1", "-o", "loaded.npy")
    assert (project.folder / "loaded.npy").stat().st_size > 400_000
    assert "1 reused" in penstock("run", "--inline", "mine.py")
    assert sorted(project.trace()) == ["loads", "loads", "scales"]

    bucket = Bucket(project.folder / "bucket")
    bucket.pass_time(3 * MARGIN_S)
    used = told(penstock, "du")
    assert used["runs"][0]["bytes"] > 400_000
    gone = told(penstock, "gc", "--keep-last", "0", "--cache", "--yes")
    assert len(gone["runs"]) == 2
    assert gone["bytes"] > 800_000
    bucket.pass_time(MARGIN_S)
    assert list(BucketStore(bucket).list()) == []
    assert not Path(project.folder, ".penstock", "store").exists()


def told(penstock: Callable[..., str], *words: str) -> Any:
    return json.loads(penstock(*words, "--json"))
