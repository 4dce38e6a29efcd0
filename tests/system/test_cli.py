"""The command line, as a user meets it: real processes, their exit codes, and what goes to stdout and to stderr."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts.folder import FolderStore
from tests.system.flows import Project

HELLO = '''
from penstock import flow, step

@step
def load(rows: int):
    print("loading", rows)
    return bytes(rows)

@step
def train(depth: int, data: bytes):
    if depth == 99:
        raise ValueError(f"bad depth {depth}")
    return depth * len(data)

@flow
def hello(rows: int = 3, depths: list[int] = [1, 2, 3]):
    """Train a little.

    Args:
        rows: how many
    """
    data = load.submit(rows)
    best = max(train.map(depths, data=data).result())
    print("best", best)
    return best
'''

# Says when it runs, and goes on when it is told to.
SLOW = """
import time
from pathlib import Path
from penstock import flow, step

@step
def first():
    return bytes(200_000)

@step
def wait(data):
    Path("begun").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return len(data)

@flow
def slow():
    return wait(first())
"""

COMMAND = [sys.executable, "-c", "import sys; from penstock.cli.main import main; sys.exit(main())"]
Penstock = Callable[..., "subprocess.CompletedProcess[str]"]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    return {**kept, "TERM": "dumb", "COLUMNS": "120"}


@pytest.fixture
def penstock(project_folder: Path) -> Penstock:
    """Runs `penstock WORDS` in a project with `hello.py`."""
    (project_folder / "hello.py").write_text(HELLO)

    def call(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
        options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120, "env": environment(), **more}
        return subprocess.run([*COMMAND, *words], check=False, **options)

    return call


@pytest.fixture
def slow(penstock: Penstock, project_folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that drives `slow/1`, whose task waits for the file `go`."""
    (project_folder / "slow.py").write_text(SLOW)
    words = [*COMMAND, "run", "slow.py"]
    with subprocess.Popen(words, stdout=-1, stderr=-1, text=True, env=environment(), start_new_session=True) as process:
        wait_for(project_folder / "begun")
        yield process
        (project_folder / "go").touch()
        process.kill()


def wait_for(file: Path) -> None:
    until = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < until, f"{file} did not appear"
        time.sleep(0.01)


def pasted(penstock: Penstock, line: str) -> subprocess.CompletedProcess[str]:
    """What a line of the form `  penstock VERB ...   what it does` does when it is pasted."""
    words = shlex.split(re.split(r"\s{3,}", line.strip())[0])
    assert words[0] == "penstock"
    return penstock(*words[1:])


def commands_of(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.startswith("  penstock ")]


def test_the_log_that_a_failure_names_is_that_of_the_task_that_ran(penstock: Penstock, project_folder: Path):
    lacking = HELLO.replace('print("loading", rows)', 'raise ValueError(print("loading", rows))')
    (project_folder / "lacking.py").write_text(lacking)
    commands = commands_of(penstock("run", "lacking.py").stderr)  # `train` fails for want of what `load` had to make
    assert [line.split()[1] for line in commands] == ["resume", "logs"]
    assert "loading 3" in pasted(penstock, commands[1]).stdout


# A run that is done.


def test_stdout_carries_what_the_body_prints_and_nothing_else(penstock: Penstock):
    done = penstock("run", "hello.py", "--rows", "5")
    assert (done.returncode, done.stdout) == (0, "best 15\n")
    lines = done.stderr.splitlines()
    assert lines[1] == "hello/1 started"
    assert "hello/1 train: 3 done" in done.stderr
    assert any(re.fullmatch(r"hello/1 done in [\d.]+ m?s: 4 tasks", line) for line in lines)


def test_the_commands_at_the_end_work_when_pasted(penstock: Penstock):
    commands = commands_of(penstock("run", "hello.py").stderr)
    assert [line.split()[1] for line in commands] == ["show", "get", "logs"]
    shown = [pasted(penstock, line) for line in commands]
    assert [one.returncode for one in shown] == [0, 0, 0]
    assert "train" in shown[0].stdout
    assert "9" in shown[1].stdout
    assert "loading 3" in shown[2].stdout


