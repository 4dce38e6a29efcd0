"""The slips of a first day, as the command line tells them: what it was, where, and the mend."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAD = "from penstock import flow, step\n"


def penstock(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "penstock", *words]
    environ = {**os.environ, **more}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, errors="surrogateescape", env=environ, timeout=60
    )


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("@step(retry=3)", "step work has no option 'retry'; did you mean 'retries'?"),
        ("@step(mem='2GiB')", "step work has no option 'mem'; did you mean 'memory'?"),
        ("@step(timeout='soon')", "step work: timeout='soon': "),
        ("@flow(retries=3)", "flow work has no option 'retries': it is a step's, as in @step(retries=...)"),
    ],
)
def test_what_is_declared_wrongly_is_told_with_file_and_line(project_folder: Path, line: str, told: str):
    Path("slip.py").write_text(f"{HEAD}\n{line}\ndef work(): ...\n")
    ended = penstock("run", "slip.py")
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"penstock: {told}")
    assert f"\n  at slip.py:3, in <module>: {line}\n" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2
    assert not Path(".penstock").exists()


@pytest.mark.parametrize(
    ("body", "mend"),
    [
        ("plain.map([1])", "plain is a plain function: put @step above it (slip.py, line 3)"),
        ("plain.submit(1)", "plain is a plain function: put @step above it (slip.py, line 3)"),
        ("same.submit(1) + 1", "call its .result()"),
        ("sum(same.map([1, 2]))", "call its .result()"),
        ("same.submit(1) > 0", "call its .result()"),
        ("len(same.submit([]))", "call its .result()"),
        ("same.submit(1).shape", "call its .result()"),
    ],
)
def test_what_is_forgotten_in_a_body_is_told_with_its_line(project_folder: Path, body: str, mend: str):
    functions = "def plain(x): return x\n@step\ndef same(x): return x\n"
    Path("slip.py").write_text(f"{HEAD}\n{functions}@flow\ndef slip():\n    return {body}\n")
    ended = penstock("run", "slip.py")
    assert ended.returncode == 1
    assert 'slip.py", line 8, in slip' in ended.stderr
    assert mend in ended.stderr


SMALL = f"""{HEAD}
@step
def same(x):
    return x


@flow
def small(n: int = 3):
    return same(n)


if __name__ == "__main__":
    print(small())
