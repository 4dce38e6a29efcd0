"""The cache: a run whose tasks are all in it, and what the fingerprints of a large project add to a start."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases.smallest import by_command
from bench.finding import Finding, Must
from bench.workplace import Project, Workplace, timed

_MODULE = '''"""Module {number} of a project."""

import math

from module_{before} import FACTOR as BEFORE

FACTOR = {number} + 0.5
NAMES = {{"left": {number}, "right": [1, 2, 3]}}


class Shape:
    """A shape."""

    def __init__(self, size):
        self.size = size

    def area(self):
        return math.pi * self.size**2 * FACTOR


def scale(values, by=FACTOR):
    """Scale them."""
    return [shift(value) * by for value in values if value not in NAMES]


def shift(value, by=1):
    return Shape(value).area() + by + BEFORE
'''
_FLOW = """from penstock import flow, step
{imports}

@step(cache=True)
def work(number):
    for module in ({names}):
        number += module.scale([0])[0]
    return number


@flow
def modules():
    print(work(1) > 0)
"""


def measure(workplace: Workplace) -> Iterator[Finding]:
    yield _rerun(workplace)
    yield from _fingerprints(workplace)


def _rerun(workplace: Workplace) -> Finding:
    tasks = workplace.scale.resumed
    project = workplace.project("cached.py")
    _run(project, tasks)
    floor, again = workplace.in_turn(lambda: by_command(workplace), lambda: _run(project, tasks))
    assert project.penstock("show", "--json", "cached").count('"reused": ' + str(tasks)) == 1
    project.remove()
    what = f"penstock run, {tasks:,} tasks, all cached"
    return Finding(what, again, "s", floor, "the smallest flow", Must(0.3, "difference"))


def _run(project: Project, tasks: int) -> float:
    output: list[str] = []
    seconds = timed(lambda: output.append(project.penstock("run", "cached.py", "--tasks", str(tasks))))
    assert output == ["whole\n"], output
    return seconds


def _fingerprints(workplace: Workplace) -> Iterator[Finding]:
    count = workplace.scale.modules
    project = workplace.project("code.py")
    write_modules(project, count)
    first = project.script("code.py", "modules.py")
    assert first["nodes"] > 5 * count, first
    later = [project.script("code.py", "modules.py")["seconds"] for _ in range(workplace.scale.times)]
    project.remove()
    yield Finding(f"fingerprint of a step that reaches {count} modules, first start", [first["seconds"]], "s")
    yield Finding("every start after the first", later, "s", must=Must(0.05, "value"))


def write_modules(project: Project, count: int) -> None:
    """A flow `modules.py` whose step reaches that many modules, each of which imports the one before."""
    for number in range(count):
        text = _MODULE.format(number=number, before=number - 1) if number else _first()
        (project.folder / f"module_{number}.py").write_text(text)
    names = [f"module_{number}" for number in range(count)]
    imports = "\n".join(f"import {name}" for name in names)
    (project.folder / "modules.py").write_text(_FLOW.format(imports=imports, names=", ".join(names)))


def _first() -> str:
    """The module that imports none of the others."""
    return _MODULE.format(number=0, before=0).replace("from module_0 import FACTOR as BEFORE", "BEFORE = 0")