def test_json_has_stdout_for_itself(penstock: Penstock):
    done = penstock("run", "--json", "--tag", "best", "hello.py")
    info = json.loads(done.stdout)
    assert (info["id"], info["status"], info["tags"]) == ("hello/1", "done", ["best"])
    assert "best 9\n" in done.stderr


def test_inline_runs_in_the_flows_own_process(penstock: Penstock, project_folder: Path):
    (project_folder / "pids.py").write_text(
        "import os\nfrom penstock import flow, step\n@step\ndef pid(): return os.getpid()\n"
        "@flow\ndef pids(): print(pid() == os.getpid())\n"
    )
    assert penstock("run", "--inline", "pids.py").stdout == "True\n"
    assert penstock("run", "pids.py").stdout == "False\n"


def test_a_small_run_imports_nothing_that_it_does_not_need(penstock: Penstock):
    words = [sys.executable, "-X", "importtime", *COMMAND[1:], "run", "hello.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment())
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "penstock.cli.drive_run" in imported
    assert not {"rich", "msgspec", "numpy", "asyncio", "subprocess", "multiprocessing", "socket", "hashlib"} & imported


def test_the_help_of_a_flow(penstock: Penstock):
    shown = penstock("run", "hello.py", "--help")
    assert shown.returncode == 0
    assert "--rows int          how many  [default: 3]" in shown.stdout
    assert not Path(".penstock").exists()


def test_the_schema_of_a_flow_and_parameters_that_fit_it(penstock: Penstock):
    schema = json.loads(penstock("run", "--json", "hello.py", "--help").stdout)
    assert schema["properties"]["rows"]["type"] == "integer"
    forecast = json.loads(penstock("run", "--json", "--dry-run", "--params", '{"rows": 2}', "hello.py").stdout)
    assert not forecast["error"]
    told = penstock("run", "--dry-run", "--params", '{"rows": 2}', "hello.py")
    assert """penstock run --params '{"rows": 2}' hello.py""" in told.stdout + told.stderr


# A run that fails.


def test_a_failure_shows_the_users_lines_the_task_and_its_inputs(penstock: Penstock):
    failed = penstock("run", "hello.py", "--depths", "[1, 99]")
    assert (failed.returncode, failed.stdout) == (1, "")
    told = failed.stderr
    assert told.index("Traceback") < told.index("ValueError: bad depth 99") < told.index("Task hello/1/train/2 failed")
    assert told.index("Task hello/1/train/2") < told.index("  penstock resume hello/1")
    assert "  depth = 99  (int" in told
    assert "from hello/1/load/1" in told
    assert 'raise ValueError(f"bad depth {depth}")' in told
    assert "penstock/src" not in told
    assert "/penstock/engine/" not in told


def test_the_failure_of_the_body_itself(penstock: Penstock, project_folder: Path):
    (project_folder / "bad.py").write_text(
        "from penstock import flow\nclass Odd(Exception): ...\n@flow\ndef bad():\n    raise Odd('no')\n"
    )
    failed = penstock("run", "bad.py")
    assert failed.returncode == 1
    assert "bad.Odd: no" in failed.stderr
    assert "raise Odd('no')" in failed.stderr
    assert "/penstock/launch/" not in failed.stderr


def test_a_body_that_calls_exit_has_failed(penstock: Penstock, project_folder: Path):
    (project_folder / "out.py").write_text(
        "import sys\nfrom penstock import flow\n@flow\ndef out():\n    sys.exit(0)\n"
    )
    assert penstock("run", "out.py").returncode == 1


def test_a_failed_run_as_json(penstock: Penstock):
    failed = penstock("run", "--json", "hello.py", "--depths", "[99]")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["status"] == "failed"


def test_resume_keeps_what_is_done_and_says_what_changed(penstock: Penstock, project_folder: Path):
    failed = penstock("run", "hello.py", "--depths", "[1, 99]")
    (project_folder / "hello.py").write_text(HELLO.replace("depth == 99", "depth == 100"))
    resumed = pasted(penstock, commands_of(failed.stderr)[0])
    assert (resumed.returncode, resumed.stdout) == (0, "best 297\n")
    assert "train: train() in hello.py changed since 1 result of this run was made: it is kept, and" in resumed.stderr
    assert "load has changed" not in resumed.stderr
    assert "hello/1 resumed" in resumed.stderr
    assert "3 tasks, 2 reused" in resumed.stderr


# A call that is wrong.


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "missing.py"], "penstock: there is no file missing.py"),
        (["run", "hello.py:other"], "penstock: hello.py has no flow 'other'; it has: hello"),
        (["run", "hello.py", "--row", "3"], "penstock: hello has no parameter --row; did you mean --rows?"),
        (["run", "hello.py", "--rows", "x"], "penstock: --rows: expected int, got 'x'."),
        (["resume"], "penstock: there is no run that is not done: nothing to resume"),
        (["resume", "digits/3"], "penstock: no run is named 'digits'"),
        (["cancel"], "penstock: nothing runs; see `penstock ls`"),
        (["rm", "hello/1", "--yes"], "penstock: no run is named 'hello'"),
    ],
)
def test_a_wrong_call_exits_2_and_leaves_nothing(penstock: Penstock, words: list[str], message: str):
    wrong = penstock(*words)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith(message)
    assert len(wrong.stderr.splitlines()) == 1
    assert not Path(".penstock").exists()


