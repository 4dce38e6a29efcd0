"""The calling rules: three ways to call, edges, copies, scopes, threads, and steps outside a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import Project

CALLS = '''
import asyncio, concurrent.futures, contextvars, gc, threading
from collections import namedtuple
from dataclasses import dataclass, field


@dataclass
class Job:
    data: object
    weight: float = 1.0
    more: dict = field(default_factory=dict)


Pair = namedtuple("Pair", "left right")


class Box:
    def __init__(self, value):
        self.value = value


@step
def add(a, b=1):
    """Adds."""
    return a + b

@step
def make(n):
    return {"numbers": list(range(n)), "pair": (n, -n)}

@step
def box(n):
    return Box({"deep": [n]})

@step
def look(x):
    return repr(x)

@step
def look_all(*args, scale=1, **more):
    return [args, scale, sorted(more.items())]

@step
def positional(a, /, b, *, c=3):
    return [a, b, c]

@step
def where():
    return [os.getpid(), current.task]

@step
def sleep(s):
    time.sleep(s)
    return s

@step
def held(name):
    await_file(name)
    return name

@step
async def wait_a_bit(x):
    await asyncio.sleep(0.001)
    return x * 2

@step
def fail(x):
    raise ValueError(x)

@step
def grow(items):
    items.append("grown")
    return items

@step
def call_inside(x):
    """Inside a step another step is a plain call, and a flow too."""
    future = add.submit(x, 10)
    return [add(x), future.done(), future.result(), [f.result() for f in add.map([1, 2], b=x)], nested(x)]

@flow
def nested(x):
    return add(add(x), 100)

@step(on="inline")
def here():
    return os.getpid()


def ways():
    futures = add.map([1, 2, 3], [10, 20, 30])
    return [add(1), add(1, b=2), add.submit(3).result(), futures.result(), add.map(range(3), b=5).result()]

def empty():
    futures = add.map([])
    return [list(futures), futures.result(), futures.result(errors="return")]

def in_order():
    futures = sleep.map([0.05, 0.02, 0.001])
    done = [future.result() for future in concurrent.futures.as_completed(futures)]
    finished, pending = concurrent.futures.wait(sleep.map([0.001, 0.002]))
    return [sorted(done), len(finished), len(pending), all(future.done() for future in futures)]

def first_completed():
    slow, quick = held.submit("first"), add.submit(1)
    finished, pending = concurrent.futures.wait([slow, quick], return_when="FIRST_COMPLETED")
    open("first", "w").close()
    return [quick in finished, slow in pending]

def timeouts():
    slow = held.submit("second")
    try:
        slow.result(timeout=0.001)
    except concurrent.futures.TimeoutError:
        open("second", "w").close()
        return slow.result()

def callbacks():
    called = threading.Event()
    add.submit(1).add_done_callback(lambda future: called.set() if future.result() == 2 else None)
    return called.wait(60)

def errors():
    found = fail.map([1, 2]).result(errors="return")
    try:
        fail.map(["a", "b"]).result()
    except ValueError as error:
        first = str(error)
    return [[type(item).__name__, str(item)] for item in found] + [first]

def parts():
    made, boxed = make.submit(3), box.submit(7)
    return [
        look(made["numbers"]), look(made["numbers"][1]), look(made["pair"][-1]), look(boxed.part("value")["deep"][0]),
        made["numbers"].result(), boxed.part("value").result(),
    ]

def missing_part():
    try:
        look(make.submit(1)["nothing"])
    except KeyError as error:
        return str(error)

def edges():
    one, two = add.submit(0), add.submit(1)
    return [
        look([one, [two, 5]]), look((one, two)), look({"a": one, "b": {"c": two}}), look(Job(one, more={"x": [two]})),
        look(Pair(one, two)), look([make.submit(2)["pair"], one]),
    ]

def edges_by_name():
    one = add.submit(0)
    return [add(a=one, b=one), look_all(one, 2, scale=one, x=one), add.map([one, one], b=one).result()]

def shapes():
    return [look_all(1, 2, scale=3, x=4), positional(1, 2), positional(1, b=5, c=6)]

def wrong_arguments():
    found = []
    for call in (lambda: add(), lambda: add(1, 2, 3), lambda: add(1, c=2), lambda: add.map(), lambda: add.map(5),
                 lambda: positional(a=1, b=2), lambda: add.map([1], nothing=2)):
        try:
            call()
        except Exception as error:
            found.append(type(error).__name__)
    return found

def elsewhere():
    return [where()[0] != os.getpid(), where()[1]]

def async_steps():
    return [wait_a_bit(4), wait_a_bit.map([1, 2]).result()]

def copies():
    items = ["mine"]
    grown = grow.submit(items)
    value = grown.result()
    value.append("by the flow")
    again = grow(grown)
    return [items, value, look(grown), again, grown.result() is value]

def map_draws_in_this_thread():
    drawn = []
    def items():
        for x in range(3):
            drawn.append(threading.current_thread() is threading.main_thread())
            yield x
    add.map(items())
    return drawn

def threads_of_the_body():
    found = []
    def work():
        try:
            found.append(where()[1].split("/")[0])
        except BaseException as error:
            found.append(repr(error))
    threads = [threading.Thread(target=work) for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pooled = list(pool.map(lambda x: add(x), range(3)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found, pooled]

def nested_flows():
    return [nested(1), nested(1), nested(x=2), add(1)]

def inside_a_step():
    return call_inside(5)

def inline():
    return [here() == os.getpid(), look([here.submit()]) == str([os.getpid()])]

def names():
    renamed = add.options(name="plus", retries=3)
    future = renamed.submit(1)
    return [add.__name__, add.__doc__, future.task.rpartition("/")[0].rpartition("/")[2], future.result(), add.name]

def not_iterable():
    try:
        for item in make.submit(1):
            pass
    except Exception as error:
        return type(error).__name__

def cancelled():
    slow = sleep.submit(60)
    slow.cancel()
    return [type(slow.exception()).__name__, slow.cancelled()]

def collector():
    """The body, and what it draws items from, find the garbage collector as they have set it."""
    before, own, seen = gc.get_threshold(), (650, 9, 9), []
    gc.set_threshold(*own)

    def items():
        seen.append(gc.get_threshold())
        yield 1

    add.map(items())
    futures = add.map(range(100))
    seen.append(gc.get_threshold())
    futures.result()
    seen.append(gc.get_threshold())
    gc.set_threshold(*before)
    return [found == own for found in seen]


@flow
def main():
    found = {}
    for case in CASES:
        found[case.__name__] = case()
    return found
'''
JOB = "Job(data=1, weight=1.0, more={'x': [2]})"
EXPECTED: dict[str, Any] = {
    "ways": [2, 3, 4, [11, 22, 33], [5, 6, 7]],
    "empty": [[], [], []],
    "in_order": [[0.001, 0.02, 0.05], 2, 0, True],
    "first_completed": [True, True],
    "timeouts": "second",
    "callbacks": True,
    "collector": [True, True, True],
    "errors": [["ValueError", "1"], ["ValueError", "2"], "a"],
    "parts": ["[0, 1, 2]", "1", "-3", "7", [0, 1, 2], {"deep": [7]}],
    "missing_part": "'nothing'",
    "edges": [
        "[1, [2, 5]]", "(1, 2)", "{'a': 1, 'b': {'c': 2}}", JOB, "Pair(left=1, right=2)", "[(2, -2), 1]",
    ],
    "edges_by_name": [2, [[1, 2], 1, [["x", 1]]], [2, 2]],
    "shapes": [[[1, 2], 3, [["x", 4]]], [1, 2, 3], [1, 5, 6]],
    "wrong_arguments": ["TypeError", "TypeError", "TypeError", "UsageError", "UsageError", "TypeError", "TypeError"],
    "elsewhere": [True, "main/1/where/2"],
    "async_steps": [8, [2, 4]],
    "copies": [["mine"], ["mine", "grown", "by the flow"], "['mine', 'grown']", ["mine", "grown", "grown"], True],
    "map_draws_in_this_thread": [True, True, True],
    "threads_of_the_body": [["main", "main", "main"], [1, 2, 3]],
    "nested_flows": [102, 102, 103, 2],
    "inside_a_step": [6, True, 15, [6, 7], 106],
    "inline": [True, True],
    "names": ["add", "Adds.", "plus", 2, "add"],
    "not_iterable": "UsageError",
    "cancelled": ["TaskCancelledError", True],
}  # fmt: skip
CASES = list(EXPECTED)


@pytest.fixture(scope="module", params=["processes", "inline"])
def found(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    clean_project: Callable[[Path], AbstractContextManager[Project]],
) -> Iterator[dict[str, Any]]:
    """What all cases gave, in one run."""
    with clean_project(tmp_path_factory.mktemp(request.param)) as project:
        inline = request.param == "inline"
        # A step that runs in this process can't be ended, nor is it elsewhere.
        left_out = {"cancelled", "elsewhere", "first_completed", "timeouts"} if inline else set[str]()
        cases = [case for case in CASES if case not in left_out]
        project.write(CALLS + f"\nCASES = [{', '.join(cases)}]\n")
        value = project.run(how={"inline": inline}).value()
        yield value | {case: EXPECTED[case] for case in left_out}


@pytest.mark.parametrize("case", CASES)
def test_calls(found: dict[str, Any], case: str) -> None:
    assert found[case] == EXPECTED[case]


OUTSIDE = """
import threading
from concurrent.futures import wait

