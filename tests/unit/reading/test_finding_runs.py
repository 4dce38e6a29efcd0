from __future__ import annotations

import enum
import math
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.errors import FilterError, UsageError
from penstock.journal import changes
from penstock.journal.run_search import PageEnd
from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, RunEnd
from penstock.project import Project
from penstock.reading import finding_runs
from penstock.reading.filter_completion import complete
from penstock.reading.finding_runs import ChosenRuns
from penstock.reading.reader import JournalReader
from tests.recorded import BEGAN, Recorded, outcome, task


class Kind(enum.Enum):
    WIDE = 1


def points(name: str, *values: float) -> tuple[Metric, ...]:
    known = [value for value in values if value == value]
    ends = (values[-1], len(values) - 1, BEGAN + len(values), values[0], 0, BEGAN)
    return (Metric(name, len(values), *ends, min(known), max(known), 0, 0),)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> JournalReader:
    root = tmp_path_factory.mktemp("project")
    recorded = Recorded(root)
    params = [
        {"depth": 2, "lr": 0.1, "name": "adam w", "wide": False, "seed": None, "kind": Kind.WIDE},
        {"depth": 4, "lr": math.inf, "name": "4", "wide": True, "data": PurePosixPath("/data/x.csv")},
        {"depth": 8.5, "lr": math.nan, "depths": [1, 2]},
    ]
    for number, given_ in enumerate(params, 1):
        run = recorded.begin("digits", tags=(f"t{number}", "model=wide") if number == 2 else (), **given_)
        train = task(1, "digits.train", 1, outcome(recorded.stored(1), metrics=points("accuracy", 0.5, 0.25 * number)))
        tasks = [train]
        if number == 2:
            tasks.append(task(2, "digits.test", 1, outcome(recorded.stored(1), metrics=points("accuracy", 0.9))))
            tasks.append(task(3, "digits.test", 2, outcome(recorded.stored(1), metrics=points("val/loss.top", 3.0))))
        body = points("score", 1.0, math.nan) if number == 3 else ()
        if number == 1:
            body = points("accuracy", 0.125)
        run.commit(Batch(tuple(tasks), logged=body))
        run.end(RunEnd("failed" if number == 3 else "done"))
        run.close()
    recorded.begin("wide", alive=False, status="x").close()
    recorded.begin("wide-train", tags=("old",)).close()
    recorded.close()
    project = Project.find(root)
    return JournalReader(project)


ALL = ["wide-train/1", "wide/1", "digits/3", "digits/2", "digits/1"]


def ids(reader: JournalReader, text: str = "", sort: str = "", **chosen: str) -> list[str]:
    return [row.run_id for row in finding_runs.find(reader, text, ChosenRuns(**chosen), sort).rows]


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", ALL),
        ("digits", ["digits/3", "digits/2", "digits/1"]),
        ("wide", ["wide/1"]),  # a flow, though another's name has it in it
        ('"wide"', ["wide-train/1", "wide/1", "digits/2", "digits/1"]),  # and so have a tag and a parameter
        ("flow:digits,wide number<2", ["wide/1", "digits/1"]),
        ("DIGITS/2", ["digits/2"]),
        ("status:done", ["digits/2", "digits/1"]),
        ("status:crashed", ["wide/1"]),
        ("status:running,crashed", ["wide-train/1", "wide/1"]),
        ("-status:done -digits", ["wide-train/1", "wide/1"]),
        ("status!=done", ["wide-train/1", "wide/1", "digits/3"]),
        ("tag:t2", ["digits/2"]),
        ("tag:model", ["digits/2"]),
        ("tag:model=wide", ["digits/2"]),
        ("tag:mode", []),
        ("tag:model=wide,old", ["wide-train/1", "digits/2"]),
        ("depth=4", ["digits/2"]),
        ("depth:2,4.0", ["digits/2", "digits/1"]),
        ("depth>2", ["digits/3", "digits/2"]),
        ("depth!=4", ["digits/3", "digits/1"]),
        ("-depth=4", ["wide-train/1", "wide/1", "digits/3", "digits/1"]),
        ("params.depth<=4", ["digits/2", "digits/1"]),
        ('params.name="adam w"', ["digits/1"]),
        ("params.name=4", ["digits/2"]),
        ('depth="4"', []),
        ("lr>1e300", ["digits/2"]),
        ("lr=inf", ["digits/2"]),
        ("lr<1", ["digits/1"]),
        ("wide=true", ["digits/2"]),
        ("wide=FALSE", ["digits/1"]),
        ("wide=1", []),
        ("seed=none", ["digits/1"]),
        ("kind=WIDE", ["digits/1"]),
        ("data=/data/x.csv", ["digits/2"]),
        ("x.csv", ["digits/2"]),
        ("params.status=x", ["wide/1"]),
        ("params.nothing=x", []),
        ("metrics.nothing>1", []),
        ("accuracy>0", ["digits/3", "digits/1"]),  # of digits/2 two steps logged it
        ("accuracy=0.125", ["digits/1"]),  # the body's own counts
        ("train.accuracy>=0.5", ["digits/3", "digits/2"]),
        ("test.accuracy>0.8", ["digits/2"]),
        ("train.accuracy.max>0.6", ["digits/3"]),
        ("train.accuracy.min<0.3", ["digits/1"]),
        ("accuracy.first=0.5", ["digits/3"]),
        ("val/loss.top>2", ["digits/2"]),
        ("test.val/loss.top.min>2", ["digits/2"]),
        ("score>0", []),  # its last is not a number
        ("score.max=1", ["digits/3"]),
        ("since:2023-01-01", ALL),
        ("since:1h", []),
        ("before:2023-01-01", []),
        ("took>12s took<13s digits", ["digits/3", "digits/2", "digits/1"]),
        ("took<13s", ["digits/3", "digits/2", "digits/1"]),  # of one that died at once nobody knows
        ("depth=2 or depth=4", ["digits/2", "digits/1"]),
        ("-(depth=2 or depth=4) digits", ["digits/3"]),
        ('"\'; DROP TABLE run; --"', []),
        ('"%"', []),
    ],
)
def test_a_filter_finds(found: JournalReader, text: str, runs: list[str]) -> None:
    assert ids(found, text) == runs
    index = finding_runs.index(found, text)
    assert sum(index.counts.values()) == len(index.ids) == len(runs)
    assert not index.is_partial


