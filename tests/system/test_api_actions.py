"""What the API starts: verbs in processes of their own, which outlive the server."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

from penstock.space.left_actions import FOLDER
from tests.api_server import ApiServer, Reply, serving
from tests.system.flows import Project, wait_until

SOURCE = """
    class Odd:
        pass

    @step
    def double(x):
        print("doubling", x)
        if x == 13:
            raise ValueError("unlucky")
        return 2 * x

    @step
    def wait(x):
        await_file("go")
        return x

    @flow
    def main(x: int = 1, note: str = "", odd: object = None):
        return double(x)

    @flow
    def slow(x: int = 1):
        return wait(x)
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("actions") / "work") as project:
        project.write(SOURCE)
        assert project.run(x=2).value() == 4
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


def ended(server: ApiServer, reply: Reply) -> dict[str, Any]:
    """What came of an action."""
    assert reply.status == 202, reply
    id_ = reply.json["action"]

    def found() -> Any:
        action = server.get(f"/actions/{id_}").json
        return action if action["state"] != "running" else None

    return wait_until(found, f"for action {id_}")


def test_a_run_is_started_with_parameters_of_json(server: ApiServer, project: Project):
    reply = server.post("/flows/main:start", {"params": {"x": 3, "note": "@it's <b>"}, "seed": 7, "tags": ["from-api"]})
    assert reply.json["command"].startswith("penstock run --seed 7 --tag from-api --params ")
    action = ended(server, reply)
    assert (action["state"], action["exit_code"], action["command"]) == ("done", 0, reply.json["command"])
    assert action["result"]["id"] == action["run"]
    run = server.get(f"/runs/{action['run']}").json["run"]
    assert (run["status"], run["tags"], run["seed"]) == ("done", ["from-api"], 7)
    assert {one["name"]: one["value"]["text"] for one in run["params"]}["x"] == "3"
    assert any("done in" in line for line in action["lines"])
    (row,) = server.get(f"/runs?filter=number:{run['number']}").json["rows"]  # however short it was
    assert row["tasks"] == {"waiting": 0, "running": 0, "done": 1, "failed": 0, "cancelled": 0}


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(server: ApiServer):
    before = server.get("/runs:index").json["total"]
    action = ended(server, server.post("/flows/main:start?dry_run=1", {"params": {"x": 99}}))
    assert [one["step"] for one in action["result"]["steps"]] == ["double"]
    assert action["run"] is None
    for method, path, body, effect in (
        ("POST", "/runs/main/1:tag", {"add": ["best"], "remove": ["-old"]}, "adds best; takes off -old"),
        ("DELETE", "/runs/main/1", None, "removes main/1 with its tasks, logs and checkpoints for good"),
        ("POST", "/flows/main:describe", {}, "imports the flow's file"),
    ):
        data = b"" if body is None else json.dumps(body).encode()
        told = server.ask(method, f"/api/v1{path}?dry_run=1", data).json
        assert (told["action"], told["effect"].startswith(effect)) == (None, True)
    assert server.get("/runs:index").json["total"] == before
    assert server.get("/runs/main/1").json["run"]["tags"] == []


def test_what_a_flow_takes_is_described(server: ApiServer):
    schema = ended(server, server.post("/flows/main:describe"))["result"]
    assert schema["properties"]["x"] == {"type": "integer", "default": 1}
    assert server.post("/flows/nothing:describe").error["code"] == "not_found"
    wrong = server.post("/flows/main:start", {"target": "/etc/passwd:main"})
    assert (wrong.status, wrong.error["field"]) == (422, "target")


def test_a_fork_keeps_what_is_not_given(server: ApiServer, project: Project):
    first = ended(server, server.post("/flows/main:start", {"params": {"x": 4, "note": "kept"}}))["run"]
    action = ended(server, server.post(f"/runs/{first}:fork", {"params": {"x": 5}, "from_step": "double"}))
    run = server.get(f"/runs/{action['run']}").json["run"]
    assert {one["name"]: one["value"]["text"] for one in run["params"]}["note"] == "kept"
    assert run["origin"]["run"] == first


