"""Agents as those speak of them who place them: how large one is, what it is called, how it is.

An agent is Penstock's own process on a far machine. What its site tells it, it finds in its environment.
"""

from __future__ import annotations

from typing import Optional

from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

SIZE = "PENSTOCK_AGENT_SIZE"
"""The variable with an agent's size, as `AgentSize.text` writes it."""
PRIVATE = "PENSTOCK_AGENT_PRIVATE"
"""The variable with the path of a file, for its owner's eyes alone, with private values by name, as JSON. It is
replaced whole when they are refreshed. Not set: there are none."""
LEFT_S = "PENSTOCK_AGENT_LEFT_S"
"""The variable with how many seconds after the start of the agent's process its allocation ends. Not set: it has no
end."""
HOME = "PENSTOCK_AGENT_HOME"
"""The variable with the folder where agents keep their things. Not set: one in the user's cache."""


_FITTING = 0.9

CUT_S = 20.0
"""An agent begins so long before its allocation ends to end what runs there, and to tell it: at most a tenth of the
whole."""


def has_time(timeout_s: Optional[float], lasts_s: Optional[float], left_s: Optional[float]) -> bool:
    """Whether an attempt that may take so long is begun at an agent that lasts so long, and of that has so much left.
    None: any time. What hardly fits into the whole takes its chance: it may need less, and fits nowhere better."""
    if timeout_s is None or lasts_s is None or left_s is None:
        return True
    return timeout_s <= left_s or timeout_s > _FITTING * lasts_s


class AgentSize(NamedTuple):
    """What an agent holds, of which it grants lanes."""

    cpu: float
    memory_bytes: Optional[int]  # None: what the machine has
    gpus: int = 0

    @property
    def text(self) -> str:
        """It as a variable's value."""
        return f"{self.cpu:g} {self.memory_bytes or 0} {self.gpus}"

    @classmethod
    def of_text(cls, text: str) -> AgentSize:
        """The size that `text` was made of; raises ValueError."""
        cpu, memory, gpus = text.split()
        return cls(float(cpu), int(memory) or None, int(gpus))


class AgentRequest(NamedTuple):
    """An agent that is to be placed."""

    name: str  # "<run nonce>-<executor>-<number>", as DNS has names; also in mail
    code: str  # the join code: where it reports, and as whom; no credential
    size: AgentSize

    @property
    def run(self) -> str:
        """The nonce of the run that it is for."""
        return self.name.partition("-")[0]


class AgentSight(NamedTuple):
    """How an agent is, as its site sees it."""

    state: str  # "pending", "running", "ended", or "unknown": the site can't be asked, or knows of none
    why: str = ""  # it waits or ended, in words
    words: str = ""  # the end of what it printed, at most 4 KB; "": nothing, or not known yet
    cause: Optional[Cause] = None  # what ended it, where the site knows of more than its process's exit
    is_silent: bool = False  # unknown, since the site can't be asked
