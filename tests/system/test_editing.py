"""A file that is edited while its run goes on, and flows that are called where a worker imports their module."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.system.flows import Project, wait_until

RECORDED = """
import shapes

@step
def work(x):
    import late
    note("work", x, "as recorded", shapes.NAME, late.NAME)
    await_file(f"go-{x}")
    return shapes.NAME

@flow
def main():
    return [work(x) for x in range(3)]
"""
EDITED = RECORDED.replace("as recorded", "as edited")


def worker_of(project: Project) -> int:
    """The one worker that there is: a child of the zygote, which is a child of the driver."""
    return wait_until(lambda: [pid for pid in project.processes() if len(_ancestors(pid, project)) == 2])[0]


def _ancestors(pid: int, project: Project) -> list[int]:
    found: list[int] = []
    while True:
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
        except OSError:
            return found
        if pid not in project.processes():
            return found
        found.append(pid)


@pytest.mark.parametrize("whom", ["worker", "zygote"])
@pytest.mark.parametrize("edit", ["changed", "broken", "deleted"])
def test_replaced_workers_run_what_was_recorded(project: Project, whom: str, edit: str) -> None:
    project.write('NAME = "old shapes"\n', "shapes.py")
    project.write('NAME = "old late"\n', "late.py")
    project.write(RECORDED)
    drive = project.spawn(how={"max_workers": 1})
    project.await_note("work 0 as recorded old shapes old late")
    for name, source in (("mine.py", EDITED), ("shapes.py", 'NAME = "new"'), ("late.py", 'NAME = "new"')):
        if edit == "changed":
            project.write(source, name)
        elif edit == "broken":
            project.write("def (:", name)
        else:
            (project.folder / name).unlink()
    worker = worker_of(project)
    os.kill(worker if whom == "worker" else _ancestors(worker, project)[0], signal.SIGKILL)
    project.await_note("work 0 as recorded old shapes old late", count=2)
    for x in range(3):
        project.touch(f"go-{x}")
    assert drive.join().value() == ["old shapes"] * 3
    assert all("as recorded old shapes old late" in line for line in project.trace())


def test_a_resume_runs_what_is_there_now(project: Project) -> None:
    project.write('NAME = "old shapes"\n', "shapes.py")
    project.write('NAME = "old late"\n', "late.py")
    project.write(RECORDED)
    project.touch("go-0")
    drive = project.spawn()
    project.await_note("work 1 as recorded old shapes old late")
    drive.kill()
    project.write(EDITED)
    project.write('NAME = "new shapes"\n', "shapes.py")
    for x in range(3):
        project.touch(f"go-{x}")
    assert project.run("main/1").value() == ["old shapes", "new shapes", "new shapes"]
    assert project.trace()[-1] == "work 2 as edited new shapes old late"


UNGUARDED = """
@step
def work(x):
    note("work", x)
    return x

@flow
def main():
    return work(1)

CALL
"""


def test_a_flow_called_without_a_guard_is_told_how_to_guard_it(project: Project) -> None:
    project.write(UNGUARDED.replace("CALL", "main()"))
    code, output = project.penstock("run", "mine.py:main")
    assert code == 2
    assert 'if __name__ == "__main__":' in output
    assert project.rows("SELECT 1 FROM run") == []


def test_a_script_without_a_guard_is_told_before_a_run_begins(project: Project) -> None:
    """As a script the call would be right; a worker that imports the file would meet it again."""
    project.write(UNGUARDED.replace("CALL", "print('RESULT', main())"))
    process = project.popen([sys.executable, "mine.py"])
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert 'if __name__ == "__main__":' in output
    assert project.rows("SELECT 1 FROM run") == []
    assert project.trace() == []


def test_a_module_that_cannot_be_imported_by_a_worker_fails_its_tasks_with_the_reason(project: Project) -> None:
    """The driver can import it, a worker can't: it says why, and says it once a task, and ends."""
    project.write(
        UNGUARDED.replace(
            "CALL", "if os.path.exists('imported'):\n    raise ImportError('only once')\nopen('imported', 'w')"
        )
    )
    report = project.run()
    assert "only once" in report.error["text"] + report.error["cause"]
    assert project.tasks() == {"work/1": "failed"}
