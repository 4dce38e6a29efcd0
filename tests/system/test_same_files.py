"""Files that steps write: what one returns is never another's, and who would return another's is told so."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from tests.system.flows import Project

TWO = '''
import shutil, subprocess, threading
from dataclasses import dataclass
from pathlib import Path

HERE = os.getcwd()


@dataclass
class Report:
    text: str
    plot: Path


def meet(k, what="open"):
    """Wait until the other one has come here, too."""
    Path(f"{what}.{k}").touch()
    await_file(f"{what}.{3 - k}")


def write(path, k, mode="w"):
    with open(path, mode) as file:
        file.write(f"of {k}\\n")


def told(run):
    """What each of the two gives: the text of its file, or its error."""
    found = []
    for one in run.result(errors="return"):
        if isinstance(one, Exception):
            found.append(f"{type(one).__name__}: {one}")
            continue
        path = getattr(one, "plot", one)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        found.append([file.read_text() for file in files])
    return found
'''
WRITING = {
    "open": "write('plot.txt', k); meet(k); return Path('plot.txt')",
    "absolute": "write(os.path.join(HERE, 'plot.txt') if k == 1 else 'plot.txt', k); meet(k); return Path('plot.txt')",
    "within": "write('plot.txt', k); meet(k); return Report('a', Path('plot.txt'))",
    "appended": "write('plot.txt', k, 'a'); meet(k); return Path('plot.txt')",
    "update": "Path('plot.txt').touch(); open('plot.txt', 'r+').close(); meet(k); return Path('plot.txt')",
    "descriptor": """
        os.close(os.open('plot.txt', os.O_RDWR | os.O_CREAT))
        meet(k)
        return Path('plot.txt')
    """,
    "replaced": "write(f'part.{k}', k); os.replace(f'part.{k}', 'plot.txt'); meet(k); return Path('plot.txt')",
    "moved": "write(f'part.{k}', k); shutil.move(f'part.{k}', 'plot.txt'); meet(k); return Path('plot.txt')",
    "copied": "write(f'part.{k}', k); shutil.copy(f'part.{k}', 'plot.txt'); meet(k); return Path('plot.txt')",
    "folder": "os.makedirs('out', exist_ok=True); write(f'out/{k}.txt', k); meet(k); return Path('out')",
    "cleared": """
        if k == 2: await_file('open.1')
        shutil.rmtree('out', ignore_errors=True)
        os.makedirs('out')
        meet(k)
        return Path('out')
    """,
    "linked folder": """
        os.makedirs('out', exist_ok=True)
        if k == 1: os.symlink('out', 'way')
        else: await_file('way')
        write(('way' if k == 1 else 'out') + '/plot.txt', k)
        meet(k)
        return Path('way' if k == 1 else 'out', 'plot.txt')
    """,
    "linked file": """
        if k == 1:
            write('plot.txt', k)
            os.symlink('plot.txt', 'link.txt')
        else:
            await_file('link.txt')
            write('link.txt', k)
        meet(k)
        return Path('plot.txt' if k == 1 else 'link.txt')
    """,
    "hard link": """
        if k == 1:
            write('plot.txt', k)
            os.link('plot.txt', 'link.txt')
        else:
            await_file('link.txt')
            write('link.txt', k)
        meet(k)
        return Path('plot.txt' if k == 1 else 'link.txt')
    """,
    "thread": """
        thread = threading.Thread(target=write, args=('plot.txt', k))
        thread.start()
        thread.join()
        meet(k)
        return Path('plot.txt')
    """,
    "fork": """
        child = os.fork()
        if child == 0:
            write('plot.txt', k)
            os._exit(0)
        os.waitpid(child, 0)
        meet(k)
        return Path('plot.txt')
    """,
    "elsewhere": """
        os.makedirs('below', exist_ok=True)
        if k == 1: os.chdir('below')
        path = Path('../plot.txt' if k == 1 else 'plot.txt')
        write(path, k)
        os.chdir(HERE)
        meet(k)
        return Path('plot.txt')
    """,
    "coroutine": "write('plot.txt', k); meet(k); return Path('plot.txt')",
}
FINE = {
    "tempdir": ("path = current.tempdir / 'plot.txt'; write(path, k); meet(k); return path", True),
    "checkpoint_dir": ("path = current.checkpoint_dir / 'plot.txt'; write(path, k); meet(k); return path", True),
    "own names": ("path = Path(f'plot.{k}.txt'); write(path, k); meet(k); return path", True),
    "only read": (
        """
        if k == 1: write('data.txt', 0)
        meet(k)
        open('data.txt').close()
        path = current.tempdir / 'plot.txt'
        write(path, k)
        return path
        """,
        True,
    ),
    "a log beside it": (
        """
        write('log.txt', k, 'a')
        meet(k)
        path = current.tempdir / 'plot.txt'
        write(path, k)
        return path
        """,
        True,
    ),
    "returned by both, written by none": ("meet(k); return Path('given.txt')", False),
    "opened after the other was stored": (
        """
        meet(k)
        if k == 1:
            write('plot.txt', k)
            return Path('plot.txt')
        while not current_is_done('draw/1'): time.sleep(0.005)
        path = current.tempdir / 'other.txt'
        write('plot.txt', k)
        write(path, k)
        return path
        """,
        True,
    ),
}


def source(body: str, options: str = "", keyword: str = "def") -> str:
    """A flow with two tasks at once."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    body = f"@step({options})\n{keyword} draw(k):\n{lines}"
    return f"{TWO}\n\n{body}\n\n\n@flow\ndef main():\n    return told(draw.map([1, 2]))\n"


