"""Who made a stored value, in which Python and with which packages: said of one that can't be read elsewhere.

Taken from what the journal holds of a task's code and environment, and of the flow's processes. Unpickles nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from penstock.code import installed
from penstock.code.elsewhere import LOCK
from penstock.errors import PenstockError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.tuples import NamedTuple
from penstock.reading.trees import tree_of

if TYPE_CHECKING:
    from penstock.journal.journal import Journal
    from penstock.project import Project

_LOCKED = re.compile(r"(pypy)?(\d[\d.]*)")
_RUNNING = re.compile(r"(\d[\d.]*) (\w+)")


class Writer(NamedTuple):
    """Who made a value, and with what."""

    who: str  # "digits/3/train/2"
    python: str = ""  # "Python 3.10"; "": unknown
    packages: Mapping[str, str] = {}  # versions by name, as far as they are known


def of_task(journal: Journal, run: RunRow, row: TaskRow) -> Writer:
    """The writer of a task's result, which may be that of another run. Raises NotFoundError where the run is gone."""
    who = row.origin or run.path(row)
    packed = queries.code_tree(journal, row.code) if row.code else None
    if packed is None:
        return Writer(who)
    nodes = tree_of(packed, who).nodes
    packages = {name: node.version for name, node in nodes.items() if node.kind == "package"}
    if LOCK not in nodes and not row.origin:
        packages = {**_of_drivers(journal, run), **packages}
    python = python_named(nodes["python"].version) if "python" in nodes else ""  # an image may have none
    return Writer(who, python, packages)


def of_flow(journal: Journal, run: RunRow) -> Writer:
    """The writer of what a run's flow itself has made or was given, as its latest process was."""
    driver = queries.detail(journal, run.id).drivers[-1]
    return Writer(f"the flow of {run.run_id}", python_named(driver.python), dict(driver.packages))


def _of_drivers(journal: Journal, run: RunRow) -> dict[str, str]:
    """What the processes that drove a run had imported, but for what one of them had in another version."""
    every = [dict(driver.packages) for driver in queries.detail(journal, run.id).drivers]
    known = {name: version for packages in every for name, version in packages.items()}
    return {n: version for n, version in known.items() if all(one.get(n, version) == version for one in every)}


def python_named(text: str) -> str:
    """ "3.10", "pypy3.9", "3.11.7 CPython, Linux x86_64", or a path, as a user says it: "PyPy 3.9"."""
    if match := _LOCKED.fullmatch(text):
        return f"{'PyPy' if match[1] else 'Python'} {match[2]}"
    if match := _RUNNING.match(text):
        return f"{'PyPy' if match[2] == 'PyPy' else 'Python'} {match[1]}"
    return f"the Python at {text}" if text else ""


def by_step(packages: str) -> str:
    """How a step gets packages: '"numpy==1.26.4"'."""
    return f"@step(packages=[{packages}])"


def by_pip(packages: str) -> str:
    """How the environment of this process gets packages."""
    return f"pip install {packages.replace(', ', ' ')}".replace('"', "'")


def told(writer: Writer, modules: tuple[str, ...], mend: Callable[[str], str]) -> str:
    """A sentence: who made a value, and with which of the packages that reading it needs. `mend`: how to get them."""
    where = f" in {writer.python}" if writer.python else ""
    pins = list(dict.fromkeys(filter(None, (_pin(writer.packages, module) for module in modules))))
    if not pins:
        return f"It comes from {writer.who}{where}"
    had = ", ".join(f"{name} {version}" for name, version in pins)
    asked = ", ".join(f'"{name}=={version}"' for name, version in pins)
    return f"It comes from {writer.who}{where} with {had}; the same here: {mend(asked)}"


def _pin(packages: Mapping[str, str], module: str) -> tuple[str, str] | None:
    return next(((name, packages[name]) for name in installed.possible_names(module) if name in packages), None)


def answer(project: Project, run: int, task: int, modules: tuple[str, ...], mend: Callable[[str], str]) -> str:
    """`told` of a task's result (0: of what the flow hands over) in the run that this process drives; "" where the
    journal can't be read. From any thread."""
    from penstock.journal.journal import Journal

    try:
        with closing(Journal.open(project.home, read_only=True)) as journal:
            row = queries.run_by_id(journal, run)
            if task:
                return told(of_task(journal, row, queries.task_by_id(journal, run, task)), modules, mend)
            python = python_named(installed.describe_interpreter())
            me = Writer(f"the flow of {row.run_id}", python, dict(installed.installed_packages()))
            return told(me, modules, mend)
    except PenstockError:  # the driver is about to fail on it too, and says so
        return ""
