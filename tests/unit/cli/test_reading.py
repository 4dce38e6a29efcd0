"""The verbs that read: ls, show, logs and get, on recorded runs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest

import penstock
from penstock.cli.main import main
from penstock.client.resources import resources
from penstock.model.outcomes import Stored
from penstock.model.rows import Batch, RunEnd
from penstock.reading.resource_structs import ResourcesInfo
from penstock.reading.structs import LogLine, RunInfo, TaskInfo
from tests.recorded import (
    BEGAN,
    Recorded,
    outcome,
    record_crashed,
    record_done,
    record_failed,
    record_running,
    task,
)
from tests.recorded import line as log_line


class Said:
    """What a verb printed, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def next(self) -> str:
        found = re.search(r"^Next: (.*?)   \(", self.err, re.MULTILINE)
        assert found, self.err
        return found[1]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str]) -> Any:
    def run(command: str) -> Said:
        code = main(shlex.split(command))
        return Said(code, *capfd.readouterr())

    return run


def test_ls_is_an_aligned_table_in_a_pipe(recorded: Recorded, say: Any):
    record_done(recorded)
    record_failed(recorded)
    record_crashed(recorded)
    said = say("ls")
    assert said.code == 0
    assert said.lines[0].split() == [
        "run",
        "status",
        "started",
        "duration",
        "done",
        "failed",
        "tags",
    ]
    rows = [re.split(r" {2,}", line) for line in said.lines[1:]]
    assert [row[:2] for row in rows] == [["wide/1", "crashed"], ["digits/2", "failed"], ["digits/1", "done"]]
    assert rows[1][3:] == ["12.5 s", "0", "3"]
    assert rows[2][3:] == ["12.5 s", "3", "nightly"]
    assert said.next == "penstock show wide/1"


def test_ls_chooses(recorded: Recorded, say: Any):
    record_done(recorded)
    record_failed(recorded)
    assert len(say("ls dig --status failed").lines) == 2
    assert len(say("ls --tag nightly --since 30000d").lines) == 2
    assert "penstock ls --limit 5" in say("ls --limit 1").err
    assert "penstock ls dig --since 30000d --limit 5" in say("ls dig --since 30000d --limit 1").err
    assert [len(say(f"{verb} --limit {10**20}").lines) for verb in ("ls", "show digits/1/train")] == [3, 4]
    nothing = say("ls --since 1h")
    assert (nothing.out, nothing.code, nothing.next) == ("", 0, "penstock ls")


def test_ls_filters_sorts_and_shows_columns(recorded: Recorded, say: Any):
    record_done(recorded)
    record_failed(recorded)
    said = say("ls --filter 'accuracy>0.7 rows=5' --columns rows,accuracy,accuracy.max --sort=-accuracy")
    assert (said.code, len(said.lines)) == (0, 2)
    assert re.split(r" {2,}", said.lines[1])[4:] == ["3", "5", "0.75", "0.75", "nightly"]
    assert said.next == "penstock show digits/1"
    more = say("ls --filter digits --columns rows --sort=-rows --limit 1")
    assert "penstock ls --filter digits --columns rows --sort -rows --limit 5" in more.err
    nothing = say("ls --filter 'accuracy>0.8'")
    assert (nothing.out, nothing.code, nothing.next) == ("", 0, "penstock ls")


def test_ls_shows_what_it_sorts_by_and_names_the_verb_that_explains_it(recorded: Recorded, say: Any):
    for _ in range(5):
        record_done(recorded)
    said = say("ls --sort=-accuracy")
    assert said.lines[0].split()[-2:] == ["accuracy", "tags"]
    assert said.next == "penstock compare digits --metric accuracy"
    assert say("ls --columns accuracy --sort=accuracy").lines[0].split().count("accuracy") == 1
    assert say("ls --sort=-rows").next == say("ls --sort=accuracy").next == "penstock show digits/5"
    assert "took" not in say("ls --sort=-took").lines[0]
    assert say("ls").next == "penstock compare digits"
    assert say("ls dig --filter rows=5").next == "penstock compare --filter 'flow:digits (rows=5)'"
    assert say("ls --limit 4").next == say("ls --status done").next == "penstock show digits/5"
    for command in ("ls", "ls --sort=-accuracy", "ls dig --filter rows=5"):
        assert say(say(command).next.removeprefix("penstock ")).code == 0


