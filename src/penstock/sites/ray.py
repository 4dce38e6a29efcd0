"""Agents as jobs of a Ray cluster, by the REST API of its dashboard: one job for each, which holds what the agent has.

So Ray's own Python and version need not be ours, and no Ray is installed here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.errors import PlatformError
from penstock.model.agents import PRIVATE, SIZE, AgentRequest, AgentSight
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple
from penstock.sites import host_script, shared_folder
from penstock.sites.shells import Shell

TOKEN = "RAY_AUTH_TOKEN"
"""The variable with what opens a cluster that asks for it; Ray's own programs read it, too."""
_PATIENCE_S = 30.0
_LATER = "try again later"
_SOON_S = 60.0
_AGAIN_S = 0.5
_WAITING = "Job has not started yet"
_WAITS = "it waits for CPUs, GPUs, memory or custom resources, or is being set up"
_FEW = 4  # agents whose words are asked for while they run
_WORDS = 4096
_OWN_LINES = re.compile(r"^\S+ \S+\s+(INFO|WARNING) job_\w+\.py:\d+ -- .*\n?", re.MULTILINE)
_STATES = {"PENDING": "pending", "RUNNING": "running", "STOPPED": "ended", "SUCCEEDED": "ended", "FAILED": "ended"}


class RayFolder(NamedTuple):
    """A folder that all nodes share, and a shell that sees it: for what is private."""

    shell: Shell
    path: str


class RaySite:
    """A cluster with Ray."""

    def __init__(
        self, command: Sequence[str], address: str, folder: RayFolder, resources: Mapping[str, float] | None = None
    ) -> None:
        """`command`: what starts an agent on a node; its join code is added. `address`: of the dashboard,
        "http://head:8265". `resources`: Ray's custom ones, which each agent takes."""
        self._command = tuple(command)
        self._address = address.rstrip("/")
        self._folder = folder
        self._resources = dict(resources or {})

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """Submit those that were not."""
        known = self._jobs()
        new = [agent for agent in agents if agent.name not in known]
        if new and private:
            self.refresh([agent.name for agent in new], private)
        for agent in new:
            path = f"{self._folder.path}/{agent.name}/private"  # where it may come later, too
            self._submit(job_request(agent, self._command, self._resources, path))
        return tuple(agent.name for agent in agents)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """How each is."""
        try:
            jobs = self._jobs()
            return {name: self._sight(name, jobs.get(name), len(handles) <= _FEW) for name in handles}
        except PlatformError as error:
            return {name: AgentSight("unknown", str(error), is_silent=True) for name in handles}

    def end(self, handles: Sequence[str]) -> None:
        """Stop their jobs. Ray takes one that waits from the queue when its turn comes; its agent is never started."""
        jobs = self._jobs()
        for name in handles:
            if (job := jobs.get(name)) and sight(job).state != "ended":
                self._ask("POST", f"{urllib.parse.quote(name)}/stop", {})

    def find(self, run: str) -> Mapping[str, str]:
        """What was submitted for a run."""
        return {name: name for name in self._jobs() if name.startswith(f"{run}-")}

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """Give them other private values."""
        call = shared_folder.keeping(handles, private)
        self._folder.shell.tell(shared_folder.script(self._folder.path, [call]))

    def _sight(self, name: str, job: Mapping[str, Any] | None, with_words: bool) -> AgentSight:
        if job is None:
            return AgentSight("unknown", "the cluster knows of no such job: it may have been started anew")
        seen = sight(job)
        if seen.state == "pending" or (seen.state == "running" and not with_words):
            return seen
        try:
            printed = str(self._ask("GET", f"{urllib.parse.quote(name)}/logs").get("logs") or "")
        except PlatformError:  # the node that had them is gone
            return seen
        own = f"Running entrypoint for job {name}: {job.get('entrypoint')}\n"
        said = _OWN_LINES.sub("", printed.replace(own, ""))
        return seen._replace(words=said.encode()[-_WORDS:].decode(errors="replace"))

    def _submit(self, request: Mapping[str, Any]) -> None:
        """A cluster that has just been started takes jobs some seconds after it answers, and says so."""
        end = time.monotonic() + _SOON_S
        while True:
            try:
                self._ask("POST", "", request)
                return
            except PlatformError as error:
                if _LATER not in str(error) or time.monotonic() > end:
                    raise
            time.sleep(_AGAIN_S)

    def _jobs(self) -> dict[str, Mapping[str, Any]]:
        """All jobs of the cluster that were submitted, by their ids."""
        return {job["submission_id"]: job for job in self._ask("GET", "") if job.get("submission_id")}

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What the API answers. Raises PlatformError."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._address}/api/jobs/{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        if token := os.environ.get(TOKEN):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace").strip()
            if "already exists" in said:
                return {}
            raise PlatformError(f"Ray at {self._address}: {_refusal(error.code, said)}") from error
        except (OSError, ValueError) as error:
            mend = "`address` is that of the head's dashboard, as http://HEAD:8265; is it up, and reachable from here?"
            reason = getattr(error, "reason", error)
            raise PlatformError(f"Ray at {self._address} does not answer: {reason}; {mend}") from error


def job_request(
    agent: AgentRequest, command: Sequence[str], resources: Mapping[str, float], private: str = ""
) -> dict[str, Any]:
    """What is posted for an agent. `private`: the path of its private values; "": there are none. Everybody who reaches
    the dashboard can read all of it."""
    size = agent.size
    words = ["sh", "-c", shared_folder.library("ray_job.sh"), agent.name, *command, agent.code]
    request: dict[str, Any] = {
        "submission_id": agent.name,
        "entrypoint": f"exec {shlex.join(words)}",
        "entrypoint_num_cpus": size.cpu,
        "entrypoint_num_gpus": size.gpus,
        "runtime_env": {"env_vars": {SIZE: size.text, **({PRIVATE: private} if private else {})}},
        "metadata": {"penstock_run": agent.run},
    }
    if size.memory_bytes is not None:
        request["entrypoint_memory"] = size.memory_bytes
    if resources:
        request["entrypoint_resources"] = dict(resources)
    return request


def sight(job: Mapping[str, Any]) -> AgentSight:
    """How an agent is, by what the API says of its job."""
    state = _STATES.get(str(job.get("status")), "unknown")
    said = str(job.get("message") or "").strip()
    code = job.get("driver_exit_code")
    if state == "pending":
        return AgentSight(state, _WAITS if not said or said.startswith(_WAITING) else said.partition("\n")[0])
    if state != "ended":
        return AgentSight(state)
    if job["status"] == "STOPPED":
        return AgentSight(state, "its job was stopped", cause=Cause.LOST)
    if job["status"] == "SUCCEEDED" or isinstance(code, int):
        return AgentSight(state, host_script.ended_with(_as_shells_write(code or 0)))
    why = "its node has died" if "node has died" in said or "node was" in said else said.partition("\n")[0]
    return AgentSight(state, f"Ray has lost it: {why}", cause=Cause.LOST)


def _as_shells_write(code: int) -> int:
    """An exit code as Python has it: below 0 for a signal."""
    return code if code >= 0 else 128 - code


def _refusal(code: int, said: str) -> str:
    if code in (401, 403):
        return f"it asks for a token: set {TOKEN}"
    last = said.splitlines()[-1] if said else ""
    return f"{last or 'it refuses'} (HTTP {code})"
