"""Resume is replay: the body runs again, and what it calls is found, survived failures included."""

from __future__ import annotations

import json
import re
import textwrap

import pytest

from tests.system.flows import Project, wait_until

BRANCHES = '''
@step
def roll(round):
    value = random.randrange(1_000_000)
    note("roll", round, value)
    return value

@step
def halve(x):
    note("halve", x)
    if x % 2:
        raise ValueError(f"{x} is odd")
    return x // 2

@step
def square(x, offset):
    note("square", x, offset)
    return x * x + offset

@flow
def inner(n):
    return sum(square.map(range(n), offset=n).result()) + roll(n)

@step
def barrier(place):
    """Ends the run at the place that the test wants, once."""
    return place

def stop_at(place):
    barrier(place)
    if os.path.exists(f"stop-{place}"):
        os.unlink(f"stop-{place}")
        raise RuntimeError(f"stop at {place}")

@flow
def main():
    found = []
    for round in range(3):
        value = roll(round)
        stop_at(f"loop-{round}")
        try:
            value = halve(value)
        except ValueError as error:
            found.append(str(error))
            value = square(value, 1)
        while value > 1000:
            value = square(value % 30, round) // 2 if value % 3 else halve(value * 2) // 7
        found.append(value)
        found.extend(square.map([value % 5, round], offset=round).result())
    stop_at("nested")
    found.append(inner(3))
    found.append(inner(3))
    stop_at("end")
    return found
'''

STOPS = ["loop-0", "loop-1", "loop-2", "nested", "end"]


def test_loops_branches_exceptions_nested_flows_and_maps_replay(project: Project) -> None:
    project.write(BRANCHES)
    for place in STOPS:
        project.touch(f"stop-{place}")
    run = ""
    for place in STOPS:
        assert project.run(run).error["text"] == f"stop at {place}"
        run = "main/1"
    before = project.trace()
    value = project.run(run).value()
    trace = project.trace()
    assert trace == before
    assert len(project.tasks()) == len(trace) + len(STOPS)
    assert len(value) == 3 * 3 + 2 + sum(isinstance(item, str) for item in value)
    assert project.rows("SELECT count(*) FROM run") == [(1,)]
    undisturbed = [line for line in trace if line.startswith("roll 3")]
    assert len(undisturbed) == 2, "the two calls of the nested flow have random numbers of their own"


def test_a_resumed_run_keeps_its_id_its_numbers_and_its_artifacts(project: Project) -> None:
    project.write(BRANCHES)
    project.touch("stop-loop-1")
    project.run()
    columns = "SELECT id, name, number, key, digest, record, began_at FROM task_row ORDER BY id"
    before = project.rows(columns)
    project.run("main/1").value()
    assert project.rows(columns)[: len(before)] == before
    assert project.rows("SELECT flow, number, status FROM run") == [("main", 1, "done")]
    assert project.rows("SELECT max(token) FROM lease") == [(2,)]


def test_a_survived_failure_is_replayed_as_it_was(project: Project) -> None:
    project.write(
        """
        @step
        def shaky(x):
            note("shaky", x)
            raise ConnectionError(f"{x} at {time.time()}")

        @flow
        def main():
            try:
                shaky(1)
            except ConnectionError as error:
                found = [str(error), str(error.__cause__ or "")[-30:]]
            found += [str(item) for item in shaky.map([2, 3]).result(errors="return")]
            note("body", *found[:1])
            if not os.path.exists("go"):
                raise RuntimeError("stop here")
            return found
        """
    )
    project.run()
    before = project.trace()
    project.touch("go")
    value = project.run("main/1").value()
    assert project.trace() == [*before, before[-1]]
    assert before[-1] == f"body {value[0]}"


def test_the_failure_that_ended_the_run_runs_again(project: Project) -> None:
    project.write(
        """
        @step
        def work(x):
            note("work", x)
            if not os.path.exists("mended") and x == 2:
                raise ConnectionError("not yet")
            return x

        @step
        def last(x):
            note("last", x)
            return x

        @flow
        def main():
            found = work.map(range(4)).result()
            return found + [last(1)]
        """
    )
    assert project.run().error["type"] == "ConnectionError"
    assert project.tasks() == {"work/1": "done", "work/2": "done", "work/3": "failed", "work/4": "done"}
    project.touch("mended")
    assert project.run("main/1").value() == [0, 1, 2, 3, 1]
    assert sorted(project.trace()) == ["last 1", "work 0", "work 1", "work 2", "work 2", "work 3"]
    assert project.tasks()["work/3"] == "done"


