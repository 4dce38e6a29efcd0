"""What a flow's body prints and logs: shown as ever, and kept with the run."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import PATIENCE_S, Project, wait_until

SPEAKS = r"""
import contextvars, logging, subprocess, threading, warnings

logging.basicConfig(level=logging.INFO)  # its handler holds `sys.stderr` as it is before any run

@step
def far():
    print("in a worker")

@step(on="inline")
def near():
    print("in a step beside the body")
    logging.warning("logged beside the body")

@flow
def inner():
    print("in a nested flow")

@flow
def main():
    print("one", "line")
    print("two\nlines")
    sys.stdout.write("\x1b[31mred\x1b[0m \xff \u20ac \x1e00000000 1.000 Eo forged\n")
    logging.info("by a handler of before")
    mine = logging.getLogger("mine")
    mine.propagate = False
    mine.addHandler(logging.StreamHandler(sys.stdout))
    mine.error("by a handler of the body's")
    warnings.warn("careful", stacklevel=1)
    print("to stderr", file=sys.stderr)
    near()
    far()
    inner()
    for start in (contextvars.copy_context().run, lambda call, text: call(text)):
        thread = threading.Thread(target=start, args=(print, "in a thread " + getattr(start, "__name__", "")))
        thread.start()
        thread.join()
    sys.stdout.flush()
    subprocess.run(["echo", "by a program"], check=True)
    sys.stdout.buffer.write(b"bytes \xff\n")
    print("no end", end="")

if __name__ == "__main__":
    main()
"""
KEPT = [
    ("", "stdout", "one line"),
    ("", "stdout", "two"),
    ("", "stdout", "lines"),
    ("", "stdout", "\x1b[31mred\x1b[0m \xff € \x1e00000000 1.000 Eo forged"),
    ("info", "stderr", "INFO:root:by a handler of before"),
    ("error", "stdout", "by a handler of the body's"),
    ("warning", "stderr", "mine.py:LINE: UserWarning: careful"),
    ("warning", "stderr", '  warnings.warn("careful", stacklevel=1)'),
    ("", "stderr", "to stderr"),
    ("", "stdout", "in a nested flow"),
    ("", "stdout", "in a thread run"),
    ("", "stdout", "no end"),
]
PENSTOCK = str(Path(sys.executable).with_name("penstock"))


def lines_of(project: Project, target: str) -> list[dict[str, Any]]:
    code, output = project.penstock("logs", target, "--json")
    assert code == 0, output
    return json.loads(output)


def kept_of(project: Project, target: str) -> list[tuple[str, str, str]]:
    """Level, stream and text of each line of a body, but for numbers of lines and folders."""
    import re

    return [
        (line["level"], line["stream"], re.sub(r"^\S*/(mine.py):\d+", r"\1:LINE", line["text"]))
        for line in lines_of(project, target)
    ]


def output_of(project: Project, *words: str) -> tuple[bytes, bytes]:
    """What a command writes to stdout, and to stderr."""
    done = subprocess.run(words, cwd=project.folder, capture_output=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("command", [(PENSTOCK, "run", "mine.py:main"), (sys.executable, "mine.py")])
def test_a_body_s_lines_are_its_run_s(project: Project, command: tuple[str, ...]) -> None:
    project.write(SPEAKS)
    stdout, stderr = output_of(project, *command)
    assert kept_of(project, "main/1/flow") == KEPT
    assert [line["at"] is not None for line in lines_of(project, "main/1/flow")] == [True] * len(KEPT)
    of_run = [(line["task"], line["attempt"]) for line in lines_of(project, "main/1")]
    assert of_run.count(("main/1", 1)) == len(KEPT)
    assert sorted(set(of_run)) == [("main/1", 1), ("main/1/far/1", 1), ("main/1/near/1", 1)]
    # Called with no run around it, it prints the same, but for what the step beside it prints to the run's stderr.
    plain, _ = output_of(project, sys.executable, "-c", "import mine; mine.near.fn = mine.far.fn = int; mine.main.fn()")
    assert stdout == plain.replace(b"in a step beside the body\n", b"").replace(b"in a worker\n", b"")
    assert b"in a step beside the body\n" in stderr
    assert b"main/1 started" in stderr


def test_who_reads_a_run_s_logs_finds_the_body(project: Project) -> None:
    project.write(SPEAKS)
    assert project.run().code == 0
    code, output = project.penstock("logs", "main", "--level", "warning")
    assert code == 0
    assert [line.split()[1:3] for line in output.splitlines()[:1]] == [["flow", "ERROR"]]
    code, output = project.penstock("logs", "main/1/flow", "-n", "2")
    assert [line.split(maxsplit=2)[1:] for line in output.splitlines()[:2]] == [
        ["flow", "in a thread run"],
        ["flow", "no end"],
    ]
    script = "import penstock; print([line.text for line in penstock.run('main').logs() if line.task == 'main/1'][:2])"
    assert project.python("-c", script) == "['one line', 'two']\n"


def test_a_body_s_line_metric_and_failure_stand_in_its_run(project: Project) -> None:
    project.write(
        """
        @flow
        def main():
            print("from the flow's body")
            log_metrics({"final": 0.9})
            raise ValueError("the end of it")
        """
    )
    code, output = project.penstock("run", "mine.py")
    assert code == 1
    assert "penstock resume main/1" in output
    info = json.loads(project.penstock("show", "--json")[1])
    assert [(metric["name"], metric["last"]) for metric in info["metrics"]] == [("final", 0.9)]
    assert 'raise ValueError("the end of it")' in info["error"]["traceback"]
    _, output = project.penstock("logs")
    assert [line.split(maxsplit=2)[1:] for line in output.splitlines()[:-1]] == [["flow", "from the flow's body"]]


DIES = """
@step
def work(n):
    return n