"""
NOT_TEXT = "odd\udcff"


def test_a_folder_whose_name_is_not_text_is_told_before_there_is_a_run(
    project_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = project_folder / NOT_TEXT
    folder.mkdir()
    (folder / "small.py").write_text(SMALL)
    monkeypatch.chdir(folder)
    ended = penstock("run", "small.py")
    assert ended.returncode == 2
    assert ended.stderr.startswith("penstock: ")
    assert "give the file or the folder another name" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert penstock("ls", "--json").stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["run", "--tag", NOT_TEXT, "small.py"], 2),
        (["run", "--tag", "a\nb", "small.py"], 2),
        (["tag", "small/1", NOT_TEXT], 2),
        (["tag", "small/1", f"-{NOT_TEXT}"], 0),
        (["ls", "--tag", NOT_TEXT], 2),
        (["ls", NOT_TEXT], 2),
        (["show", NOT_TEXT], 2),
        (["show", f"small/1/{NOT_TEXT}"], 2),
        (["logs", NOT_TEXT], 2),
        (["why", f"small/1/{NOT_TEXT}/1"], 2),
        (["get", NOT_TEXT], 2),
        (["resume", NOT_TEXT], 2),
        (["fork", NOT_TEXT], 2),
        (["rm", NOT_TEXT], 2),
        (["du", NOT_TEXT], 2),
        (["gc", "--flow", NOT_TEXT, "--keep-last", "1"], 2),
    ],
)
def test_words_that_are_not_text_get_words(project_folder: Path, words: list[str], code: int):
    Path("small.py").write_text(SMALL)
    assert penstock("run", "small.py").returncode == 0
    ended = penstock(*words)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stderr
    assert penstock("ls", "--json").stdout.count('"run"') <= 1


def test_a_name_that_no_folder_can_have_is_told_before_there_is_a_run(project_folder: Path):
    Path("small.py").write_text(SMALL.replace("@flow", f"@flow(name='{'é' * 150}')"))
    ended = penstock("run", "small.py")
    assert ended.returncode == 2
    assert "its name has 300 bytes" in ended.stderr
    assert penstock("ls", "--json").stdout.strip() == "[]"


def test_a_fork_without_a_run_is_of_the_latest_one(project_folder: Path):
    Path("small.py").write_text(SMALL)
    for _ in range(2):
        assert penstock("run", "small.py").returncode == 0
    assert "small/3 done" in penstock("fork").stderr
    assert json.loads(penstock("show", "small/3", "--json").stdout)["origin"]["run"] == "small/2"
    assert "small/4 done" in penstock("fork", "--n", "4").stderr
    assert penstock("get", "small/4").stdout == "4\n"
    wrong = penstock("fork", "--form", "same")
    assert wrong.returncode == 2
    assert "did you mean --from" in wrong.stderr


def test_a_flow_is_found_by_the_name_of_its_module(project_folder: Path):
    folder = project_folder / "pack" / "deep"
    folder.mkdir(parents=True)
    for file in (folder.parent / "__init__.py", folder / "__init__.py"):
        file.touch()
    (folder.parent / "more.py").write_text("FACTOR = 2\n")
    code = SMALL.replace("    return x", "    return x * FACTOR").replace(HEAD, f"{HEAD}from ..more import FACTOR\n")
    (folder / "small.py").write_text(code)
    for target in ("pack.deep.small", "pack.deep.small:small", "pack/deep/small.py"):
        assert penstock("run", target, "--n", "4").returncode == 0
        assert penstock("get", "small").stdout == "8\n"
    for target in ("pack.deep.none:small", "pack.none", "none", "pack/none.py"):
        ended = penstock("run", target)
        assert ended.returncode == 2
        assert ended.stderr.startswith(f"penstock: there is no file {target.partition(':')[0]}")


RESUMED = f"""{HEAD}
import os, sys
@step
def same(x): return x
@flow
def small(n: int, kept: int = 2, *rest: int, **more: int):
    if os.environ.get("FAIL"): raise ValueError("no")
    return [n, kept, rest, more]