def test_what_is_no_json_keeps_its_value_in_a_fork(server: ApiServer, project: Project):
    project.write("class Odd: ...\n\n@step\ndef see(x, odd): return type(odd).__name__\n\n"
                  "@flow\ndef odd(x=1, odd=Odd()): return see(x, odd)\n", "odd.py")  # fmt: skip
    first = ended(server, server.post("/flows/odd:start"))["run"]
    action = ended(server, server.post(f"/runs/{first}:fork", {"params": {"x": 2}}))
    assert (action["state"], action["result"]["result"]["text"]) == ("done", "Odd")


def test_a_run_whose_file_was_moved_is_forked_and_resumed_from_where_it_is(clean_project: Any, tmp_path: Path):
    with clean_project(tmp_path / "work") as project, serving(project.folder) as server:
        project.write(SOURCE)
        assert project.run(x=13).error["type"] == "ValueError"
        assert server.get("/runs/main/1/params").json["moved"] == ""
        (project.folder / "flows").mkdir()
        moved = project.folder / "flows" / "new.py"
        (project.folder / "mine.py").rename(moved)
        told = server.get("/runs/main/1/params").json
        assert (told["file"], told["files"]) == (os.fspath(project.folder / "mine.py"), ["flows/new.py"])
        assert "which is gone. If it was moved: penstock fork --file NEW main/1" in told["moved"]
        reply = server.post("/runs/main/1:fork", {"params": {"x": 3}, "file": "flows/new.py"})
        assert reply.json["command"] == """penstock fork --file flows/new.py --params '{"x":3}' main/1"""
        assert ended(server, reply)["state"] == "done"
        moved.write_text(moved.read_text(encoding="utf-8").replace("if x == 13", "if x == 14"), encoding="utf-8")
        assert server.post("/runs/main/1:resume", {"file": "../new.py"}).error["field"] == "file"
        reply = server.post("/runs/main/1:resume", {"file": "flows/new.py"})
        assert ended(server, reply)["state"] == "done"
        (tmp_path / "outside.py").write_text("", encoding="utf-8")
        (project.folder / "link.py").symlink_to(tmp_path / "outside.py")
        (project.folder / "data.txt").write_text("", encoding="utf-8")
        outside = ("../outside.py", os.fspath(tmp_path / "outside.py"), "link.py")
        for file in (*outside, "data.txt", "flows", "no.py", "\0"):
            reply = server.post("/runs/main/1:fork", {"file": file})
            assert (reply.status, reply.error["field"]) == (422, "file"), file


def test_tags_are_added_and_taken_off(server: ApiServer):
    odd = "--json"
    assert ended(server, server.post("/runs/main/1:tag", {"add": ["a b", odd, "-x"]}))["state"] == "done"
    assert server.get("/runs/main/1").json["run"]["tags"] == ["--json", "-x", "a b"]
    assert ended(server, server.post("/runs/main/1:tag", {"remove": ["a b", odd, "-x"]}))["state"] == "done"
    assert server.get("/runs/main/1").json["run"]["tags"] == []


def test_a_run_is_noted_about_and_named(server: ApiServer, project: Project):
    reply = server.post("/runs/main/1:note?dry_run=1", {"note": "x"})
    assert (reply.json["action"], reply.json["effect"]) == (None, "notes something about main/1")
    odd = "--json <b>\u202e\x1b[2J 'quoted'\nsecond line"
    for name in ("--name=x", "the baseline"):
        action = ended(server, server.post("/runs/main/1:note", {"note": odd, "name": name}))
        assert (action["state"], action["result"]) == ("done", {"run": "main/1", "name": name, "note": odd})
        kept = project.folder / ".penstock" / FOLDER / action["id"] / "note.txt"  # and not among the process's words
        assert kept.read_text() == f"{odd}\n"
    assert ended(server, server.post("/runs/main/1:note", {"name": ""}))["state"] == "done"
    run = server.get("/runs/main/1").json["run"]
    assert (run["name"], run["note"]) == ("", odd)
    assert ended(server, server.post("/runs/main/1:note", {"note": ""}))["state"] == "done"
    assert server.get("/runs/main/1").json["run"]["note"] == ""
    assert server.post("/runs/main/1:note", {}).error["field"] == "note"


