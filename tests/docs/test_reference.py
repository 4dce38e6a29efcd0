"""The reference is what docstrings and help say, and leaves nothing out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import penstock
from penstock.cli.verbs import VERBS
from penstock.model import surroundings
from penstock.settings import ExecutorSettings, GcSettings, ProjectSettings, Settings, StoreSettings, simple
from tests.docs.blocks import blocks_of
from tools import reference


def test_the_page_is_up_to_date() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.written(), "mend it: python tools/reference.py"


def test_every_public_name_and_verb_is_there() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    names = set(penstock.__all__) - {"__version__", "errors"}
    assert [name for name in sorted(names) if f"### {name}\n" not in page and f"### class {name}\n" not in page] == []
    assert [verb for verb in VERBS if f"### penstock {verb}\n" not in page] == []


def test_every_setting_is_there_and_no_other() -> None:
    table = next(tomllib.loads(block.text) for block in blocks_of(reference.PAGE) if block.language == "toml")
    executors, gc = table.pop("executors"), table.pop("gc")
    assert set(table.pop("store")) == set(simple()[StoreSettings])
    assert set(table.pop("project")) == set(simple()[ProjectSettings])
    assert set(table.pop("environment")) <= set(surroundings.FIELDS)
    assert set(table) == {*simple()[Settings], "limits"}
    keys = {key for executor in executors.values() for key in executor}
    assert keys - set(surroundings.FIELDS) == set(simple()[ExecutorSettings])
    assert set(gc) == {*simple()[GcSettings], "flows"}


def test_the_settings_hold_as_they_stand_there(tmp_path: Path) -> None:
    text = next(block.text for block in blocks_of(reference.PAGE) if block.language == "toml")
    (tmp_path / "penstock.toml").write_text(text)
    assert Settings.load(tmp_path, {}).executors["gpus"].hosts[1].gpus == 2


def test_every_integration_is_there() -> None:
    page = reference.PAGE.read_text(encoding="utf-8")
    files = (reference.ROOT / "src" / "penstock" / "integrations").glob("[!_]*.py")
    modules = {file.stem for file in files} - {"event_files"}  # of which `tensorboard` is made
    assert [module for module in sorted(modules) if f"`from penstock.integrations.{module} import" not in page] == []