@pytest.mark.parametrize(
    ("text", "word", "what"),
    [
        (
            "digits acuracy>0.9",
            "acuracy",
            "no metric and no scalar parameter of any run is called acuracy; did you mean",
        ),
        ("depths=1", "depths", "no metric and no scalar parameter of any run is called depths; did you mean depth?"),
        ("accuracy>>0.9", ">0.9", "a number is expected here, not '>0.9'"),
        ("accuracy=nan", "nan", "a number is expected here, not 'nan'"),
        ("depth>deep", "deep", "a number is expected here, not 'deep'"),
        ("depth>1,2", "2", "one value is expected after depth>"),
        ("status:faild", "faild", "'faild' is no status of a run; did you mean failed?"),
        ("status>failed", "status", "status has no order: write status:failed"),
        ("since:monday", "monday", "'monday' is not a time"),
        ("took>long", "long", "'long' is not a duration"),
        ("took:10m", "took", "write took>10m or took<10m"),
        ("params.=3", "params.", "no metric"),
    ],
)
def test_an_error_points_at_the_word(found: JournalReader, text: str, word: str, what: str) -> None:
    with pytest.raises(FilterError) as caught:
        ids(found, text)
    assert str(caught.value).startswith(what)
    assert text[caught.value.at : caught.value.end] == word
    mark = str(caught.value).split("\n")[-1]
    assert mark == f"  {' ' * text.index(word)}{'^' * len(word)}"


def test_a_metric_of_several_steps_is_named_with_them(found: JournalReader) -> None:
    answer = finding_runs.find(found, "accuracy>0")
    assert answer.notes == (
        (
            "several steps of some runs log accuracy, which then is none of the run's own: write test.accuracy or "
            "train.accuracy"
        ),
    )
    assert finding_runs.find(found, "train.accuracy>0 score.max>0").notes == ()
    assert finding_runs.find(found, sort="accuracy").notes == answer.notes


def test_runs_are_sorted_those_without_a_key_last(found: JournalReader) -> None:
    assert ids(found, "digits", "-depth") == ["digits/3", "digits/2", "digits/1"]
    assert ids(found, "digits", "train.accuracy") == ["digits/1", "digits/2", "digits/3"]
    assert ids(found, "", "-lr") == ["digits/2", "digits/1", "wide-train/1", "wide/1", "digits/3"]
    assert ids(found, "", "number") == ["wide-train/1", "wide/1", "digits/1", "digits/2", "digits/3"]
    assert ids(found, "digits", "status") == ["digits/2", "digits/1", "digits/3"]
    assert finding_runs.index(found, "digits", "depth").ids == [1, 2, 3]
    for sort in ("-nothing", "tag"):
        with pytest.raises(FilterError):
            ids(found, "", sort)