def both(project: Project) -> Any:
    """What comes of the flow, on a machine of one processor, too."""
    return project.run(how={"max_workers": 2}).value()


def is_refused(words: Any, number: int, name: str) -> bool:
    """Whether a task was told that the other one has written there as well."""
    return (
        isinstance(words, str)
        and words.startswith("NotStorableError: ")
        and f"{name} is returned by main/1/draw/{number}, and main/1/draw/{3 - number} opened it" in words
        and "current.tempdir / " in words
    )


@pytest.mark.parametrize("case", WRITING)
def test_two_tasks_at_once_don_t_return_the_same_file(project: Project, case: str) -> None:
    project.write(source(WRITING[case], keyword="async def" if case == "coroutine" else "def"))
    found = both(project)
    assert [isinstance(one, str) and "current.tempdir" in one for one in found] == [True, True], found
    if case in ("open", "absolute", "within"):
        assert [is_refused(words, number, "plot.txt") for number, words in enumerate(found, 1)] == [True, True], found


@pytest.mark.parametrize("case", FINE)
def test_what_is_each_task_s_own_is_no_error(project: Project, case: str) -> None:
    (project.folder / "given.txt").write_text("given\n")
    body, own = FINE[case]
    helper = """
def current_is_done(task):
    import sqlite3
    rows = sqlite3.connect(".penstock/journal.db").execute("SELECT name, number, status FROM task_row").fetchall()
    return any(f"{name}/{number}" == task and status == "done" for name, number, status in rows)
"""
    project.write(source(body).replace("\n\n@step", helper + "\n\n@step", 1))
    assert both(project) == ([["of 1\n"], ["of 2\n"]] if own else [["given\n"]] * 2)


def test_in_the_flow_s_own_process_too(project: Project) -> None:
    project.write(
        source(WRITING["open"], "on='inline'").replace(
            "told(draw.map([1, 2]))", "told(in_threads([draw.submit(1), draw.submit(2)]))"
        )
        + '''

def in_threads(futures):
    """Two threads wait, so that two attempts run."""
    from penstock import Futures
    threads = [threading.Thread(target=future.exception) for future in futures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Futures(futures)
'''
    )
    found = both(project)
    assert [is_refused(words, number, "plot.txt") for number, words in enumerate(found, 1)] == [True, True], found


def test_a_task_in_the_flow_s_process_and_one_in_a_worker(project: Project) -> None:
    text = source(WRITING["open"]).replace(
        "told(draw.map([1, 2]))", "told(mixed([draw.submit(1), draw.options(on='inline').submit(2)]))"
    )
    project.write(text + "\ndef mixed(futures):\n    from penstock import Futures\n    return Futures(futures)\n")
    found = both(project)
    assert [is_refused(words, number, "plot.txt") for number, words in enumerate(found, 1)] == [True, True], found


def test_retries_make_it_good_where_they_run_alone(project: Project) -> None:
    body = """
        note("begins", k, current.attempt)
        write('plot.txt', k)
        if current.attempt == 1:
            meet(k)
        return Path('plot.txt')
    """
    project.write(source(body, "retries=50, retry_delay=0.01"))
    assert both(project) == [["of 1\n"], ["of 2\n"]]


def test_one_after_the_other_is_no_error(project: Project) -> None:
    body = """
        write('plot.txt', k)
        if k == 1 and current.attempt == 1:
            os.kill(os.getpid(), 9)
        return Path('plot.txt')
    """
    project.write(
        source(body).replace("draw.map([1, 2])", "one_by_one()")
        + """

def one_by_one():
    from penstock import Futures
    futures = Futures()
    for k in (1, 2, 3):
        futures.append(draw.submit(k))
        futures[-1].result()
    return futures
"""
    )
    assert both(project) == [["of 1\n"], ["of 2\n"], ["of 3\n"]]


def test_runs_of_a_project_know_of_each_other(project: Project) -> None:
    # A run takes along what it knows of its files when it ends.
    body = "found = told(draw.map([k]))\n    meet(k, 'told')\n    return found"
    code = source(WRITING["open"]).replace("def main():", "def main(k: int):")
    project.write(code.replace("return told(draw.map([1, 2]))", body))
    drives = [project.spawn(k=k) for k in (1, 2)]
    found = [drive.join().value()[0] for drive in drives]
    assert all("plot.txt is returned by main/" in words for words in found), found
    assert {words.partition("returned by ")[2].partition(",")[0] for words in found} == {
        "main/1/draw/1",
        "main/2/draw/1",
    }


def test_with_an_interpreter_of_its_own(project: Project, interpreter: Any) -> None:
    interpreter("python3.9")
    project.write(source(WRITING["open"], "python='3.9'"))
    found = both(project)
    assert [is_refused(words, number, "plot.txt") for number, words in enumerate(found, 1)] == [True, True], found
