"""`penstock compare` of real runs: their code, by what each step reaches, their packages, their results."""

from __future__ import annotations

import json

from tests.system.flows import Project

HELPERS = """
SCALE = 2

def clean(x):
    return x * SCALE

def unused(x):
    one = x
    two = one
    three = two
    four = three
    four = four
    return four
"""
FLOW = """
from helpers import clean

@step
def load(rows):
    return list(range(rows))

@step
def train(data, depth):
    log_metrics({"score": clean(depth)})
    return clean(depth) + len(data)

@flow
def main(rows: int = 3, depth: int = 2):
    return train(load(rows), depth)
"""


def written(project: Project, flow: str = FLOW, helpers: str = HELPERS) -> None:
    project.write(flow)
    (project.folder / "helpers.py").write_text(helpers)


def diff(text: str) -> list[str]:
    return [line for line in text.splitlines() if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]


def test_the_code_of_a_step_is_what_it_reaches(project: Project) -> None:
    written(project)
    assert project.run().value() == 7
    changed = HELPERS.replace("* SCALE", "* SCALE + 1  # more").replace("return four", "return -four")
    written(project, helpers=changed)
    assert project.run(depth=3).value() == 10
    code, shown = project.penstock("compare", "main/1", "main/2")
    assert code == 0
    assert "Code of main/2 beside main/1: train" in shown
    assert "  clean() in helpers.py changed" in shown
    assert diff(shown) == ["-    return x * SCALE", "+    return x * SCALE + 1  # more"]
    rows = [line.split() for line in shown.splitlines()]
    assert ["parameter", "depth", "2", "3"] in rows
    assert ["metric", "score", "4", "7"] in rows
    assert ["code", "train", "version", "1", "version", "2"] in rows
    assert "The same in all: 1 parameter (rows), the code of 2 steps (main(), load)" in shown
    info = json.loads(project.penstock("compare", "--json", "main/1", "main/2")[1])
    assert info["code"][0]["runs"] == ["main/2"]
    assert info["code"][0]["changes"] == ["clean() in helpers.py changed"]


def test_comments_are_no_difference_and_the_body_is_one(project: Project) -> None:
    written(project)
    project.run().value()
    written(project, FLOW.replace("    return list", "    # all of them\n    return list"))
    project.run().value()
    written(project, FLOW.replace("load(rows), depth", "load(rows + 1), depth"))
    project.run().value()
    code, shown = project.penstock("compare", "main/1", "main/2", "main/3")
    assert code == 0
    assert "Code of main/2" not in shown
    assert "Code of main/3 beside main/1: main()" in shown
    assert diff(shown) == [
        "-    return train(load(rows), depth)",
        "+    return train(load(rows + 1), depth)",
    ]


def test_a_run_that_was_resumed_after_an_edit_has_the_code_that_ran(project: Project) -> None:
    written(project)
    project.run().value()
    written(
        project, FLOW.replace("    return clean(depth) + len", "    raise ValueError\n    return clean(depth) + len")
    )
    assert project.run().code == 0
    written(project, FLOW.replace("return list(range(rows))", "return []"))  # load has run: its result is kept
    assert project.run("main/2").value() == 7
    shown = project.penstock("compare", "main/1", "main/2")[1]
    assert "Code of" not in shown
    assert "3 results (the flow, load/1, train/1)" in shown
    forked = project.penstock("fork", "main/2")
    assert forked[0] == 0, forked[1]
    assert diff(project.penstock("compare", "main/1", "main/3")[1]) == [
        "-    return list(range(rows))",
        "+    return []",
    ]


def test_sources_that_are_gone_and_hostile_names(project: Project) -> None:
    written(project)
    project.run().value()
    project.write(
        FLOW.replace('"score"', '"sc\\x1b]0;OWNED\\x07ore\\nforged"').replace("def load(rows):", "def load(rows, a=1):")
    )
    project.run().value()
    for file in (project.folder / ".penstock" / "sources").iterdir():
        file.unlink()
    code, shown = project.penstock("compare", "main/1", "main/2")
    assert code == 0
    assert "  load() in mine.py changed" in shown
    assert diff(shown) == []
    assert "\x1b" not in shown
    assert "sc\\x1b]0;OWNED\\x07ore forged" in shown


def test_many_runs_are_rows_with_the_best_first(project: Project) -> None:
    written(project)
    for depth in range(9):
        project.run(depth=depth).value()
    shown = project.penstock("compare", "main", "--metric", "score")[1]
    rows = [line.split() for line in shown.splitlines() if line.startswith("main/")]
    assert [row[0] for row in rows] == [f"main/{number}" for number in range(9, 0, -1)]
    assert rows[0][-3:] == ["16", "best", "8"]
    assert rows[-1][-3:] == ["0", "worst", "0"]
    assert "Next: penstock compare main/9 main/1   (the worst beside the best)" in shown
    assert any(line.split()[:3] == ["parameter", "depth", "100%"] for line in shown.splitlines())
    two = project.penstock("compare", "main/9", "main/1")[1]
    assert "Next: penstock show main/1/train/1   (the first result that differs)" in two
    unjudged = project.penstock("compare", "--filter", "main depth<9")[1]
    assert "Next: penstock compare --filter 'main depth<9' --metric score   (what score depends on)" in unjudged
    fewer = project.penstock("compare", "main/1", "main/2", "--metric", "score", "--minimize")[1]
    assert "Note: 2 of 2 runs have score: of fewer than 5 nothing can be told" in fewer
    assert project.penstock("compare", "main/1", "--minimize")[0] == 2