@step
def add(a, b=1):
    return a + b

@step
def fail():
    raise ValueError("plain")

@step
async def double(x):
    return 2 * x

@flow
def main(n: int = 2):
    note("run", add.submit(n).task)
    return add.map(range(n)).result()

@flow
def broken():
    fail()
"""


def script(project: Project, text: str) -> Any:
    """What a script prints as JSON in its last line."""
    project.write(OUTSIDE + text + "\n", "script.py")
    return json.loads(project.python("script.py").splitlines()[-1])


def test_outside_a_run_a_step_is_the_plain_function(project: Project) -> None:
    found = script(
        project,
        """
import json
future = add.submit(1)
failed = fail.submit()
print(json.dumps([
    add(1), future.result(), add(add.submit(1), b=future), [f.result() for f in add.map([1, 2], [3, 4])],
    add.map([]).result(), repr(failed.exception()), wait([future]).not_done == set(), add.submit([1], [2])[0].result(),
    os.path.exists(".penstock"),
]))
""",
    )
    assert found == [2, 2, 4, [4, 6], [], "ValueError('plain')", True, 1, False]


def test_a_flow_called_from_python_is_a_run(project: Project) -> None:
    found = script(
        project,
        """
import json
if __name__ == "__main__":
    try:
        broken()
    except ValueError as error:
        text = str(error)
    print(json.dumps([main(), main(n=3), main(3), text]))
