"""What Slurm says of its jobs, in words. Pure."""

from __future__ import annotations

from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

_WAITS = {
    "Resources": "it waits for free nodes",
    "Priority": "others are before it in the queue",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition takes no jobs",
    "PartitionNodeLimit": "it asks for more than its partition has: lower `cpu`, `memory` or `gpus`",
    "PartitionTimeLimit": "it asks for more time than its partition allows: lower `time_limit`",
    "ReqNodeNotAvail": "the nodes that it asks for are not available",
    "JobHeldUser": "somebody holds it: `scontrol release` lets it go on",
    "JobHeldAdmin": "an administrator holds it",
    "JobArrayTaskLimit": "so many of its array run already",
    "BeginTime": "Slurm starts it anew in a while",
    "Licenses": "it waits for a license",
    "Dependency": "it waits for another job",
    "Reservation": "it waits for its reservation",
    "BadConstraints": "no node is as it asks for: correct `lines`",
    "InvalidAccount": "its account is not valid: correct `account`",
    "InvalidQOS": "its QOS is not valid: correct `qos`",
}
_RUNNING = ("RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING")
_PENDING = ("PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD")
_ENDS = {
    "PREEMPTED": ("Slurm preempted it for another job", Cause.PREEMPTED),
    "TIMEOUT": ("its time limit is over: raise `time_limit`", Cause.PREEMPTED),
    "DEADLINE": ("its deadline is over", Cause.PREEMPTED),
    "NODE_FAIL": ("its node failed", Cause.LOST),
    "BOOT_FAIL": ("its node did not start", Cause.LOST),
    "CANCELLED": ("its job was cancelled", Cause.LOST),
    "REVOKED": ("its job was taken away", Cause.LOST),
    "OUT_OF_MEMORY": ("it used more than its memory: raise `memory`", Cause.OUT_OF_MEMORY),
}
_MENDS = (
    ("not found", "Slurm's programs are not on PATH there: set `via` to a login node"),
    ("configuration source", "Slurm's programs find no settings there: set `via` to a login node"),
    ("Invalid partition", "correct `partition`: `sinfo` lists them"),
    ("Invalid account", "correct `account`"),
    ("Invalid qos", "correct `qos`"),
    ("node configuration is not available", "no node is as large: lower `cpu`, `memory` or `gpus`"),
    ("time limit is invalid", "lower `time_limit`"),
    ("contact slurm controller", "see what `sinfo` says there"),
)


class SlurmJob(NamedTuple):
    """A line of the queue."""

    id: str  # "12_3"
    agent: str
    state: str  # as of an `AgentSight`
    why: str = ""
    cause: Cause | None = None


def mend(said: str) -> str:
    """What to do about what its programs printed; "": that is said there, or nobody knows."""
    return next((mend for sign, mend in _MENDS if sign.lower() in said.lower()), "")


def waits(reason: str) -> str:
    """Why a job has not begun. `reason`: as `squeue` prints it."""
    word = reason.split(",", maxsplit=1)[0].split(" ", maxsplit=1)[0].strip("()")
    if said := _WAITS.get(word):
        more = reason[len(word) :].strip(" ,")
        return f"{said} ({more})" if more else said
    if word.startswith("QOS"):
        return f"a limit of its QOS is reached ({word})"
    if word.startswith(("Assoc", "Max")):
        return f"a limit of its account is reached ({word})"
    return f"Slurm says {word}" if word and word != "None" else "Slurm has not looked at it yet"


def job(line: str) -> SlurmJob | None:
    """What `%i|%j|%T|%r` says of a job; None: it is none of ours. Jobs of an array are named after the first one's
    agent, and numbered on from it."""
    id_, name, state, reason = ([*line.split("|", 3), "", "", ""])[:4]
    prefix, _, first = name.rpartition("-")
    index = id_.rpartition("_")[2]
    if not (prefix and first.isdecimal() and "_" in id_ and index.isdecimal()):
        return None
    agent = f"{prefix}-{int(first) + int(index)}"
    if state in _PENDING:
        return SlurmJob(id_, agent, "pending", waits(reason))
    if state in _RUNNING:
        return SlurmJob(id_, agent, "running")
    why, cause = _ENDS.get(state, ("", None))
    return SlurmJob(id_, agent, "ended", why, cause)
