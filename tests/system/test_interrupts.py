"""Ctrl-C once and twice, a body that fails, a run that somebody cancels: what is in flight is kept, or ended now."""

from __future__ import annotations

import signal

import pytest

from tests.system.flows import Drive, Project, is_alive, wait_until

GATES = """
@step
def work(x):
    note("began", x, os.getpid())
    await_file(f"go-{x}")
    note("ended", x)
    return x

@flow
def main(n: int = 6):
    return work.map(range(n)).result()

@flow
def fails(n: int = 6):
    futures = work.map(range(n))
    await_file("fail")
    note("failing")
    raise ValueError("the body's own")

@flow
def fails_in_a_step(n: int = 6):
    work.map(range(n))
    broken()

@step(cpu=0)
def broken():
    await_file("fail")
    note("failing")
    raise ValueError("the step's own")

@flow
def swallows(n: int = 6):
    try:
        return work.map(range(n)).result()
    except Exception as error:
        note("swallowed", repr(error))
        return "swallowed"

@flow
def computes():
    work(0)
    note("computing")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass
"""


def in_flight(project: Project, how_many: int = 2) -> list[tuple[str, int]]:
    """The calls that have begun, and their workers; waits for so many."""
    lines = wait_until(lambda: _begun(project) if len(_begun(project)) >= how_many else None, "for work to begin")
    return [(line.split()[1], int(line.split()[2])) for line in lines]


def _begun(project: Project) -> list[str]:
    return [line for line in project.trace() if line.startswith("began ")]


def go_on(project: Project, run: str = "main/1", target: str = "mine.py:main", n: int = 6) -> None:
    """Resume the run to its end; nothing that ended before runs again."""
    for x in range(n):
        project.touch(f"go-{x}")
    before = [line for line in project.trace() if line.startswith("ended")]
    assert project.run(run, target=target).value() == list(range(n))
    ended = [line for line in project.trace() if line.startswith("ended")]
    assert sorted(ended) == sorted(f"ended {x}" for x in range(n))
    assert ended[: len(before)] == before


def press(project: Project, drive: Drive, *, again: bool = False) -> None:
    """Ctrl-C; waits until it was heard, since a second signal is lost while the first one waits."""
    drive.send(signal.SIGINT)
    wait_until((project.folder / ("interrupted-again" if again else "interrupted")).exists)


def stopped_once(project: Project) -> Drive:
    """A run in which two calls are in flight when Ctrl-C comes, of which one finishes afterwards."""
    project.write(GATES)
    drive = project.spawn(how={"max_workers": 2})
    (first, _), _ = in_flight(project)
    press(project, drive)
    project.touch(f"go-{first}")
    project.await_note(f"ended {first}")
    wait_until(lambda: project.tasks(), "for the outcome of what was in flight")
    return drive


def test_ctrl_c_once_lets_what_is_in_flight_finish(project: Project) -> None:
    drive = stopped_once(project)
    for x, _ in in_flight(project):
        project.touch(f"go-{x}")
    report = drive.join()
    assert (report.error["type"], report.status) == ("KeyboardInterrupt", "interrupted")
    assert "penstock resume main/1" in report.error["text"]
    assert len(_begun(project)) == 2
    assert list(project.tasks().values()) == ["done", "done"]
    assert project.status() == "interrupted"
    go_on(project)


def test_after_the_grace_what_is_still_in_flight_is_ended(project: Project) -> None:
    project.settings("grace = '300ms'")
    drive = stopped_once(project)
    workers = [pid for _, pid in in_flight(project)]
    report = drive.join()
    assert report.error["type"] == "KeyboardInterrupt"
    assert not any(is_alive(pid) for pid in workers)
    assert sorted(project.tasks().values()) == ["cancelled", "done"]
    go_on(project)


def test_ctrl_c_twice_stops_now(project: Project) -> None:
    project.settings("grace = '60s'")
    drive = stopped_once(project)
    press(project, drive, again=True)
    report = drive.join()
    assert (report.error["type"], report.status) == ("KeyboardInterrupt", "interrupted")
    assert len(_begun(project)) == 2
    go_on(project)


@pytest.mark.parametrize("presses", [1, 2])
def test_an_interrupt_is_no_failure_that_the_body_could_swallow(project: Project, presses: int) -> None:
    project.settings("grace = '200ms'")
    project.write(GATES)
    drive = project.spawn(target="mine.py:swallows")
    in_flight(project)
    for number in range(presses):
        press(project, drive, again=number > 0)
    assert drive.join().status == "interrupted"
    assert not [line for line in project.trace() if line.startswith("swallowed")]
    go_on(project, "swallows/1", "mine.py:swallows")


def test_ctrl_c_twice_ends_a_step_in_the_flow_s_own_process(project: Project) -> None:
    project.settings("grace = '60s'")
    project.write(GATES)
    drive = project.spawn(target="mine.py:swallows", how={"inline": True}, n=1)
    in_flight(project, 1)
    press(project, drive)
    press(project, drive, again=True)
    report = drive.join()
    assert (report.error["type"], report.status) == ("KeyboardInterrupt", "interrupted")
    assert project.tasks() == {"work/1": "cancelled"}
    assert not [line for line in project.trace() if line.startswith("swallowed")]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_a_body_that_computes_is_interrupted_too(project: Project, sent: signal.Signals) -> None:
    """At once: nothing is in flight."""
    project.write(GATES)
    project.touch("go-0")
    drive = project.spawn(target="mine.py:computes")
    project.await_note("computing")
    drive.send(sent)
    assert drive.join().status == "interrupted"
    assert project.tasks() == {"work/1": "done"}


@pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("inline", [False, True], ids=["body", "inline step"])
def test_a_process_that_the_flow_s_own_forks_is_ended_as_in_plain_python(
    project: Project, inline: bool, sent: str
) -> None:
    project.write(
        """
        import signal

        def ended():
            child = os.fork()
            if child == 0:
                try:
                    note("forked")
                    while True:
                        time.sleep(60)
                except KeyboardInterrupt:
                    os._exit(7)
                finally:
                    os._exit(8)
            while not os.path.exists("trace"):
                time.sleep(0.002)
            os.kill(child, signal.SENT)
            return os.waitpid(child, 0)[1]

        @step(on="inline")
        def forks():
            return ended()

        @flow
        def main(inline: bool):
            return forks() if inline else ended()
        """.replace("SENT", sent)
    )
    report = project.spawn(inline=inline).join()
    assert report.value() == (int(signal.SIGTERM) if sent == "SIGTERM" else 7 << 8)
    assert "nterrupt" not in report.output


@pytest.mark.parametrize("busy", ["time.sleep(60)", "any(x < 0 for x in iter(int, 1))"], ids=["sleeps", "computes"])
def test_a_timeout_interrupts_a_busy_body(project: Project, busy: str) -> None:
    project.write(
        f"""
        @flow(timeout=1.0)
        def main():
            try:
                {busy}
            except Exception:
                note("swallowed")
            finally:
                note("cleaned up")
        """
    )
    report = project.run()
    assert (report.error["type"], report.status) == ("StepTimeoutError", "failed")
    assert "main/1 ran beyond its flow's timeout of 1 s: give it more with @flow(timeout=...)" in report.error["text"]
    assert project.trace() == ["cleaned up"]


def test_a_cancellation_interrupts_a_busy_body(project: Project) -> None:
    project.write(GATES)
    project.touch("go-0")
    drive = project.spawn(target="mine.py:computes")
    project.await_note("computing")
    code, output = project.penstock("cancel", "computes/1")
    assert code == 0, output
    assert drive.join().status == project.status() == "cancelled"


@pytest.mark.parametrize("how", [{}, {"inline": True}], ids=["process", "inline"])
def test_after_the_grace_a_busy_body_or_step_is_interrupted(project: Project, how: dict[str, bool]) -> None:
    project.settings("grace = '100ms'")
    project.write(GATES)
    drive = project.spawn(target="mine.py:swallows", how=how, n=1)
    in_flight(project, 1)
    press(project, drive)
    assert drive.join().status == project.status() == "interrupted"
    assert project.tasks() == {"work/1": "cancelled"}
    assert not [line for line in project.trace() if line.startswith("swallowed")]
    go_on(project, "swallows/1", "mine.py:swallows", n=1)


@pytest.mark.parametrize("after", range(0, 200, 20))
def test_ctrl_c_while_many_calls_are_submitted(project: Project, after: int) -> None:
    """It hits the body in the middle of a submission, where it must not leave anything half done."""
    project.write(
        """
        @step
        def work(x):
            note("ended", x)
            return x

        @flow
        def main():
            return sum(work.map(range(400)).result())
        """
    )
    drive = project.spawn()
    wait_until(lambda: len(project.trace()) > after)
    drive.send(signal.SIGINT)
    wait_until(lambda: (project.folder / "interrupted").exists() or drive.process.poll() is not None)
    drive.send(signal.SIGINT)
    report = drive.join()
    if report.code or report.error:
        assert report.error.get("type") == "KeyboardInterrupt", report
        before, done = project.trace(), list(project.tasks().values()).count("done")
        assert project.run("main/1").value() == sum(range(400))
        assert len(project.trace()) - len(before) == 400 - done
    assert list(project.tasks().values()).count("done") == 400


@pytest.mark.parametrize("target", ["fails", "fails_in_a_step"])
def test_when_the_body_fails_what_is_in_flight_finishes_and_is_kept(project: Project, target: str) -> None:
    project.write(GATES)
    drive = project.spawn(target=f"mine.py:{target}", how={"max_workers": 2})
    in_flight(project)
    project.touch("fail")
    wait_until(lambda: "failing" in project.trace() and (target == "fails" or "failed" in project.tasks().values()))

    def is_over() -> bool:
        for x, _ in in_flight(project):
            project.touch(f"go-{x}")
        return drive.process.poll() is not None

    wait_until(is_over)
    assert drive.join().error["type"] == "ValueError"
    assert project.status() == "failed"
    assert 2 <= len(_begun(project)) < 6
    done = list(project.tasks().values()).count("done")
    assert done == len([line for line in project.trace() if line.startswith("ended")]) == len(_begun(project))


@pytest.mark.parametrize("target", ["fails", "fails_in_a_step"])
def test_keep_going_finishes_all_that_was_submitted(project: Project, target: str) -> None:
    project.write(GATES)
    for x in range(6):
        project.touch(f"go-{x}")
    project.touch("fail")
    report = project.run(target=f"mine.py:{target}", how={"max_workers": 2, "keep_going": True})
    assert report.error["type"] == "ValueError"
    assert sorted(line for line in project.trace() if line.startswith("ended")) == [f"ended {x}" for x in range(6)]
    assert [status for name, status in project.tasks().items() if name.startswith("work")] == ["done"] * 6


def test_a_run_that_is_cancelled_from_elsewhere_ends_and_resumes(project: Project) -> None:
    project.write(GATES)
    drive = project.spawn(target="mine.py:swallows", how={"max_workers": 2})
    workers = [pid for _, pid in in_flight(project)]
    code, output = project.penstock("cancel", "swallows/1")
    assert code == 0, output
    report = drive.join()
    assert report.status == project.status() == "cancelled"
    assert not any(is_alive(pid) for pid in workers)
    go_on(project, "swallows/1", "mine.py:swallows")