"""


@pytest.mark.parametrize("way", ["command", "python"])
def test_command_and_client_resume_by_one_rule(project_folder: Path, way: str):
    def resume(name: str = "") -> subprocess.CompletedProcess[str]:
        if way == "command":
            return penstock("resume", *([name] if name else []))
        return python("-c", f"import penstock; penstock.resume({name!r})")

    Path("small.py").write_text(RESUMED)
    assert penstock("run", "small.py", "--n", "1", "--other", "5", "7", FAIL="1").returncode == 1
    Path("small.py").write_text(RESUMED.replace("n: int, ", "").replace("[n, ", "["))
    assert "started with n, which small no longer takes" in resume().stderr
    Path("small.py").write_text(RESUMED.replace("n: int, ", "n: int, new: int, "))
    assert "started without new, which small needs now" in resume().stderr
    Path("small.py").write_text(RESUMED.replace("kept: int = 2", "kept: int = 2, new: int = 3"))
    assert resume("small").returncode == 0
    assert python("-c", "import penstock; print(penstock.run().result())").stdout == "[1, 2, (7,), {'other': 5}]\n"
    assert "there is no run that is not done" in resume().stderr


@pytest.mark.parametrize(
    "call", ["small(n='many')", "small.submit(n='many')", "penstock.fork('small/1', params={'n': 'many'})"]
)
def test_python_code_is_told_of_a_wrong_parameter_before_there_is_a_run(project_folder: Path, call: str):
    Path("small.py").write_text(SMALL)
    assert penstock("run", "small.py").returncode == 0
    ended = python("-c", f"import penstock\nfrom small import small\n{call}")
    assert "ParameterError: small: n: expected int, got str 'many'" in ended.stderr
    assert len(json.loads(penstock("ls", "--json").stdout)) == 1


def test_the_journal_is_whole_in_one_file_after_a_normal_end(project_folder: Path, tmp_path: Path):
    Path("small.py").write_text(SMALL)
    assert penstock("run", "small.py").returncode == 0
    assert python("small.py").returncode == 0
    copy = tmp_path / "copy" / ".penstock"
    copy.mkdir(parents=True)
    shutil.copy(Path(".penstock/journal.db"), copy)
    listed = subprocess.run(
        [sys.executable, "-m", "penstock", "ls", "--json"], check=True, capture_output=True, cwd=copy.parent
    )
    assert [run["id"] for run in json.loads(listed.stdout)] == ["small/2", "small/1"]


@pytest.mark.parametrize("damage", ["header", "schema", "pages", "wal", "truncated"])
def test_a_damaged_journal_gets_words(project_folder: Path, damage: str):
    Path("small.py").write_text(SMALL)
    assert penstock("run", "small.py").returncode == 0
    file = Path(".penstock/journal.db")
    content = bytearray(file.read_bytes())
    places = {
        "header": (0, 40),
        "schema": (100, 4096),
        "pages": (4096, len(content)),
        "wal": (0, 0),
        "truncated": (0, 0),
    }
    for at in range(*places[damage], 7):
        content[at] ^= 0x91
    file.write_bytes(content[:5000] if damage == "truncated" else content)
    if damage == "wal":
        file.with_name("journal.db-wal").write_bytes(b"dead" * 10_000)
    for words in (["ls"], ["show"], ["run", "small.py"], ["doctor"]):
        ended = penstock(*words)
        assert "Traceback" not in ended.stderr
        if damage == "wal":
            assert ended.returncode == 0, ended.stderr
        elif words[0] != "doctor":
            assert ended.stderr.startswith("penstock: the journal ")


def test_ctrl_c_is_quiet_while_the_command_imports_what_it_needs(project_folder: Path):
    """Raised by an import, as it would be in the first instant."""
    Path("click.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nraise AssertionError\n")
    ended = subprocess.run(
        [sys.executable, "-m", "penstock", "ls"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background ignores it
    )
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_two_names_for_one_flow_are_one_flow(project_folder: Path):
    Path("small.py").write_text(SMALL.replace("if __name__", "again = small\nif __name__"))
    for target in ("small.py", "small.py:small", "small.py:again"):
        assert penstock("run", target).returncode == 0
    assert penstock("ls", "--json").stdout.count('"flow": "small"') == 3


def test_ctrl_c_is_at_once_where_nothing_is_in_flight(project_folder: Path):
    code = SMALL.replace("    return same(n)", "    same(n)\n    print('asleep', flush=True)\n    time.sleep(600)\n")
    Path("small.py").write_text("import time\n" + code)
    Path("penstock.toml").write_text("grace = 300\n")
    with subprocess.Popen(
        [sys.executable, "-m", "penstock", "run", "small.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asleep\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)  # a fifth of the grace
    assert process.returncode == 130
    assert "stopping now" in told


def test_retries_are_seen_and_metrics_tell_attempts_apart(project_folder: Path):
    step = "    log_metrics({'loss': 1.0 / current.attempt})\n    assert current.attempt == 3\n    return x"
    code = SMALL.replace("    return x", step).replace("@step", "@step(retries=2)")
    Path("small.py").write_text(code.replace("import flow", "import current, flow, log_metrics"))
    assert "small/1 same: 1 done, 2 retries" in penstock("run", "small.py").stderr
    lines = penstock("show", "small/1/same/1").stdout.splitlines()
    assert [line.split() for line in lines if line.startswith("loss")] == [
        ["loss", "1", "1"],
        ["loss", "2", "0.5"],
        ["loss", "3", "0.333333"],
    ]


def test_steps_of_one_short_name_are_told_apart(project_folder: Path):
    for name in ("first", "second"):
        Path(f"{name}.py").write_text(f"{HEAD}@step\ndef load(): return 1\n")
    code = f"{HEAD}import first, second\n@flow\ndef both(): return [first.load(), second.load(), second.load()]\n"
    Path("both.py").write_text(code)
    assert penstock("run", "both.py").returncode == 0
    shown = [line.split() for line in penstock("show", "both").stdout.splitlines() if line.startswith("load")]
    assert shown == [["load", "(first.load)", "1"], ["load", "(second.load)", "2"]]
