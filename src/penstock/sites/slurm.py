"""Agents as jobs of Slurm, by its own programs: here, or on a login node that OpenSSH reaches.

A job array for each batch, named so that the queue alone tells which agents wait or run. What they print, and how they
ended once Slurm has forgotten them, lies in a folder that all nodes share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.errors import PlatformError
from penstock.model.agents import AgentRequest, AgentSight
from penstock.model.states import Cause
from penstock.sites import host_script, shared_folder, slurm_words
from penstock.sites.shells import Shell
from penstock.sites.slurm_job import SlurmOptions, submitting
from penstock.sites.slurm_words import SlurmJob

_MARK = "penstock: "


class SlurmSite:
    """A cluster with Slurm."""

    def __init__(self, command: Sequence[str], shell: Shell, folder: str, options: SlurmOptions) -> None:
        """`command`: what starts an agent on a node; its join code is added. `shell`: where `sbatch` is. `folder`:
        absolute, and the same on all nodes."""
        self._command = tuple(command)
        self._shell = shell
        self._folder = folder
        self._options = options

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """Submit those that were not."""
        known = self._known([agent.name for agent in agents])
        new = [agent for agent in agents if known[agent.name].state == "unknown"]
        if new:
            self._tell(*submitting(new, private, self._command, self._folder, self._options))
        return tuple(agent.name for agent in agents)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """How each is."""
        try:
            return self._known(handles)
        except PlatformError as error:
            return {name: AgentSight("unknown", str(error), is_silent=True) for name in handles}

    def end(self, handles: Sequence[str]) -> None:
        """Cancel their jobs."""
        wanted = frozenset(handles)
        queued = _jobs(self._tell(("queue",)))
        if ids := [job.id for job in queued if job.agent in wanted and job.state != "ended"]:
            self._tell(("cancel", *ids))

    def find(self, run: str) -> Mapping[str, str]:
        """What was submitted for a run: its jobs in the queue, and those that Slurm has forgotten."""
        printed = self._tell(("queue",), ("list", f"{run}-"))
        queued = [job.agent for job in _jobs(printed) if job.agent.startswith(f"{run}-")]
        return {name: name for name in (*queued, *host_script.found(printed))}

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """Give them other private values."""
        self._tell(shared_folder.keeping(handles, private))

    def _known(self, names: Sequence[str]) -> dict[str, AgentSight]:
        printed = self._tell(("queue",), ("look", *names))
        jobs = {job.agent: job for job in _jobs(printed)}
        kept = {words[0]: words[1:] for words in _answers(printed, "kept")}
        return {name: _sight(jobs.get(name), kept.get(name)) for name in names}

    def _tell(self, *calls: tuple[str, ...]) -> str:
        try:
            return self._shell.tell(shared_folder.script(self._folder, calls, "slurm.sh"))
        except PlatformError as error:
            if mend := slurm_words.mend(str(error)):
                raise PlatformError(f"{error}; {mend}") from error
            raise


def _sight(job: SlurmJob | None, kept: Sequence[str] | None) -> AgentSight:
    """How an agent is, by its line of the queue and what lies in its folder (status, words)."""
    status = kept[0] if kept else "-"
    words = bytes.fromhex(kept[1]).decode(errors="replace") if kept and len(kept) > 1 else ""
    if job is not None and job.state != "ended":
        return AgentSight(job.state, job.why, words)
    if job is not None and job.why:
        return AgentSight("ended", job.why, words, job.cause)
    if job is None and kept is None:
        return AgentSight("unknown", "no such job was submitted there")
    if status.isdecimal():
        return AgentSight("ended", host_script.ended_with(int(status)), words)
    return AgentSight("ended", "Slurm has ended it, or forgotten it", words, Cause.LOST)


def _jobs(printed: str) -> list[SlurmJob]:
    lines = [line[len(_MARK) + 4 :] for line in printed.splitlines() if line.startswith(f"{_MARK}job ")]
    return [job for line in lines if (job := slurm_words.job(line))]


def _answers(printed: str, word: str) -> list[list[str]]:
    start = f"{_MARK}{word} "
    return [line[len(start) :].split(" ") for line in printed.splitlines() if line.startswith(start)]
