"""`penstock watch` in a terminal and in a pipe, beside runs that other processes drive."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator

import pytest

from tests.system.flows import PATIENCE_S, Project, wait_until
from tests.system.terminal import Terminal

FLOWS = """
from penstock import progress

@step
def train(depth):
    log_metrics({"loss": 1.0}, step=0)
    for epoch in range(1, 40):
        log_metrics({"loss": 1 / epoch}, step=epoch)
    print("trained", depth)
    if depth == 99:
        raise ValueError(f"bad depth {depth}")
    if depth > 1:
        for _ in progress("ab", label="waits"):
            await_file("go")
    return depth

@flow
def main(depths: list[int] = [1, 99, 4]):
    print("body begins")
    results = train.map(depths)
    for result in results:
        result.exception()
    await_file("end")
    return results[0].result()

@flow
def fails():
    return train(99)
"""
Watching = Callable[..., Terminal]


@pytest.fixture
def watching(project: Project) -> Iterator[Watching]:
    """Terminals in which `penstock watch` runs."""
    opened: list[Terminal] = []

    def open_(*words: str, columns: int = 80, lines: int = 24) -> Terminal:
        opened.append(Terminal(project.folder, "watch", *words, columns=columns, lines=lines))
        return opened[-1]

    project.write(FLOWS)
    yield open_
    for terminal in opened:
        terminal.__exit__()


def test_a_run_of_another_process_is_seen_as_it_goes(project: Project, watching: Watching) -> None:
    drive = project.spawn()
    terminal = watching()
    terminal.await_line(r"^main/1  running  for \d+ s  2 of 3 tasks")
    assert terminal.is_whole_screen
    assert terminal.await_line(r"^✗ ").startswith("✗ train/2  ValueError: bad depth 99")
    terminal.await_line(r"\(the flow went on\)$")
    assert "  penstock show main/1/train/2" in terminal.shown
    terminal.await_line(r"^  train  ━+  2/3  1 running  1 failed$")
    terminal.await_line(r"^▸ train/3 +\d+ s  process$")
    terminal.await_line(r"^  loss +0\.025641  █[▁-█]+▁$")
    terminal.await_line(r"^    waits  ━+  [01] of 2$")
    terminal.await_line(r"^  flow  body begins$")
    terminal.await_line(r"^  train/3  trained 4$")
    terminal.press("l")
    terminal.await_other("loss")
    terminal.press("l")
    terminal.await_line(r"^  loss")

    terminal.press("q")
    assert terminal.join() == 0
    assert not terminal.is_whole_screen
    assert terminal.shown[0].startswith("main/1  running")  # what was seen last stays
    assert drive.process.poll() is None
    project.touch("go")
    project.touch("end")
    assert drive.join().value() == 1


def test_a_run_that_is_named_is_watched_until_it_ends(project: Project, watching: Watching) -> None:
    drive = project.spawn()
    wait_until(lambda: project.rows("SELECT 1 FROM run"), "for a run")
    terminal = watching("main")
    terminal.await_line(r"  2/3  1 running")
    project.touch("go")
    project.touch("end")
    assert terminal.join() == 0
    drive.join()
    assert not terminal.is_whole_screen
    terminal.await_line(r"^main/1  done  after")
    terminal.await_line(r"^  train  ━+  3/3  1 failed$")

    project.run(target="mine.py:fails")
    again = watching("fails/1")
    assert again.join() == 1
    assert b"\x1b[?1049" not in again.received  # what is over is printed
    assert again.shown[0].startswith("fails/1  failed  after")
    assert "  penstock resume fails/1" in again.shown


def test_a_run_whose_driver_was_killed(project: Project, watching: Watching) -> None:
    drive = project.spawn()
    terminal = watching()
    terminal.await_line(r"▸ train/3")
    drive.kill()
    terminal.await_line(rf"its process {drive.pid} on .* has died$")
    assert "  penstock resume main/1" in terminal.shown
    terminal.await_line(r"^main/1  crashed  after")
    terminal.await_line(r"^▸ train/3  process$")


def test_without_a_name_it_waits_for_runs(project: Project, watching: Watching) -> None:
    terminal = watching()
    terminal.await_line("^no run yet")
    project.touch("go")
    drive = project.spawn()
    terminal.await_line(r"^main/1  running  .*3 of 3 tasks")
    project.touch("end")
    drive.join()
    terminal.await_line(r"^main/1  done")
    project.run(target="mine.py:fails")
    terminal.await_line(r"^fails/1  failed")
    (project.folder / "end").unlink()
    first, second = project.spawn(), project.spawn()
    shown = terminal.await_line(r"^main/[23]  running").split()[0]
    wait_until(lambda: len(project.rows("SELECT 1 FROM run WHERE status = 'running'")) == 2, "for two runs")
    terminal.press("n")
    terminal.await_line(rf"^{'main/3' if shown == 'main/2' else 'main/2'}  running")
    project.touch("end")
    first.join()
    second.join()


@pytest.mark.parametrize(("columns", "lines"), [(200, 60), (40, 10)])
def test_the_size_may_change(project: Project, watching: Watching, columns: int, lines: int) -> None:
    drive = project.spawn()
    terminal = watching()
    terminal.await_line(r"2/3  1 running")
    terminal.resize(columns, lines)
    terminal.await_line(r"2/3  1 running")
    terminal.await_line("^  q leave")
    terminal.await_line(r"^▸ train/3")
    assert len(terminal.shown) == lines
    assert [line for line in terminal.shown if line.startswith("main/1  running")] == terminal.shown[:1]
    drive.kill()


@pytest.mark.parametrize("how", ["Ctrl-C", "SIGTERM", "hang-up"])
def test_however_it_ends_the_terminal_is_as_before(project: Project, watching: Watching, how: str) -> None:
    drive = project.spawn()
    terminal = watching()
    before = termios.tcgetattr(terminal.fd)
    terminal.await_line(r"2/3  1 running")
    assert termios.tcgetattr(terminal.fd)[3] & (termios.ICANON | termios.ECHO) == 0
    if how == "Ctrl-C":
        terminal.send(signal.SIGINT)
        assert terminal.join() == 130
        assert terminal.shown[0].startswith("main/1  running")
    else:
        terminal.send(signal.SIGTERM if how == "SIGTERM" else signal.SIGHUP)
        assert terminal.join() == -signal.SIGTERM
    assert not terminal.is_whole_screen
    assert terminal.received.rfind(b"\x1b[?25h") > terminal.received.rfind(b"\x1b[?25l")  # the cursor is seen
    assert termios.tcgetattr(terminal.fd)[3] == before[3]
    assert "Traceback" not in str(terminal)
    assert drive.process.poll() is None


def test_it_may_be_stopped_and_gone_on_with(project: Project, watching: Watching) -> None:
    project.spawn()
    terminal = watching()
    terminal.await_line(r"2/3  1 running")
    terminal.send(signal.SIGTSTP)
    wait_until(lambda: terminal.is_stopped, "for it to stop")
    assert terminal.shown is not None
    assert not terminal.is_whole_screen
    terminal.send(signal.SIGCONT)
    terminal.await_line(r"2/3  1 running")
    assert terminal.is_whole_screen
    terminal.press("q")
    assert terminal.join() == 0


def test_what_a_run_says_steers_no_terminal(project: Project, watching: Watching) -> None:
    project.write(
        r"""
        @step
        def noisy(text):
            print("\x1b]52;c;Y2xpcA==\x07\x1b[2J\x1b[31mred")
            os.write(1, b"\x9d0;OWNED\x9c\rover\n")
            log_metrics({"\x1b]0;OWNED\x07": 1.0})
            raise ValueError("\x1b]52;c;Y2xpcA==\x07 clip \u202e\nforged")

        @flow
        def main(text: str = "\x1b[2J"):
            try:
                noisy(text)
            except ValueError:
                pass
            await_file("end")
        """
    )
    project.spawn()
    terminal = watching(columns=120)
    terminal.await_line(re.escape(r"✗ noisy/1  ValueError: \x1b]52;c;Y2xpcA==\x07 clip \u202e forged"))
    terminal.await_line(re.escape(r"\x1b]52;c;Y2xpcA==\x07\x1b[2Jred"))
    terminal.press("q")
    terminal.join()
    escapes = set(re.findall(rb"\x1b(?:\[[0-9;?]*)?(.)", terminal.received))
    assert escapes <= {b"m", b"H", b"K", b"J", b"h", b"l"}
    assert re.search(rb"\x07|\xc2[\x80-\x9f]|\xe2\x80\xae", terminal.received) is None


def test_in_a_pipe_lines_tell_of_it(project: Project, watching: Watching) -> None:
    del watching
    drive = project.spawn()
    wait_until(
        lambda: project.rows("SELECT 1 FROM in_flight WHERE tasks LIKE '%train/3%running%'"), "for the last task"
    )
    command = [
        sys.executable,
        "-c",
        "import sys; from penstock.cli.main import main; sys.exit(main())",
        "watch",
        "main",
    ]
    process = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip() for _ in range(3)]
    assert re.fullmatch(r"main/1 running for .*s", lines[0])
    assert set(lines[1:]) == {
        "main/1 train: started, 3 tasks so far",
        "main/1/train/2 failed: ValueError: bad depth 99",
    }
    project.touch("go")
    project.touch("end")
    rest, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert re.fullmatch(
        r"main/1 train: 2 done, 1 failed in .*s\nmain/1 done in .*s: 2 tasks\n", rest.replace("\x1b", "")
    )
    drive.join()
    project.run(target="mine.py:fails")
    code, told = project.penstock("watch", "fails")
    assert code == 1
    assert told.splitlines()[-1].endswith("go on with: penstock resume fails/1")
    assert "fails/1/train/1 failed: ValueError: bad depth 99" in told.splitlines()
    code, told = project.penstock("watch", "nothing")
    assert (code, told.splitlines()[0]) == (
        2,
        "penstock: no run is named 'nothing'; see `penstock ls`",
    )
