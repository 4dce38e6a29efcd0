"""What a user's values, names and surroundings may be, in all that a run writes down."""

from __future__ import annotations

import pytest

from tests.system.flows import Project

SOURCE = """
import logging
import math
import penstock

ODD = {
    "half": "a\\ud800b", "nul": "a\\0b", "large": 2**70, "small": -(2**70), "nan": math.nan, "inf": -math.inf,
    "long": "x" * 10_000_000, "bytes": b"\\xff\\0", "set": {"\\ud800"}, "nested": {"\\ud800": ["\\0", 2**70]},
}

@step(cache=True)
def same(value):
    return value

@step
def speak(text):
    print(text)
    logging.warning("%s", text)

@step
def fail(text):
    raise type("Odd", (Exception,), {})(text)

@flow
def main(name: str = "half"):
    value = ODD[name]
    assert str(same(value)) == str(value)
    return nested(value)

@flow
def nested(value):
    text = str(value)[:1000]
    speak(text)
    try:
        fail(text)
    except Exception as error:
        return str(error) == text
"""


LOOK = """
if __name__ == "__main__":
    import mine
    import penstock
    from penstock.cli.main import main as command

    odd = mine.nested.options(name="odd")
    for value in mine.ODD.values():
        assert odd(value)
    for run in penstock.runs(flow="odd"):
        run.info()
        run.params.previews
        for task in run.tasks():
            task.info()
        assert len(run.logs()) >= 2
        for line in (f"show {run.id}", f"show --json {run.id}/fail/1", f"logs {run.id}", f"why {run.id}/speak/1"):
            assert command(line.split()) == 0, line
    for name in mine.ODD:
        assert command(["run", "mine.py:main", "--name", name]) == 0
    print("all", len(mine.ODD))
"""


def test_odd_values_are_kept_and_shown(project: Project) -> None:
    project.write(SOURCE)
    project.write(LOOK, "look.py")
    assert project.python("look.py").endswith("all 10\n")


@pytest.mark.parametrize("word", ["a\udc80b", "x" * 100_000, "\x1b[31m\n\u202e"])
def test_what_stands_on_the_command_line_is_kept(project: Project, word: str) -> None:
    project.write("""
        @flow
        def main():
            return len(sys.argv[1])

        if __name__ == "__main__":
            main()
    """)
    project.python("mine.py", word)
    code, said = project.penstock("show", "--json", "main/1")
    assert code == 0, said
