"""Wishes: equal ones are one environment, however they are written."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import UsageError
from penstock.model import surroundings
from penstock.model.environments import Environment


def test_equal_wishes_are_equal_and_can_be_hashed() -> None:
    first = Environment(
        packages=["a", "b"],
        requirements=Path("/r.txt"),
        constraints=[Path("/c.txt"), "/d.txt"],
        env={"B": "2", "A": "1"},
        secrets=(name for name in ["TOKEN"]),
    )
    second = Environment(
        ("a", "b"), "", "/r.txt", "", ("/c.txt", "/d.txt"), env=(("A", "1"), ("B", "2")), secrets=["TOKEN"]
    )
    assert first == second
    assert len({first, second}) == 1
    assert pickle.loads(pickle.dumps(first)) == first
    assert first._replace(python="3.10").python == "3.10"
    assert repr(Environment(python="3.10")).startswith("Environment(packages=(), python='3.10'")


def test_the_flow_s_own_stays_asked_for_until_something_else_is() -> None:
    own = surroundings.changed(None, "step s", {"environment": Environment()}, "/")
    assert own == Environment()
    assert surroundings.changed(own, "step s", {"env": {}}, "/") == Environment()
    assert surroundings.changed(own, "step s", {"environment": None}, "/") is None
    assert surroundings.changed(Environment(["a"]), "step s", {"packages": None}, "/") is None


def test_variables_and_secrets_are_added_and_none_takes_them_away() -> None:
    base = Environment(env={"A": "1", "B": "2"}, secrets=["S"])
    more = surroundings.changed(base, "step s", {"env": {"B": "3", "C": "4"}, "secrets": ["T"]}, "/")
    assert more == Environment(env={"A": "1", "B": "3", "C": "4"}, secrets=["S", "T"])
    assert surroundings.changed(base, "step s", {"env": None}, "/") == Environment(secrets=["S"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"packages": ["--index-url=http://evil"]}, "is no requirement: options go by indexes="),
        ({"packages": ["lib\n--index-url http://evil"]}, "is no requirement"),
        ({"env": {"A": "x\0y"}}, "A holds a null character"),
        ({"env": {"A": "x\ud800y"}}, "A holds half of a surrogate pair"),
        ({"env": {"A": "x" * 200_000}}, r"A has 200,000 characters, and a variable may have 100,000: pass a file"),
        ({"env": {"A" * 2_000: "x"}}, "is no name of an environment variable"),
        ({"packages": ["six\0"]}, "holds a NUL character"),
        ({"packages": ["six\ud800"]}, "holds half of a surrogate pair"),
        ({"packages": ["x" * 10_000_000]}, r"has 10,000,000 characters, and may have 1,000"),
        ({"indexes": ["https://a\0"]}, "holds a NUL character"),
        ({"find_links": ["https://a\ud800"]}, "holds half of a surrogate pair"),
        ({"find_links": ["a\0"]}, "holds a NUL character"),
        ({"requirements": "a\0"}, "holds a NUL character"),
        ({"constraints": ["a\ud800"]}, "holds half of a surrogate pair"),
    ],
)
def test_what_would_fail_later_is_refused(given: Any, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        surroundings.changed(None, "step s", given, "/")
    assert said in str(caught.value)


def test_what_is_checked_is_the_same_wish() -> None:
    wish = Environment(["a"], requirements=Path("/r.txt"), env={"A": "1"})
    assert surroundings.changed(None, "step s", {"environment": wish}, "/") == wish
    keywords = {"packages": ["a"], "requirements": Path("/r.txt"), "env": {"A": "1"}}
    assert surroundings.changed(None, "step s", keywords, "/") == wish
    assert surroundings.changed(None, "step s", {"environment": Environment("a")}, "/") == Environment(["a"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"env": {"A": 1}}, "A is 1, which is no text"),
        ({"env": {1: "a", "B": "b"}}, "1 is no name"),
        ({"env": 3}, "env=3: expected names and values"),
        ({"packages": 3}, "packages=3"),
        ({"packages": {"a": "1"}}, "expected a list of texts"),
        ({"secrets": ["hf_123-value"]}, "give a secret's name, not its value"),
    ],
)
def test_what_is_wrong_is_told_with_the_step_s_name(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=r"^step s: ") as caught:
        surroundings.changed(None, "step s", {"environment": Environment(**wrong)}, "/")
    assert said in str(caught.value)


def test_variables_alone_need_nothing_to_be_built() -> None:
    assert not Environment(env={"A": "1"}, secrets=["TOKEN"]).is_foreign
    assert Environment(["six"]).is_foreign
    assert Environment(python="3.10").is_foreign