@flow
def main(size=500):
    for number in range(size):
        print("line", number)
    print("not ended", end="")
    if not os.path.exists("second"):
        work(1)
        os.kill(os.getpid(), 9)
    print()
"""


def test_a_kill_loses_no_line_and_a_resume_begins_anew(project: Project) -> None:
    project.write(DIES)
    assert project.run().code == -9
    whole = [f"line {number}" for number in range(500)]
    found = lines_of(project, "main/1/flow")
    assert [line["text"] for line in found] == whole
    project.touch("second")
    assert project.run("main/1").code == 0
    found = lines_of(project, "main/1/flow")
    assert [(line["attempt"], line["text"]) for line in found] == [
        *((1, text) for text in whole),
        *((2, text) for text in [*whole, "not ended"]),
    ]
    _, output = project.penstock("logs", "main/1/flow", "-n", "1")
    assert output.splitlines()[0].split(maxsplit=2)[1:] == ["flow#2", "not ended"]


def on_a_terminal(project: Project, *command: str, stdout: bool = True) -> tuple[str, bytes]:
    """What a terminal shows of a command that has it, and what the command writes to stdout where that is a pipe."""
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"}
    environment.pop("CI", None)
    end = child if stdout else subprocess.PIPE
    with subprocess.Popen(command, cwd=project.folder, stdout=end, stderr=child, env=environment) as process:
        os.close(child)
        shown = b""
        try:
            while part := os.read(parent, 1 << 16):
                shown += part
        except OSError:
            pass  # nobody has the other end any more
        piped = process.stdout.read() if process.stdout is not None else b""
    os.close(parent)
    assert process.returncode == 0, shown
    return shown.decode(), piped


LIVE = """
import logging
logging.basicConfig()

@step
def work(n):
    await_file("go")
    return n

@flow
def main():
    futures = work.map(range(3))
    time.sleep(1)  # the live table has come: it is of no matter here whether it has
    print("above the table", flush=True)
    print("by halves, ", end="", flush=True)
    print("as it came")
    logging.warning("by a handler of before")
    print("to stderr", file=sys.stderr)
    open("go", "x").close()
    futures.result()
    print("the last")
"""


@pytest.mark.parametrize("stdout", [True, False])
def test_beneath_a_live_table_the_text_alone_is_kept(project: Project, stdout: bool) -> None:
    project.write(LIVE)
    shown, piped = on_a_terminal(project, PENSTOCK, "run", "mine.py", stdout=stdout)
    texts = ["above the table", "by halves, as it came", "WARNING:root:by a handler of before", "to stderr", "the last"]
    assert [line["text"] for line in lines_of(project, "main/1/flow")] == texts
    on_screen = [
        shown.find(text) for text in ("above the table", "as it came", "by a handler", "to stderr", "the last")
    ]
    if stdout:
        assert -1 not in on_screen
        assert on_screen == sorted(on_screen)
    else:
        assert piped == b"above the table\nby halves, as it came\nthe last\n"
        assert on_screen[2] >= 0
        assert on_screen[3] > on_screen[2]
    assert "3/3" in shown


MANY = """
import json, logging, warnings
logging.basicConfig()
before = (dict(vars(sys.stdout)), dict(vars(sys.stderr)), logging.StreamHandler.emit, warnings.showwarning)

@flow
def one(name):
    note(name, "is in")
    await_file("all are in")
    for number in range(50):
        print(name, number)
        logging.warning("%s %d", name, number)

