"""What a user's words name."""

from __future__ import annotations

from typing import Any

import pytest

import penstock
from penstock.errors import NotFoundError, UsageError
from penstock.project import Project
from penstock.reading.reader import JournalReader
from penstock.reading.targets import find, find_flow, part_text, split_part
from tests.recorded import Recorded, record_done, record_running


@pytest.mark.parametrize(
    ("text", "path", "part"),
    [
        ("", "", ()),
        ("digits/3", "digits/3", ()),
        ("digits/3/train/2[0]", "digits/3/train/2", (("item", 0),)),
        ("digits[0].accuracy", "digits", (("item", 0), ("attr", "accuracy"))),
        ("digits/3['x y'][-1]", "digits/3", (("item", "x y"), ("item", -1))),
        ("digits/3[x]", "digits/3", (("item", "x"),)),
        ("my.flow/3", "my.flow/3", ()),
    ],
)
def test_a_part_is_named_as_in_python(text: str, path: str, part: Any):
    assert split_part(text) == (path, part)


def test_a_part_is_written_as_it_is_read():
    part = (("item", "x"), ("attr", "shape"), ("item", 0))
    assert part_text(part) == "['x'].shape[0]"
    assert split_part("a/1" + part_text(part)) == ("a/1", part)


def test_runs_steps_and_tasks_are_found(recorded: Recorded):
    record_done(recorded)
    reader = JournalReader(Project.find())
    assert find(reader, "").run.run_id == "digits/1"
    assert find(reader, "dig/1/tra").step == "train"
    found = find(reader, "digits/1/train/2").task
    assert found is not None
    assert found.number == 2
    assert find_flow(reader, "dig") == "digits"


@pytest.mark.parametrize("text", ["digits/x", "digits//1", "digits/1/train/two", "digits/1/train/2/3"])
def test_words_that_name_nothing(recorded: Recorded, text: str):
    record_done(recorded)
    with pytest.raises(NotFoundError, match="FLOW/NUMBER/STEP/NUMBER; see `penstock ls`"):
        find(JournalReader(Project.find()), text)


@pytest.mark.parametrize("look", [penstock.run, penstock.resume])
def test_a_run_is_named_by_a_text(recorded: Recorded, look: Any):
    record_done(recorded)
    with pytest.raises(UsageError, match='3 names no run: write a text, such as "digits/3"'):
        look(3)


def test_a_task_that_has_not_ended_may_come(recorded: Recorded):
    handle = record_running(recorded)
    handle.close()
    with pytest.raises(NotFoundError, match="yet: a task is listed when it has ended"):
        find(JournalReader(Project.find()), "wide/1/draw/2")
    with pytest.raises(NotFoundError, match="yet: tasks are listed when they have ended"):
        find(JournalReader(Project.find()), "wide/1/zzz/1")
