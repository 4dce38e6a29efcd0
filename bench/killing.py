"""The experiment: a run is killed with -9 at random instants and resumed at once each time.

A finished task is one whose row was committed when the driver died. It must never run again, and the result must be
that of a run which nobody disturbed. Nor may a task ever see, or be told under its name, what is another's: it says in
the file `seen` which it is, whose checkpoint it found, and what it logs.
"""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.workplace import Project, Workplace, environment

_METRICS = """SELECT run.flow || '/' || run.number || '/' || task_row.name || '/' || task_row.number,
    metric.attempt, metric.points, metric.smallest, metric.largest
    FROM metric JOIN task_row ON task_row.id = metric.task_id JOIN run ON run.id = metric.task_id >> 32"""
_FINISHED = "SELECT name, number FROM task_row WHERE status = 'done' OR delivered = 1"


@dataclass
class Experiment:
    """What was seen: `again` are finished tasks that ran again, `wrong` are results that differ, `strange` is what
    stood under the name of another task than its own, or was missing under its own."""

    script: str
    tasks: int
    expected: Any
    until_first_s: float  # from the start of the process to the end of its first task
    random: random.Random = field(default_factory=lambda: random.Random(0))
    kills: int = 0
    killed_while_working: int = 0
    runs: int = 0
    wrong: int = 0
    again: list[str] = field(default_factory=list[str])
    strange: list[str] = field(default_factory=list[str])
    called: Counter[str] = field(default_factory=Counter[str])  # tasks of an undisturbed run, by step

    def until(self, kills: int, workplace: Workplace) -> None:
        """Go on until that many kills have hit a living driver, with as many runs as it takes; the last run ends."""
        while self.kills < kills:
            project = workplace.project(self.script)
            self.runs += 1
            while not is_done(project):
                self._round(project, kills)
            self.wrong += result(project) != self.expected
            self.strange += strange(project)
            self.strange += [f"{step} was called otherwise" for step in self.called - called(project)]
            self.strange += [f"{step} was called otherwise" for step in called(project) - self.called]
            project.remove()

    def _round(self, project: Project, kills: int) -> None:
        """Start or resume, and kill while there are kills left."""
        finished = finished_tasks(project)
        seen = len(trace(project))
        driver = subprocess.Popen(
            command(project, self.script, self.tasks),
            cwd=project.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        killed = self.kills < kills and self._kill_later(driver, project, seen)
        output, errors = driver.communicate()
        if driver.returncode not in (0, -9):
            raise RuntimeError(f"a resumed run ended with {driver.returncode}:\n{output}{errors}")
        ran = trace(project)[seen:]
        self.again += [task for task in ran if task in finished]
        if killed and driver.returncode == -9:
            self.kills += 1
            self.killed_while_working += bool(ran)

    def _kill_later(self, driver: subprocess.Popen[str], project: Project, seen: int) -> bool:
        """Kill at a random instant: any, or every other time one after the driver's first task. False: it was over."""
        if self.kills % 2 == 0:
            return _killed_after(self.random.uniform(0.0, 1.2) * self.until_first_s, driver)
        while len(trace(project)) == seen:
            if driver.poll() is not None:
                return False
            time.sleep(0.001)
        return _killed_after(self.random.uniform(0.0, 0.05), driver)


def _killed_after(seconds: float, driver: subprocess.Popen[str]) -> bool:
    try:
        driver.wait(seconds)
    except subprocess.TimeoutExpired:
        driver.kill()
        return True
    return False


def prepared(script: str, tasks: int, workplace: Workplace) -> Experiment:
    """An undisturbed run tells what is to be expected, and how long a start takes."""
    project = workplace.project(script)
    began = time.time()
    project.run(*command(project, script, tasks))
    twice = [task for task, count in Counter(trace(project)).items() if count > 1]
    assert not twice, f"tasks of an undisturbed run ran twice: {twice}"
    until_first_s = _first_end(project) - began
    expected = result(project)
    assert not strange(project), strange(project)
    known = called(project)
    project.remove()
    return Experiment(script, tasks, expected, until_first_s, called=known)


def command(project: Project, script: str, tasks: int) -> list[str]:
    """How the run is started, or gone on with where there is one already."""
    penstock = [sys.executable, "-m", "penstock"]
    if has_run(project.home / "journal.db"):
        return [*penstock, "resume"]
    return [*penstock, "run", f"{script}:{Path(script).stem}", "--tasks", str(tasks)]


def has_run(journal: Path) -> bool:
    """Whether a run was begun: a kill may come before that."""
    return bool(_query(journal, "SELECT 1 FROM run"))


def is_done(project: Project) -> bool:
    """Whether the run has ended well; a kill may come after that, too."""
    return bool(_query(project.home / "journal.db", "SELECT 1 FROM run WHERE status = 'done'"))


def result(project: Project) -> Any:
    """What the flow's body wrote at its end."""
    return json.loads((project.folder / "result").read_text())


def finished_tasks(project: Project) -> set[str]:
    """Tasks whose row is committed, as `work/17`."""
    return {f"{name}/{number}" for name, number in _query(project.home / "journal.db", _FINISHED)}


def called(project: Project) -> Counter[str]:
    """How many tasks of each step were finished: a resume that takes results in another order calls others."""
    return Counter(task.partition("/")[0] for task in finished_tasks(project))


def strange(project: Project) -> list[str]:
    """What is told or was found under a name that is not its own, in words; empty: nothing."""
    lines = [line.split() for line in (project.folder / "seen").read_text().splitlines()]
    words: dict[str, set[str]] = {}
    for task, word, *_ in lines:
        words.setdefault(task, set()).add(word)
    found = [f"the number of {task} was given to {several}" for task, several in words.items() if len(several) > 1]
    found += [f"{task} found the checkpoint of {other}" for task, word, other, *_ in lines if other != word]
    metrics = {task: (int(count), float(value), float(value)) for task, _, _, count, value in lines}
    logged = {(task, attempt): told for task, attempt, *told in _query(project.home / "journal.db", _METRICS)}
    found += [f"{task} has the metrics {told}" for (task, _), told in logged.items() if metrics.get(task) != (*told,)]
    printed = json.loads(project.penstock("logs", "--json"))
    found += [
        f"{line['task']} has the line {line['text']}" for line in printed if {line["text"]} != words[line["task"]]
    ]
    missing = words.keys() - {line["task"] for line in printed} | words.keys() - {task for task, _ in logged}
    return found + [f"{task} has no metrics, or no log" for task in missing]


def _first_end(project: Project) -> float:
    return _query(project.home / "journal.db", "SELECT min(began_at + wall_s) FROM task")[0][0]


def _query(journal: Path, sql: str) -> list[Any]:
    if not journal.exists():
        return []
    connection = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise
    finally:
        connection.close()


def trace(project: Project) -> list[str]:
    """The tasks that ran to their end, as `work/17`, in that order."""
    file = project.folder / "trace"
    lines = file.read_text().splitlines() if file.exists() else []
    return ["/".join(line.split("/")[2:]) for line in lines]
