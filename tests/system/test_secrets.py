"""Secrets in real runs: whatever writes them, and whatever is killed when, their values are nowhere afterwards."""

from __future__ import annotations

import base64
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.flows import Project, is_alive, wait_until

VALUE = "s3cr3t-value/+1"
KEY = "first line of it\nsecond 'line'\nthird \\ line"
SECRETS = {"TOKEN": VALUE, "KEY": KEY}
PRINTS = """
import ctypes, logging, subprocess, threading

def tell():
    token = os.environ["TOKEN"]
    print("printed", token)
    subprocess.run(["sh", "-c", 'echo "child $TOKEN"; echo "child\\'s stderr $KEY" >&2'], check=True)
    os.write(1, b"in two " + token[:7].encode())
    os.write(1, token[7:].encode() + b" writes\\n")
    ctypes.CDLL(None).printf(b"from C %s\\n", token.encode())
    sys.stdout.buffer.write(b"bytes " + token.encode() + b"\\n")
    os.write(2, b"without an end " + token.encode())
"""


@pytest.fixture
def secretive(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose runs have the secrets in their environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return project


def leaks(project: Project) -> list[Path]:
    """Files of the project's records that hold a value, or the better part of one."""
    folder = project.folder / ".penstock"
    parts = [b"s3cr3t-val", b"first line of it", b"second 'line'", base64.b64encode(VALUE.encode())[:12]]
    files = [path for path in folder.rglob("*") if path.is_file() and "environments" not in path.parts]
    return [path for path in files if any(part in path.read_bytes() for part in parts)]


def printed(project: Project, target: str = "") -> str:
    code, output = project.penstock("logs", *filter(None, [target]))
    assert code == 0, output
    return output


ALL = [
    "printed ***",
    "child ***",
    "child's stderr ***",
    "in two *** writes",
    "from C ***",
    "bytes ***",
    "without an end ***",
]


@pytest.mark.parametrize("keywords", ["", ', isolation="process"', ", gpu=1", ", env={'A': 'b'}"])
def test_whatever_writes_it_it_is_masked(secretive: Project, keywords: str) -> None:
    secretive.settings("[executors.process]\nkind = 'process'\ngpus = ['0']\n")
    secretive.write(
        f"""{PRINTS}
@step(secrets=["TOKEN", "KEY"]{keywords})
def uses(n):
    tell()
    return n

@flow
def main():
    return uses.map([1, 2, 3]).result()
"""
    )
    assert secretive.run().value() == [1, 2, 3]
    for number in (1, 2, 3):
        output = printed(secretive, f"main/1/uses/{number}")
        assert [line for line in ALL if line not in output] == []
        assert output.count("printed") == 1
    assert leaks(secretive) == []


@pytest.mark.parametrize("name", ["python3.9", "pypy3"])
def test_another_interpreter_masks_as_well(
    secretive: Project, interpreter: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    interpreter(name)
    monkeypatch.setenv("UV_OFFLINE", "1")
    version = name.removeprefix("python") if name != "pypy3" else pypy_version(interpreter(name))
    secretive.write(
        f"""{PRINTS}
@step(python="{version}", secrets=["TOKEN", "KEY"])
def uses():
    tell()
    return sys.implementation.name

@flow
def main():
    return uses()
"""
    )
    assert secretive.run().value() == ("pypy" if name == "pypy3" else "cpython")
    output = printed(secretive)
    assert [line for line in ALL if line not in output] == []
    assert leaks(secretive) == []


def pypy_version(python: Path) -> str:
    import subprocess

    words = "import sys; print('pypy%d.%d' % sys.version_info[:2])"
    return subprocess.run([python, "-c", words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("victim", ["worker", "zygote", "driver"])
def test_the_last_words_of_what_is_killed_are_there_and_masked(secretive: Project, victim: str) -> None:
    secretive.settings("platform_retries = 0\n")
    secretive.write(
        f"""{PRINTS}
@step(secrets=["TOKEN", "KEY"])
def uses():
    tell()
    os.write(1, b"\\nlast words " + os.environ["TOKEN"].encode())
    note("pids", os.getpid(), os.getppid())
    time.sleep(60)

@flow
def main():
    return uses()
"""
    )
    drive = secretive.spawn()
    _, worker, zygote = wait_until(secretive.trace)[0].split()
    if victim == "driver":
        drive.kill()
        secretive.await_quiet()
    else:
        os.kill(int(worker if victim == "worker" else zygote), signal.SIGKILL)
        assert drive.join().error["type"] == "WorkerLostError"
        output = printed(secretive, "main/1/uses/1")
        assert [line for line in [*ALL, "last words ***"] if line not in output] == []
    files = b"".join(file.read_bytes() for file in (secretive.folder / ".penstock" / "logs").rglob("*.log"))
    assert b"last words ***" in files
    assert leaks(secretive) == []


def test_a_crash_s_words_are_masked(secretive: Project) -> None:
    secretive.write(
        f"""{PRINTS}
@step(secrets=["TOKEN"])
def uses():
    ctypes.CDLL(None).perror(os.environ["TOKEN"].encode())
    ctypes.string_at(0)

@flow
def main():
    return uses()
"""
    )
    assert secretive.run().error["type"] == "StepExitError"
    output = printed(secretive, "main/1/uses/1")
    assert "***: " in output
    assert "Segmentation fault" in output
    assert leaks(secretive) == []


def test_what_a_step_leaves_running_holds_nobody_up(secretive: Project) -> None:
    secretive.write(
        f"""{PRINTS}
@step(secrets=["TOKEN"])
def uses(n):
    again = f"while true; do echo behind $TOKEN; : > printed-{{n}}; sleep 0.01; done"
    child = subprocess.Popen(["sh", "-c", again], start_new_session=True)
    await_file(f"printed-{{n}}")
    note(child.pid)
    return n

@flow
def main():
    return uses(1) + uses(2)
"""
    )
    assert secretive.run().value() == 3
    assert "behind ***" in printed(secretive, "main/1/uses/2")
    assert not any(is_alive(int(pid)) for pid in secretive.trace())
    assert leaks(secretive) == []


def test_an_import_s_words_are_masked_too(secretive: Project) -> None:
    secretive.write(
        f"""{PRINTS}
tell() if "TOKEN" in os.environ and "-c" in sys.orig_argv else None

@step(secrets=["TOKEN", "KEY"])
def uses():
    return 1

@flow
def main():
    return uses()
"""
    )
    assert secretive.run().value() == 1
    files = b"".join(file.read_bytes() for file in (secretive.folder / ".penstock" / "logs").rglob("*.log"))
    assert b"child ***" in files
    assert leaks(secretive) == []


def test_who_follows_sees_it_masked_while_it_runs(secretive: Project) -> None:
    secretive.write(
        f"""{PRINTS}
@step(secrets=["TOKEN"])
def uses():
    os.write(1, b"at once " + os.environ["TOKEN"].encode() + b"\\nso far\\n")
    await_file("seen")

@flow
def main():
    uses()
"""
    )
    drive = secretive.spawn()
    penstock = os.path.join(os.path.dirname(sys.executable), "penstock")
    wait_until(lambda: secretive.rows("SELECT count(*) FROM run") == [(1,)])
    follower = secretive.popen([penstock, "logs", "-f"])
    assert follower.stdout is not None
    lines = [follower.stdout.readline(), follower.stdout.readline()]
    secretive.touch("seen")
    rest, _ = follower.communicate()
    assert drive.join().code == 0
    assert "at once ***" in lines[0]
    assert "so far" in lines[1]
    assert VALUE not in rest


FAILS = """
class Refused(Exception):
    def __init__(self, text, token):
        super().__init__(text)
        self.token = token

@step(secrets=["TOKEN", "KEY"])
def fails(how):
    token = os.environ["TOKEN"]
    if how == "told":
        raise ValueError(f"{token} and {os.environ['KEY']!r}")
    if how == "kept":
        raise Refused("no", [token, "x" * 100_000])
    if how == "cause":
        try:
            raise KeyError(token)
        except KeyError as error:
            raise ValueError("caused") from error
    return {"token": "is " + 40 * "x" + token, "n": 1}

@flow
def main(how: str):
    value = fails(how)
    if how == "body":
        raise ValueError(f"the body has {value['token']!r}")
    if how == "passed":
        return [takes(value)]

@step
def takes(value):
    return value
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("told", 'ValueError: *** and "***"'),
        ("kept", "Refused: no"),
        ("cause", "KeyError: '***'"),
        ("body", "ValueError: the body has 'is xxx"),
    ],
)
def test_a_failure_tells_and_keeps_no_value(secretive: Project, how: str, said: str) -> None:
    secretive.write(FAILS)
    code, output = secretive.penstock("run", "mine.py", "--how", how)
    assert code == 1
    assert said in output
    assert VALUE not in output
    kept = [path.name for path in leaks(secretive) if how != "body"]  # there the step has returned it
    assert kept == []
    told = "".join(map(str, secretive.rows("SELECT error FROM run_detail")))
    assert "s3cr3t" not in told


def test_previews_and_the_command_line_show_no_value(secretive: Project) -> None:
    secretive.write(FAILS)
    code, output = secretive.penstock("run", "mine.py", "--how", "passed")
    assert code == 0, output
    for words in (["show", "main/1"], ["show", "main/1/takes/1"], ["show", "--json", "main/1/fails/1"]):
        shown = secretive.penstock(*words)[1]
        assert "s3cr3t" not in shown
    assert "***" in secretive.penstock("show", "main/1/takes/1")[1]


def test_other_steps_mask_what_they_have_from_the_flow_s_environment(secretive: Project) -> None:
    secretive.write(
        f"""{PRINTS}
@step(secrets=["TOKEN", "KEY"])
def uses():
    return 1

@step
def other():
    tell()

@flow
def main():
    other()
    return uses()
"""
    )
    assert secretive.penstock("run", "mine.py")[0] == 0
    output = printed(secretive, "main/1/other/1")
    assert [line for line in ALL if line not in output] == []
    assert leaks(secretive) == []


HERE = """
import logging

@step(secrets=["TOKEN"], env={"MODE": "fast"}KEYWORDS)
def uses():
    token = os.environ["TOKEN"]
    print("printed", token)
    logging.warning("logged %s", token)
    return os.environ["MODE"], len(token)

@step(secrets=["TOKEN"]KEYWORDS)
def fails():
    raise ValueError("told " + os.environ["TOKEN"])

@step(on="inline")
def neither():
    return "TOKEN" in os.environ, "MODE" in os.environ

@flow
def main():
    before = uses(), neither()
    print(*before, "TOKEN" in os.environ)
    fails()
"""


@pytest.mark.parametrize(("keywords", "words"), [(', on="inline"', ()), ("", ("--inline",))])
@pytest.mark.parametrize("is_exported", [False, True])
def test_in_the_flow_s_own_process_it_is_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch, keywords: str, words: tuple[str, ...], is_exported: bool
) -> None:
    if is_exported:
        monkeypatch.setenv("TOKEN", VALUE)
    else:
        (project.folder / ".env").write_text(f"TOKEN='{VALUE}'\n")
    project.write(HERE.replace("KEYWORDS", keywords))
    code, output = project.penstock("run", *words, "mine.py")
    assert code == 1
    assert f"('fast', 15) ({is_exported}, False) {is_exported}" in output
    for said in ("printed ***", "logged ***", "ValueError: told ***"):
        assert said in output
    assert VALUE not in output
    assert "packages" not in output
    assert "printed ***" in printed(project, "main/1/uses/1")
    assert "logged ***" in printed(project, "main/1/uses/1")
    assert leaks(project) == []


def test_threads_in_the_flow_s_own_process_each_have_theirs(project: Project) -> None:
    (project.folder / ".env").write_text("FIRST=first-value\nSECOND=second-value\n")
    project.write(
        """
        from concurrent.futures import ThreadPoolExecutor

        @step(secrets=["FIRST"], on="inline")
        def first():
            note("in first")
            await_file("go")
            note("out of first", os.environ["FIRST"] == "first-value")

        @step(secrets=["SECOND"], on="inline")
        def second():
            note("in second")
            await_file("go on")
            note("out of second", os.environ["SECOND"] == "second-value")

        @flow
        def main():
            with ThreadPoolExecutor(2) as pool:
                waiting = [pool.submit(first), pool.submit(second)]
            return [one.result() for one in waiting], "FIRST" in os.environ, "SECOND" in os.environ
        """
    )
    drive = project.spawn()
    project.await_note("in first")
    project.await_note("in second")
    project.touch("go")
    project.await_note("out of first True")
    project.touch("go on")
    assert drive.join().value() == [[None, None], False, False]
    assert "out of second True" in project.trace()


def test_a_secret_that_is_not_set_is_told_before_anything_runs_in_the_flow_s_own_process(project: Project) -> None:
    project.write(HERE.replace("KEYWORDS", ""))
    code, output = project.penstock("run", "--inline", "mine.py")
    assert code == 2
    assert "step uses can't run: the secret TOKEN is not set" in output
    assert project.rows("SELECT count(*) FROM run") in ([], [(0,)])