@pytest.mark.parametrize("words", [["ls"], ["run", "hello.py"], ["get"]])
def test_a_working_directory_that_was_removed_is_told(project_folder: Path, words: list[str]):
    (project_folder / "gone").mkdir()
    removing = f"cd gone && rmdir ../gone && exec {shlex.join([*COMMAND, *words])}"
    wrong = subprocess.run(["sh", "-c", removing], capture_output=True, text=True, env=environment(), check=False)
    told = "penstock: the working directory was removed: go to one that is there\n"
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (2, "", told)


def test_a_syntax_error_shows_its_place(penstock: Penstock, project_folder: Path):
    (project_folder / "bad.py").write_text("x = 1\ndef f(:\n")
    wrong = penstock("run", "bad.py")
    assert wrong.returncode == 2
    assert 'bad.py", line 2' in wrong.stderr
    assert "def f(:" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_module_that_raises_shows_the_users_lines_alone(penstock: Penstock, project_folder: Path):
    (project_folder / "bad.py").write_text("import hello\n1 / 0\n")
    wrong = penstock("run", "bad.py")
    assert wrong.returncode == 2
    assert "ZeroDivisionError" in wrong.stderr
    assert "importlib" not in wrong.stderr
    assert "/penstock/" not in wrong.stderr


def test_several_flows_in_one_file_must_be_named(penstock: Penstock, project_folder: Path):
    flows = "from penstock import flow\n@flow\ndef a(): print('a')\n@flow\ndef b(): print('b')\n"
    (project_folder / "two.py").write_text(flows)
    wrong = penstock("run", "two.py")
    assert wrong.returncode == 2
    assert "name one, as in two.py:a" in wrong.stderr
    assert penstock("run", "two.py:b").stdout == "b\n"


def test_a_flow_that_is_called_without_a_guard(penstock: Penstock, project_folder: Path):
    (project_folder / "unguarded.py").write_text(HELLO + "\nhello()\n")
    wrong = penstock("run", "unguarded.py")
    assert wrong.returncode == 2
    assert 'if __name__ == "__main__":' in wrong.stderr


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment(), check=False)


@pytest.mark.parametrize("call", ["hello()", "hello.submit().result()", "def main():\n    hello()\nmain()"])
def test_a_script_without_a_guard_starts_no_run(project_folder: Path, call: str):
    (project_folder / "unguarded.py").write_text(f"{HELLO}\n{call}\n")
    wrong = python("unguarded.py")
    assert wrong.returncode == 1
    assert wrong.stderr.count("Traceback") == 1
    assert 'Guard the call: if __name__ == "__main__":' in wrong.stderr.splitlines()[-1]
    assert not Path(".penstock").exists()