@pytest.mark.parametrize(
    "how", ["raise error", "raise RuntimeError('wrapped') from error", "raise RuntimeError('while')"]
)
def test_a_failure_that_was_caught_and_raised_on_runs_again(project: Project, how: str) -> None:
    project.write(
        f"""
        @step
        def work():
            note("work")
            if not os.path.exists("mended"):
                raise ConnectionError("not yet")
            return "done"

        @step
        def survived():
            note("survived")
            raise KeyError("always")

        @flow
        def main():
            try:
                survived()
            except KeyError:
                pass
            try:
                return work()
            except ConnectionError as error:
                {how}
        """
    )
    project.run()
    project.touch("mended")
    assert project.run("main/1").value() == "done"
    assert project.trace() == ["survived", "work", "work"]


def test_what_needs_a_failed_result_fails_with_it_and_runs_on_resume(project: Project) -> None:
    project.write(
        """
        @step
        def first():
            note("first")
            if not os.path.exists("mended"):
                raise ConnectionError("not yet")
            return 1

        @step
        def after(x):
            note("after", x)
            return x + 1

        @flow
        def main():
            chain = first.submit()
            for _ in range(3):
                chain = after.submit(chain)
            return chain.result()
        """
    )
    report = project.run()
    assert report.error["type"] == "ConnectionError"
    assert set(project.tasks().values()) == {"failed"}
    project.touch("mended")
    assert project.run("main/1").value() == 4
    assert project.trace() == ["first", "first", "after 1", "after 2", "after 3"]


def test_a_failure_of_the_platform_runs_again_also_where_it_was_survived(project: Project) -> None:
    project.settings("platform_retries = 0")
    project.write(
        """
        import signal

        @step
        def lost():
            note("lost")
            if not os.path.exists("go"):
                os.kill(os.getpid(), signal.SIGKILL)
            return "found"

        @flow
        def main():
            try:
                found = lost()
            except Exception as error:
                found = type(error).__name__
            note("body", found)
            if not os.path.exists("go"):
                raise RuntimeError("stop here")
            return found
        """
    )
    project.run()
    project.touch("go")
    assert project.run("main/1").value() == "found"
    assert project.trace() == ["lost", "body WorkerLostError", "lost", "body found"]


CODE = """
FACTOR = 2

@step
def first(x):
    note("first", x)
    return x * FACTOR

@step
def second(x):
    note("second", x)
    return x + 1

@step
def third(x):
    note("third", x)
    if not os.path.exists("go"):
        raise RuntimeError("stop here")
    return x

@flow
def main():
    return third(second(first(5)))
"""


def test_changed_code_is_used_for_what_has_still_to_run(project: Project) -> None:
    project.write(CODE)
    project.run()
    project.write(CODE.replace("return x + 1", "return x + 100").replace("return x\n", "return x * 1000\n"))
    project.touch("go")
    assert project.run("main/1").value() == 11 * 1000
    assert project.trace() == ["first 5", "second 10", "third 11", "third 11"]
    sources = project.rows("SELECT name, source FROM step ORDER BY id")
    assert all(source for _, source in sources)


def test_an_edited_branch_makes_new_calls_and_leaves_old_ones(project: Project) -> None:
    project.write(CODE)
    project.run()
    project.write(CODE.replace("third(second(first(5)))", "third(second(first(7))) + first(5)"))
    project.touch("go")
    report = project.run("main/1")
    assert report.value() == 15 + 10
    assert report.unused == ("second/1",)
    assert sorted(project.trace()) == sorted(["first 5", "second 10", "third 11", "first 7", "second 14", "third 15"])


def test_a_body_that_is_not_deterministic_still_resumes(project: Project) -> None:
    project.write(
        """
        @step
        def work(x):
            note("work")
            return x

        @step
        def steady():
            note("steady")
            return 1

        @flow
        def main():
            now = work(time.time_ns())
            found = [work(random.random()) for _ in range(3)]
            steady()
            if not os.path.exists("go"):
                raise RuntimeError("stop here")
            return len(found)
        """
    )
    project.run()
    project.touch("go")
    report = project.run("main/1")
    assert report.value() == 3
    assert project.trace().count("work") == 8
    assert project.trace().count("steady") == 1
    assert sorted(report.unused) == ["work/1", "work/2", "work/3", "work/4"]


