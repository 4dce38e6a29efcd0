"""What the machine did is not counted as the step's, what ended a run is run again, and handlers are called."""

from __future__ import annotations

import pytest

from tests.system.flows import Project

FORKS = """
import errno

_fork = os.fork

def fork():
    refused = open("refused").read() if os.path.exists("refused") else ""
    if os.path.exists("refuse") and len(refused) < {most}:
        open("refused", "a").write("x")
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    return _fork()

os.fork = fork  # the zygote imports this module, and forks workers

@step
def held():
    note("held")
    await_file("go")
    return "held"

@step
def other():
    note("other")
    return "other"

@flow
def main():
    first = held.submit()
    await_file("trace")
    open("refuse", "w").close()
    try:
        second = other()
    except Exception as error:
        second = type(error).__name__, str(error)
    open("go", "w").close()
    return [first.result(), second]
"""


def attempts(project: Project) -> dict[str, int]:
    rows = project.rows("SELECT name, coalesce(attempt, 1) FROM task JOIN step ON step.id = task.step_id")
    return dict(rows)


def test_no_memory_for_a_fork_is_tried_again_and_what_runs_goes_on(project: Project) -> None:
    project.settings("[executors.process]\ncpu = 2")
    project.write(FORKS.format(most=2))
    assert project.run().value() == ["held", "other"]
    assert project.trace() == ["held", "other"]
    assert attempts(project) == {"held": 1, "other": 3}


def test_no_memory_for_a_fork_ends_only_what_it_was_for(project: Project) -> None:
    project.settings("platform_retries = 1\n[executors.process]\ncpu = 2")
    project.write(FORKS.format(most=1000))
    held, (kind, text) = project.run().value()
    assert (held, kind) == ("held", "PlatformError")
    assert "no worker could be started: Cannot allocate memory" in text
    assert project.trace() == ["held"]
    assert project.tasks() == {"held/1": "done", "other/1": "failed"}


def test_descriptors_used_up_in_the_flow_s_process(project: Project) -> None:
    project.settings("platform_retries = 1")
    project.write(
        """
        import resource

        @step
        def small():
            return "small"

        @step(cpu=2)  # another kind of worker
        def large():
            return "large"

        @flow
        def main():
            small()
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
            try:
                found = large()
            except Exception as error:
                found = type(error).__name__, str(error)
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            return [found, large(), small()]
        """
    )
    (kind, text), large, small = project.run().value()
    assert (kind, large, small) == ("PlatformError", "large", "small")
    assert "could not be started" in text
    assert "Too many open files" in text


SHORT = """
import errno, resource, subprocess

@step(retries=5)
def short():
    note("short")
    if os.path.exists("go"):
        return "enough"
    {shortage}

@flow
def main():
    try:
        return short()
    except OSError as error:
        note("caught", error.errno)
    assert os.path.exists("go"), "no go"
"""
FILES = "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)); kept = [open('trace') for _ in range(1000)]"
DISK = "raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))"


@pytest.mark.parametrize(
    ("shortage", "number", "inline"),
    [(FILES, 24, False), (DISK, 28, False), (DISK, 28, True)],
    ids=["files", "disk", "disk-inline"],
)
def test_what_the_step_finds_used_up(project: Project, shortage: str, number: int, inline: bool) -> None:
    project.settings("platform_retries = 1")
    project.write(SHORT.format(shortage=shortage))
    report = project.run(how={"inline": inline})
    assert report.error["type"] == "AssertionError"
    assert project.trace() == ["short", "short", f"caught {number}"]
    project.touch("go")
    assert project.run("main/1", how={"inline": inline}).value() == "enough"


