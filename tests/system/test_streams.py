"""The command line where its streams are closed, full, or a terminal with hardly any room."""

from __future__ import annotations

import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.cli.verbs import VERBS

TINY = """
from penstock import flow, step

@step
def double(x: int):
    print("doubling", x)
    return 2 * x

@flow
def tiny(x: int = 4):
    print("body")
    return double(x)
"""
CODE = "import sys; from penstock.cli.main import main; sys.exit(main())"
COMMAND = shlex.join([sys.executable, "-c", CODE])


@pytest.fixture
def folder(project_folder: Path) -> Path:
    (project_folder / "tiny.py").write_text(TINY)
    return project_folder


def shell(line: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PENSTOCK_", "PYTHON"))}
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=120, env=kept, check=False)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed(folder: Path, closed: str):
    done = shell(f"{COMMAND} run tiny.py {closed}")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert shell(f"{COMMAND} ls {closed}").returncode == 0
    assert shell(f"{COMMAND} get tiny").stdout == "8\n"
    assert shell(f"{COMMAND} logs tiny").stdout.endswith("doubling 4\n")


@pytest.mark.parametrize("words", ["ls", "show", "get", "run tiny.py"])
def test_a_stdout_that_takes_nothing(folder: Path, words: str):
    assert shell(f"{COMMAND} run tiny.py").returncode == 0
    done = shell(f"{COMMAND} {words} >/dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "penstock: No space left on device"
    assert "Traceback" not in done.stderr


def test_a_narrow_terminal_gets_plain_lines(folder: Path):
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "20"}
    words = [sys.executable, "-c", CODE, "run", "tiny.py"]
    done = subprocess.run(words, stdout=-1, stderr=child, env=environment, timeout=120, check=False)
    os.close(child)
    assert done.returncode == 0
    assert os.read(parent, 1 << 16).decode().splitlines()[1:3] == ["tiny/1 started", "tiny/1 double: 1 done"]
    os.close(parent)


EVERY_VERB = (
    "--help", "run tiny.py", "run nothing.py", "resume tiny/1", "fork tiny/1 --x 5", "fork --dry-run tiny/1", "ls",
    "show tiny", "show tiny/1/double", "show tiny/1/double/1", "show tiny --resources", "watch tiny/1",
    "why tiny/1/double/1", "compare tiny/1 tiny/2",
    "logs tiny", "get tiny", "cancel tiny/1", "tag tiny/1 +kept",
    "note tiny/1 seen", "push --help", "pull --help", "du", "gc --keep-last 1",
    "env ls", "sites", "doctor", "mlflow --help", "tensorboard --help",
    "agent --help", "init new", "completion bash", "ui --help", "show nothing", "rm --yes tiny/1",
)  # fmt: skip
IN_A_TERMINAL = "import sys; from penstock.cli.main import main\nfor line in sys.argv[1:]: main(line.split())"


def on_a_terminal(environment: dict[str, str], *lines: str) -> str:
    """What a terminal of 100 columns gets of these command lines."""
    parent, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "CI")}
    words = [sys.executable, "-c", IN_A_TERMINAL, *lines]
    process = subprocess.Popen(words, stdout=child, stderr=child, env={**kept, "COLUMNS": "100", **environment})
    os.close(child)
    shown = b""
    try:
        while part := os.read(parent, 1 << 16):
            shown += part
    except OSError:
        pass  # how Linux says that nobody has the other end any more
    os.close(parent)
    assert process.wait(120) == 0
    return shown.decode()


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"]
)
def test_no_verb_sends_an_escape_that_is_not_wanted(folder: Path, environment: dict[str, str]):
    (folder / "tiny.py").write_text(TINY.replace("    return 2", "    print('\\x1b[31mred')\n    return 2"))
    assert {line.split()[0] for line in EVERY_VERB} == {"--help", *VERBS}
    shown = on_a_terminal(environment, *EVERY_VERB)
    assert "doubling 4" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("line", ["ls", "show tiny", "du"])
def test_a_terminal_that_can_has_colours(folder: Path, line: str):
    assert shell(f"{COMMAND} run tiny.py").returncode == 0
    assert "\x1b[" in on_a_terminal({"TERM": "xterm"}, line)