def test_a_script_with_a_guard_runs_its_flow(project_folder: Path):
    (project_folder / "guarded.py").write_text(f'{HELLO}\nif __name__ == "__main__":\n    hello()\n')
    assert python("guarded.py").stdout == "best 9\n"


def test_a_run_without_a_file_is_resumed_where_its_flow_is(project_folder: Path):
    failed = python("-c", f"{HELLO}\nhello(depths=[99])")
    assert failed.returncode == 1
    assert 'go on with: penstock.resume("hello/1", flow=hello)' in failed.stderr


@pytest.mark.parametrize("name", ["enum.py", "random.py", "click.py", "my.flow.py", "flow.txt", "flow"])
def test_a_file_that_can_not_be_imported_by_its_name(penstock: Penstock, project_folder: Path, name: str):
    (project_folder / name).write_text(HELLO)
    wrong = subprocess.run(
        [sys.executable, "-P", *COMMAND[1:], "run", name],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert wrong.returncode == 2
    assert "rename the file" in wrong.stderr


def test_a_resumed_run_keeps_its_parameters(penstock: Penstock, project_folder: Path):
    penstock("run", "hello.py", "--depths", "[99]", "--rows", "2")
    mended = HELLO.replace("depth == 99", "depth == 100").replace("def hello(", "def hello(more: int = 1, ")
    (project_folder / "hello.py").write_text(mended)
    assert penstock("resume").stdout == "best 198\n"


def test_a_parameter_that_is_gone_is_named(penstock: Penstock, project_folder: Path):
    penstock("run", "hello.py", "--depths", "[99]")
    (project_folder / "hello.py").write_text(HELLO.replace("rows: int = 3, ", "").replace("(rows)", "(3)"))
    wrong = penstock("resume")
    assert wrong.returncode == 2
    assert "hello/1 was started with rows, which hello no longer takes" in wrong.stderr


def test_a_moved_file_is_named_on_resume(penstock: Penstock, project_folder: Path):
    penstock("run", "hello.py", "--depths", "[99]")
    (project_folder / "new").mkdir()
    moved = project_folder / "new" / "hello.py"
    (project_folder / "hello.py").rename(moved)
    wrong = penstock("resume")
    assert wrong.returncode == 2
    assert "penstock resume --file NEW hello/1" in wrong.stderr
    assert penstock("resume", "--file", "new/hello.py", "hello/1").returncode == 1
    moved.write_text(HELLO.replace("depth == 99", "depth == 100"))
    assert penstock("resume").returncode == 0  # where it is now is known


@pytest.mark.parametrize("verb", ["resume", "fork"])
def test_a_copied_project_does_not_run_the_file_of_the_original(penstock: Penstock, project_folder: Path, verb: str):
    project = project_folder / "first"
    (project / ".penstock").mkdir(parents=True)
    (project / "hello.py").write_text(HELLO)
    penstock("run", "hello.py", "--depths", "[99]", cwd=project)
    copy = shutil.copytree(project, project_folder / "second")
    (copy / "hello.py").write_text(HELLO.replace("depth == 99", "depth == 100"))
    wrong = penstock(verb, "hello/1", cwd=copy)
    assert wrong.returncode == 2
    mend = f"penstock {verb} --file hello.py hello/1"
    assert mend in wrong.stderr
    assert penstock(*mend.split()[1:], cwd=copy).stdout == "best 297\n"


def test_tasks_that_are_not_asked_for_again_are_told(penstock: Penstock, project_folder: Path):
    penstock("run", "hello.py", "--depths", "[1, 99]")
    (project_folder / "hello.py").write_text(HELLO.replace("train.map(depths,", "train.map([5],"))
    resumed = penstock("resume")
    assert resumed.returncode == 0
    assert "1 task finished before was not asked for again (train)" in resumed.stderr


def test_the_handler_of_a_failure_that_is_mended_is_no_task_that_the_body_left_out(project: Project):
    project.write("""
        from pathlib import Path
        from penstock import flow, step
        @step
        def tell(error): print(error)
        @step
        def work(n):
            if not Path("mended").exists():
                raise ValueError(n)
            return n
        @flow(on_failure=tell)
        def main(): return work(1)
    """)
    assert project.penstock("run", "mine.py")[0] == 1
    project.touch("mended")
    for words in (("resume", "--dry-run"), ("resume",)):
        code, said = project.penstock(*words)
        assert (code, "not asked for" in said) == (0, False)


def test_what_a_resume_runs_again_is_no_retry(project: Project):
    project.write("""
        from pathlib import Path
        from penstock import flow, step
        @step(retries=1, retry_delay=0)
        def work(n):
            with open("tries", "a") as tries:
                tries.write("x")
            if Path("tries").stat().st_size != 4:
                raise ValueError(n)
        @flow
        def main(): work(1)
    """)
    failed, resumed = project.penstock("run", "mine.py"), project.penstock("resume")
    assert (failed[0], "work: 0 done, 1 failed, 1 retry\n" in failed[1]) == (1, True), failed
    assert (resumed[0], "work: 1 done, 1 retry\n" in resumed[1]) == (0, True), resumed


def test_what_is_said_of_edited_code_holds_after_a_second_edit(project: Project):
    """The code is again what it was when the run began: what is new in it, is so since other results were made."""
    text = """
        from pathlib import Path
        from penstock import flow, step
        @step
        def part(n): return n
        @flow
        def main():
            part.map(range(3)).result()
            if Path("more").exists():
                part.map(range(10, 12)).result()
            if not Path("mended").exists():
                raise ValueError
    """
    project.write(text)
    assert project.penstock("run", "mine.py")[0] == 1
    project.write(text.replace("return n", "return n + 1"))
    project.touch("more")
    _, said = project.penstock("resume")
    assert "part() in mine.py changed since 3 results of this run were made: they are kept" in said
    assert ["part", "5", "3"] in [line.split() for line in project.penstock("show")[1].splitlines()]  # 3 of them reused
    project.write(text)
    project.touch("mended")
    _, said = project.penstock("resume")
    assert "part() in mine.py changed since 2 results of this run were made: they are kept" in said
    ways = "`penstock resume --changed main/1`, or, once the run is done, `penstock fork main/1`"
    assert f"To have them made by that, too: {ways}" in said
    code, said = project.penstock("resume", "--changed", "main/1")
    assert (code, said.startswith("penstock: main/1 is done")) == (2, True)
    _, said = project.penstock("fork", "main/1")
    assert "main/2 part: 5 done, 3 reused" in said


# A run that is stopped.


def test_ctrl_c_waits_for_what_is_in_flight_and_the_run_resumes(
    penstock: Penstock, slow: subprocess.Popen[str], project_folder: Path
):
    slow.send_signal(signal.SIGINT)
    assert slow.stderr is not None
    told = ""
    while "stopping" not in told:
        line = slow.stderr.readline()
        assert line, told
        told += line
    assert "waiting up to 5.0 s for wait/1 to finish; press Ctrl-C again to stop now" in told
    (project_folder / "go").touch()
    _, rest = slow.communicate(timeout=60)
    assert slow.returncode == 130
    assert "slow/1 interrupted after" in rest
    assert "failed" not in rest
    resumed = pasted(penstock, commands_of(rest)[0])
    assert resumed.returncode == 0
    assert "2 tasks, 2 reused" in resumed.stderr


def test_a_second_ctrl_c_stops_now(slow: subprocess.Popen[str]):
    slow.send_signal(signal.SIGINT)
    assert slow.stderr is not None
    while "stopping" not in slow.stderr.readline():
        pass
    slow.send_signal(signal.SIGINT)
    _, rest = slow.communicate(timeout=60)
    assert slow.returncode == 130
    assert "stopping now" in rest


def test_a_run_that_is_driven_is_not_resumed_but_cancelled(penstock: Penstock, slow: subprocess.Popen[str]):
    busy = penstock("resume")
    assert busy.returncode == 2
    assert f"slow/1 is driven by process {slow.pid} on" in busy.stderr
    assert penstock("rm", "slow/1", "--yes").returncode == 2
    cancelled = penstock("cancel")
    assert cancelled.returncode == 0
    assert f"asked process {slow.pid}" in cancelled.stderr
    _, told = slow.communicate(timeout=60)
    assert slow.returncode == 1
    assert "slow/1 cancelled after" in told
    assert json.loads(penstock("show", "slow/1", "--json").stdout)["status"] == "cancelled"


def test_a_crashed_run_is_cancelled_at_once_and_resumes(
    penstock: Penstock, slow: subprocess.Popen[str], project_folder: Path
):
    slow.kill()
    slow.wait()
    assert json.loads(penstock("ls", "--json").stdout)[0]["status"] == "crashed"
    assert "marked as cancelled" in penstock("cancel", "slow/1").stderr
    assert json.loads(penstock("ls", "--json").stdout)[0]["status"] == "cancelled"
    (project_folder / "go").touch()
    resumed = penstock("resume", "slow")
    assert resumed.returncode == 0
    assert "2 tasks, 1 reused" in resumed.stderr


# Runs are kept, named and removed.


def test_tags(penstock: Penstock):
    penstock("run", "--tag", "old", "hello.py")
    assert penstock("tag", "hello/1", "+best", "-old").stdout == "hello/1: best\n"
    assert penstock("tag").stdout == "hello/1: best\n"
    assert json.loads(penstock("tag", "more", "hello/1").stdout or "null") is None
    assert json.loads(penstock("tag", "hello/1", "two", "--json").stdout) == {"run": "hello/1", "tags": ["best", "two"]}


def blobs() -> set[Path]:
    return set(Path(".penstock/store").rglob("b3-*"))


def test_gc_frees_what_removed_runs_left_and_nothing_else(penstock: Penstock):
    penstock("run", "hello.py", "--rows", "200000")
    penstock("run", "hello.py", "--rows", "300000")
    kept = blobs()
    assert len(kept) == 2
    assert "nothing to free" in penstock("gc", "--yes").stderr
    assert blobs() == kept

    assert penstock("rm", "hello/1").returncode == 2
    assert penstock("rm", "hello/1", "--yes").returncode == 0
    dry = json.loads(penstock("gc", "--json").stdout)
    assert (dry["removed"], dry["piles"][0]) == (False, {"what": "blobs", "count": 1, "bytes": 200009})
    assert blobs() == kept
    assert "freed" in penstock("gc", "--yes").stderr
    assert len(blobs()) == 1
    (left,) = Path(".penstock/logs/hello").iterdir()
    assert left.name.startswith("2-")
    assert penstock("get", "hello/2").returncode == 0


def test_gc_beside_a_running_flow_takes_nothing_of_its(
    penstock: Penstock, slow: subprocess.Popen[str], project_folder: Path
):
    (committed,) = blobs()
    FolderStore(project_folder / ".penstock" / "store").put(os.urandom(100_000))
    (uncommitted,) = blobs() - {committed}
    an_hour_ago = time.time() - 3600  # as if the clock had been set back since the flow began
    os.utime(uncommitted, (an_hour_ago, an_hour_ago))
    assert penstock("gc", "--yes").returncode == 0
    assert blobs() == {committed, uncommitted}
    (project_folder / "go").touch()
    slow.communicate(timeout=60)
    assert slow.returncode == 0


# Projects and installations.


def test_init_makes_a_project_that_runs_and_passes_its_test(penstock: Penstock, project_folder: Path):
    begun = penstock("init", "mine")
    assert begun.returncode == 0
    mine = project_folder / "mine"
    ran = penstock("run", "flows/line.py", "--points", "50", cwd=mine)
    assert (ran.returncode, ran.stdout.startswith("y = ")) == (0, True)
    tested = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    assert subprocess.run(tested, cwd=mine, env=environment(), check=False).returncode == 0
    again = penstock("init", "mine")
    assert again.returncode == 2
    assert "is there already" in again.stderr


def test_doctor(penstock: Penstock, project_folder: Path):
    sound = penstock("doctor")
    assert sound.returncode == 0
    assert "ok   python" in sound.stdout
    (project_folder / "penstock.toml").write_text("max_worker = 2")
    sick = penstock("doctor", "--json")
    assert sick.returncode == 1
    (problem,) = [finding for finding in json.loads(sick.stdout) if finding["level"] == "problem"]
    assert "did you mean max_workers?" in problem["found"]


def test_runs_complete_in_a_shell(penstock: Penstock):
    penstock("run", "hello.py")
    words = {"_PENSTOCK_COMPLETE": "bash_complete", "COMP_WORDS": "penstock tag hel", "COMP_CWORD": "2"}
    assert penstock(env={**environment(), **words}).stdout == "plain,hello/1\n"
    words |= {"COMP_WORDS": "penstock nothing hel"}
    silent = penstock(env={**environment(), **words})
    assert (silent.stdout.strip(), silent.stderr) == ("", "")
    assert "_penstock_completion" in penstock("completion", "zsh").stdout + penstock("completion", "fish").stdout


# Where a run is watched.


def test_a_script_sees_progress_on_stderr_alone(penstock: Penstock, project_folder: Path):
    (project_folder / "script.py").write_text(
        "from hello import hello\nif __name__ == '__main__':\n    print(hello(rows=2))\n    hello(depths=[99])\n"
    )
    ran = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, env=environment(), check=False)
    assert (ran.returncode, ran.stdout) == (1, "best 6\n6\n")
    assert "hello/1 done in" in ran.stderr
    assert "hello/2 failed after" in ran.stderr
    assert "go on with: penstock resume hello/2" in ran.stderr
    assert "ValueError: bad depth 99" in ran.stderr