def test_a_failed_run_is_resumed_and_removed(server: ApiServer):
    action = ended(server, server.post("/flows/main:start", {"params": {"x": 13}}))
    assert (action["state"], action["exit_code"]) == ("failed", 1)
    assert any("unlucky" in line for line in action["lines"])
    again = ended(server, server.post(f"/runs/{action['run']}:resume"))
    assert (again["state"], again["run"]) == ("failed", action["run"])
    assert ended(server, server.ask("DELETE", f"/api/v1/runs/{action['run']}"))["state"] == "done"
    assert server.get(f"/runs/{action['run']}").status == 404


def test_what_can_not_be_done_to_a_run_as_it_stands(server: ApiServer):
    for verb in ("cancel", "resume"):
        reply = server.post(f"/runs/main/1:{verb}")
        assert (reply.status, reply.error["hint"]) == (409, "penstock show main/1")
        assert server.post(f"/runs/main/999:{verb}").status == 404
    assert server.post("/runs/main/1:tag", {}).status == 422


def test_a_key_starts_an_action_once(server: ApiServer):
    first = server.post("/runs/main/1:fork", {"params": {"x": 6}}, Idempotency_Key="once")
    ended(server, first)
    again = server.post("/runs/main/1:fork", {"params": {"x": 6}}, Idempotency_Key="once")
    assert again.json == first.json
    other = server.post("/runs/main/1:fork", {"params": {"x": 7}}, Idempotency_Key="once")
    assert (other.status, other.error["code"]) == (422, "other_request")


def test_an_action_outlives_a_killed_server_and_is_found_by_the_next(project: Project):
    with serving(project.folder) as first:
        id_ = first.post("/flows/slow:start", {"params": {"x": 5}}).json["action"]
        run = wait_until(lambda: first.get(f"/actions/{id_}").json["run"])
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
    with serving(project.folder) as second:
        action = second.get(f"/actions/{id_}").json
        assert (action["state"], action["run"]) == ("running", run)
        assert second.ask("DELETE", f"/api/v1/runs/{run}").error["code"] == "busy"
        project.touch("go")
        done = wait_until(lambda: second.get(f"/actions/{id_}").json["exit_code"] is not None)
        assert done
        assert second.get(f"/actions/{id_}").json["state"] == "done"


def test_a_run_that_was_started_is_cancelled(server: ApiServer, project: Project):
    (project.folder / "go").unlink(missing_ok=True)
    reply = server.post("/flows/slow:start", {"params": {"x": 77}})
    run = wait_until(lambda: server.get(f"/actions/{reply.json['action']}").json["run"])
    wait_until(lambda: server.get(f"/runs/{run}").json["run"]["steps"])
    stopped = server.post(f"/runs/{run}:cancel")
    assert stopped.json["command"] == f"penstock cancel {run}"
    assert ended(server, stopped)["state"] == "done"
    assert ended(server, reply)["state"] == "failed"
    assert server.get(f"/runs/{run}").json["run"]["status"] == "cancelled"


def test_a_killed_action_is_lost(server: ApiServer, project: Project):
    (project.folder / "go").unlink(missing_ok=True)
    reply = server.post("/flows/slow:start", {"params": {"x": 78}})
    run = wait_until(lambda: server.get(f"/actions/{reply.json['action']}").json["run"])
    pid = int((project.folder / ".penstock" / FOLDER / reply.json["action"] / "pid").read_text())
    os.killpg(os.getpgid(pid), signal.SIGKILL)
    action = ended(server, reply)
    assert (action["state"], action["run"], action["exit_code"]) == ("lost", run, None)
    project.touch("go")


def test_other_users_of_the_machine_read_neither_the_folder_nor_the_words(server: ApiServer, project: Project):
    (project.folder / "go").unlink(missing_ok=True)
    reply = server.post("/flows/slow:start", {"params": {"x": 424242}})
    wait_until(lambda: server.get(f"/actions/{reply.json['action']}").json["run"])
    folder = project.folder / ".penstock" / FOLDER
    assert folder.stat().st_mode & 0o777 == (folder / reply.json["action"]).stat().st_mode & 0o777 == 0o700
    pid = int((folder / reply.json["action"] / "pid").read_text())
    assert b"424242" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert os.getsid(pid) != os.getsid(server.process.pid)  # nor does Ctrl-C in the server's terminal reach it
    project.touch("go")
    assert ended(server, reply)["state"] == "done"


@pytest.mark.parametrize("id_", ["..", "%2e%2e", "..%2f..%2fui-token", "0" * 32, "x", "%00", "new-0000"])
def test_an_action_is_no_path(server: ApiServer, id_: str):
    assert server.get(f"/actions/{id_}").status == 404


