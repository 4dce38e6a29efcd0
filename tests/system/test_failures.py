"""Whatever a step does, the flow learns what it was, and the run goes on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import Project

TABLE = '''
import ctypes, signal, subprocess, threading, types


class Pair(Exception):
    """Takes two arguments, and gives its base only one: pickle alone can't rebuild it."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code


def hidden():
    """A class that lives in the worker alone."""

    class Hidden(Exception):
        pass

    return Hidden


class Model:
    pass


@step
def raise_plainly():
    raise ValueError("no luck")

@step
def raise_pair():
    raise Pair(7, "seven")

@step
def raise_unimportable():
    module = sys.modules["nowhere"] = types.ModuleType("nowhere")
    exec("class Lost(Exception): pass", vars(module))
    raise module.Lost("from nowhere")

@step
def raise_local():
    raise hidden()("local")

@step
def raise_unpicklable():
    error = ValueError("holds a lock")
    error.lock = threading.Lock()
    raise error

@step
def raise_group():
    raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

@step
def sys_exit():
    sys.exit(3)

@step
def interrupt_itself():
    raise KeyboardInterrupt

@step
def os_exit():
    os._exit(4)

@step
def segfault():
    ctypes.string_at(0)

@step
def kill_itself():
    os.kill(os.getpid(), signal.SIGKILL)

@step(timeout=0.3)
def stuck_in_c():
    # One call that never comes back to Python, and holds the interpreter's lock.
    ctypes.PyDLL(None).pause()

@step(timeout=0.3)
def deaf_to_signals():
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
    while True:
        pass

@step(memory="150MiB")
def too_large():
    kept = []
    while True:
        kept.append(bytearray(b"x" * 10_000_000))
        time.sleep(0.001)

@step(memory="150MiB")
def too_large_in_children():
    child = subprocess.Popen([sys.executable, "-c", "x = b'x' * 400_000_000; import time; time.sleep(60)"])
    child.wait()

@step
def lock_inside():
    found = Model()
    found.model = Model()
    found.model.lock = threading.Lock()
    return found

@step
def give_generator():
    return (x for x in range(3))

@step
def give_open_file():
    return {"log": [open("mine.py")]}

@step(retries=2)
def fails_twice():
    note("fails_twice", current.attempt)
    if current.attempt < 3:
        raise OSError("not yet")
    return "third"

@step(retries=5, retry_on=(ConnectionError,))
def fails_otherwise():
    note("fails_otherwise")
    raise ValueError("not a connection")

@step
def fork():
    child = os.fork()
    if child == 0:
        return "the child's, which nobody may see"
    os.waitpid(child, 0)
    return "the parent's"

@step
def start_threads():
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    threading.Thread(target=time.sleep, args=(600,)).start()
    return "threads"

@step
def leave_children():
    for command in (["sleep", "600"], ["setsid", "sleep", "600"], ["sh", "-c", "sleep 600 & sleep 600 &"]):
        child = subprocess.Popen(command)
        note("child", child.pid)
    return "children"

@step
def print_much():
    line = "x" * 999
    for _ in range(100_000):
        print(line)
    return "printed"

@step
def print_binary():
    os.write(1, bytes(range(256)) * 100)
    sys.stdout.buffer.write(b"\\xff\\xfe\\x00")
    os.write(2, b"\\x1e no head")
    return "binary"

@step
def change_input(items):
    items.append("changed")
    items[0]["deep"] = "changed"
    return len(items)

@step
def look(items):
    return items

@step
def survive():
    return "well"


CALLS = [
    raise_plainly, raise_pair, raise_unimportable, raise_local, raise_unpicklable, raise_group, sys_exit,
    interrupt_itself, os_exit, segfault, kill_itself, stuck_in_c, deaf_to_signals, too_large, too_large_in_children,
    lock_inside, give_generator, give_open_file, fails_twice, fails_otherwise, fork, start_threads, leave_children,
    print_much, print_binary,
]


@flow
def main():
    found = {}
    futures = [(call.name, call.submit()) for call in CALLS]
    for name, future in futures:
        error = future.exception()
        if error is None:
            found[name] = {"value": future.result()}
        else:
            found[name] = {
                "type": type(error).__name__,
                "bases": [base.__name__ for base in type(error).__mro__],
                "text": str(error),
                "cause": str(error.__cause__ or ""),
                "notes": error.__notes__,
                "code": getattr(error, "code", None),
            }
    found["after"] = survive()
    return found


@flow
def arguments():
    found = {}
    for name, value in {
        "generator": (x for x in ()), "lock": threading.Lock(), "open file": open("mine.py"),
        "inner": {"a": [Model, open]}, "deep": {"a": [1, threading.Lock()]},
    }.items():
        try:
            look(value)
        except Exception as error:
            found[name] = [type(error).__name__, str(error)]
        else:
            found[name] = None
    items = [{"deep": "kept"}]
    found["changed"] = change_input(items)
    found["own"] = items
    first = look.submit(items)
    found["changed again"] = change_input(first)
    found["stored"] = look(first)
    value = first.result()
    value.append("mine")
    found["third"] = look(first)
    return found
