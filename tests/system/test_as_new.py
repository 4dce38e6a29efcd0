"""A worker is as new for each attempt: what a step changes of its process, and what it leaves running."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Callable

import pytest

from penstock.worker.restoring import ROWS
from tests.system.flows import Project, Report
from tests.system.process_changes import BESIDE, LIBRARIES, NEEDS_ANOTHER, PYTHON, Change

FLOW = """
import asyncio, builtins, contextvars, copy, copyreg, csv, decimal, faulthandler, gc, io, locale, logging
import logging.config, multiprocessing, resource, signal, socket, ssl, subprocess, tempfile, threading, tracemalloc
import urllib.request, warnings
IMPORTS
KEPT = logging.NullHandler()
logging.getLogger("kept").addHandler(KEPT)
VARIABLE = contextvars.ContextVar("variable", default=0)
CHANGES = {CHANGES}

@step
def look(name):
    return repr(eval(CHANGES[name][0])), os.getpid()

@step
def change(name):
    before = repr(eval(CHANGES[name][0]))
    exec(CHANGES[name][1], globals())
    return before, repr(eval(CHANGES[name][0])), os.getpid()

@flow
def main():
    return {name: (look(name), change(name), look(name)) for name in CHANGES}
"""


def flow_of(changes: dict[str, Change], imports: str = "") -> str:
    table = {name: tuple(change[:2]) for name, change in changes.items()}
    return FLOW.replace("IMPORTS", imports).replace("{CHANGES}", repr(table))


def check(project: Project, changes: dict[str, Change], imports: str = "") -> None:
    project.write(flow_of(changes, imports))
    found = project.run(how={"max_workers": 1}).value()
    assert set(found) == set(changes)
    wrong = {name: seen for name, seen in found.items() if seen[0][0] != seen[2][0]}
    assert wrong == {}
    assert {name: seen for name, seen in found.items() if seen[0][0] != seen[1][0]} == {}
    assert len({pid for seen in found.values() for *_, pid in seen}) == 1  # it is the worker that was put back
    invisible = {"a wrapper around a stream", "a stream that is closed"}  # by design: it is not the program's
    assert {name for name, seen in found.items() if seen[1][0] == seen[1][1]} - invisible == set(), "changes nothing"


def test_each_row_has_a_change() -> None:
    assert {row.name for row in ROWS} == {*PYTHON, *LIBRARIES, *NEEDS_ANOTHER}


@pytest.mark.parametrize("imports", ["", "threading.Thread(target=threading.Event().wait, daemon=True).start()"])
def test_what_a_step_changes_of_python_is_put_back(project: Project, imports: str) -> None:
    """In forked workers, and in spawned ones: the module leaves a thread running."""
    check(project, {**PYTHON, **{name: change for name, change in BESIDE.items() if not change.needs}}, imports)


@pytest.mark.parametrize("library", sorted({change.needs for change in [*LIBRARIES.values(), *BESIDE.values()]} - {""}))
def test_what_a_step_changes_of_a_library_is_put_back(
    project: Project, library: str, require: Callable[[str], None]
) -> None:
    require(library)
    imports = f"import {library}" + ("; import matplotlib.pyplot as plt" if library == "matplotlib" else "")
    check(
        project, {name: change for name, change in {**LIBRARIES, **BESIDE}.items() if change.needs == library}, imports
    )


def run_alone(project: Project, source: str) -> Report:
    """With one worker at a time."""
    project.write(source)
    return project.run(how={"max_workers": 1})


def test_what_one_task_silences_another_one_says(project: Project) -> None:
    project.write("""
        import logging.config, warnings

        @step
        def quiet(n):
            sys.stdout = sys.stderr = open(os.devnull, "w")

        @step
        def speak(n):
            print("speaking", n)
            logging.getLogger("disk").warning("nearly full")
            warnings.warn("careful")
            warnings.warn("once alone", FutureWarning)

        @step
        def configure(n):
            logging.config.dictConfig({"version": 1})
            warnings.simplefilter("ignore")

        @flow
        def main():
            for n in range(3):
                quiet(n), configure(n), speak(n)
    """)
    assert project.run(how={"max_workers": 1}).code == 0
    said = project.penstock("logs")[1]
    assert [said.count(text) for text in ("speaking", "nearly full", ": careful", ": once alone")] == [3, 3, 3, 3]


def test_what_an_import_changes_stays(project: Project) -> None:
    """It happens once in a process; else the tenth task would find a library half set up."""
    (project.folder / "late.py").write_text(
        "import logging, sys, warnings\n"
        "warnings.filterwarnings('ignore', 'of late')\n"
        "sys.path.append('/late')\n"
        "log = logging.getLogger('late')\n"
        "log.setLevel(10)\n"
        "log.addHandler(logging.NullHandler())\n"
        "sys.setrecursionlimit(5000)\n"
    )
    found = run_alone(
        project,
        """
        import logging, warnings

        @step
        def load(n):
            sys.path.insert(0, "/mine")
            warnings.simplefilter("error", KeyError)
            import late
            log = logging.getLogger("late")
            told = any(f[1] and f[1].pattern == "of late" for f in warnings.filters)
            paths = "/late" in sys.path, sys.path.count("/mine")
            return log.level, len(log.handlers), *paths, told, sys.getrecursionlimit()

        @flow
        def main():
            return load.map(range(3)).result()
        """,
    ).value()
    assert found == [[10, 1, True, 1, True, 5000]] * 3


PIDS = """
@flow
def main():
    return work.map(range(6)).result()