HANDLED = """
@step
def bad():
    note("bad")
    if not os.path.exists("mended"):
        raise ValueError("broken")
    return 7

@step
def survived():
    raise KeyError("survived")

@step
def clean():
    note("cleaned")

@step
def handler(error):
    note("handler", error)
    await_file("go")

@flow(on_failure=handler)
def main():
    try:
        survived()
    except KeyError:
        note("went on")
    return bad()

@flow
def cleans():
    try:
        return bad()
    finally:
        note("unwinding")
        await_file("mended")
        clean()
"""


@pytest.mark.parametrize(("flow", "told"), [("main", "handler broken"), ("cleans", "unwinding")])
def test_what_ended_the_run_runs_again_whatever_was_killed_when(project: Project, flow: str, told: str) -> None:
    """Killed between the failure and the run's end, in the handler and while the body unwinds."""
    project.write(HANDLED)
    drive = project.spawn(target=f"mine.py:{flow}")
    project.await_note(told)
    drive.kill()
    project.await_quiet()
    project.touch("mended")
    report = project.run(f"{flow}/1", target=f"mine.py:{flow}")
    assert report.value() == 7
    assert f"{flow}/1/bad/1 had ended the run: run again, and the flow's body from its beginning" in report.notes
    assert project.trace().count("bad") == 2
    assert project.trace().count("handler broken") == (flow == "main")
    assert project.tasks().get("survived/1", "failed") == "failed"


def test_a_dry_run_says_so_too(project: Project) -> None:
    project.write(HANDLED)
    drive = project.spawn()
    project.await_note("handler broken")
    drive.kill()
    project.await_quiet()
    code, output = project.penstock("resume", "main/1", "--dry-run")
    assert code == 0, output
    assert "broken" not in output
    assert "ValueError" in output.splitlines()[-1] or "bad" in output


def test_a_failure_that_stays_ends_the_resume_too(project: Project) -> None:
    project.write(HANDLED)
    drive = project.spawn()
    project.await_note("handler broken")
    drive.kill()
    project.await_quiet()
    project.touch("go")
    assert project.run("main/1").error["text"] == "broken"
    assert project.trace().count("bad") == 2
    assert project.trace().count("handler broken") == 2


EXCEPTIONS = {
    "an open file": "error = HTTPError('http://x/', 500, 'down', {}, open('trace', 'rb'))",
    "a lock": "error = ValueError(threading.Lock())",
    "no words": "error = Wordless()",
    "no attributes": "error = Rude('rude')",
    "no pickle": "error = Unreduced('unreduced')",
    "another when read": "error = Changing(1)",
    "a local class": "error = type('Local', (Exception,), {})('local')",
    "half a character": "error = ValueError('half \\udc80')",
    "a great length": "error = ValueError('x' * 50_000_000)",
    "a group": "error = ExceptionGroup('group', [ValueError(1), Wordless()])",
}


@pytest.mark.parametrize("what", EXCEPTIONS)
def test_the_handler_is_called_whatever_the_exception_is(project: Project, what: str) -> None:
    project.write(
        f"""
        import threading
        from urllib.error import HTTPError

        note("begun")

        class Wordless(Exception):
            def __str__(self):
                raise RuntimeError("no words")

        class Rude(Exception):
            def __getattr__(self, name):
                raise KeyError(name)

        class Unreduced(Exception):
            def __reduce__(self):
                raise RuntimeError("no pickle")

        class Changing(Exception):
            def __reduce__(self):
                return int, ("7",)

        @step
        def alarm(error):
            note("called", isinstance(error, BaseException), type(error).__name__)
            text = str(error)
            assert type(error).__name__ != "UserCodeError" or (len(text) < 10_000 and error.__cause__)

        @flow(on_failure=alarm)
        def main():
            {EXCEPTIONS[what]}
            raise error
        """
    )
    code, output = project.penstock("run", "mine.py")
    assert (code, project.status()) == (1, "failed"), output
    assert "main/1 failed after" in output
    assert "on_failure step" not in output
    assert [line.split()[:2] for line in project.trace() if line.startswith("called")] == [["called", "True"]]
    assert project.penstock("show", "main/1")[0] == 0