def in_terminal(words: list[str], until: str = "", **more: Any) -> str:
    """What a terminal of 100 columns shows. The file `go` is made once it has shown `until`, a pattern."""
    near, far = pty.openpty()
    env = {**environment(), "TERM": "xterm", "COLUMNS": "100", "CI": ""}
    more.setdefault("stdout", far)
    with subprocess.Popen([*COMMAND, *words], stdin=far, stderr=far, env=env, **more):
        os.close(far)
        shown = b""
        while True:
            try:
                data = os.read(near, 65536)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            shown += data
            if re.search(until, plain(shown)):
                Path("go").touch()
    os.close(near)
    return shown.decode()


def plain(shown: bytes) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode(errors="replace"))


WAITING = """
import os, time
from penstock import flow, progress, step

@step
def work(n):
    print("epoch", n, flush=True)
    for batch in progress(range(4), label="batches"):
        while batch == 2 and not os.path.exists("go"):
            time.sleep(0.01)

@flow
def waiting():
    print("body begins")
    work.map(range(4)).result()
    print("body ends")
"""


def test_a_terminal_shows_live_progress_beside_what_the_body_prints(penstock: Penstock, project_folder: Path):
    (project_folder / "waiting.py").write_text(WAITING)
    shown = in_terminal(
        ["run", "--max-workers", "2", "waiting.py"], r"[12] running(?s:.)*epoch(?s:.)*batches\s+━+\s+2 of 4"
    )
    text = plain(shown.encode())
    lines = [line.strip() for line in re.split(r"[\r\n]+", text)]
    assert "body begins" in lines
    assert "body ends" in lines
    assert any(re.match(r"work\s+━+\s+\d/4\s+[12] running", line) for line in lines)
    assert any(re.match(r"work\s+━+\s+4/4", line) for line in lines)
    assert any(re.match(r"work/[12] batches\s+━+\s+2 of 4", line) for line in lines)
    assert not any("batches  " in line for line in lines[-3:]), "no bar stays of what is over"
    assert any("epoch" in line for line in lines)
    assert any(line.startswith("waiting/1 done in") for line in lines)


