"""Calls from several threads of the flow's process at once, and futures' callbacks, which run inside the engine."""

from __future__ import annotations

from tests.system.flows import Project

STEPS = """
import threading

@step
def half(x):
    if x % 2:
        raise ValueError(x)
    return x // 2
"""


def test_threads_of_the_body_that_submit_at_once_all_get_their_results(project: Project) -> None:
    project.write(
        STEPS
        + """
@flow
def main():
    found = []

    def calls(first):
        found.extend(half(2 * number) for number in range(first, first + 60))

    threads = [threading.Thread(target=calls, args=(1000 * index,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found) == sorted(1000 * index + number for index in range(6) for number in range(60))
"""
    )
    assert project.run().value() is True


def test_a_callback_may_look_at_a_failure_and_submit_more(project: Project) -> None:
    project.write(
        STEPS
        + """
@flow
def main():
    failed, more, called = [], [], threading.Semaphore(0)

    def look(future):
        failed.append(str(future.exception()))
        more.append(half.submit(8))
        called.release()

    for number in range(10):
        half.submit(number).add_done_callback(look)
    for _ in range(10):
        called.acquire()
    return sorted(failed), [future.result() for future in more]
"""
    )
    failed, more = project.run().value()
    assert failed == ["1", "3", "5", "7", "9"] + ["None"] * 5
    assert more == [4] * 10


def test_a_map_goes_on_without_tasks_that_wait_for_the_body(project: Project) -> None:
    """Short ones are waited for, so that not all of a large map waits in memory; those that run on must not be."""
    project.write(
        """
import os, time
from penstock.engine import driver

driver.WINDOW = 8

@step
def short(number):
    return number

@step
def until(number, path):
    while not os.path.exists(path):
        time.sleep(0.01)
    return number

@flow
def main():
    before = short.map(range(1000)).result()
    waiting = until.map(range(200), path=os.path.abspath("gone-on"))
    open("gone-on", "w").close()
    return before == list(range(1000)), waiting.result() == list(range(200))
"""
    )
    assert project.run().value() == [True, True]
