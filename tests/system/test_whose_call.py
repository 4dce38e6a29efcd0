"""Whose call it is: each way to come to a call, in a process that drives a run in its main thread, some by `submit`, or
none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.flows import Project

SCRIPT = '''
import asyncio, concurrent.futures, contextvars, json, threading
import penstock
from penstock.errors import UsageError

GATE, DONE = threading.Event(), threading.Event()
POOL = concurrent.futures.ThreadPoolExecutor(1)


def where():
    try:
        return current.run
    except UsageError:
        return "plain"

@step
def tell():
    return where()

@step
def tell_of(_):
    return where()

@step(on="inline")
def tell_inline():
    return where()

@flow
def inner():
    return tell()

CALLS = [tell, lambda: tell.submit().result(), lambda: tell_of.map([0]).result()[0], tell_inline, inner]

def told(call):
    """The run that the call is a task of; "plain", or "refused"."""
    try:
        return call()
    except UsageError as error:
        assert "belongs to none of the runs" in str(error) and "copy_context" in str(error), error
        return "refused"

# The ways to come to a call.

def here(call):
    return told(call)

def started(call):
    found = []
    thread = threading.Thread(target=lambda: found.append(told(call)))
    thread.start()
    thread.join()
    return found[0]

def nested(call):
    return started(lambda: started(call))

def copied(call):
    context = contextvars.copy_context()
    return started(lambda: context.run(told, call))

def pooled(call):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(told, call).result()

def pooled_copied(call):
    return POOL.submit(contextvars.copy_context().run, told, call).result()

def shared(call):
    return POOL.submit(told, call).result()

def to_thread(call):
    return asyncio.run(asyncio.to_thread(told, call))

def called_back(step):
    called = concurrent.futures.Future()
    tell.submit().add_done_callback(lambda _: called.set_result(step.submit()))
    return called.result(60).result()

def empty_context(call):
    return contextvars.Context().run(told, call)

WAYS = [here, started, nested, copied, pooled, pooled_copied, shared, to_thread, empty_context]

def table(ways=WAYS):
    return {way.__name__: [way(call) for call in CALLS] for way in ways}

@flow
def asks():
    return table()

@flow
def waits():
    GATE.wait(60)
    return tell()

@flow
def asks_beside():
    GATE.wait(60)
    try:
        return table()
    finally:
        DONE.set()

@flow
def waits_here():
    GATE.set()
    DONE.wait(60)
    return tell()

@flow
def calls_back():
    return [called_back(step) for step in (tell, tell_inline)]

@step(on="inline")
def asks_inline():
    return table(WAYS[:-1])  # in this process a context that says nothing hides the step, too

@step
def asks_in_worker():
    return table(WAYS[:-1])

@flow
def inside(inline):
    return asks_inline() if inline else asks_in_worker()
'''
BY_CONTEXT = ("here", "copied", "pooled_copied", "to_thread")
BY_NOTHING = ("started", "nested", "pooled", "shared", "empty_context")
ALL = (*BY_CONTEXT, *BY_NOTHING)


def answers(project: Project, asked: str) -> Any:
    """What the process says to this expression."""
    project.write(f'{SCRIPT}\nif __name__ == "__main__":\n    print(json.dumps({asked}))\n', "script.py")
    return json.loads(project.python("script.py").splitlines()[-1])


def all_are(run: str, ways: tuple[str, ...] = ALL) -> dict[str, list[str]]:
    """Four calls of steps and one of a flow, each of them of this run."""
    return {way: [run] * 5 for way in ways}


def steps(found: dict[str, list[str]], ways: tuple[str, ...]) -> set[str]:
    """What was told of the steps that were called in these ways."""
    return {told for way in ways for told in found[way][:4]}


def own_runs(found: dict[str, list[str]], ways: tuple[str, ...]) -> bool:
    """Whether each flow that was called so was a run of its own."""
    return sorted(found[way][4] for way in ways) == [f"inner/{number}" for number in range(1, len(ways) + 1)]


def test_without_a_run_steps_are_plain(project: Project) -> None:
    found = answers(project, "table()")
    assert steps(found, ALL) == {"plain"}
    assert own_runs(found, ALL)


def test_what_the_main_thread_drives_has_the_calls_of_all_threads(project: Project) -> None:
    assert answers(project, "asks()") == all_are("asks/1")


def test_beside_submitted_runs_the_main_thread_is_plain_and_others_are_told_so(project: Project) -> None:
    asked = "[[waits.submit(), waits.submit()], table(), GATE.set()]"
    project.write(
        f"""{SCRIPT}
if __name__ == "__main__":
    handles, found, _ = {asked}
    print(json.dumps([found, [handle.result() for handle in handles]]))
