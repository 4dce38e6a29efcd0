"""The verbs gc and du, on recorded runs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from penstock.cli.main import main
from penstock.space.space_structs import SpaceInfo, SweepInfo
from tests.recorded import Recorded
from tests.spacious import DAY_S, Spacious, run_ids


class Said(NamedTuple):
    """What a verb printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        return [re.split(r"  +", line.strip()) for line in self.out.splitlines()]

    @property
    def next(self) -> str:
        """What the last line says to do."""
        found = re.fullmatch(r"Next: (.*?)   \(.*\)", self.err.splitlines()[-1])
        assert found, self.err
        return found[1].removeprefix("penstock ")


Say = Callable[[str], Said]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Say:
    def run(command: str) -> Said:
        code = main(shlex.split(command))
        return Said(code, *capfd.readouterr())

    return run


@pytest.fixture
def spacious(recorded: Recorded) -> Iterator[Spacious]:
    return Spacious(recorded)


def test_gc_says_what_each_run_holds_alone_and_what_all_of_it_comes_to(spacious: Spacious, say: Say) -> None:
    shared = spacious.blob(4096)
    spacious.run([shared, spacious.blob(1024)], logs=1024, tags=("a", "b"), age_s=40 * DAY_S)
    last = spacious.run([shared])
    spacious.run([spacious.blob(8)])
    spacious.cached(last, [spacious.blob(2048)], used_s=50 * DAY_S)
    spacious.blob(512)
    said = say("gc --keep-last 1 --older-than 5d")
    assert said.code == 0
    assert said.rows == [
        ["run", "status", "age", "alone", "tags"],
        ["digits/2", "done", "10 d 0 h", "0 B"],
        ["digits/1", "done", "40 d 0 h", "2.0 KiB", "a, b"],
        [""],
        ["1 cached result: 2.0 KiB alone"],
        [""],
        ["what", "count", "size"],
        ["blobs", "4", "7.5 KiB"],
        ["folders of logs", "2", "1.0 KiB"],
    ]
    assert said.err.splitlines()[0] == "8.5 KiB can be freed"
    assert run_ids(spacious.home) == {"digits/1", "digits/2", "digits/3"}

    assert said.next == "gc --keep-last 1 --older-than 5d --yes"
    done = say(said.next)
    assert done.rows == said.rows
    assert done.err.splitlines()[0] == "freed 8.5 KiB"
    assert run_ids(spacious.home) == {"digits/3"}
    assert say(done.next).code == 0


def test_gc_names_the_same_options_again(spacious: Spacious, say: Say) -> None:
    spacious.run(flow="digits", logs=5)
    spacious.run(flow="wide", logs=5)
    asked = "gc --keep-last 0 --older-than 1d --keep-tag 'the best' --keep-tag old --flow digits --flow wide --cache"
    assert say(asked).next == f"{asked} --yes"


def test_gc_without_a_policy_removes_no_run(spacious: Spacious, say: Say) -> None:
    spacious.run([spacious.blob(100)])
    said = say("gc --yes")
    assert (said.out, said.next) == ("", "du")
    assert "nothing to free" in said.err
    assert run_ids(spacious.home) == {"digits/1"}


def test_gc_says_what_it_leaves_for_later(spacious: Spacious, say: Say) -> None:
    import time

    spacious.run(status="running", age_s=0.0)
    spacious.blob(2048, at=time.time())
    assert "2.0 KiB more may belong to runs that go on: try again when they are over" in say("gc").err


def test_gc_shows_the_environments_that_go_and_says_which_stay(spacious: Spacious, say: Say) -> None:
    going = spacious.environment("going", 4096, runs=[spacious.run()])
    cut_off = spacious.environment("cut off", 0, whole=False, used_s=40 * DAY_S)
    fresh = spacious.environment("fresh", 4096)
    said = say("gc --keep-last 0")
    assert said.rows[3] == ["environment", "python", "packages", "last used", "frees"]
    assert said.rows[4][:3] == [going[3:15], "3.11.7", "lib 1.0"]
    assert said.rows[5][:2] == [cut_off[3:15], "not whole"]
    assert ["environments", "2", "4.2 KiB"] in said.rows
    assert said.err.splitlines()[0] == (
        "note: 1 environment that no run has was used within 7 d 0 h, and stays: 4.2 KiB, which "
        f"`penstock env rm {fresh[3:15]}` frees"
    )
    assert say(said.next).rows == said.rows
    assert spacious.environments() == {fresh}
    assert "nothing to free now" in say("gc --keep-last 0").err
    assert say(f"env rm {fresh[3:15]}").code == 0
    assert "nothing to free: all that is stored is needed" in say("gc --keep-last 0").err


def test_du_says_what_environments_take_and_what_of_it_no_run_needs(spacious: Spacious, say: Say) -> None:
    spacious.environment("one", 4096, runs=[spacious.run()])
    said = say("du")
    assert ["environments, their locks and kits", "1", "4.2 KiB"] in said.rows
    assert said.next == "gc --keep-last 3"
    spacious.environment("two", 8192)
    said = say("du")
    assert ["environments, their locks and kits", "2", "12.5 KiB"] in said.rows
    assert "1 environment that no run has: 8.2 KiB to free: penstock gc" in said.err
    assert said.next == "gc"
    assert [one["runs"] for one in json.loads(say("du --json").out)["environments"]] == [0, 1]