def test_a_redirected_stdout_stays_clean_in_a_terminal(penstock: Penstock, project_folder: Path):
    (project_folder / "waiting.py").write_text(WAITING)
    with open("out.txt", "w") as out:
        shown = in_terminal(["run", "waiting.py"], "━", stdout=out)
    assert Path("out.txt").read_text() == "body begins\nbody ends\n"
    assert "━" in shown
    assert "body begins" not in shown


RESOURCES = """
import time
from penstock import flow, step

@step(cache=True, memory="64MiB")
def hungry(mib: int):
    time.sleep(0.1)
    data = bytearray(mib << 20)
    time.sleep(60 if mib > 64 else 0.2)  # memory is looked at now and then
    return len(data)

@step(timeout="0.3s")
def slow(seconds: float):
    time.sleep(seconds)

@flow
def needs(mib: int = 1):
    for broken in (lambda: hungry(200), lambda: slow(30)):
        try:
            broken()
        except (MemoryError, TimeoutError) as error:
            print(type(error).__name__)
    return hungry.map([1, 2, 3, mib]).result()
"""


MOVING = """
from pathlib import Path
from penstock import flow, step

@step
def move():
    Path("file").write_bytes(bytes(300_000))
    return len(Path("file").read_bytes())

@flow
def moving():
    return move()
"""