@pytest.mark.parametrize("sort", ["took", "-took"])
def test_pages_of_runs_that_go_on_keep_to_the_time_of_the_first(tmp_path: Path, sort: str) -> None:
    recorded = Recorded(tmp_path)
    for _ in range(3):
        recorded.begin("digits").close()
    recorded.close()
    reader = JournalReader(Project.find(tmp_path))
    pages: list[str] = []
    after: PageEnd | None = None
    while after is not None or not pages:
        page = finding_runs.find(reader, "", sort=sort, limit=1, after=after)
        pages += [row.run_id for row in page.rows]
        assert len(pages) <= 3
        after = page.next
    assert pages == ["digits/3", "digits/2", "digits/1"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["", "depth", "-depth", "lr", "-lr", "took", "-status", "accuracy", "-number", "name"]),
    st.integers(1, 4),
)
def test_pages_give_what_one_answer_gives(found: JournalReader, sort: str, limit: int) -> None:
    pages: list[str] = []
    after: PageEnd | None = None
    while True:
        page = finding_runs.find(found, "", sort=sort, limit=limit, after=after)
        pages += [row.run_id for row in page.rows]
        after = page.next
        if after is None:
            break
    assert pages == ids(found, "", sort)


def test_what_is_chosen_beside_a_filter_holds_too(found: JournalReader) -> None:
    assert ids(found, "depth>2", status="done") == ["digits/2"]
    assert ids(found, "", flow="wide") == ["wide/1"]
    assert ids(found, "", tag="old", since="2023-01-01") == ["wide-train/1"]
    with pytest.raises(UsageError, match="'finished' is no status of a run; there are: running"):
        ids(found, "", status="finished")
    with pytest.raises(UsageError, match="'monday' is not a time"):
        ids(found, "", since="monday")


def test_columns_are_metrics_and_parameters(found: JournalReader) -> None:
    rows = finding_runs.find(found, "digits").rows
    columns, notes = finding_runs.columns(found, rows, ["depth", "wide", "seed", "accuracy", "train.accuracy.max"])
    assert [(column.name, column.values) for column in columns] == [
        ("depth", {1: 2, 2: 4, 3: 8.5}),
        ("wide", {1: False, 2: True}),
        ("seed", {1: None}),
        ("accuracy", {1: 0.125, 3: 0.75}),
        ("train.accuracy.max", {1: 0.5, 2: 0.5, 3: 0.75}),
    ]
    assert len(notes) == 1
    assert [type(column.values.get(2)) for column in columns[:2]] == [int, bool]
    for name in ("acuracy", "tag"):
        with pytest.raises(FilterError):
            finding_runs.columns(found, rows, [name])


def test_all_facts_of_runs(found: JournalReader) -> None:
    facts = finding_runs.facts(found, finding_runs.find(found, "digits").rows)
    assert facts[2] == {
        "depth": 4,
        "lr": math.inf,
        "name": "4",
        "wide": True,
        "data": "/data/x.csv",
        "train.accuracy": 0.5,
        "test.accuracy": 0.9,
        "val/loss.top": 3.0,
    }
    assert facts[3]["score"] is None


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("ac", 0, ["accuracy"]),
        ("digits st", 7, ["status:"]),
        ("-(sta", 2, ["status:"]),
        ("status:f", 7, ["failed"]),
        ("status:failed,cr", 14, ["crashed"]),
        ("tag:mo", 4, ["model=wide"]),
        ("flow:dig", 5, ["digits"]),
        ("name=", 5, ["4", '"adam w"']),
        ('name="ad', 5, ['"adam w"']),
        ("wide=t", 5, ["true"]),
        ("params.st", 0, ["params.status"]),
        ("took>", 5, ["10s", "1m", "10m", "1h"]),
        ("train", 0, ["train.accuracy"]),
        ("nothing=", 8, []),
        ('"say acc', 0, []),
        ("val", 0, ["val/loss.top"]),
    ],
)
def test_what_may_stand_at_the_end_is_named(found: JournalReader, text: str, at: int, words: list[str]) -> None:
    completion = complete(found, text, len(text))
    assert (completion.at, completion.end) == (at, len(text))
    assert [word.text for word in completion.words] == words


@given(
    st.text(max_size=30) | st.lists(st.sampled_from([*'ab:"=(-, ', "status:", "name"])).map("".join), st.integers(0, 40)
)
def test_completing_fails_for_no_text(found: JournalReader, text: str, end: int) -> None:
    assert 0 <= complete(found, text, end).at <= min(end, len(text))


def test_tags_are_found_when_they_are_set_and_not_when_they_are_gone(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    run = recorded.begin("digits", depth=1)
    reader = JournalReader(Project.find(tmp_path))
    changes.add_tags(recorded.journal, run.id, ["owner=ada"])
    assert ids(reader, "tag:owner") == ["digits/1"]
    changes.remove_tags(recorded.journal, run.id, ["owner=ada"])
    assert ids(reader, "tag:owner") == []
    assert ids(reader, "depth=1") == ["digits/1"]
    run.end(RunEnd("done"))
    run.close()
    changes.delete_run(recorded.journal, run.id)
    assert ids(reader) == []
    with pytest.raises(FilterError):
        ids(reader, "depth=1")
    recorded.close()
