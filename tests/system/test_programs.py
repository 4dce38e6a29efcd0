"""Steps that are programs: run, logged, shown, retried, cached, killed and resumed as functions are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.system.flows import Project

DECLARED = """
from penstock.model.options import Options
from penstock.sdk.programs import ProgramFunction
from penstock.sdk.steps import Step


def program(name, command, inputs=(), outputs=(), script="", **options):
    made = ProgramFunction(__name__, name, command, dict(inputs), dict(outputs), script)
    return Step(made, Options(), name).options(**options)

"""
COUNT = """
echo "counts $2"
echo "at least $3" >&2
echo "ran" >> trace
printf '{"words": %d}' "$(wc -w < "$1")" > "$2"
"""
FLOW = (
    DECLARED
    + """
count = program(
    "count",
    ["sh", "{script}", "{text}", "{counts}", "{least}"],
    {"text": "text"},
    {"counts": "json"},
    "count.sh",
    cache=True,
)


@step
def total(counts):
    return sum(one["words"] for one in counts)


@flow
def main(texts=("one two", "three")):
    counts = [count.submit(text, least=1)["counts"] for text in texts]
    return total(counts)
"""
)
SLOW = """
echo "ran $1" >> trace
while [ ! -e go ]; do sleep 0.01; done
"""


def counting(project: Project, script: str = COUNT, flow: str = FLOW) -> None:
    (project.folder / "count.sh").write_text(script)
    project.write(flow)


def test_a_program_is_run_logged_and_shown(project: Project) -> None:
    counting(project)
    assert project.run().value() == 3
    assert project.tasks() == {"count/1": "done", "count/2": "done", "total/1": "done"}
    code, log = project.penstock("logs", "main/1/count/1")
    assert code == 0
    assert "counts " in log
    assert "at least 1" in log
    code, shown = project.penstock("show", "main/1/count/1")
    assert code == 0
    assert "one two" in shown
    assert '{"counts"' in shown.replace("'", '"')
    assert '"words": 1' in project.penstock("get", "main/1/count/2")[1]


def test_a_program_runs_in_the_flow_s_own_process_too(project: Project) -> None:
    counting(project, flow=FLOW.replace("cache=True", 'on="inline"'))
    assert project.run().value() == 3
    assert "at least 1" in project.penstock("logs", "main/1/count/2")[1]


def changed_script(project: Project) -> None:
    counting(project, COUNT + "true\n")


def changed_command(project: Project) -> None:
    counting(project, flow=FLOW.replace('"{least}"]', '"{least}", "more"]'))


def changed_format(project: Project) -> None:
    counting(project, flow=FLOW.replace('{"text": "text"}', '{"text": "json"}'))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (changed_script, "count.sh changed since main/1"),
        (changed_command, "what is declared of the program count changed since main/1"),
        (changed_format, "what is declared of the program count changed since main/1"),
    ],
)
def test_a_program_is_cached_until_its_script_or_its_declaration_changes(
    project: Project, edit: Callable[[Project], None], told: str
) -> None:
    counting(project)
    project.run().value()
    project.write(
        FLOW.replace("return total(counts)", "return total(counts) + 1")
    )  # of the flow, and of other steps, nothing counts
    project.run().value()
    assert project.trace() == ["ran"] * 2
    assert "was reused from main/1/count/1" in project.penstock("why", "main/2/count/1")[1]
    edit(project)
    code, plan = project.penstock("run", "--dry-run", "mine.py:main")
    assert code == 0
    assert told in plan
    project.run().value()
    assert project.trace() == ["ran"] * 4
    assert told in project.penstock("why", "main/3/count/1")[1]


def test_an_edit_of_a_program_is_told_when_its_run_goes_on(project: Project) -> None:
    counting(project, flow=FLOW.replace("return sum", "raise ValueError(counts)\n    return sum"))
    assert project.run().error["type"] == "ValueError"
    counting(project, COUNT + "true\n")
    report = project.run("main/1")
    assert report.value() == 3
    assert project.trace() == ["ran"] * 2
    assert [note for note in report.notes if "count.sh changed" in note]


def test_what_a_killed_run_has_finished_of_programs_is_not_run_again(project: Project) -> None:
    (project.folder / "slow.sh").write_text(SLOW)
    project.write(
        DECLARED
        + """