def test_gc_as_json_is_one_document_of_the_documented_struct(spacious: Spacious, say: Say) -> None:
    spacious.run([spacious.blob(100)], logs=5)
    said = say("gc --keep-last 0 --keep-tag x --json")
    info = msgspec.json.decode(said.out, type=SweepInfo)
    assert (info.removed, info.bytes, [run.id for run in info.runs]) == (False, 105, ["digits/1"])
    assert said.err == ""
    assert json.loads(said.out)["piles"][0] == {"what": "blobs", "count": 1, "bytes": 100}
    assert json.loads(say("gc --keep-last 0 --yes --json").out)["removed"] is True


@pytest.mark.parametrize(
    ("words", "toml", "said"),
    [
        ("gc --keep-last -1", "", "--keep-last"),
        ("gc --keep-last some", "", "'some' is not a valid integer"),
        ("gc --older-than soon", "", "'--older-than': 'soon' is not an age; write a text such as \"30d\" or \"12h\""),
        ("gc --older-than 30", "", "'30' is an age without a unit"),
        ("gc --older-than ''", "", "'' is not an age"),
        ("gc --flow digit", "", "no flow is named 'digit'; did you mean digits?"),
        ("gc --flow zzz", "", "no flow is named 'zzz'; see `penstock ls`"),
        ("gc", "[gc]\nkeep_lats = 3", "penstock.toml: there is no setting gc.keep_lats; did you mean gc.keep_last?"),
        ("gc", "[gc.flows.digits]\nolder_than = 'x'", "penstock.toml: gc.flows.digits.older_than: 'x' is not an age"),
        ("du nothing", "", "no run is named 'nothing'"),
        ("du digits/9", "", "there is no run digits/9"),
        ("du --limit 0", "", "--limit"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_goes(
    spacious: Spacious, say: Say, words: str, toml: str, said: str
) -> None:
    spacious.run([spacious.blob(100)])
    spacious.blob(100)
    Path("penstock.toml").write_text(toml)
    found = say(f"{words} --yes" if words.startswith("gc") else words)
    assert (found.code, found.out) == (2, "")
    assert said in found.err
    assert len(list((spacious.home / "store").rglob("*-*"))) == 2


def test_du_shows_the_largest_first_and_adds_up(spacious: Spacious, say: Say) -> None:
    shared = spacious.blob(1 << 20)
    for size in (1024, 3072, 2048):
        spacious.run([shared, spacious.blob(size)])
    spacious.run([spacious.blob(512)], flow="wide", logs=512, tags=("best",))
    said = say("du")
    tables = said.out.split("\n\n")
    assert [re.split(r"  +", line) for line in tables[0].splitlines()] == [
        ["flow", "runs", "refers to", "alone", "folders"],
        ["digits", "3", "1.0 MiB", "1.0 MiB", "0 B"],
        ["wide", "1", "1.0 KiB", "1.0 KiB", "512 B"],
    ]
    runs = [re.split(r"  +", line) for line in tables[1].splitlines()]
    assert runs[0] == ["run", "status", "last seen", "refers to", "alone", "folders", "tags"]
    assert [[row[0], *row[3:]] for row in runs[1:]] == [
        ["digits/2", "1.0 MiB", "3.0 KiB", "0 B"],
        ["digits/3", "1.0 MiB", "2.0 KiB", "0 B"],
        ["digits/1", "1.0 MiB", "1.0 KiB", "0 B"],
        ["wide/1", "1.0 KiB", "1.0 KiB", "512 B", "best"],
    ]
    assert [re.split(r"  +", line) for line in tables[2].splitlines()][:2] == [
        ["in .penstock", "count", "size"],
        ["blobs of several", "1", "1.0 MiB"],
    ]
    assert tables[2].splitlines()[-1].startswith("all ")
    assert said.next == "gc --keep-last 3"


def test_du_points_at_what_nobody_refers_to(spacious: Spacious, say: Say) -> None:
    spacious.run()
    spacious.blob(100)
    assert say("du").next == "gc"


def test_du_of_a_flow_and_of_a_run(spacious: Spacious, say: Say) -> None:
    for flow in ("digits", "digits", "wide"):
        spacious.run([spacious.blob(100)], flow=flow)
    assert [row[0] for row in say("du digits").rows] == ["run", "digits/2", "digits/1"]
    said = say("du digits/1")
    assert [row[0] for row in said.rows] == ["run", "digits/1"]
    assert say(said.next).code == 0
    few = say("du --limit 1")
    assert [row[0] for row in few.rows][:6] == ["flow", "digits", "wide", "", "run", "wide/1"]
    assert "There are more: penstock du --limit 5" in few.err


def test_du_as_json_is_one_document_of_the_documented_struct(spacious: Spacious, say: Say) -> None:
    spacious.run([spacious.blob(100)])
    said = say("du --json --limit 1")
    info = msgspec.json.decode(said.out, type=SpaceInfo)
    assert (info.runs[0].id, info.runs[0].alone_bytes, said.err) == ("digits/1", 100, "")


def test_an_empty_project(project_folder: Path, say: Say) -> None:
    said = say("du")
    assert (said.code, said.out, said.next) == (0, "", "run FILE")
    assert json.loads(say("du --json").out)["bytes"] == 0
    assert "nothing to free" in say("gc --yes").err
