"""Who made a value that can't be read elsewhere, as words and as the journal tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.code import fingerprint, installed
from penstock.code.fingerprint import Node, Tree
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.rows import Batch, CodeRecord
from penstock.project import Project
from penstock.reading import writers
from penstock.reading.writers import Writer
from tests.journal_records import digest
from tests.recorded import Recorded, outcome, task

LOCKED = {"python": "3.10", "scikit-learn": "1.5.2", "environment": ""}
OWN = {"python": "3.11 CPython", "numpy": "2.4.6"}


@pytest.fixture
def recorded(project_folder: Path) -> Iterator[Recorded]:
    recorded = Recorded(project_folder)
    yield recorded
    recorded.close()


def tree(versions: dict[str, str]) -> CodeRecord:
    """The code of a task that reaches these packages."""
    kinds = {"python": "python", "environment": "environment"}
    nodes = {name: Node(kinds.get(name, "package"), text.encode(), "", ()) for name, text in versions.items()}
    packed = fingerprint.pack(Tree(("steps:train",), {**nodes, "steps:train": Node("function", b"f", "s.py", ())}, ()))
    return CodeRecord(digest(packed), packed)


def rows(recorded: Recorded, code: CodeRecord, **more: str) -> tuple[RunRow, TaskRow]:
    """A run with a task of this code."""
    handle = recorded.begin("digits")
    made = task(1, "digits.train", 1, outcome(recorded.stored(1)))._replace(code=code.digest, **more)
    handle.commit(Batch((made,), codes=(code,) if code.digest else ()))
    handle.close()
    journal = recorded.journal
    return queries.run_by_id(journal, handle.id), queries.task_by_id(journal, handle.id, 1)


def test_a_task_s_own_environment_is_the_one_of_its_lock(recorded: Recorded) -> None:
    writer = writers.of_task(recorded.journal, *rows(recorded, tree(LOCKED)))
    assert writer == Writer("digits/1/train/1", "Python 3.10", {"scikit-learn": "1.5.2"})


def test_the_flow_s_own_packages_are_those_that_the_code_reaches_and_the_driver_had(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = rows(recorded, tree(OWN))
    had = {"numpy": "1.0", "pandas": "3.0.1"}
    monkeypatch.setattr(writers, "_of_drivers", lambda *_: had)
    writer = writers.of_task(recorded.journal, *found)
    assert writer == Writer("digits/1/train/1", "Python 3.11", {"numpy": "2.4.6", "pandas": "3.0.1"})


def test_a_version_that_two_drivers_don_t_agree_on_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Driver:
        def __init__(self, *packages: tuple[str, str]) -> None:
            self.packages = packages

    class Detail:
        drivers = (Driver(("a", "1"), ("b", "2")), Driver(("a", "1"), ("b", "3"), ("c", "4")))

    monkeypatch.setattr(queries, "detail", lambda *_: Detail)
    assert writers._of_drivers(None, RunRow(1, *[None] * 12)) == {"a": "1", "c": "4"}  # type: ignore[arg-type]


def test_a_result_of_another_run_is_that_one_s(recorded: Recorded) -> None:
    writer = writers.of_task(recorded.journal, *rows(recorded, tree(OWN), origin="digits/9/train/4"))
    assert writer == Writer("digits/9/train/4", "Python 3.11", {"numpy": "2.4.6"})


def test_where_nothing_is_known_nothing_is_made_up(recorded: Recorded) -> None:
    writer = writers.of_task(recorded.journal, *rows(recorded, CodeRecord(b"", b"")))
    assert writers.told(writer, ("sklearn",), writers.by_step) == "It comes from digits/1/train/1"


def test_the_flow_is_as_its_latest_process_was(recorded: Recorded) -> None:
    run, _ = rows(recorded, tree(OWN))
    assert writers.of_flow(recorded.journal, run) == Writer("the flow of digits/1", "Python 3.11.7", {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3.10", "Python 3.10"),
        ("3.10.13", "Python 3.10.13"),
        ("pypy3.9", "PyPy 3.9"),
        ("3.11 CPython", "Python 3.11"),
        ("3.9 PyPy", "PyPy 3.9"),
        ("3.11.7 CPython, Linux x86_64", "Python 3.11.7"),
        ("/opt/python", "the Python at /opt/python"),
        ("", ""),
    ],
)
def test_pythons_by_the_names_that_users_know(text: str, said: str) -> None:
    assert writers.python_named(text) == said


def test_what_is_told() -> None:
    writer = Writer("digits/3/train/2", "Python 3.10", {"scikit-learn": "1.5.2", "numpy": "1.26.4", "my-lib": "3"})
    assert writers.told(writer, ("sklearn.tree._classes",), writers.by_step) == (
        "It comes from digits/3/train/2 in Python 3.10 with scikit-learn 1.5.2; "
        'the same here: @step(packages=["scikit-learn==1.5.2"])'
    )
    assert writers.told(writer, ("numpy", "sklearn", "numpy.core", "my_lib"), writers.by_pip) == (
        "It comes from digits/3/train/2 in Python 3.10 with numpy 1.26.4, scikit-learn 1.5.2, my-lib 3; "
        "the same here: pip install 'numpy==1.26.4' 'scikit-learn==1.5.2' 'my-lib==3'"
    )
    assert writers.told(writer, ("pathlib",), writers.by_pip) == "It comes from digits/3/train/2 in Python 3.10"
    assert writers.told(writer, (), writers.by_pip) == "It comes from digits/3/train/2 in Python 3.10"


def test_a_driver_is_answered_for_tasks_and_for_its_own_flow(recorded: Recorded) -> None:
    run, _ = rows(recorded, tree(LOCKED))

    def answer(task: int, module: str) -> str:
        return writers.answer(Project.find(recorded.home.parent), run.id, task, (module,), writers.by_step)

    assert answer(1, "sklearn").startswith("It comes from digits/1/train/1 in Python 3.10 with scikit-learn 1.5.2;")
    version = dict(installed.installed_packages())["pytest"]
    assert answer(0, "pytest").endswith(f'@step(packages=["pytest=={version}"])')
    assert answer(7, "sklearn") == ""
