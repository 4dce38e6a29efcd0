"""A project with a file for every module of Python's: its own code gets those, and nothing else does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.flows import Project

FLOW = """
from penstock import flow, log_metrics, step
import queue
from queue import Thing
import logging
import selectors

@step
def work(n):
    import os
    import statistics as again
    import queue as later
    print("line", n)
    log_metrics({"n": n})
    return Thing(n), queue.mine, again.mean([1]), later is queue, os.getpid() > 0

@step
def use(thing):
    return thing.n, type(thing).__module__, logging.mine, selectors.mine

@flow
def hello():
    import os
    found = work.map(range(2)).result()
    inline = work.options(on="inline")(3)
    if not os.path.exists("ok"):
        raise KeyError("not yet")
    return [item[1:] for item in found], use(found[1][0]), inline[1:]

if __name__ == "__main__":
    print(hello())
"""
MINE = ["my queue", "my mean", True, True]


@pytest.fixture
def shadowed(project: Project) -> Project:
    for name in sys.stdlib_module_names - set(sys.builtin_module_names) - {"this", "antigravity"}:
        (project.folder / f"{name}.py").write_text(f"raise RuntimeError('the project has {name}')\n")
    for name in ("logging", "selectors"):
        (project.folder / f"{name}.py").write_text("mine = __name__\n")
    (project.folder / "queue.py").write_text(
        "import penstock\nmine = 'my queue'\nclass Thing:\n    def __init__(self, n):\n        self.n = n\n"
    )
    (project.folder / "statistics.py").write_text("def mean(x):\n    return 'my mean'\n")
    (project.folder / "hello.py").write_text(FLOW)
    return project


def test_each_importer_gets_the_module_that_it_means(shadowed: Project) -> None:
    code, said = shadowed.penstock("run", "hello.py")
    assert (code, "KeyError: 'not yet'" in said) == (1, True), said
    assert "the project has" not in said
    shadowed.touch("ok")
    for words in (
        ["resume"],
        ["show"],
        ["show", "hello/1/work/1"],
        ["ls"],
        ["why", "hello/1/work/1"],
        ["du"],
        ["doctor"],
        ["run", "--dry-run", "hello.py"],
        ["run", "--inline", "hello.py"],
        ["fork", "hello/1"],
        ["gc"],
    ):
        code, said = shadowed.penstock(*words)
        assert (code, "the project has" in said) == (0, False), (words, said)
    assert shadowed.penstock("logs", "hello/1")[1].count("line ") == 3
    code, said = shadowed.penstock("get", "hello/1", "--json")
    assert code == 0, said
    assert "my queue" in said
    assert "my mean" in said


def test_a_script_whose_folder_python_has_put_first(shadowed: Project) -> None:
    shadowed.touch("ok")
    said = shadowed.python("hello.py")
    mine = tuple(MINE)
    assert repr(([mine, mine], (1, "queue", "logging", "selectors"), mine)) in said


def test_a_class_of_a_file_that_is_named_like_a_module_of_pythons_counts_in_the_cache(project: Project) -> None:
    (project.folder / "queue.py").write_text("class Model:\n    def scale(self, n):\n        return 2 * n\n")
    (project.folder / "hello.py").write_text(
        "import queue\nfrom penstock import flow, step\n\n"
        "@step(cache=True)\ndef work(model):\n    return model.scale(3)\n\n"
        "@flow\ndef hello():\n    return work(queue.Model())\n"
    )
    assert project.penstock("run", "hello.py")[0] == 0
    (project.folder / "queue.py").write_text("class Model:\n    def scale(self, n):\n        return 5 * n\n")
    code, said = project.penstock("run", "hello.py")
    assert (code, "reused" in said) == (0, False), said
    assert project.penstock("get", "hello/2")[1].startswith("15")


def test_the_kit_in_another_interpreter(shadowed: Project, interpreter: Callable[[str], Path]) -> None:
    from penstock.environments.kits import unpack_kit

    kit = unpack_kit(shadowed.folder.parent)
    code = (
        f"import sys; sys.path[:] = [p for p in sys.path if p] + [{str(kit)!r}]; import penstock.worker.zygote; "
        f"sys.path.insert(0, {str(shadowed.folder)!r}); from penstock.shadows import guard; guard(); "
        "import queue; from penstock.worker import posix; posix.libc(); print(queue.mine)"
    )
    process = shadowed.popen([str(interpreter("python3.9")), "-c", code])
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "my queue\n"), output


def test_c_code_gets_python_s_own(project: Project) -> None:
    """That of decimal asks for numbers, and takes what stands in `sys.modules` once it was imported."""
    (project.folder / "numbers.py").write_text("mine = 'my numbers'\n")
    (project.folder / "hello.py").write_text("""
from penstock import flow, step
import numbers

@step
def work():
    import decimal
    import numbers as again
    return numbers.mine, again is numbers, str(decimal.Decimal(1))

@flow
def hello():
    return work()
""")
    assert project.penstock("run", "hello.py")[0] == 0
    assert '"my numbers",\n  true,\n  "1"' in project.penstock("get", "hello")[1]


@pytest.mark.parametrize("ways", ["", "on='inline'"])
def test_a_library_s_extension_modules_get_python_s_own(
    project: Project, require: Callable[[str], None], ways: str
) -> None:
    """What is compiled imports past import statements: numpy's generators ask for `secrets`."""
    require("numpy")
    (project.folder / "secrets.py").write_text("mine = 'my secrets'\n")
    (project.folder / "hello.py").write_text(f"""
from penstock import flow, step
import secrets

@step({ways})
def work():
    import numpy
    import secrets as again
    return secrets.mine, again is secrets, len(numpy.random.default_rng(1).random(3))

@flow
def hello():
    return work()
""")
    code, said = project.penstock("run", "hello.py")
    assert code == 0, said
    assert '"my secrets",\n  true,\n  3' in project.penstock("get", "hello")[1]
