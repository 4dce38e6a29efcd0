"""How far the loops of steps are: told while they go on, and one line in the log when they are over."""

from __future__ import annotations

import json
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
    await_file("end")
    return n

@flow
def main():
    return train(3)
"""
KINDS = {
    "progress": {
        "imports": "",
        "outer": "progress(range(n), label='epochs')",
        "inner": "progress(range(4), label='batches')",
    },
    "tqdm": {
        "imports": "from tqdm.auto import tqdm, trange",
        "outer": "trange(n, desc='epochs', mininterval=0)",
        "inner": "tqdm(range(4), desc='batches', leave=False, mininterval=0)",
    },
}


def run_of(project: Project) -> Run:
    return Run.find(JournalReader(OpenProject(Settings.load(project.folder, {}))), "")


def lines(project: Project) -> list[str]:
    return [line.text for line in run_of(project).task("train").logs()]


@pytest.mark.parametrize("inline", [False, True], ids=["process", "inline"])
@pytest.mark.parametrize("kind", KINDS)
def test_loops_are_told_of_while_they_go_on_and_leave_a_line(
    project: Project, require: Callable[[str], None], kind: str, inline: bool
) -> None:
    require("tqdm")
    project.write(LOOPS.format(**KINDS[kind]))
    drive = project.spawn(how={"inline": inline})

    def told() -> list[tuple[LoopInfo, ...]]:
        return [task.loops for task in run_of(project).in_flight]

    wait_until(project.trace, "for the loop to be inside")
    wait_until(lambda: told() == [(LoopInfo("epochs", 1, 3), LoopInfo("batches", 2, 4))], "for a note of it")
    (flying,) = json.loads(project.penstock("show", "--json", "main/1")[1])["in_flight"]
    assert flying["loops"][0] == {"label": "epochs", "done": 1, "total": 3}
    assert re.search(r"train/1 .* epochs 1 of 3, batches 2 of 4\n", project.penstock("show", "main/1")[1])
    project.touch("go")
    wait_until(lambda: told() == [()], "for a note that they are over")
    project.touch("end")
    assert drive.join().value() == 3
    (line,) = lines(project)
    bar = r"epochs: 3 of 3 in .*" if kind == "progress" else r"epochs: 100%\|.*\| 3/3 \[.*\]"
    assert re.fullmatch(bar, line)
    assert "\r" not in line


def test_bars_that_are_moved_by_hand_are_told_of_and_so_are_those_on_stdout(
    project: Project, require: Callable[[str], None]
) -> None:
    require("tqdm")
    project.write("""
        from tqdm import tqdm

        @step
        def load():
            with tqdm(total=2.5, file=sys.stdout, unit="MB", mininterval=0) as bar:
                bar.set_description("load")
                bar.update(1.5)
                note("inside")
                await_file("go")
                bar.update(1)

        @flow
        def main():
            load()
    """)
    drive = project.spawn()
    wait_until(project.trace, "for the bar to be there")
    wait_until(
        lambda: [task.loops for task in run_of(project).in_flight] == [(LoopInfo("load", 1, 2),)], "for a note of it"
    )
    project.touch("go")
    drive.join().value()
    (line,) = run_of(project).task("load").logs()
    assert line.stream == "stdout"
    assert re.fullmatch(r"load: 100%\|.*\| 2.5/2.5 \[.*\]", line.text)


def test_in_plain_calls_tqdm_stays_itself_though_the_process_has_run_steps(
    project: Project, require: Callable[[str], None]
) -> None:
    require("tqdm")
    project.write("""
        from tqdm import tqdm

        @step(on="inline")
        def count(n):
            return sum(1 for _ in tqdm(range(n), desc="plain", mininterval=0))

        @flow
        def main():
            return count(3)

        if __name__ == "__main__":
            main()
            print("and now")
            sys.stdout.flush()
            count(3)
    """)
    during, after = project.python("mine.py").split("and now")
    assert during.count("plain:") == 1
    assert after.count("plain:") > 3


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