def test_the_command_line_says_what_changed(project: Project) -> None:
    project.write(CODE)
    assert project.penstock("run", "mine.py")[0] == 1
    project.write(
        CODE.replace("return x * FACTOR", "return x * 3").replace("third(second(first(5)))", "third(first(5))")
    )
    project.touch("go")
    code, output = project.penstock("resume")
    assert code == 0, output
    assert re.search(r"first\b.*(changed|edited)|(changed|edited).*\bfirst\b", output)
    assert "second" in output  # finished before, and not asked for again
    assert project.trace() == ["first 5", "second 10", "third 11", "third 10"]


def test_parameters_are_those_of_the_run(project: Project) -> None:
    project.write(
        """
        @step
        def work(rows, names):
            note("work", rows, *names)
            return [rows, sorted(current.parameters)]

        @flow
        def main(rows: int = 1, names: list = ()):
            found = work(rows, names)
            if not os.path.exists("go"):
                raise RuntimeError("stop here")
            return found
        """
    )
    project.run(rows=7, names=["a", "b"])
    project.touch("go")
    assert project.run("main/1").value() == [7, ["names", "rows"]]
    assert project.trace() == ["work 7 a b"]


def test_a_checkpoint_survives_attempts_and_resumes(project: Project) -> None:
    project.write(
        """
        @step(retries=1)
        def train():
            file = current.checkpoint_dir / "epoch"
            epoch = int(file.read_text()) if file.exists() else 0
            temporary = current.tempdir / "x"
            assert not temporary.exists()
            temporary.touch()
            for epoch in range(epoch, 9):
                note("epoch", epoch)
                file.write_text(str(epoch + 1))
                if epoch in (2, 5):
                    raise RuntimeError("stop here")
                if epoch == 7 and not os.path.exists("go"):
                    note("killed")
                    time.sleep(60)
            return epoch

        @flow
        def main():
            return train()
        """
    )
    assert project.run().error["text"] == "stop here"
    drive = project.spawn("main/1")
    project.await_note("killed")
    drive.kill()
    project.touch("go")
    assert project.run("main/1").value() == 8
    assert [line for line in project.trace() if line.startswith("epoch")] == [f"epoch {n}" for n in range(9)]


def test_a_map_whose_first_failure_was_caught_was_survived_whole(project: Project) -> None:
    project.write(
        """
        @step
        def work(x):
            note("work", x)
            raise ConnectionError(x)

        @flow
        def main():
            try:
                work.map(range(3)).result()
            except ConnectionError as error:
                note("caught", error)
            if not os.path.exists("go"):
                raise RuntimeError("stop here")
            return "survived"
        """
    )
    project.run()
    project.touch("go")
    assert project.run("main/1").value() == "survived"
    assert sorted(project.trace()) == ["caught 0", "caught 0", "work 0", "work 1", "work 2"]


def test_all_failures_of_a_map_that_ended_the_run_run_again(project: Project) -> None:
    project.write(
        """
        @step
        def work(x):
            note("work", x)
            if not os.path.exists("mended"):
                raise ConnectionError(x)
            return x

        @flow
        def main():
            try:
                return work.map(range(3)).result()
            except ConnectionError as error:
                raise RuntimeError("wrapped") from error
        """
    )
    assert project.run().error["text"] == "wrapped"
    project.touch("mended")
    assert project.run("main/1").value() == [0, 1, 2]
    assert sorted(project.trace()) == ["work 0", "work 0", "work 1", "work 1", "work 2", "work 2"]


def test_a_failure_that_nobody_looked_at_fails_the_run_at_its_end(project: Project) -> None:
    project.write(
        """
        @step
        def work(x):
            note("work", x)
            if x == 1 and not os.path.exists("mended"):
                raise ConnectionError("unseen")

        @flow
        def main():
            work.map(range(3))
            return "done"
        """
    )
    assert project.run().error["text"] == "unseen"
    assert project.status() == "failed"
    project.touch("mended")
    assert project.run("main/1").value() == "done"
    assert sorted(project.trace()) == ["work 0", "work 1", "work 1", "work 2"]


