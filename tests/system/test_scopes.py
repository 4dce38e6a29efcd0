"""Nested flows: their rows, and those that run side by side."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.journal.priors import prior_scopes
from tests.system.flows import Project, wait_until

SIDE_BY_SIDE = """
from concurrent.futures import as_completed

@step(cpu=0.1)
def work(name, n):
    note("work", name, n)
    if name != "quick":
        await_file(f"go-{name}-{n}")
    return n

@step
def roll(name):
    note("roll", name)
    return random.randrange(1_000_000)

@step
def total(numbers):
    note("total")
    return sum(numbers)

def stop_at(place):
    if os.path.exists(f"stop-{place}"):
        os.unlink(f"stop-{place}")
        raise RuntimeError(f"stop at {place}")

@flow
def inner(name, n=3):
    print("inner", name)
    found = sum(work(name, k) for k in range(n))
    return found + total([roll.submit(name), roll.submit("same")])

@flow
def middle(name):
    both = [inner.submit(name, 1), inner.submit(name, 1)]
    return [one.result() for one in both]

@flow
def main():
    names = ["a", "b", "c"]
    found = {inner.submit(name): name for name in names}
    twice = middle.submit("quick")
    passed = total.submit(list(found))
    order = []
    for one in as_completed(found):
        order.append([found[one], one.result(), roll(f"after {len(order)}")])
        stop_at(len(order))
    return [order, twice.result(), passed.result(), inner("quick", 1)]
"""


def scopes(project: Project, run: str = "main/1") -> list[Any]:
    journal = Journal.open(project.folder / ".penstock", read_only=True)
    try:
        return prior_scopes(journal.database, queries.resolve(journal, run).id)
    finally:
        journal.close()


def let_go(project: Project, *names: str) -> None:
    for name in names:
        for n in range(3):
            project.touch(f"go-{name}-{n}")


def test_nested_flows_have_rows_and_their_tasks_name_them(project: Project) -> None:
    project.write(SIDE_BY_SIDE)
    let_go(project, "a", "b", "c")
    project.run().value()
    rows = scopes(project)
    by_id = {row.id: row for row in rows}
    assert {row.status for row in rows} == {"done"}
    assert all(row.began_at <= row.ended_at for row in rows)
    parents = sorted((row.name, by_id[row.parent].name if row.parent else "") for row in rows)
    assert parents == [("inner", "")] * 4 + [("inner", "middle")] * 2 + [("middle", "")]
    called = {
        scope: names.split()
        for scope, names in project.rows(
            "SELECT scope, group_concat(name, ' ') FROM (SELECT task.scope, name FROM task JOIN step"
            " ON step.id = step_id ORDER BY scope, name) GROUP BY scope"
        )
    }
    assert called.pop(None) == ["roll"] * 3 + ["total"]
    short, long = ["roll", "roll", "total", "work"], ["roll", "roll", "total", "work", "work", "work"]
    assert sorted(called) == sorted(row.id for row in rows if row.name == "inner")
    assert sorted(called.values()) == [short] * 3 + [long] * 3
    assert {item.name: item.preview for item in rows[0].inputs}.keys() == {"name"}
    code, output = project.penstock("logs", "main/1")
    assert code == 0
    assert output.count("inner a") == output.count("inner b") == 1


@pytest.mark.parametrize("first", ["abc", "cab"])
def test_they_run_side_by_side_and_are_seen_in_the_order_in_which_they_ended(project: Project, first: str) -> None:
    project.write(SIDE_BY_SIDE)
    drive = project.spawn()
    for name in "abc":
        project.await_note(f"work {name} 0")  # all three at once
    for place, name in enumerate(first):
        let_go(project, name)
        project.await_note(f"roll after {place}")
    order, twice, passed, _ = drive.join().value()
    assert "".join(name for name, _, _ in order) == first
    assert passed == sum(value for _, value, _ in order)
    assert len(set(twice)) == 2


@pytest.mark.parametrize("first", ["abc", "bca"])
def test_a_kill_changes_no_result_no_number_and_no_order(project: Project, first: str) -> None:
    project.write(SIDE_BY_SIDE)
    drive = project.spawn()
    project.await_note("work c 0")
    numbers: dict[bytes, Any] = {}
    ended: dict[bytes, Any] = {}
    for place, name in enumerate(first):
        let_go(project, name)
        project.await_note(f"roll after {place}")
        drive.kill()
        project.await_quiet()
        for key, *named in project.rows("SELECT key, id, name, number FROM task_row"):
            assert numbers.setdefault(key, named) == named
        for row in scopes(project):
            assert numbers.setdefault(row.key, [row.id, row.name, row.number]) == [row.id, row.name, row.number]
            how = (row.status, row.settled, row.ended_at, row.result)
            assert ended.get(row.key, how) == how
            if row.status == "done":
                ended[row.key] = how
        drive = project.spawn("main/1")
    order, _, passed, _ = drive.join().value()
    assert "".join(name for name, _, _ in order) == first
    assert passed == sum(value for _, value, _ in order)
    assert {row.status for row in scopes(project)} == {"done"}
    after = {key: named for key, *named in project.rows("SELECT key, id, name, number FROM task_row")}
    after |= {row.key: [row.id, row.name, row.number] for row in scopes(project)}
    assert after | numbers == after


FAILING = """
@step
def bad(x):
    note("bad", x)
    raise ValueError(f"bad {x}")