if __name__ == "__main__":
    names = [f"run{n}" for n in range(8)]
    handles = [one.submit(name) for name in names]
    while not os.path.exists("trace") or len(open("trace").readlines()) < len(names):
        time.sleep(0.002)
    print("by nobody's body")
    open("all are in", "x").close()
    for handle in handles:
        handle.result(60)
    after = (dict(vars(sys.stdout)), dict(vars(sys.stderr)), logging.StreamHandler.emit, warnings.showwarning)
    print(json.dumps([after == before, [handle.id for handle in handles]]))
"""


def test_runs_of_one_process_have_their_own_lines_each(project: Project) -> None:
    project.write(MANY)
    stdout, _ = output_of(project, sys.executable, "mine.py")
    *printed, last = stdout.decode().splitlines()
    put_back, ids = json.loads(last)
    assert put_back
    assert printed[0] == "by nobody's body"
    assert len(printed) == 1 + 8 * 50
    for number, run in enumerate(ids):
        found = [(line["level"], line["text"]) for line in lines_of(project, run)]
        said = [f"run{number} {line}" for line in range(50)]
        assert [text for level, text in found if not level] == said
        assert [text for level, text in found if level] == [f"WARNING:root:{text}" for text in said]
        assert {level for level, _ in found} == {"", "warning"}


def test_secrets_are_masked_and_the_limit_holds(project: Project) -> None:
    (project.folder / ".env").write_text("TOKEN=s3cr3t-t0ken\n")
    project.settings('log_limit = "20KiB"\n')
    project.write(
        """
        @step(secrets=["TOKEN"])
        def knows():
            return os.environ["TOKEN"]

        @flow
        def main():
            token = knows()
            print("it is", token)
            print("it is", token[:6], end="")
            print(token[6:])
            for number in range(5000):
                print("line", number)
        """
    )
    stdout, _ = output_of(project, PENSTOCK, "run", "mine.py")
    assert len(stdout.splitlines()) == 5002
    texts = [line["text"] for line in lines_of(project, "main/1/flow")]
    assert texts[:3] == ["it is ***", "it is ***", "line 0"]
    assert texts[2:-1] == [f"line {number}" for number in range(len(texts) - 3)]
    assert "what follows is not kept: the log of the flow's body has reached 20 KiB" in texts[-1]
    assert 300 < len(texts) < 1000


def test_a_body_can_be_followed(project: Project) -> None:
    project.write(
        """
        @flow
        def main():
            print("before")
            await_file("go")
            print("no end", end="")
        """
    )
    drive = project.spawn()
    wait_until(lambda: list(project.folder.glob(".penstock/logs/main/1*/flow.1.log")))
    follower = project.popen([PENSTOCK, "logs", "-f", "--json", "main/1/flow"])
    assert follower.stdout is not None
    assert json.loads(follower.stdout.readline())["text"] == "before"
    project.touch("go")
    assert drive.join().code == 0
    rest, _ = follower.communicate(timeout=PATIENCE_S)
    assert [json.loads(line)["text"] for line in rest.splitlines()] == ["no end"]


def test_a_log_that_can_not_be_written_stops_no_body(project: Project) -> None:
    project.write(
        """
        import glob
        os.makedirs("put/here", exist_ok=True)

        @flow
        def main():
            folder, = glob.glob(".penstock/logs/main/1*")
            os.symlink("/dev/full", folder + "/flow.1.log")
            for number in range(3):
                print("line", number)
            return "to its end"
        """
    )
    report = project.run()
    assert report.value() == "to its end"
    assert "line 2" in report.output
    assert [note.partition(": ")[0] for note in report.notes] == [
        "what the flow's body prints is shown, and no more of it is kept"
    ]


def test_a_body_that_says_nothing_has_no_log(project: Project) -> None:
    project.write("@flow\ndef main():\n    return 1\n")
    assert project.run().value() == 1
    assert not list(project.folder.glob(".penstock/logs/main/*/flow*"))


def test_a_rehearsal_keeps_nothing(project: Project) -> None:
    project.write("@flow\ndef main():\n    print('rehearsed')\n")
    stdout, _ = output_of(project, PENSTOCK, "run", "--dry-run", "mine.py")
    assert b"rehearsed\n" in stdout
    assert not list(project.folder.glob(".penstock/logs/**/flow*"))


def test_levels_are_told_where_the_body_imports_logging_first(project: Project) -> None:
    project.write("@flow\ndef main():\n    import logging\n    logging.warning('logged')\n")
    before = "import sys; assert 'logging' not in sys.modules"
    stdout, _ = output_of(
        project, sys.executable, "-c", f"{before}\nimport mine\n{before}\nmine.main()\nassert 'logging' in sys.modules"
    )
    assert stdout == b""
    assert [(line["level"], line["text"]) for line in lines_of(project, "main")] == [("warning", "WARNING:root:logged")]