@pytest.mark.parametrize("option", ["--filter acuracy>0.7", "--sort acuracy", "--columns rows,acuracy"])
def test_ls_points_at_a_word_that_means_nothing(recorded: Recorded, say: Any, option: str):
    record_done(recorded)
    said = say(f"ls {option}")
    assert (said.code, said.out) == (2, "")
    message, shown, mark = said.err.splitlines()
    assert message == (
        "penstock: no metric and no scalar parameter of any run is called acuracy; did you mean accuracy?"
    )
    assert shown[mark.index("^") : mark.rindex("^") + 1] == "acuracy"


def test_ls_of_nothing(project_folder: Path, say: Any):
    said = say("ls")
    assert (said.code, said.out, said.next) == (0, "", "penstock run FILE")
    assert say("ls --json").out == "[]\n"
    assert not (project_folder / ".penstock").exists()


def test_json_is_one_document_of_the_clients_structs(recorded: Recorded, say: Any):
    record_done(recorded)
    run = penstock.run()
    assert msgspec.json.decode(say("ls --json").out, type=list[RunInfo]) == [run.info()]
    assert msgspec.json.decode(say("show --json").out, type=RunInfo) == run.info()
    assert msgspec.json.decode(say("show digits/1/train/2 --json").out, type=TaskInfo) == run.task("train/2").info()
    tasks = msgspec.json.decode(say("show digits/1/train --json").out, type=list[TaskInfo])
    assert tasks == [task.info() for task in run.tasks("train")]
    assert msgspec.json.decode(say("logs --json").out, type=list[LogLine]) == run.logs()
    assert say("show --json").err == ""


def test_show_a_run(recorded: Recorded, say: Any):
    record_done(recorded)
    said = say("show")
    assert said.lines[0].startswith("digits/1  done  after 12.5 s, started 2023-11-")
    for line in (
        "  tags    nightly",
        "  file    /src/digits.py",
        "  result  [0.25, 0.75]  (list)",
        "  depths  [2, 4]",
        "accuracy  0.75       0.5     0.75       2      1",
    ):
        assert line in said.lines
    assert said.next == "penstock get digits/1"


def test_show_a_failed_run_tells_the_users_traceback_then_the_task_and_its_inputs(recorded: Recorded, say: Any):
    record_failed(recorded)
    said = say("show")
    error = said.lines[said.lines.index("Error") + 1 :]
    assert error[:3] == ["Traceback (most recent call last):", '  File "digits.py"', "ValueError: no <b>"]
    tasks = said.lines[said.lines.index("Failed tasks") + 1 :]
    assert tasks == [
        "  digits/1/train/1  ValueError: no <b>",
        "    depth  '<i>'",
        "  digits/1/evaluate/1  upstream: the result of digits/1/train/1 is not there",
        "    model  digits/1/train/1",
        "  digits/1/probe/1  ValueError: survived  (the flow went on)",
        "    depth  1",
    ]
    assert said.next == "penstock resume digits/1"


def test_show_a_crashed_and_a_running_run(recorded: Recorded, say: Any):
    record_crashed(recorded)
    assert say("show").lines[0].startswith("wide/1  crashed  after 12.5 s, started ")
    assert say("show").next == "penstock resume wide/1"
    record_running(recorded).close()
    said = say("show")
    assert said.lines[0].startswith("wide/2  running  for ")
    assert "draw        7        2     1" in said.lines
    assert said.next == "penstock logs -f wide/2"


def test_how_long_a_run_took_that_died_at_once_is_not_told(recorded: Recorded, say: Any):
    record_crashed(recorded, renewed=False)
    assert say("show").lines[0].startswith("wide/1  crashed  started ")
    assert len(re.split(r" {2,}", say("ls").lines[1])) == 3 + 1  # run, status, started, done
    assert json.loads(say("show --json").out)["duration_s"] is None
    assert "wide/1 crashed: 0 tasks done" in say("watch wide/1").out