def test_what_steps_used_and_should_ask_for(penstock: Penstock, project_folder: Path) -> None:
    (project_folder / "needs.py").write_text(RESOURCES)
    for mib in (4, 5):  # the second run reuses what the first one made
        assert penstock("run", "needs.py", "--mib", str(mib)).returncode == 0
    told = penstock("show", "needs", "--resources")
    assert told.returncode == 0
    assert re.search(r"^hungry +7 .* 2$", told.stdout, re.MULTILINE)
    assert '  hungry  @step(cpu=1, memory=grow("64MiB", to=' in told.stdout
    assert '  slow    @step(timeout="1m")' in told.stdout
    assert "2 attempts ran out of memory" in told.stdout
    steps = {
        step["step"]: step for step in json.loads(penstock("show", "needs", "--resources", "--json").stdout)["steps"]
    }
    assert (steps["hungry"]["done"], steps["hungry"]["out_of_memory"], steps["slow"]["timeouts"]) == (5, 2, 2)
    one = json.loads(penstock("show", "needs/2/hungry", "--resources", "--json").stdout)
    assert [(step["step"], step["attempts"]) for step in one["steps"]] == [("hungry", 2)]
    assert penstock("show", "neds", "--resources").returncode == 2
    assert "leave --limit and --status out" in penstock("show", "needs", "--resources", "--limit", "3").stderr