@step
def add(a, b):
    return a + b

@flow
def of_a_step(x):
    return bad(x)

class Own(Exception):
    pass

@flow
def of_its_own(x):
    raise Own(x)

@flow
def unstorable():
    return open(__file__)

@flow
def main():
    said = []
    for failing, given in ((of_a_step, 1), (of_its_own, 2)):
        one = failing.submit(given)
        after = add.submit(one, 1)
        for future in (one, after):
            try:
                future.result()
            except Exception as error:
                said.append([type(error).__name__, str(error)])
    try:
        unstorable.submit().result()
    except Exception as error:
        said.append([type(error).__name__, "the result of main/1/unstorable/1" in str(error)])
    return said

@flow
def unseen(which: str):
    {"step": of_a_step, "own": of_its_own}[which].submit(3)
    return "never seen"

@flow
def ends(which: str):
    return {"step": of_a_step, "own": of_its_own}[which].submit(3)
"""


def test_what_a_nested_flow_raises_is_raised_by_its_future_and_by_what_needs_it(project: Project) -> None:
    project.write(FAILING)
    said = project.run().value()
    assert said == [["ValueError", "bad 1"]] * 2 + [["Own", "2"]] * 2 + [["NotStorableError", True]]
    assert [row.status for row in scopes(project)] == ["failed"] * 3


@pytest.mark.parametrize("which", ["step", "own"])
@pytest.mark.parametrize("target", ["unseen", "ends"])
def test_a_nested_flow_that_fails_unseen_fails_the_run_and_runs_again(
    project: Project, target: str, which: str
) -> None:
    project.write(FAILING)
    for run in ("", f"{target}/1"):
        report = project.run(run, target=f"mine.py:{target}", **({} if run else {"which": which}))
        assert (report.error["type"], report.status) == ("ValueError" if which == "step" else "Own", "failed")
    assert project.trace() == (["bad 3"] * 2 if which == "step" else [])


STOPPED = """
@step(cpu=0.1)
def work(x):
    note("began", x)
    await_file(f"go-{x}")
    note("ended", x)
    return x

@flow
def inner(x, then=True):
    try:
        found = [work(x)]
        return found + [work(x + 10)] if then else found
    except Exception as error:
        note("seen", type(error).__name__)
        raise

@flow
def deep(x):
    return inner.submit(x).result()

@flow
def main(fails: bool = False):
    some = [inner.submit(0), deep.submit(1)]
    if fails:
        await_file("fail")
        raise ValueError("fails")
    return [one.result() for one in some]

@flow
def cancels():
    one, other = deep.submit(1), inner.submit(2, False)
    await_file("cancel")
    one.cancel()
    try:
        one.result()
    except Exception as error:
        note(type(error).__name__, one.cancelled(), one.done())
    try:
        work.submit(one).result()
    except Exception as error:
        note(type(error).__name__)
    return other.result()

@flow(timeout=2)
def late():
    return [inner.submit(0).result(), inner.submit(1).result()]