def test_show_a_task(recorded: Recorded, say: Any):
    record_done(recorded)
    said = say("show digits/1/train/2")
    assert said.lines[0].startswith("digits/1/train/2  done in attempt 2  after 1.5 s, began ")
    for line in (
        "  used    1.25 s of CPU, 64.0 MiB of memory at its peak, 2.0 KiB written",
        "split  {'x': [1, 2, 3], 'y': 'z'}  dict  digits/1/load/1",
        "  value   0.75",
        "      1  failed     1.5 s  raised  ValueError flaky",
        "accuracy     2   0.75",
        "  second try",
    ):
        assert line in said.lines
    assert said.next == "penstock get digits/1/train/2"


def test_show_a_step(recorded: Recorded, say: Any):
    record_done(recorded)
    said = say("show digits/1/train")
    assert said.lines[0] == "digits/1/train  2 tasks"
    assert said.lines[2] == "1     done       1.5 s  depth=2, split=digits/1/load/1['x']        0.25"
    assert "1 more: penstock show digits/1/train --limit 2" in say("show digits/1/train --limit 1").err


def test_logs(recorded: Recorded, say: Any):
    record_done(recorded)
    said = say("logs")
    assert [line[14:] for line in said.lines] == [
        "load/1                  hello",
        "train/2        WARNING  first try",
        "train/2                 raw",
        "train/2#2               second try",
    ]
    assert re.match(r"\d\d:\d\d:\d\d\.000  load", said.lines[0])
    assert said.next == "penstock show digits/1"
    assert len(say("logs --level warning").lines) == 1
    assert (
        "Nothing was printed or logged of level error or above, as far as digits/1 has come."
        in say("logs --level error").err
    )
    assert len(say("logs digits/1/load").lines) == 1
    assert len(say("logs digits/1/train/2 -n 2").lines) == 2
    assert [json.loads(line)["text"] for line in say("logs -f --json digits/1/train/2").lines][-1] == "second try"


def test_logs_of_a_flow_s_body(recorded: Recorded, say: Any):
    run = record_done(recorded)
    assert say("logs digits/1/flow").err.startswith("Nothing was printed or logged by the flow's own body, as far")
    recorded.log(run.run_id, "flow.1.log", log_line("begun", BEGAN - 1))
    recorded.log(run.run_id, "flow.2.log", log_line("careful", BEGAN + 9, "W", "e"))
    both = ["flow                    begun", "flow#2         WARNING  careful"]
    assert [line[14:] for line in say("logs digits/1/flow").lines] == both
    assert [line[14:] for line in say("logs").lines if " flow" in line] == both
    assert [line[14:] for line in say("logs digits/1/flow --level warning -n 2").lines] == both[1:]
    assert say("logs -f digits/1/flow").lines == say("logs digits/1/flow").lines
    assert [(one["task"], one["attempt"]) for one in json.loads(say("logs --json digits/1/flow").out)] == [
        ("digits/1", 1),
        ("digits/1", 2),
    ]
    assert say("logs digits/flow").code == 2
    assert say("logs digits/7/flow").code == 2


def test_a_step_named_flow_comes_first(recorded: Recorded, say: Any):
    run = recorded.begin("digits")
    log = recorded.log(run.run_id, "w1.log", log_line("of the step"))
    run.commit(Batch((task(1, "digits.flow", 1, outcome(recorded.stored(1), log=log)),)))
    recorded.log(run.run_id, "flow.1.log", log_line("of the body"))
    run.close()
    assert [line[14:] for line in say("logs digits/1/flow").lines] == ["flow/1                  of the step"]
    assert len(say("logs digits/1").lines) == 2


def test_following_a_run_that_is_over_ends(recorded: Recorded, say: Any):
    record_done(recorded)
    assert say("logs -f").lines == say("logs").lines
    assert say("logs -f --tail 3").code == 2


def test_logs_of_a_run_that_printed_nothing(recorded: Recorded, say: Any):
    record_crashed(recorded)
    said = say("logs")
    assert (said.out, said.code) == ("", 0)
    assert "Nothing was printed or logged, as far as" in said.err