"""


@pytest.mark.parametrize(
    ("left", "begin"),
    [
        ("the thread mine", "threading.Thread(target=threading.Event().wait, name='mine', daemon=True).start()"),
        ("a process", "subprocess.Popen(['sleep', '1000'])"),
        ("resource limits", "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))"),
        ("too many open files", "FILES.extend(os.open(os.devnull, 0) for _ in range(600)); time.sleep(0.01)"),
        ("the user, the groups or the root folder", "os.setresuid(65534, 65534, 65534)"),
    ],
)
def test_what_cant_be_put_back_gets_another_process(project: Project, left: str, begin: str) -> None:
    if left == "the user, the groups or the root folder" and os.geteuid() != 0:
        pytest.skip("only root can give up its user")
    report = run_alone(
        project,
        f"""
        import resource, subprocess, threading
        FILES = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))

        @step
        def work(n):
            {begin}
            return os.getpid()

        @step
        def other():
            return os.getpid()

        @flow
        def main():
            return other(), *work.map(range(6)).result(), other()
        """,
    )
    first, *pids, last = report.value()
    assert first == pids[0]
    assert len(set(pids)) == 6
    assert last not in pids
    told = [note for note in report.notes if "put back" in note]
    assert len(told) == 1, report.notes
    assert told[0].startswith(f"work leaves {left} behind")


@pytest.mark.parametrize(
    ("pool", "call", "same"),
    [
        ("futures.ThreadPoolExecutor(2)", "POOL.map(abs, [-1, -2])", True),
        ("futures.ProcessPoolExecutor(2)", "POOL.map(abs, [-1, -2])", False),
        ("None", "multiprocessing.Pool(2).map(abs, [-1, -2])", True),
        ("None", "multiprocessing.Pool(2).map_async(abs, [-1, -2]).get()", True),
        ("None", "taken(multiprocessing.Pool(2).imap(abs, slow()))", True),
        ("None", "futures.ProcessPoolExecutor(2).map(abs, [-1, -2])", True),
        ("None", "closed(multiprocessing.Pool(2))", True),
        ("None", "closed(multiprocessing.get_context('spawn').Pool(2))", True),
        ("None", "closed(multiprocessing.get_context('forkserver').Pool(2))", True),
        ("None", "shared(multiprocessing.Manager())", True),
        ("None", "memory()", True),
        ("None", "asyncio.run(thread())", True),
        ("[]", "kept().map(abs, [-1, -2])", False),
    ],
)
def test_pools_work_in_each_attempt(project: Project, pool: str, call: str, same: bool) -> None:
    found = run_alone(
        project,
        f"""
        import asyncio, multiprocessing, time
        from concurrent import futures
        from multiprocessing import shared_memory
        POOL = {pool}

        def slow():  # so that the thread that hands out tasks is the last to let go of its pool
            yield from (-1, -2)
            time.sleep(0.1)

        def taken(results):
            return [next(results), next(results)]

        def closed(pool):
            with pool:
                return pool.map(abs, [-1, -2])

        def kept():
            if not POOL:
                POOL.append(multiprocessing.Pool(2))
            return POOL[0]

        def shared(manager):
            with manager:
                return list(manager.list([1, 2]))

        def memory():
            shared_memory.SharedMemory(create=True, size=10).close()  # and never unlinked
            return [1, 2]

        async def thread():
            return [await asyncio.to_thread(abs, -n) for n in (1, 2)]

        @step
        def work(n):
            return list({call}), os.getpid()
        """
        + textwrap.indent(PIDS, "        "),
    ).value()
    assert [value for value, _ in found] == [[1, 2]] * 6
    assert len({pid for _, pid in found}) == (1 if same else 6)


def test_a_pool_that_a_module_starts_when_it_is_imported_is_nobodys_to_end(project: Project) -> None:
    found = run_alone(
        project,
        """
        import multiprocessing
        POOL = multiprocessing.Pool(2)

        @step
        def work(n):
            return POOL.map(abs, [-1, -2]), os.getpid()
        """
        + textwrap.indent(PIDS, "        "),
    ).value()
    assert found == [[[1, 2], found[0][1]]] * 6


def test_n_jobs(project: Project, require: Callable[[str], None]) -> None:
    require("joblib")
    found = run_alone(
        project,
        """
        from joblib import Parallel, delayed

        @step
        def work(n):
            return Parallel(2)(delayed(abs)(-k) for k in (1, 2)), os.getpid()

        @flow
        def main():
            return work.map(range(3)).result()
        """,
    ).value()
    assert found == [[[1, 2], found[0][1]]] * 3
    assert "leaked" not in project.penstock("logs")[1]


def test_a_data_loader_that_keeps_its_workers(project: Project, require: Callable[[str], None]) -> None:
    require("torch")
    report = run_alone(
        project,
        """
        import torch
        from torch.utils.data import DataLoader
        LOADER = DataLoader(range(4), batch_size=2, num_workers=2, persistent_workers=True)
        BRIEF = DataLoader(range(4), batch_size=2, num_workers=2)

        @step
        def brief(n):
            return [batch.tolist() for batch in BRIEF], os.getpid()

        @step
        def work(n):
            return [batch.tolist() for batch in LOADER], os.getpid()

        @flow
        def main():
            return brief.map(range(3)).result(), work.map(range(3)).result()
        """,
    )
    brief, kept = report.value()
    assert [value for value, _ in (*brief, *kept)] == [[[0, 1], [2, 3]]] * 6
    assert len({pid for _, pid in brief}) == 1


def test_threads_that_are_no_daemons_come_to_their_ends(project: Project) -> None:
    report = run_alone(
        project,
        """
        import threading

        def late():
            await_file("go")
            note("written late")

        @step
        def work():
            threading.Thread(target=late, name="writer").start()

        @step
        def other():
            pass

        @flow
        def main():
            work(), other()
            note("both done")
            open("go", "w").close()
            await_file("trace") and None
            while "written late" not in open("trace").read():
                time.sleep(0.002)
        """,
    )
    report.value()
    assert project.trace() == ["both done", "written late"]


def test_what_a_wrapper_of_stdout_holds_is_logged_with_its_task(project: Project) -> None:
    run_alone(
        project,
        """
        import io

        @step
        def wrapped(n):
            sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
            print("line", n)

        @flow
        def main():
            wrapped.map(range(3)).result()
        """,
    ).value()
    lines = [line.split() for line in project.penstock("logs")[1].splitlines() if "line" in line]
    assert [line[-3:] for line in lines] == [[f"wrapped/{n + 1}", "line", str(n)] for n in range(3)]
