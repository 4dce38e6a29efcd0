"""What is run to compare two states of the source: the flows of `flows/`, sized for some tens of pairs.

A subject is prepared for a side, and is then a function that runs it once and gives the CPU seconds that it took. Both
sides run the same flows; what they keep (journals, caches, environments) is each side's own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

from bench.cases import cached as modules_of
from bench.sides import Side
from bench.workplace import Project, Workplace

Sample = Callable[[], float]
Subject = Callable[[Workplace, Side], Sample]
_SHORT = 8  # runs of what is over in a moment make one sample


def start(workplace: Workplace, side: Side) -> Sample:
    """The import."""
    project = workplace.project()
    return lambda: _mean(lambda: side.cpu_s(project.folder, "-c", "from penstock import flow, step"))


def smallest(workplace: Workplace, side: Side) -> Sample:
    """`penstock run` of one step in a new project."""
    return lambda: _mean(_fresh(workplace, side, "hello.py", "-m", "penstock", "run", "hello.py"))


def chain(workplace: Workplace, side: Side) -> Sample:
    """Steps that wait for one another."""
    return _fresh(workplace, side, "chain.py", "chain.py", str(workplace.scale.chain))


def map10k(workplace: Workplace, side: Side) -> Sample:
    """A wide map and its join."""
    return _fresh(workplace, side, "wide.py", "wide.py", str(workplace.scale.map_small))


def array(workplace: Workplace, side: Side) -> Sample:
    """A large array from step to step."""
    args = (str(workplace.scale.array), str(workplace.scale.passes))
    return _fresh(workplace, side, "hand_over_array.py", "hand_over_array.py", *args)


def table(workplace: Workplace, side: Side) -> Sample:
    """A large frame from step to step."""
    return _fresh(workplace, side, "hand_over_table.py", "hand_over_table.py", str(workplace.scale.rows))


def resume(workplace: Workplace, side: Side) -> Sample:
    """Going on with a run of which one task failed."""
    project = workplace.project("broken.py")
    broken, saved = project.folder / "broken", project.folder / "saved"
    broken.touch()
    run = ("-m", "penstock", "run", "broken.py", "--tasks", str(workplace.scale.resumed))
    side.cpu_s(project.folder, *run, code=1)
    broken.unlink()
    project.home.rename(saved)

    def sample() -> float:
        shutil.copytree(saved, project.home)
        seconds = side.cpu_s(project.folder, "-m", "penstock", "resume")
        shutil.rmtree(project.home)
        return seconds

    return sample


def cached(workplace: Workplace, side: Side) -> Sample:
    """A run whose tasks are all in the cache."""
    run = ("-m", "penstock", "run", "cached.py", "--tasks", str(workplace.scale.resumed))
    return _again(workplace.project("cached.py"), side, *run)


def modules(workplace: Workplace, side: Side) -> Sample:
    """A cached step that reaches many modules, whose outlines are known."""
    project = workplace.project()
    modules_of.write_modules(project, workplace.scale.modules)
    return _again(project, side, "-m", "penstock", "run", "modules.py")


def elsewhere(workplace: Workplace, side: Side) -> Sample:
    """Chains in the flow's environment and in another one, which is built before."""
    return _again(workplace.project("elsewhere.py"), side, "elsewhere.py", str(workplace.scale.chain // 2))


SUBJECTS: dict[str, Subject] = {
    subject.__name__: subject
    for subject in (start, smallest, chain, map10k, array, table, resume, cached, modules, elsewhere)
}


def _fresh(workplace: Workplace, side: Side, script: str, *command: str) -> Sample:
    """In a new project each time."""

    def sample() -> float:
        project = workplace.project(script)
        seconds = side.cpu_s(project.folder, *command)
        project.remove()
        return seconds

    return sample


def _again(project: Project, side: Side, *command: str) -> Sample:
    """In a project where it has been run."""
    side.cpu_s(project.folder, *command)
    return lambda: side.cpu_s(project.folder, *command)


def _mean(sample: Sample) -> float:
    return sum(sample() for _ in range(_SHORT)) / _SHORT