'''


@pytest.fixture(scope="module")
def table(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[tuple[dict[str, Any], Project]]:
    """All faults in one run, each beside the others."""
    with clean_project(tmp_path_factory.mktemp("table")) as project:
        project.write(TABLE)
        report = project.run(target="mine.py:main", how={"max_workers": 4})
        yield report.value(), project


def test_an_exception_arrives_as_itself_with_the_remote_traceback(table: Any) -> None:
    found = table[0]["raise_plainly"]
    assert (found["type"], found["text"]) == ("ValueError", "no luck")
    assert 'raise ValueError("no luck")' in found["cause"]
    assert "/penstock/" not in found["cause"]
    assert found["notes"] == ["in task main/1/raise_plainly/1"]


def test_an_exception_of_two_arguments_arrives_as_itself(table: Any) -> None:
    found = table[0]["raise_pair"]
    assert (found["type"], found["text"], found["code"]) == ("Pair", "7: seven", 7)


@pytest.mark.parametrize(
    ("step", "name", "text"),
    [
        ("raise_unimportable", "nowhere.Lost", "from nowhere"),
        ("raise_unpicklable", "ValueError", "holds a lock"),
        ("sys_exit", "SystemExit", "3"),
        ("interrupt_itself", "KeyboardInterrupt", "interrupted itself"),
    ],
)
def test_what_cannot_be_raised_here_says_all_it_said(table: Any, step: str, name: str, text: str) -> None:
    found = table[0][step]
    assert text in found["text"]
    assert found["cause"]
    if found["type"] != name:
        assert name in found["text"]
        assert "UserCodeError" in found["bases"]


def test_a_group_of_exceptions_arrives_whole(table: Any) -> None:
    assert table[0]["raise_group"]["type"] == "ExceptionGroup"


def test_an_exception_of_a_local_class_says_its_name(table: Any) -> None:
    found = table[0]["raise_local"]
    assert "Hidden" in found["type"] + found["text"]


@pytest.mark.parametrize(
    ("step", "kind", "text"),
    [
        ("os_exit", "StepExitError", "code 4"),
        ("segfault", "StepExitError", "SIGSEGV"),
        ("kill_itself", "WorkerLostError", "killed from outside"),
        ("stuck_in_c", "StepTimeoutError", "ran beyond its timeout of "),
        ("deaf_to_signals", "StepTimeoutError", "timeout"),
        ("too_large", "OutOfMemoryError", "150 MiB"),
        ("too_large_in_children", "OutOfMemoryError", "150 MiB"),
    ],
)
def test_the_end_of_a_worker_has_a_cause(table: Any, step: str, kind: str, text: str) -> None:
    found = table[0][step]
    assert found["type"] == kind
    assert text in found["text"]
    assert found["text"].startswith(f"main/1/{step}/1: ")


@pytest.mark.parametrize(
    ("step", "path"),
    [("lock_inside", "result.model.lock"), ("give_generator", "result"), ("give_open_file", "result['log'][0]")],
)
def test_what_cannot_be_stored_names_the_culprit(table: Any, step: str, path: str) -> None:
    found = table[0][step]
    assert found["type"] == "NotStorableError"
    assert re.search(re.escape(path) + r"\b|" + re.escape(path), found["text"])


def test_failures_of_its_own_code_are_retried_as_often_as_allowed(table: Any) -> None:
    assert table[0]["fails_twice"] == {"value": "third"}
    assert [line for line in table[1].trace() if line.startswith("fails_twice")] == [
        f"fails_twice {n}" for n in (1, 2, 3)
    ]
    assert table[0]["fails_otherwise"]["type"] == "ValueError"
    assert table[1].trace().count("fails_otherwise") == 1


def test_the_platform_s_failures_have_a_budget_of_their_own(table: Any) -> None:
    attempts = dict(table[1].rows("SELECT name, attempt FROM task_row"))
    assert attempts["kill_itself"] == 4
    assert attempts["segfault"] is attempts["os_exit"] is None  # one


@pytest.mark.parametrize(
    ("step", "value"),
    [
        ("fork", "the parent's"),
        ("start_threads", "threads"),
        ("leave_children", "children"),
        ("print_much", "printed"),
        ("print_binary", "binary"),
    ],
)
def test_what_a_step_does_beside_its_work_is_harmless(table: Any, step: str, value: str) -> None:
    assert table[0][step] == {"value": value}


def test_everything_printed_is_kept(table: Any) -> None:
    project = table[1]
    slices = {row[0]: row[1:] for row in project.rows("SELECT name, log_file, log_start, log_end FROM task_row")}
    (logs,) = (project.folder / ".penstock" / "logs" / "main").iterdir()
    file, start, end = slices["print_much"]
    assert (logs / file).read_bytes()[start:end].count(b"x" * 999 + b"\n") == 100_000
    file, start, end = slices["print_binary"]
    assert bytes(range(256)) * 100 in (logs / file).read_bytes()[start:end]


def test_the_run_goes_on_and_leaves_nothing_behind(table: Any) -> None:
    found, project = table
    assert found["after"] == "well"
    children = [line for line in project.trace() if line.startswith("child ")]
    assert len(children) == 3
    assert project.processes() == []
    assert project.status() == "done"


@pytest.fixture(scope="module")
def passed(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[dict[str, Any]]:
    """What came of unusual arguments."""
    with clean_project(tmp_path_factory.mktemp("passed")) as project:
        project.write(TABLE)
        yield project.run(target="mine.py:arguments").value()


@pytest.mark.parametrize(
    ("argument", "path"), [("generator", "items"), ("lock", "items"), ("open file", "items"), ("deep", "items['a'][1]")]
)
def test_an_argument_that_cannot_be_stored_is_named(passed: dict[str, Any], argument: str, path: str) -> None:
    kind, text = passed[argument]
    assert kind == "NotStorableError"
    assert path in text


def test_classes_and_builtins_are_arguments_like_any(passed: dict[str, Any]) -> None:
    assert passed["inner"] is None


def test_an_input_changed_in_place_changes_nothing_elsewhere(passed: dict[str, Any]) -> None:
    assert passed["changed"] == passed["changed again"] == 2
    assert passed["own"] == passed["stored"] == passed["third"] == [{"deep": "kept"}]


@pytest.mark.parametrize("cause", ["raise_plainly", "segfault", "stuck_in_c"])
def test_a_failure_that_nobody_survives_ends_the_run(project: Project, cause: str) -> None:
    project.write(TABLE + f"\n@flow\ndef alone():\n    {cause}()\n")
    report = project.run(target="mine.py:alone")
    assert report.error["type"] in ("ValueError", "StepExitError", "StepTimeoutError")
    assert project.status() == report.status == "failed"
    assert project.tasks() == {f"{cause}/1": "failed"}


REFUSED = """
from penstock.executors.process import ProcessExecutor

def refuse(*_):
    raise OSError("no process can be started")

ProcessExecutor.open = refuse
"""

LARGE = """
from pathlib import Path

@step
def answer():
    return 42

@flow
def large():
    found = answer()
    if os.path.exists("break"):
        store = Path(".penstock/store")
        store.rename("moved")
        store.write_text("in the way")
    return str(found) * 1_000_000
"""


def test_a_run_whose_processes_cannot_start_has_failed_and_resumes(project: Project) -> None:
    project.write(LARGE)
    report = project.run(target="mine.py:large", before=REFUSED)
    assert report.error["type"] == "OSError"
    assert project.status() == report.status == "failed"
    assert project.run("large/1", target="mine.py:large").value()
    assert project.status() == "done"


def test_a_run_whose_result_cannot_be_kept_has_failed_and_resumes(project: Project) -> None:
    project.write(LARGE)
    project.touch("break")
    report = project.run(target="mine.py:large")
    assert report.error["type"] == "StoreError"
    assert project.status() == report.status == "failed"
    (project.folder / "break").unlink()
    (project.folder / ".penstock" / "store").unlink()
    (project.folder / "moved").rename(project.folder / ".penstock" / "store")
    assert project.run("large/1", target="mine.py:large").code == 0
    assert project.status() == "done"


def test_what_runs_out_of_memory_is_tried_again_with_more(project: Project) -> None:
    project.write("""
from penstock import grow

@step(memory=grow("150MiB", to="1GiB"))
def eat(size):
    note("eat", size)
    data = bytearray(b"x" * size)
    if size > 1_000 and current.attempt == 1:  # whose memory is looked at now and then
        time.sleep(60)
    return len(data)

@step(memory=grow("100MiB", to="200MiB"), on="process")
def too_much():
    note("too_much")
    data = bytearray(b"x" * 600_000_000)
    time.sleep(60)
    return len(data)

@flow
def main():
    found = eat.map([1_000, 230_000_000]).result()
    try:
        too_much()
    except MemoryError as error:
        return found, str(error)
""")
    report = project.run()
    found, error = report.value()
    assert found == [1_000, 230_000_000]
    assert "more than its memory of 200 MiB" in error
    assert '@step(memory=grow(..., to="..."))' in error
    assert project.trace().count("eat 1000") == 1
    assert project.trace().count("eat 230000000") > 1
    assert project.trace().count("too_much") == 2
    assert "too_much ran out of memory: tried again with 200 MiB" in report.notes