def test_logs_of_a_step_that_printed_nothing_say_so_of_it_alone(recorded: Recorded, say: Any):
    run = recorded.begin("digits")
    log = recorded.log(run.run_id, "w1.log", log_line("loud"))
    run.commit(
        Batch(
            (
                task(1, "digits.loud", 1, outcome(recorded.stored(1), log=log)),
                task(2, "digits.quiet", 1, outcome(recorded.stored(1))),
            )
        )
    )
    run.close()
    assert "Nothing was printed or logged by quiet, as far as digits/1 has come." in say("logs digits/1/quiet").err
    assert "Nothing was printed or logged by quiet/1, as far" in say("logs digits/1/quiet/1").err


def test_get_prints_values(recorded: Recorded, say: Any):
    record_done(recorded)
    assert json.loads(say("get").out) == [0.25, 0.75]
    assert say("get digits rows").out == "5\n"
    assert say("get digits/1[1]").out == "0.75\n"
    assert say("get digits/1/train/1 depth").out == "2\n"
    assert json.loads(say("get digits/1/train/1 --input split").out) == [1, 2, 3]
    assert say("get \"digits/1/load['y']\"").out == "z\n"
    said = say("get digits/1/train/1 depth")
    assert said.next == "penstock get digits/1/train/1 depth -o FILE"


def test_get_as_json_has_the_value_and_what_is_known_of_it(recorded: Recorded, say: Any):
    record_done(recorded)
    found = json.loads(say("get digits/1/load --json").out)
    assert found["content"] == {"x": [1, 2, 3], "y": "z"}
    assert found["value"]["type"] == "dict"
    assert (found["target"], found["saved_to"]) == ("digits/1/load", None)


def test_get_saves_by_the_kind_of_value(recorded: Recorded, say: Any, tmp_path: Path):
    record_done(recorded)
    said = say(f"get -o {tmp_path}/out.json")
    assert json.loads((tmp_path / "out.json").read_text()) == [0.25, 0.75]
    assert (said.out, said.err) == ("", f"saved digits/1 to {tmp_path}/out.json\n")
    again = say(f"get -o {tmp_path}/out.json")
    assert (again.code, again.err) == (
        2,
        f"penstock: {tmp_path}/out.json is there already; overwrite it with --force, or name another file\n",
    )
    assert say(f"get -o {tmp_path}/out.json --force").code == 0
    assert say(f"get digits/1[1] -o {tmp_path}/part.json").err == f"saved digits/1[1] to {tmp_path}/part.json\n"
    assert say("get -o -").err == "penstock: -o - names no file: without -o the value is printed to stdout\n"
    said = say(f"get digits/1/train/1 depth -o {tmp_path}")
    assert said.err.startswith("saved depth of digits/1/train/1 to ")
    assert (
        "an int can't be saved as .npy; it can as .json" in say(f"get digits/1/train/1 depth -o {tmp_path}/i.npy").err
    )
    assert (tmp_path / "digits-1-train-1-depth.json").read_text() == "2\n"