""",
        "script.py",
    )
    found, results = json.loads(project.python("script.py").splitlines()[-1])
    assert results == ["waits/1", "waits/2"]
    assert steps(found, ("here", "empty_context")) == {"plain"}
    # A copy of the main thread's context says nothing, and a thread is not the main one.
    assert steps(found, tuple(way for way in ALL if way not in ("here", "empty_context"))) == {"refused"}
    assert own_runs(found, ALL)


def test_a_submitted_run_has_its_own_thread_and_what_has_a_copy_of_its_context(project: Project) -> None:
    found = answers(project, "asks.submit().result()")
    assert {way: found[way] for way in BY_CONTEXT} == all_are("asks/1", BY_CONTEXT)
    assert steps(found, BY_NOTHING) == {"refused"}
    assert own_runs(found, BY_NOTHING)


def test_a_submitted_run_beside_one_of_the_main_thread(project: Project) -> None:
    found = answers(project, "[handle.result() for handle in [asks_beside.submit()] if waits_here()]")
    assert found == [{**all_are("asks_beside/1", BY_CONTEXT), **all_are("waits_here/1", BY_NOTHING)}]


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("how", ["inside({})", "inside.submit({}).result()"])
def test_inside_a_step_all_calls_are_plain(project: Project, how: str, inline: bool) -> None:
    found, tasks = answers(project, f"[{how.format(inline)}, [len(run.tasks()) for run in penstock.runs()]]")
    assert found == all_are("inside/1", ALL[:-1])
    assert tasks == [1]


@pytest.mark.parametrize("how", ["calls_back()", "calls_back.submit().result()"])
def test_a_callback_belongs_to_the_run_that_it_was_added_in(project: Project, how: str) -> None:
    assert answers(project, how) == ["calls_back/1"] * 2


def test_a_pool_that_a_step_has_filled_is_the_body_s_again(project: Project) -> None:
    project.write(
        f"""{SCRIPT}
@step(on="inline")
def fills():
    return shared(tell)

@flow
def fills_and_asks():
    return [fills(), shared(tell)]

if __name__ == "__main__":
    print(json.dumps([fills_and_asks(), len(penstock.run("fills_and_asks").tasks())]))
""",
        "script.py",
    )
    assert json.loads(project.python("script.py").splitlines()[-1]) == [["fills_and_asks/1"] * 2, 2]


def test_a_thread_that_outlives_its_run_is_told_so(project: Project) -> None:
    project.write(
        f"""{SCRIPT}
kept = []

@flow
def leaves():
    kept.append(contextvars.copy_context())

if __name__ == "__main__":
    leaves()
    def late():
        try:
            return tell()
        except UsageError as error:
            return str(error)
    print(json.dumps([POOL.submit(kept[0].run, late).result(), kept[0].run(late), tell()]))
""",
        "script.py",
    )
    in_thread, in_context, plain = json.loads(project.python("script.py").splitlines()[-1])
    assert "leaves/1 is over" in in_thread
    assert "leaves/1 is over" in in_context
    assert plain == "plain"


def test_what_threads_of_two_steps_at_once_log_is_each_step_s(project: Project) -> None:
    project.write(
        f"""{SCRIPT}
BARRIER = threading.Barrier(2, timeout=60)

@step(on="inline")
def measures(n):
    BARRIER.wait()
    started(lambda: log_metrics({{"n": n}}) or where())
    BARRIER.wait()

@flow
def two():
    futures = [measures.submit(n) for n in (1, 2)]
    threads = [threading.Thread(target=future.exception) for future in futures]
    for thread in threads:
        thread.start()
    log_metrics({{"n": 3}})  # the body's: the run's own
    for thread in threads:
        thread.join()

if __name__ == "__main__":
    two()
    print(json.dumps(penstock.run("two").metrics.by_task("n")))
""",
        "script.py",
    )
    logged = {"two/1": 3, "two/1/measures/1": 1, "two/1/measures/2": 2}
    assert json.loads(project.python("script.py").splitlines()[-1]) == logged


def test_beside_a_run_whose_thread_has_not_begun_others_are_told_so(project: Project) -> None:
    """As one whose body is over, and whose tasks are not."""
    project.write(
        f"""{SCRIPT}
from penstock.launch.runs import ActiveRun
drive = ActiveRun.drive

def late(run):
    GATE.wait()
    try:
        return drive(run)
    finally:
        DONE.wait()

ActiveRun.drive = late

if __name__ == "__main__":
    run = inner.submit()
    before = started(tell)
    GATE.set()
    while penstock.run(run.id).status != "done":
        pass
    after = started(tell)
    DONE.set()
    print(json.dumps([before, after, run.result(), started(tell)]))
""",
        "script.py",
    )
    found = json.loads(project.python("script.py").splitlines()[-1])
    assert found == ["refused", "refused", "inner/1", "plain"]
