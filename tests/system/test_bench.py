"""The benchmark's harness runs. Its figures are nobody's business here, but those that must be 0."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(require: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    require("pyarrow")
    require("pandas")
    folder = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "bench", "--quick", "--folder", str(folder), "--json", str(folder / "found.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "found.json").read_text())


def medians(found: dict[str, Any], case: str) -> dict[str, float]:
    return {finding["what"].strip(): finding["median"] for finding in found["cases"][case]}


def test_every_case_finds_something(found: dict[str, Any]):
    from bench.__main__ import CASES

    assert found["scale"] == "quick"
    assert {case: bool(findings) for case, findings in found["cases"].items()} == dict.fromkeys(CASES, True)


@pytest.mark.parametrize("case", ["kill", "kill_branches"])
def test_a_run_survives_kills(found: dict[str, Any], case: str):
    told = medians(found, case)
    assert told["finished tasks that ran again"] == 0
    assert told["results other than the undisturbed one"] == 0
    assert told["numbers, checkpoints, metrics and log lines that were another task's"] == 0
    assert sum(value for what, value in told.items() if what.endswith("kills with -9")) == 2


def test_a_value_passed_on_is_not_written_again(found: dict[str, Any]):
    assert medians(found, "array")["blobs written by them"] == 0


def test_a_word_that_is_no_case_is_refused():
    command = [sys.executable, "-m", "bench", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no case nothing; choose from start, smallest" in done.stderr