def test_get_copies_a_file(recorded: Recorded, say: Any, tmp_path: Path):
    plot = tmp_path / "plot.txt"
    plot.write_text("a plot\n")
    run = recorded.begin("digits")
    run.commit(Batch((task(1, "digits.plot", 1, outcome(recorded.stored(plot, files=True))),)))
    run.end(RunEnd("done"))
    run.close()
    plot.unlink()
    assert say("get digits/1/plot").out == "a plot\n"
    say(f"get digits/1/plot -o {tmp_path}")
    assert plot.read_text() == "a plot\n"
    assert not (recorded.home / "files").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("get digits/2", "digits/2 is failed: it has no result; see `penstock show digits/2`"),
        ("get digits/2/train/1", "is failed: it has no result; see `penstock show digits/2/train/1`"),
        ("get digits/1[7]", "there is no such part of a list: list index out of range"),
        ("get digits/1 row", "there are: rows, depths"),
        ("get digits/1/train", "train has several tasks: name one, as train/1"),
        ("rm digits/1/train/1 --yes", "is a part of a run: name the run, digits/1"),
        ("cancel digits/1/train", "is a part of a run: name the run, digits/1"),
        ("show digist", "did you mean digits?"),
        ("show digits/1/trian", "did you mean train?"),
        ("show digits/1/train --status done --limit x", "is not a valid integer"),
        ("show digits/1 --status failed", "choose tasks of a step: name one, as in digits/1/STEP"),
        ("show digits/1/train/1 --limit 2", "choose tasks of a step: name one, as in digits/1/STEP"),
        ("show digits/1/train --status fine", "'fine' is no status of a task"),
        ("logs digits/7", "there is no run digits/7; see `penstock ls digits`"),
        ("ls nothing", "no run is named 'nothing'"),
        ("ls --since soon", "'soon' is not a time"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(recorded: Recorded, say: Any, command: str, words: str):
    record_done(recorded)
    record_failed(recorded)
    said = say(command)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert said.err.startswith("penstock: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("pickled", "reason"),
    [
        (b"\x80\x05cgone_module\nThing\n)R.", "ModuleNotFoundError: No module named 'gone_module'"),
        (b"\x80\x05cbuiltins\nint\n\x8c\x01x\x85R.", "ValueError: invalid literal for int() with base 10: 'x'"),
    ],
)
def test_a_value_that_can_not_be_unpickled_says_why(recorded: Recorded, say: Any, pickled: bytes, reason: str):
    from penstock.artifacts import records

    run = recorded.begin("digits")
    run.end(RunEnd("done", Stored(b"", records.build((), pickled), "", (), 30)))
    run.close()
    said = say("get")
    assert said.code == 1
    head = f"penstock: digits/1 can't be unpickled here: {reason}\nthe result of digits/1 can't be read in this env"
    assert said.err.startswith(head)
    assert said.err.endswith("\nIt comes from the flow of digits/1 in Python 3.11.7\n")


def test_the_next_commands_work_when_pasted(recorded: Recorded, say: Any):
    record_done(recorded)
    for command in ("ls", "show", "show digits/1/train", "show digits/1/train/1", "logs"):
        words = say(command).next.removeprefix("penstock ")
        assert say(words).code == 0


def test_a_failure_that_the_flow_survived_is_not_to_be_resumed(recorded: Recorded, say: Any):
    record_failed(recorded)
    assert say("show digits/1/probe/1").next == "penstock show digits/1"


def test_show_resources(recorded: Recorded, say: Any):
    for _ in range(2):
        record_done(recorded)
    said = say("show digits --resources")
    assert said.code == 0
    assert said.lines[0] == "digits  8 attempts"
    assert said.lines[1].split() == [
        *("step", "attempts", "time", "longest", "cores", "95%", "memory", "95%", "highest", "written")
    ]
    assert said.lines[3].split()[:3] == ["train", "6", "1.5"]
    assert said.lines[6] == '  train  @step(cpu=1, memory="80MiB", timeout="1m")'
    assert said.lines[9] == "  load  2 attempts done: too few to tell what else to ask for"
    told = msgspec.json.decode(say("show --resources --json digits").out, type=ResourcesInfo)
    assert told == resources("digits")
    assert [step.suggestion.cpu for step in told.steps] == [None, 1]


def test_show_resources_of_what_has_not_ended_or_is_not_there(recorded: Recorded, say: Any):
    recorded.begin("new").close()
    said = say("show new --resources")
    assert (said.code, said.out, said.next) == (0, "", "penstock ls new")
    assert "no attempt of new has ended here" in said.err
    assert say("show none --resources").code == 2


def test_get_of_what_names_files_saves_each_and_no_value_whose_files_are_gone(
    recorded: Recorded, say: Any, tmp_path: Path
):
    page = tmp_path / "page.html"
    page.write_text("a page\n")
    outputs = {"fit": {"slope": 2}, "pages": [page]}
    run = recorded.begin("digits")
    run.commit(Batch((task(1, "digits.report", 1, outcome(recorded.stored(outputs, files=True))),)))
    run.end(RunEnd("done"))
    run.close()
    page.unlink()
    saving = """penstock get 'digits/1/report["pages"][0]' -o """
    assert say("get digits/1/report").next == f"{saving}FILE"
    refused = say(f"get digits/1/report -o {tmp_path}/all.pkl")
    assert (refused.code, refused.err) == (
        2,
        f"penstock: digits/1/report names files, which {tmp_path}/all.pkl would not hold: save each, as {saving}FILE\n",
    )
    assert say(f"{saving.removeprefix('penstock ')}{page}").code == 0
    assert page.read_text() == "a page\n"
    assert say(f"get digits/1/report[fit] -o {tmp_path}/fit.json").code == 0