""",
    )
    assert found == [[1, 2], [1, 2, 3], [1, 2, 3], "plain"]
    assert project.trace() == [f"run main/{n}/add/1" for n in (1, 2, 3)]
    assert project.rows("SELECT flow, number, status FROM run ORDER BY id") == [
        ("broken", 1, "failed"), ("main", 1, "done"), ("main", 2, "done"), ("main", 3, "done"),
    ]  # fmt: skip


def test_a_submitted_flow_runs_in_a_thread_beside_others(project: Project) -> None:
    found = script(
        project,
        """
import json
if __name__ == "__main__":
    handles = [main.submit(n) for n in (1, 2, 3)]
    lost = broken.submit()
    found = [handle.result(60) for handle in handles] + [sorted(handle.id for handle in handles)]
    try:
        lost.result()
    except ValueError as error:
        found.append(str(error))
    print(json.dumps([found, all(handle.done() for handle in handles)]))
""",
    )
    assert found == [[[1], [1, 2], [1, 2, 3], ["main/1", "main/2", "main/3"], "plain"], True]


def test_a_strange_thread_beside_several_runs_is_told_so(project: Project) -> None:
    found = script(
        project,
        """
import json
from penstock.errors import UsageError
from penstock.sdk.this_process import this_process
gate = threading.Event()

@flow
def waits():
    gate.wait(60)
    return add(1)

if __name__ == "__main__":
    handles = [waits.submit() for _ in range(2)]
    found = []
    def strange():
        try:
            found.append(add(1))
        except UsageError as error:
            found.append(str(error))
    while len(this_process.places) < 2:
        time.sleep(0.001)
    thread = threading.Thread(target=strange)
    thread.start()
    thread.join()
    gate.set()
    print(json.dumps([found, [handle.result() for handle in handles]]))