"""


def begun(project: Project, count: int) -> None:
    wait_until(lambda: sum(line.startswith("began") for line in project.trace()) >= count)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_stops_them_all_and_a_resume_goes_on(project: Project, presses: int) -> None:
    project.settings("grace = '300ms'")
    project.write(STOPPED)
    drive = project.spawn()
    begun(project, 2)
    for name in ("interrupted", "interrupted-again")[:presses]:
        drive.send(signal.SIGINT)
        wait_until((project.folder / name).exists)
    assert drive.join().status == project.status() == "interrupted"
    assert {row.status for row in scopes(project)} == {"cancelled"}
    assert not [line for line in project.trace() if line.startswith("seen")]
    for x in (0, 1, 10, 11):
        project.touch(f"go-{x}")
    assert project.run("main/1").value() == [[0, 10], [1, 11]]


def test_a_nested_flow_that_is_cancelled_ends_with_all_that_it_has_called(project: Project) -> None:
    project.write(STOPPED)
    drive = project.spawn(target="mine.py:cancels")
    begun(project, 2)
    project.touch("cancel")
    project.await_note("TaskCancelledError True True")
    project.touch("go-2")
    assert drive.join().value() == [2]
    called = {(row.name, bool(row.parent)): row.status for row in scopes(project, "cancels/1")}
    assert called == {("deep", False): "cancelled", ("inner", True): "cancelled", ("inner", False): "done"}
    assert project.trace().count("TaskCancelledError") == 1
    assert "ended 1" not in project.trace()


def test_a_timeout_ends_them(project: Project) -> None:
    project.write(STOPPED)
    report = project.run(target="mine.py:late")
    assert (report.error["type"], report.status) == ("StepTimeoutError", "failed")


@pytest.mark.parametrize("keep_going", [False, True])
def test_when_the_body_fails_they_go_on_only_where_all_is_to_be_kept(project: Project, keep_going: bool) -> None:
    project.write(STOPPED)
    drive = project.spawn(fails=True, how={"keep_going": keep_going})
    begun(project, 2)
    project.touch("fail")
    wait_until(lambda: project.touch("go-0") or project.touch("go-1") or "ended 1" in project.trace())
    for x in (10, 11):
        project.touch(f"go-{x}")
    assert drive.join().error["type"] == "ValueError"
    if keep_going:
        assert project.trace().count("ended 11") == project.trace().count("ended 10") == 1
        assert {row.status for row in scopes(project)} == {"done"}


def test_a_fork_takes_what_they_have_made(project: Project) -> None:
    project.write(SIDE_BY_SIDE)
    let_go(project, "a", "b", "c")
    before = project.run().value()
    trace = project.trace()
    code, output = project.penstock("fork", "main/1")
    assert code == 0, output
    assert project.trace() == trace
    assert sorted(row.key for row in scopes(project)) == sorted(row.key for row in scopes(project, "main/2"))
    assert len(before[0]) == 3


def test_a_rehearsal_goes_through_them(project: Project) -> None:
    project.write(SIDE_BY_SIDE)
    let_go(project, "a", "b", "c")
    code, output = project.penstock("run", "--dry-run", "mine.py:main")
    assert (code, project.trace()) == (0, []), output
    project.touch("stop-3")
    assert project.run().error["text"] == "stop at 3"
    trace = project.trace()
    code, output = project.penstock("resume", "--dry-run", "main/1")
    assert (code, project.trace()) == (0, trace), output
    told = [line.split() for line in output.splitlines()]
    (reused,) = (int(words[1]) for words in told if words[:1] == ["work"])
    assert 9 <= reused <= 11, output


def test_a_rehearsed_fork_takes_what_they_have_made(project: Project) -> None:
    project.write(
        """
        @step
        def work(n):
            return n

        @step
        def total(numbers):
            return sum(numbers)

        @flow
        def inner(n):
            return work(n)

        @flow
        def main(n: int = 2):
            return total([inner.submit(n), inner.submit(3)])
        """
    )
    assert project.run().value() == 5
    for given, total in ((), {"reused": 1, "run": 0}), (("--n", "4"), {"reused": 0, "run": 1}):
        code, output = project.penstock("fork", "--dry-run", "--json", "main/1", *given)
        assert code == 0, output
        steps = {step["step"]: step for step in json.loads(output)["steps"]}
        assert {name: steps["total"][name] for name in total} == total, output


def test_flows_are_not_submitted_inside_a_step(project: Project) -> None:
    project.write(
        """
        @flow
        def inner():
            return 1

        @step
        def within():
            return inner.submit()

        @flow
        def main():
            return within()
        """
    )
    report = project.run()
    assert report.error["text"] == "flow inner is submitted inside a step: call it, and its body is a plain call"


def test_whose_call_it_is_in_their_threads(project: Project) -> None:
    project.write(
        """
        import contextvars, threading

        @step
        def tell():
            return current.run

        @flow
        def inner():
            found = []
            def ask():
                found.append(tell())
            copied = threading.Thread(target=contextvars.copy_context().run, args=(ask,))
            plain = threading.Thread(target=ask)
            for thread in (copied, plain):
                thread.start()
                thread.join()
            return found

        @flow
        def main():
            return inner.submit().result() + [inner.submit().id]
        """
    )
    assert project.run().value()[:2] == ["main/1", "main/1"]
    inside = project.rows("SELECT count(*) FROM task WHERE scope IS NOT NULL")
    assert inside == [(2,)]  # a thread with the body's context is in its scope, another in the run's own flow
