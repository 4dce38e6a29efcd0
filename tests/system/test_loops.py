"""How far the loops of steps are: told while they go on, and one line in the log when they are over."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from penstock.client.flow_runs import Run
from penstock.project import Project as OpenProject
from penstock.reading.reader import JournalReader
from penstock.reading.structs import LoopInfo
from penstock.settings import Settings
from tests.system.flows import Project, wait_until

LOOPS = """
from penstock import progress
{imports}

@step
def train(n):
    for epoch in {outer}:
        for batch in {inner}:
            if epoch == 1 and batch == 2:
                note("inside")
                await_file("go")
    return n

@flow
def main():
    return train(3)
"""
OURS = {
    "imports": "",
    "outer": "progress(range(n), label='epochs')",
    "inner": "progress(range(4))",
}
TQDM = {
    "imports": "from tqdm.auto import tqdm, trange",
    "outer": "trange(n, desc='epochs', mininterval=0)",
    "inner": "range(4)",
}


def run_of(project: Project) -> Run:
    return Run.find(JournalReader(OpenProject(Settings.load(project.folder, {}))), "")


def lines(project: Project) -> list[str]:
    return [line.text for line in run_of(project).task("train").logs()]


@pytest.mark.parametrize("inline", [False, True], ids=["process", "inline"])
@pytest.mark.parametrize("kind", ["progress", "tqdm"])
def test_a_loop_is_told_of_while_it_goes_on(
    project: Project, require: Callable[[str], None], kind: str, inline: bool
) -> None:
    require("tqdm")
    project.write(LOOPS.format(**(OURS if kind == "progress" else TQDM)))
    drive = project.spawn(how={"inline": inline})
    wait_until(project.trace, "for the loop to be inside")
    wait_until(lambda: [task.loops for task in run_of(project).in_flight] not in ([], [()]), "for a note of it")
    ((loop,),) = [task.loops for task in run_of(project).in_flight]
    assert loop in (LoopInfo("epochs", 0, 3), LoopInfo("epochs", 1, 3))
    project.touch("go")
    assert drive.join().value() == 3
    (line,) = lines(project)
    if kind == "progress":
        assert re.fullmatch(r"epochs: 3 of 3 in [\d.]+ m?s", line)
    else:
        assert re.fullmatch(r"epochs: 100%\|.*\| 3/3 \[.*\]", line)
        assert "\r" not in line


def test_bars_of_tqdm_leave_what_they_leave_and_nothing_else(project: Project, require: Callable[[str], None]) -> None:
    require("tqdm")
    project.write("""
        import io
        from tqdm import tqdm

        opened = []

        @step
        def train(n):
            for epoch in tqdm(range(n), desc="outer", mininterval=0):
                for batch in tqdm(range(5), desc="inner", leave=False, mininterval=0):
                    pass
                tqdm.write(f"epoch {epoch}")
            elsewhere = io.StringIO()
            list(tqdm(range(2), file=elsewhere, mininterval=0))
            print(elsewhere.getvalue().count(chr(13)) > 1)
            opened.append(tqdm(total=7))
            return n

        @flow
        def main():
            return [train(2), train(2)]
    """)
    project.run()
    for task in run_of(project).tasks():
        found = [line.text for line in task.logs()]
        assert found[:2] == ["epoch 0", "epoch 1"]
        assert found[2].startswith("outer: 100%")
        assert found[3:] == ["True"]
    assert len({line.worker for task in run_of(project).tasks() for line in task.logs()}) == 1, "its worker goes on"


def test_an_inner_loop_leaves_no_line_and_a_loop_that_ends_early_says_how_far_it_was(project: Project) -> None:
    project.write("""
        from penstock import progress

        @step
        def train(n):
            for epoch in progress(range(n)):
                for batch in progress([1, 2], label="inner"):
                    pass
                if epoch == 1:
                    break
            return n

        @flow
        def main():
            for one in progress([1], label="body"):
                train(5)
    """)
    project.run()
    (line,) = lines(project)
    assert re.fullmatch(r"progress: 1 of 5 in .*", line)
    assert any(line.text.startswith("body: 1 of 1 in ") for line in run_of(project).logs())