""",
    )
    assert "waits/1" in found[0][0]
    assert "waits/2" in found[0][0]
    assert found[1] == [2, 2]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("@flow\nasync def f():\n    pass", "async"),
        ("@step\ndef f():\n    yield 1", "generator"),
        ("@step\nasync def f():\n    yield 1", "generator"),
        ("@step(cpus=2)\ndef f():\n    pass", "cpu"),
        ("@step(timeout='soon')\ndef f():\n    pass", "timeout"),
        ("@step(retry_on=(3,))\ndef f():\n    pass", "retry_on"),
        ("@flow(timeouts=3)\ndef f():\n    pass", "timeout"),
        ("f = step(int)", "function"),
    ],
)
def test_what_can_t_work_is_refused_at_decoration(project: Project, code: str, words: str) -> None:
    found = script(
        project,
        f"""
import json
from penstock.errors import UsageError
try:
    exec({code!r}, globals())
except UsageError as error:
    print(json.dumps(str(error)))
""",
    )
    assert words in found


def test_a_future_of_another_run_is_refused(project: Project) -> None:
    found = script(
        project,
        """
import json
from penstock.errors import UsageError
kept = []

@flow
def gives():
    kept.append(add.submit(1))
    return add(1)

@flow
def takes():
    found = []
    for value in (kept[0], [kept[0]]):
        try:
            add(value)
        except UsageError as error:
            found.append(str(error))
    return found

if __name__ == "__main__":
    gives()
    print(json.dumps(takes()))
""",
    )
    assert len(found) == 2
    assert all("gives/1" in text and "result()" in text for text in found)


def test_a_flow_s_timeout_ends_the_run_and_on_failure_is_called(project: Project) -> None:
    project.write(
        """
        @step
        def slow():
            time.sleep(60)

        @step
        def tell(error):
            note("told", type(error).__name__)

        @flow(timeout=0.5, on_failure=tell)
        def main():
            try:
                slow()
            except Exception:
                note("swallowed")
        """
    )
    report = project.run()
    assert report.error["type"] == "StepTimeoutError"
    assert "TimeoutError" in report.error["bases"]
    assert project.status() == "failed"
    assert project.trace() == ["told StepTimeoutError"]


def test_a_generator_s_items_start_before_the_next_is_drawn(project: Project) -> None:
    project.write(
        """
        @step
        def touch(name):
            open(name, "w").close()

        @flow
        def main():
            def names():
                yield "first"
                await_file("first")
                yield "second"

            return len(touch.map(names()).result())
        """
    )
    assert project.run().value() == 2


@pytest.mark.parametrize("on", ["process", "inline"])
def test_a_future_tells_what_its_running_attempt_has_logged(project: Project, on: str) -> None:
    project.write(
        f"""
        @step(on="{on}", retries=1)
        def train():
            for epoch in range(5):
                log_metrics({{"loss": current.attempt / (5 - epoch)}}, step=epoch)
            await_file(f"heard-{{current.attempt}}")
            if current.attempt == 1:
                raise ValueError("another try")
            return "trained"

        @flow
        def main():
            heard = []

            def hear(attempt, metrics):
                (loss,) = metrics
                if loss.points == 5:  # the step is silent from here on
                    heard.append([attempt, loss.name, loss.last, loss.last_step, loss.smallest])
                    open(f"heard-{{attempt}}", "w").close()

            future = train.submit()
            future.hear(hear)
            return future.result(), heard
        """
    )
    assert project.run().result == ["trained", [[1, "loss", 1.0, 4, 0.2], [2, "loss", 2.0, 4, 0.4]]]


def test_it_is_said_once_that_the_flow_s_own_process_enforces_nothing(project: Project) -> None:
    project.write(
        """
        @step(timeout=0.01)
        def hurried(x):
            time.sleep(0.05)
            return x

        @step(memory="100MiB")
        def small(x):
            return x

        @flow
        def main():
            return small(max(hurried.map([1, 2]).result()))
        """
    )
    report = project.run(how={"inline": True})
    assert report.value() == 2
    assert report.notes == ("In the flow's own process nothing enforces timeout= and memory=, as of step hurried",)
