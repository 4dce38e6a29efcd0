"""Tasks, as Python sees them: inputs, results, attempts, and that nothing is unpickled by surprise."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

import penstock
from penstock.artifacts.canonical import identify
from penstock.errors import DamagedError, NotFoundError, UserCodeError
from penstock.model.edges import Ref
from penstock.model.outcomes import Stored
from penstock.model.rows import Batch, RunEnd
from tests.recorded import Recorded, outcome, record_done, record_failed, task, value


def explode() -> NoReturn:
    raise AssertionError("this was unpickled")


class Mine:
    """Can be pickled, and must not be unpickled by surprise."""

    def __reduce__(self) -> Any:
        return explode, ()

    def __repr__(self) -> str:
        return "<mine>"


def test_tasks_are_found_by_step_and_status(recorded: Recorded):
    record_done(recorded)
    run = penstock.run()
    assert [task.id for task in run.tasks()] == ["digits/1/load/1", "digits/1/train/1", "digits/1/train/2"]
    assert [task.number for task in run.tasks("train")] == [1, 2]
    assert [task.number for task in run.tasks("tr", limit=1)] == [1]
    assert run.tasks(status="failed") == []
    assert repr(run.tasks("load")) == "[<task digits/1/load/1 done: {'x': [1, 2, 3], 'y': 'z'}>]"


@pytest.mark.parametrize("name", ["train/2", "digits/1/train/2", "tr/2", "digits.train/2"])
def test_a_task_is_found_by_its_name(recorded: Recorded, name: str):
    record_done(recorded)
    assert penstock.run().task(name).id == "digits/1/train/2"


def test_the_only_task_of_a_step_needs_no_number(recorded: Recorded):
    record_done(recorded)
    assert penstock.run().task("load").id == "digits/1/load/1"
    with pytest.raises(NotFoundError, match="train has several tasks: name one, as train/1"):
        penstock.run().task("train")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("trian/1", "did you mean train?"),
        ("train/9", "no task digits/1/train/9; see `penstock show digits/1/train`"),
        ("train/x", "write STEP/NUMBER"),
        ("plot/1", "it has load, train"),
    ],
)
def test_what_is_not_there_is_told(recorded: Recorded, name: str, words: str):
    record_done(recorded)
    with pytest.raises(NotFoundError, match=words):
        penstock.run().task(name)


def test_inputs_come_from_their_producers(recorded: Recorded):
    record_done(recorded)
    first, second = penstock.run().tasks("train")
    assert dict(first.inputs) == {"depth": 2, "split": [1, 2, 3]}
    assert second.inputs["split"] == {"x": [1, 2, 3], "y": "z"}
    assert repr(first.inputs) == "<inputs of digits/1/train/1: depth=2, split=digits/1/load/1['x']>"
    previews = second.inputs.previews
    assert previews["split"] is not None
    assert previews["split"].text == "{'x': [1, 2, 3], 'y': 'z'}"
    assert [info.sources for info in second.inputs.infos] == [(), ("digits/1/load/1",)]
    with pytest.raises(NotFoundError, match="there are: depth, split"):
        second.inputs["slpit"]


def test_results_inside_an_input_are_put_in_their_places(recorded: Recorded):
    from penstock.artifacts import codec
    from penstock.model.edges import Edge

    class Future(Edge):
        def edge_identity(self) -> bytes:
            return identify(1).digest

    given = codec.encode([Future(), "and"], recorded.store).stored
    run = recorded.begin("digits")
    run.commit(
        Batch(
            (
                task(1, "digits.load", 1, outcome(recorded.stored({"x": 7}))),
                task(
                    2, "digits.join", 1, outcome(recorded.stored(0)), value("parts", given, (Ref(1, (("item", "x"),)),))
                ),
            )
        )
    )
    run.close()
    joined = penstock.run().task("join")
    assert joined.inputs["parts"] == [7, "and"]
    assert joined.inputs.infos[0].sources == ("digits/1/load/1['x']",)


def test_an_input_whose_producer_failed_says_so(recorded: Recorded):
    record_failed(recorded)
    with pytest.raises(NotFoundError, match="the result of digits/1/train/1, which is failed; see `penstock show"):
        penstock.run().task("evaluate").inputs["model"]


def test_attempts_logs_and_metrics_of_a_task(recorded: Recorded):
    record_done(recorded)
    train = penstock.run().task("train/2")
    assert [(one.number, one.status) for one in train.attempts] == [(1, "failed"), (2, "done")]
    assert train.attempts[0].error is not None
    assert train.attempts[0].error.message == "flaky"
    assert str(train.logs()) == "first try\nraw\nsecond try"
    assert [line.attempt for line in train.logs()] == [1, 1, 2]
    assert str(train.logs("warning")) == "first try"
    assert train.metrics["accuracy"] == 0.75
    assert train.usage.wall_s == 1.5
    assert train.result() == 0.75


def test_a_failed_task_raises_what_it_failed_with(recorded: Recorded):
    record_failed(recorded)
    train = penstock.run().task("train/1")
    assert train.error is not None
    assert train.error.type == "ValueError"
    assert not train.survived
    assert penstock.run().task("probe").survived
    assert repr(train) == "<task digits/1/train/1 failed: ValueError>"
    with pytest.raises(UserCodeError, match="digits/1/train/1: ValueError: no <b>"):
        train.result()


def test_looking_unpickles_nothing(recorded: Recorded):
    mine = recorded.stored(Mine())
    run = recorded.begin("digits", given=Mine())
    run.commit(Batch((task(1, "digits.load", 1, outcome(mine), value("given", mine)),)))
    run.end(RunEnd("done", mine))
    run.close()
    found = penstock.run()
    load = found.task("load")
    shown = [repr(one) for one in (found, load, found.params, load.inputs, found.tasks(), penstock.runs())]
    assert "<mine>" in " ".join(shown)
    pages: list[Any] = [found, load, found.tasks(), penstock.runs()]
    assert all("&lt;mine&gt;" in one._repr_html_() for one in pages[:3])
    assert (found.info().result, load.info().inputs) != (None, None)
    for touch in (found.result, load.result, lambda: found.params["given"], lambda: load.inputs["given"]):
        with pytest.raises(AssertionError, match="unpickled"):
            touch()


def test_a_value_of_the_flows_module_is_found_beside_it(recorded: Recorded, tmp_path: Path):
    (tmp_path / "far_module.py").write_text("class Thing:\n    size = 3\n")
    record = b"cfar_module\nThing\n)R."
    from penstock.artifacts import records

    stored = Stored(b"", records.build((), b"\x80\x05" + record), "", (), 30)
    run = recorded.begin("far_module")
    recorded.journal.database.run(
        "UPDATE run_detail SET file = ? WHERE run_id = ?", (str(tmp_path / "far_module.py"), run.id)
    )
    run.end(RunEnd("done", stored))
    run.close()
    assert penstock.run().result().size == 3


def test_damage_is_found_when_a_value_is_read(recorded: Recorded):
    stored = recorded.stored(b"x" * 100_000)
    run = recorded.begin("digits")
    run.end(RunEnd("done", stored))
    run.close()
    (blob,) = (path for path in Path(recorded.store.root).rglob("b3-*"))
    blob.write_bytes(b"y" + blob.read_bytes()[1:])
    with pytest.raises(DamagedError):
        penstock.run().result()


def test_files_come_back_as_copies(recorded: Recorded, tmp_path: Path):
    plot = tmp_path / "plot.txt"
    plot.write_text("a plot")
    run = recorded.begin("digits")
    run.end(RunEnd("done", recorded.stored(plot, files=True)))
    run.close()
    plot.unlink()
    found = penstock.run().result()
    assert (found.name, found.read_text()) == ("plot.txt", "a plot")