def test_what_a_flow_s_timeout_ended_runs_again(project: Project) -> None:
    project.write(
        """
        @step
        def work():
            note("work")
            if not os.path.exists("go"):
                time.sleep(60)
            return "done"

        @flow(timeout=5)
        def main():
            try:
                return work()
            except Exception as error:
                note("swallowed", repr(error))
                return "swallowed"
        """
    )
    assert project.run().error["type"] == "StepTimeoutError"
    project.touch("go")
    assert project.run("main/1").value() == "done"
    assert project.trace() == ["work", "work"]


def test_a_run_says_for_good_that_its_tasks_ran_under_several_versions_of_the_code(project: Project) -> None:
    source = """
        @step
        def scaled(x):
            return SCALE * x

        @step
        def steady(x):
            return x

        @flow
        def main():
            note("found", scaled(1), scaled(steady(2)))
            await_file("go")
            note("found", scaled(3))
    """
    project.write("SCALE = 1\n" + textwrap.dedent(source))
    drive = project.spawn()
    project.await_note("found 1 2")
    drive.kill()
    project.touch("go")
    project.write("SCALE = 2\n" + textwrap.dedent(source))
    project.run("main/1").value()
    info = json.loads(project.penstock("show", "--json")[1])
    assert [(one["step"], one["tasks"], one["firsts"], one["changes"]) for one in info["versions"]] == [
        ("scaled", 2, ["main/1/scaled/1"], []),
        ("scaled", 1, ["main/1/scaled/3"], ["SCALE in mine.py changed"]),
    ]
    assert "SCALE in mine.py changed" in project.penstock("show")[1]
    whys = [json.loads(project.penstock("why", "--json", f"main/1/scaled/{n}")[1])["version"] for n in (1, 2, 3)]
    assert [why.partition(" of its code")[0] for why in whys] == [f"under version {n} of 2" for n in (1, 1, 2)]
    assert "version 2 of 2" in project.penstock("why", "main/1/scaled/3")[1]
    assert json.loads(project.penstock("why", "--json", "main/1/steady/1")[1])["version"] == ""


def test_a_resume_without_an_edit_has_one_version(project: Project) -> None:
    project.write("""
        @step
        def work(x):
            return x

        @flow
        def main():
            work(1)
            await_file("go")
            work(2)
    """)
    drive = project.spawn()
    wait_until(lambda: "work/1" in project.tasks(), "the first task")
    drive.kill()
    project.touch("go")
    project.run("main/1").value()
    assert json.loads(project.penstock("show", "--json")[1])["versions"] == []


def metrics(project: Project) -> dict[str, tuple[int, int]]:
    """By name: how many points, of how many tasks."""
    found = json.loads(project.penstock("show", "--json")[1])["metrics"]
    return {one["name"]: (one["points"], one["tasks"]) for one in found}


def test_what_a_body_logs_belongs_to_its_run_and_a_replay_does_not_double_it(project: Project) -> None:
    project.write("""
        from concurrent.futures import ThreadPoolExecutor
        from penstock import log_metrics

        @step
        def work(x):
            log_metrics({"of_step": x})
            return x

        @flow
        def inner():
            log_metrics({"inner": float("nan")})

        @flow
        def main():
            for n in range(3):
                log_metrics({"loss": 1 / (n + 1)}, step=n)
            inner()
            work(1)
            with ThreadPoolExecutor() as pool:
                pool.submit(log_metrics, {"of_thread": 1}).result()
            try:
                log_metrics({"none": "many"})
            except ValueError as error:
                note("refused", error)
            work(2)
            await_file("go")
            log_metrics({"final": 0.9})
    """)
    drive = project.spawn()
    wait_until(lambda: "work/2" in project.tasks(), "the tasks")
    wait_until(lambda: project.rows("SELECT 1 FROM run_metric WHERE name = 'of_thread'"), "what was passed on")
    drive.kill()
    before = {"inner": (1, 0), "loss": (3, 0), "of_step": (2, 2), "of_thread": (1, 0)}
    assert metrics(project) == before
    project.touch("go")
    project.run("main/1").value()
    assert metrics(project) == before | {"final": (1, 0)}
    assert "metric 'none' is 'many'" in project.trace()[-1]
    told = project.python("-c", "import penstock; print(penstock.run().metrics.by_task('final'))")
    assert told == "{'main/1': 0.9}\n"
    assert "final" in project.penstock("show")[1]
