"""Sites, their agents and what waits for them, as Python, the command line and the API show them."""

from __future__ import annotations

from datetime import datetime

import msgspec


class AgentTask(msgspec.Struct, frozen=True):
    """A task in a lane of an agent, as its run's driver noted it last."""

    task: str  # "digits/3/train/2"
    status: str  # "running"; "placed": it is the next there, or what it needs is being made ready
    since: datetime  # that it is so
    cpu: float = 0.0
    memory_bytes: int | None = None  # None: not limited
    gpu: int = 0


class AgentInfo(msgspec.Struct, frozen=True):
    """An agent that was placed for a run that is not over."""

    name: str
    run: str  # "digits/3"
    state: str  # "pending", "running", "ended" or "unknown"
    why: str = ""  # it waits or ended, in words
    host: str = ""  # as the agent says; "": it has not come up
    cpu: float | None = None  # what it has for lanes; None: not known
    memory_bytes: int | None = None  # likewise; None: not known, or what the machine has
    gpus: int | None = None  # likewise
    load: float | None = None  # processes of its machine that ran or waited for a CPU, over a minute; None: not known
    version: str = ""  # of its Penstock
    tasks: tuple[AgentTask, ...] = ()


class WaitingTasks(msgspec.Struct, frozen=True):
    """Tasks of a run that wait for an executor, or for results before that."""

    run: str  # "digits/3"
    step: str
    tasks: int
    why: str  # in words


class SiteInfo(msgspec.Struct, frozen=True):
    """An executor whose attempts run at agents."""

    executor: str
    kind: str  # "agent", "ssh", "slurm" or "ray"
    place: str  # hosts, the address, the login node
    tier: str  # URL of its far tier
    max_agents: int | None  # of one run
    agents: tuple[AgentInfo, ...] = ()
    trouble: str = ""  # why it can't be asked, with a mend; "": it was
    waiting: tuple[WaitingTasks, ...] = ()
    asked_at: datetime | None = None  # when it answered last; None: it was not asked, since no run is there, or not yet
