"""What a type checker knows of a user's code: signatures and results survive the decorators, slips are found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import penstock

SOURCE = """
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, Tuple, Union, assert_type

from penstock import Backoff, Environment, Future, Futures, current, flow, log_metrics, step


@dataclass
class Trained:
    accuracy: float


plain = Environment(packages=["a"], env={"A": "b"}, requirements=Path("x"), constraints=[Path("y"), "z"])
other = Environment(("a",), "3.10", find_links="wheels", secrets=("TOKEN",), indexes=["https://a"])
assert_type(plain.env, Tuple[Tuple[str, str], ...])
assert_type(plain.requirements, str)
Environment(env={"A": 1})  # pyright: ignore[reportArgumentType]
Environment(package=["a"])  # pyright: ignore[reportCallIssue]


@step(environment=plain, env={"C": "d"})
def load(rows: int) -> "list[int]":
    return list(range(rows))


@step(cpu=2, memory="2GiB", retries=2, retry_delay=Backoff(first_s=1), retry_on=(OSError,), limit="db", timeout="90s")
def train(depth: int, split: "list[int]") -> Trained:
    log_metrics({"accuracy": 0.5}, step=current.attempt)
    return Trained(0.5)


@step
async def fetch(url: str) -> bytes:
    return url.encode()


@step(on="inline")
async def fetch_here(url: str) -> bytes:
    return url.encode()


@flow(timeout="2h", on_failure=load)
def digits(rows: int = 10) -> Trained:
    assert_type(load(rows), "list[int]")
    split = load.submit(rows)
    assert_type(split, "Future[list[int]]")
    assert_type(split.result(), "list[int]")
    trained = train.map([2, 4], split=split)
    assert_type(trained, "Futures[Trained]")
    assert_type(trained.result(errors="return"), "List[Union[Trained, BaseException]]")
    assert_type(trained[0].result().accuracy, float)
    assert_type(train.options(cpu=4)(2, [1]), Trained)
    assert_type(fetch("x"), bytes)
    assert_type(fetch_here.submit("x").result(), bytes)
    return max(trained.result(), key=lambda one: one.accuracy)


assert_type(digits(rows=5), Trained)
assert_type(digits.submit(5).result(), Trained)

load("x")  # pyright: ignore[reportArgumentType]
digits(row=5)  # pyright: ignore[reportCallIssue]
train.options(cpus=4)  # pyright: ignore[reportCallIssue]
step(retries="two")  # pyright: ignore[reportArgumentType]
flow(timeouts=3)  # pyright: ignore[reportCallIssue]
unused: "tuple[Any, ...]" = (Future, Futures)
"""


def test_a_users_file_is_clean_under_strict_rules(tmp_path: Path) -> None:
    (tmp_path / "digits.py").write_text(SOURCE)
    settings = {
        "typeCheckingMode": "strict",
        "reportUnnecessaryTypeIgnoreComment": True,
        "pythonVersion": "3.11",
        "extraPaths": [str(Path(penstock.__file__).parents[1])],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run([sys.executable, "-m", "pyright"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
