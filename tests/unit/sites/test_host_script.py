"""What a host is told, word for word, and how what it answers is read."""

from __future__ import annotations

from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.states import Cause
from penstock.sites import host_script

AGENT = AgentRequest("r1-gpus-1", "code'1", AgentSize(2.0, 1 << 30, 1))


def calls(script: str) -> str:
    return script[script.index("main() {") :]


def test_placing():
    script = host_script.placing([AGENT], {"TOKEN": 'a "b"'}, ("sh", "/a b/agent"), "/scratch/me", slots=4)
    assert calls(script) == (
        "main() {\n"
        "enter /scratch/me\n"
        "sweep\n"
        """place 4 r1-gpus-1 '2 1073741824 1' '{"TOKEN": "a \\"b\\""}' sh '/a b/agent' 'code'"'"'1'\n"""
        "true\n"
        "}\n"
        "main\n"
    )


def test_what_else_a_host_is_told():
    assert "\nlook r1-gpus-1 r1-gpus-2\n" in calls(host_script.looking(["r1-gpus-1", "r1-gpus-2"]))
    assert "\nend 2.5 r1-gpus-1\n" in calls(host_script.ending(["r1-gpus-1"], 2.5))
    assert "\nlist r1-\n" in calls(host_script.finding("r1"))
    assert "\nrefresh '{}' r1-gpus-1\n" in calls(host_script.refreshing(["r1-gpus-1"], {}))
    assert "\nenter ''\n" in calls(host_script.finding("r1"))


def test_a_script_that_is_cut_off_does_nothing():
    """All it does is in functions, and the last line calls them."""
    script = host_script.placing([AGENT], {}, ("true",))
    assert script.endswith("\n}\nmain\n")
    before = script[: script.index("main() {")]
    assert [line for line in before.splitlines() if line.split(" ")[0] in ("enter", "place", "sweep")] == []


def test_answers_are_told_from_what_a_profile_prints():
    printed = "Welcome!\npenstock: placed r1-gpus-1\npenstock: full r1-gpus-2\nplaced r1-gpus-3\n"
    assert host_script.placed(printed) == {"r1-gpus-1"}
    assert host_script.found("penstock: found r1-gpus-1\nfound r1\n") == ["r1-gpus-1"]


def test_sights():
    said = b"no space\xff".hex()
    printed = f"penstock: running a - \npenstock: ended b 3 {said}\npenstock: ended c - \npenstock: unknown d - \n"
    assert host_script.sights(printed) == {
        "a": AgentSight("running"),
        "b": AgentSight("ended", "exit status 3", "no space\ufffd"),
        "c": AgentSight("ended", "its process was killed, or the machine started anew", cause=Cause.LOST),
        "d": AgentSight("unknown", "nothing of this name was placed there"),
    }


def test_an_exit_status_in_words():
    assert host_script.ended_with(0) == "it went"
    assert host_script.ended_with(137) == "killed by SIGKILL"
    assert host_script.ended_with(255) == "exit status 255"
