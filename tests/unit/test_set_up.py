"""What the Makefile's targets install is enough for what they end with."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("target", ["DEMO", "CHECK", "TEST", "BENCH"])
def test_the_page_can_be_served_wherever_it_is_spoken_of(target: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = re.search(rf"^\$\({target}\): GROUPS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert groups is not None
    installed = {
        line for group in re.findall(r"\w+", groups[1]) for line in project["dependency-groups"].get(group, ())
    }
    needed = {re.split(r"[><=]", line)[0] for line in project["project"]["optional-dependencies"]["ui"]}
    assert needed <= installed
