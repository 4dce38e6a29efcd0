"""Where cases work: projects of their own, and processes that are timed from outside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.scale import Scale

HERE = Path(__file__).parent
WORKERS = 2  # as the floors have
_DROPPED = ("PENSTOCK_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH")
RESULT = "RESULT "  # what a script's line with its figures, as JSON, begins with


def environment(**more: str) -> dict[str, str]:
    """The surrounding environment without anybody's settings of Penstock; bytecode is kept, as for any user."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
    return {**kept, "PENSTOCK_MAX_WORKERS": str(WORKERS), **more}


def figures(output: str) -> dict[str, Any]:
    """What a script said of itself."""
    lines = [line for line in output.splitlines() if line.startswith(RESULT)]
    return json.loads(lines[-1].removeprefix(RESULT))


@dataclass(frozen=True)
class Project:
    """A new folder with copies of some of the scripts in `flows/`."""

    folder: Path

    @property
    def home(self) -> Path:
        """`.penstock/`."""
        return self.folder / ".penstock"

    def run(self, *command: str, code: int = 0, workers: int = WORKERS) -> str:
        """Run a command here, wait for it, and give its stdout; another exit code than `code` is an error."""
        surroundings = environment(PENSTOCK_MAX_WORKERS=str(workers))
        done = subprocess.run(command, cwd=self.folder, env=surroundings, capture_output=True, text=True, check=False)
        if done.returncode != code:
            raise RuntimeError(
                f"{' '.join(command)} ended with {done.returncode}, not {code}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def script(self, name: str, *args: object, workers: int = WORKERS) -> dict[str, Any]:
        """The figures that a script of this project prints."""
        return figures(self.run(sys.executable, name, *map(str, args), workers=workers))

    def penstock(self, *args: str, code: int = 0) -> str:
        """Run `penstock` here."""
        return self.run(sys.executable, "-m", "penstock", *args, code=code)

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)


@dataclass
class Workplace:
    """What a case is given: how large, and where."""

    scale: Scale
    folder: Path
    _projects: int = field(default=0)

    def project(self, *scripts: str) -> Project:
        """A new project with copies of these scripts."""
        self._projects += 1
        folder = self.folder / f"project-{self._projects}"
        (folder / ".penstock").mkdir(parents=True)  # so that no folder above is taken for the project
        for script in scripts:
            shutil.copy(HERE / "flows" / script, folder)
        return Project(folder)

    def floor(self, name: str, *args: object) -> dict[str, Any]:
        """The figures of a script in `floors/`, which is run in a folder of its own."""
        project = self.project()
        try:
            return figures(project.run(sys.executable, os.fspath(HERE / "floors" / name), *map(str, args)))
        finally:
            project.remove()

    def fresh(self, script: str, *args: object, workers: int = WORKERS, beside: tuple[str, ...] = ()) -> dict[str, Any]:
        """The figures of a script in a new project, which has the scripts `beside` it."""
        project = self.project(script, *beside)
        try:
            return project.script(script, *args, workers=workers)
        finally:
            project.remove()

    def in_turn(self, *subjects: Callable[[], float]) -> list[list[float]]:
        """Samples of each subject, taken in turn, so that what else the machine does meets all of them alike."""
        samples: list[list[float]] = [[] for _ in subjects]
        for turn in range(self.scale.warm_ups + self.scale.times):
            for subject, kept in zip(subjects, samples, strict=True):
                value = subject()
                if turn >= self.scale.warm_ups:
                    kept.append(value)
        return samples


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
