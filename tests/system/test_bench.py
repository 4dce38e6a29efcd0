"""The benchmark's harness runs. Its figures are nobody's business here, but those that must be 0."""

from __future__ import annotations

import json
import os
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


def against(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", "--folder", str(folder), "--json", str(folder / "found.json"), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_commit_is_compared_pair_by_pair(tmp_path: Path):
    done = against(tmp_path, "--against", "HEAD", "--quick", "--pairs", "3", "chain", "cached")
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())["subjects"]
    assert {name: (len(one["old_s"]), len(one["new_s"])) for name, one in found.items()} == {
        "chain": (3, 3),
        "cached": (3, 3),
    }
    assert min(*found["chain"]["old_s"], *found["chain"]["new_s"]) > 0
    assert os.listdir(tmp_path) == ["found.json"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--against", "no-such-commit"), "there is no commit no-such-commit"),
        (("--against", "HEAD", "kill"), "there is no case kill; choose from start, smallest"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path: Path, words: tuple[str, ...], said: str):
    done = against(tmp_path, *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


LEAVES_WORKERS_BEHIND = """
import os, signal, time
from pathlib import Path
import penstock
from penstock import flow, step

def burn():
    until = time.process_time() + 0.8
    while time.process_time() < until:
        pass

@step
def work(number):
    Path(f"where-{number}").write_text(penstock.__file__)
    if number and os.fork() == 0:
        os.setsid()
        burn()
        os._exit(0)
    burn()

@step
def killed():
    if not Path("once").exists():
        Path("once").touch()
        burn()
        os.kill(os.getpid(), signal.SIGKILL)

@flow
def burning():
    work.map(range(3)).result()
    killed()
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    if os.fork() == 0:
        burning()
    os.wait()
"""


def test_all_that_a_command_leaves_behind_counts_and_runs_its_own_source(tmp_path: Path):
    """Three tasks, what two of them leave running, and one that is killed, in a run that is killed: 0.8 s each."""
    from bench import sides

    side = sides.of_working_tree(tmp_path / "new")
    project = tmp_path / "project"
    (project / ".penstock").mkdir(parents=True)
    (project / "burning.py").write_text(LEAVES_WORKERS_BEHIND)
    assert side.cpu_s(project, "burning.py") > 6 * 0.8
    source = str(tmp_path / "new" / "src" / "penstock" / "__init__.py")
    assert {file.read_text() for file in project.glob("where-*")} == {source}


def test_what_is_slower_is_marked():
    from bench.against import Compared, in_pairs, row

    order: list[str] = []

    def sample(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    old, new = in_pairs([lambda: sample("old", 1.0), lambda: sample("new", 1.2)], warm_ups=1, pairs=2)
    assert order == ["new", "old", "old", "new", "new", "old"]
    assert (old, new) == ([1.0, 1.0], [1.2, 1.2])
    assert row(Compared("chain", old, new, 10))[-1] == "SLOWER by more than 10 %"
    assert (Compared("chain", old, new, 25).ok, Compared("chain", old, new, None).ok) == (True, None)
    noisy = Compared("chain", [1.0, 1.0, 1.0, 2.0], [1.1, 1.2, 1.3, 2.2], 10)
    assert (round(noisy.ratio, 3), [round(one, 3) for one in noisy.quartiles]) == (1.15, [1.1, 1.225])