def test_show_tells_what_a_task_read_and_wrote(penstock: Penstock, project_folder: Path) -> None:
    (project_folder / "moving.py").write_text(MOVING)
    assert penstock("run", "moving.py").returncode == 0
    assert re.search(r"29\d\.\d KiB read, 29\d\.\d KiB written", penstock("show", "moving/1/move/1").stdout)
    attempt = json.loads(penstock("show", "moving/1/move/1", "--json").stdout)["attempt"]
    assert 300_000 <= attempt["read_bytes"] < 330_000
    assert 300_000 <= attempt["written_bytes"] < 330_000


def test_the_first_run_of_a_project_says_where_it_keeps_things(project: Project) -> None:
    project.write("""
        @flow
        def main():
            pass
    """)
    place = f"the project's first run: all runs and their values are kept in {project.folder / '.penstock'}"
    assert place in project.penstock("run", "mine.py")[1].splitlines()
    assert "first run" not in project.penstock("run", "mine.py")[1]


def test_a_folder_that_everybody_can_write_to_is_no_project(project: Project) -> None:
    project.write("""
        @flow
        def main():
            pass
    """)
    project.folder.chmod(0o777)
    for verb in (["run", "mine.py"], ["ls"], ["show"]):
        code, told = project.penstock(*verb)
        assert (code, "is writable by everybody" in told, "Traceback" in told) == (2, True, False)
    assert "is writable by everybody" in project.penstock("doctor")[1]
    mend = told[told.index("export PENSTOCK_PROJECT=") :].splitlines()[0]
    pasted = f"{mend}\nexec {sys.executable} -m penstock run mine.py"
    ran = project.popen(["sh", "-c", pasted])
    assert "done in" in ran.communicate()[0]
    assert ran.returncode == 0
