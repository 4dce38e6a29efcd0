"""What a shell on a host is told, to have it place agents and look after them, and what it answers. Pure but for
reading `host.sh`.

It is told by its standard input: nothing of it is in a list of arguments, which others on that host can see.
"""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from penstock.model.agents import AgentRequest, AgentSight
from penstock.model.states import Cause

_MARK = "penstock: "


def placing(
    agents: Iterable[AgentRequest],
    private: Mapping[str, str],
    command: Sequence[str],
    home: str = "",
    slots: int = 0,
) -> str:
    """Starts each agent: the command, and its join code. `home` "": as the host has it. `slots`: how many of this size
    the host has room for, those of other runs included; 0: nobody counts."""
    same = (json.dumps(private), *command)
    calls = (("place", str(slots), agent.name, agent.size.text, *same, agent.code) for agent in agents)
    return _script(home, "sweep", *calls)


def looking(names: Sequence[str], home: str = "") -> str:
    """Asks how agents are."""
    return _script(home, ("look", *names))


def ending(names: Sequence[str], grace_s: float, home: str = "") -> str:
    """Tells agents to go, and kills those that are there after the grace."""
    return _script(home, ("end", f"{grace_s:g}", *names))


def finding(run: str, home: str = "") -> str:
    """Lists what was placed for a run."""
    return _script(home, ("list", f"{run}-"))


def refreshing(names: Sequence[str], private: Mapping[str, str], home: str = "") -> str:
    """Replaces the private values of agents."""
    return _script(home, ("refresh", json.dumps(private), *names))


def placed(printed: str) -> set[str]:
    """The names of the agents that stand there, new or not."""
    return {words[1] for words in _answers(printed) if words[0] == "placed"}


def found(printed: str) -> list[str]:
    """The names that were listed."""
    return [words[1] for words in _answers(printed) if words[0] == "found"]


def sights(printed: str) -> dict[str, AgentSight]:
    """How agents are, by name."""
    seen: dict[str, AgentSight] = {}
    for words in _answers(printed):
        if len(words) >= 3 and words[0] in ("pending", "running", "ended", "unknown"):
            said = bytes.fromhex(words[3]).decode(errors="replace") if len(words) > 3 else ""
            cause = Cause.LOST if words[0] == "ended" and not words[2].isdecimal() else None
            seen[words[1]] = AgentSight(words[0], _why(words[0], words[2]), said, cause)
    return seen


def unknown() -> AgentSight:
    """How an agent is that no host knows."""
    return AgentSight("unknown", "nothing of this name was placed there")


def _why(state: str, status: str) -> str:
    if state == "unknown":
        return unknown().why
    if state != "ended":
        return "it is being started" if state == "pending" else ""
    if not status.isdecimal():
        return "its process was killed, or the machine started anew"
    return ended_with(int(status))


def ended_with(status: int) -> str:
    """What an exit status says, as shells write it."""
    if status > 128:
        try:
            return f"killed by {signal.Signals(status - 128).name}"
        except ValueError:
            pass
    return f"exit status {status}" if status else "it went"


def _script(home: str, *calls: str | tuple[str, ...]) -> str:
    """The calls stand in a function: a shell whose input is cut off in the middle of it does nothing."""
    lines = [call if isinstance(call, str) else " ".join(map(shlex.quote, call)) for call in calls]
    body = "\n".join(["main() {", f"enter {shlex.quote(home)}", *lines, "true", "}", "main", ""])
    return _library() + body


def _answers(printed: str) -> list[list[str]]:
    """What a shell prints before, as its profile says, is none of ours."""
    return [line[len(_MARK) :].split(" ") for line in printed.splitlines() if line.startswith(_MARK)]


@cache
def _library() -> str:
    return (resources.files(__package__ or "") / "host.sh").read_text(encoding="utf-8")