WRONG: tuple[dict[str, Any], ...] = (
    {"params": {"x": "\0"}},
    {"tags": ["a\0b"]},
    {"tags": ["x" * 200_000]},
    {"params": {"nothing": 1}},
    {"params": {"x": [[]]}},
    {"refresh": ["--help"]},
    {"seed": -1},
    {"max_workers": 0},
)


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_wrong_words_are_refused_or_fail_in_their_process(server: ApiServer, body: dict[str, Any]):
    reply = server.post("/flows/main:start?dry_run=1", body)
    if reply.status == 202:
        action = ended(server, reply)
        assert action["state"] == "failed" or "refresh" in body
        assert not any("Traceback" in line for line in action["lines"])
    else:
        assert reply.status == 422


def test_a_note_from_a_file(project: Project):
    """Which the API writes, since a process's words can be read by all users of the machine."""
    file = project.folder / "note.md"
    file.write_text("one\r\ntwo\n\n")
    code, output = project.penstock("note", "main/1", "--file", "note.md", "--json")
    assert (code, json.loads(output)["note"]) == (0, "one\r\ntwo\n")
    file.write_bytes(b"\xff")
    assert project.penstock("note", "main/1", "--file", "note.md") == (2, "penstock: note.md is no text in UTF-8\n")
    assert project.penstock("note", "main/1", "x", "--file", "note.md")[0] == 2
    assert project.penstock("note", "main/1", "--file", "nothing.md")[0] == 2
    assert project.penstock("note", "main/1", "")[0] == 0


def test_what_a_flow_prints_is_no_document_however_deep_it_is(project: Project, server: ApiServer):
    project.write("print('[' * 900 + ']' * 900, flush=True)\nos._exit(3)\n\n@flow\ndef deep(): ...\n", "deep.py")
    action = ended(server, server.post("/flows/deep:start"))
    assert (action["state"], action["exit_code"], action["result"]) == ("failed", 3, None)


def test_so_many_actions_run_at_once_and_so_many_are_kept(tmp_path: Path):
    folder = tmp_path / ".penstock" / FOLDER
    with serving(tmp_path) as server, ExitStack() as stack:
        for number in range(240):
            (folder / f"{number:032x}").mkdir(parents=True)
            (folder / f"{number:032x}" / "lock").touch()
            os.utime(folder / f"{number:032x}", (number, number))
        (tmp_path / "mine.py").write_text("from penstock import flow\n\n\n@flow\ndef main(): ...\n")
        locks = [stack.enter_context(open(folder / f"{number:032x}" / "lock", "rb")) for number in range(32)]
        for lock in locks:
            fcntl.flock(lock, fcntl.LOCK_EX)
        reply = server.post("/flows/main:describe")
        assert (reply.status, reply.error["code"], reply.headers["retry-after"]) == (429, "too_many", "5")
        fcntl.flock(locks[0], fcntl.LOCK_UN)
        action = ended(server, server.post("/flows/main:describe"))
        left = {entry.name for entry in folder.iterdir()}
        assert left == {action["id"], *(f"{number:032x}" for number in (*range(1, 32), *range(40, 240)))}


def test_what_could_not_be_started_leaves_nothing(tmp_path: Path):
    """Where the system lets no process begin, say; by the same key it is started later."""
    (tmp_path / "mine.py").write_text("from penstock import flow\n\n\n@flow\ndef main(): ...\n")
    broken = (
        "import os, subprocess\nreal = subprocess.Popen.__init__\n"
        "def refused(self, words, **more):\n"
        "    if os.path.exists('broken') and words[0] == 'sh':\n"
        "        raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "    real(self, words, **more)\n"
        "subprocess.Popen.__init__ = refused\n"
    )
    with serving(tmp_path, before=broken) as server:
        (tmp_path / "broken").touch()
        reply = server.post("/flows/main:describe", Idempotency_Key="once")
        assert (reply.status, reply.error["code"]) == (503, "not_started")
        assert not list((tmp_path / ".penstock" / FOLDER).iterdir())
        (tmp_path / "broken").unlink()
        assert ended(server, server.post("/flows/main:describe", Idempotency_Key="once"))["state"] == "done"