slow = program("slow", ["sh", "{script}", "{n}"], script="slow.sh", retries=1)
first = program("first", ["sh", "-c", "echo first >> trace"])

@flow
def main():
    first()
    return slow.map([1, 2]).result()
"""
    )
    drive = project.spawn()
    project.await_note("ran 2")
    project.await_note("ran 1")
    drive.kill()
    project.await_quiet()  # the programs died with their workers
    project.touch("go")
    assert project.run("main/1").value() == [{}, {}]
    assert sorted(project.trace()) == ["first", "ran 1", "ran 1", "ran 2", "ran 2"]


FAILURES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "exit": (
        {"command": ["sh", "-c", "echo told; echo why >&2; exit 3"]},
        ["sh -c echo told; echo why >&2; exit 3 exited with 3; its last lines:", "told", "why"],
    ),
    "signal": ({"command": ["sh", "-c", "kill -TERM $$"]}, ["was killed by signal 15 (Terminated)"]),
    "missing": ({"command": ["no-such-program"]}, ["no-such-program can't be started", "No such file"]),
    "unwritten": ({"command": ["true"], "outputs": {"plot": "text"}}, ["ended without writing its output plot"]),
    "malformed": (
        {"command": ["sh", "-c", "echo '{' > {made}"], "outputs": {"made": "json"}},
        ["output made of fails can't be read as json"],
    ),
    "unfit": (
        {"command": ["true", "{program}"], "inputs": {"program": "bytes"}},
        ["input program of fails can't be written as bytes"],
    ),
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_program_that_fails_is_the_user_s_and_is_tried_again(project: Project, how: str) -> None:
    declared, told = FAILURES[how]
    given = "{'a': 1}" if "inputs" in declared else ""
    project.write(
        DECLARED
        + f"""
fails = program("fails", **{declared!r}, retries=1)

@flow
def main():
    return fails({given})
"""
    )
    error = project.run().error
    assert "UserCodeError" in error["bases"]
    for words in told:
        assert words in error["text"]
    assert project.rows("SELECT attempt FROM task_row") == [(2,)]


@pytest.mark.parametrize("end", ["timeout", "cancel"])
def test_a_program_is_ended_with_its_children(project: Project, end: str) -> None:
    project.write(
        DECLARED
        + """
endless = program("endless", ["sh", "-c", "(echo child >> trace; sleep 600) & wait"])

@flow
def main(how_it_ends):
    if how_it_ends == "timeout":
        return endless.options(timeout="1s")()
    running = endless.submit()
    await_file("go")
    running.cancel()
    return running.result()
"""
    )
    drive = project.spawn(how_it_ends=end)
    project.await_note("child")
    project.touch("go")
    report = drive.join()
    assert report.error["type"] == {"timeout": "StepTimeoutError", "cancel": "TaskCancelledError"}[end]
    assert "child" in project.trace()
    project.await_quiet()


@pytest.mark.parametrize("left", ["while :; do echo on; done", "sleep 600"])
def test_what_a_program_leaves_running_holds_nobody_up_and_is_ended(project: Project, left: str) -> None:
    project.write(
        DECLARED
        + f"""
goes = program("goes", ["sh", "-c", "({left}) & echo last"])

@flow
def main():
    return goes()
"""
    )
    assert project.run().value() == {}
    assert "last" in project.penstock("logs", "main/1/goes/1")[1]


def test_programs_that_no_module_has_are_told_apart(project: Project) -> None:
    project.write(
        DECLARED
        + """
@flow
def main(words=("a", "b")):
    said = []
    for word in words:
        command = ["sh", "-c", f"echo {word} >> trace; echo {word} > {{said}}"]
        said.append(program("say", command, (), {"said": "text"})()["said"].strip())
    if not os.path.exists("go"):
        raise RuntimeError("not yet")
    return said
"""
    )
    assert project.run().error["text"] == "not yet"
    project.touch("go")
    assert project.run("main/1").value() == ["a", "b"]
    assert project.trace() == ["a", "b"]


def test_a_program_outside_of_a_run_says_where_it_runs(project: Project) -> None:
    project.write(DECLARED + 'one = program("one", ["true"])\n')
    told = project.python(
        "-c",
        "import mine, penstock.errors as e\ntry: mine.one()\nexcept e.UsageError as error: print(error)",
    )
    assert "one is a program" in told
