"""Agents as processes of this host, each in a session of its own, which outlive whoever placed them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from penstock.errors import PlatformError
from penstock.model.agents import HOME, AgentRequest, AgentSight
from penstock.sites import host_script

_PATIENCE_S = 60.0


class ProcessSite:
    """A site that is this host."""

    def __init__(self, command: Sequence[str], home: Path, *, grace_s: float = 10.0) -> None:
        """`command`: what starts an agent; its join code is added. `home`: where agents keep their things. `grace_s`:
        how long one that is ended may take to go."""
        self._command = tuple(command)
        self._home = home
        self._grace_s = grace_s

    def place(self, agents: Sequence[AgentRequest], private: Mapping[str, str]) -> tuple[str, ...]:
        """Start them."""
        printed = self._tell(host_script.placing(agents, private, self._command))
        if missing := {agent.name for agent in agents} - host_script.placed(printed):
            raise PlatformError(f"{', '.join(sorted(missing))}: nothing can be placed in {self._home}")
        return tuple(agent.name for agent in agents)

    def look(self, handles: Sequence[str]) -> Mapping[str, AgentSight]:
        """How each is."""
        return host_script.sights(self._tell(host_script.looking(handles)))

    def end(self, handles: Sequence[str]) -> None:
        """Tell them to go."""
        self._tell(host_script.ending(handles, self._grace_s))

    def find(self, run: str) -> Mapping[str, str]:
        """What was placed for a run."""
        return {name: name for name in host_script.found(self._tell(host_script.finding(run)))}

    def refresh(self, handles: Sequence[str], private: Mapping[str, str]) -> None:
        """Give them other private values."""
        self._tell(host_script.refreshing(handles, private))

    def pid(self, handle: str) -> int:
        """The process of an agent. Raises OSError where it has not begun."""
        return int((self._home / "placed" / handle / "pid").read_text(encoding="ascii").split()[0])

    def _tell(self, script: str) -> str:
        environ = {**os.environ, HOME: os.fspath(self._home)}
        try:
            done = subprocess.run(
                ["sh", "-s"],
                input=script.encode(),
                capture_output=True,
                env=environ,
                timeout=_PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PlatformError(f"no shell can be started here: {error}; agents need `sh` on PATH") from error
        printed, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if done.returncode:
            mend = f"free space or rights for the folder {self._home}"
            raise host_script.refused("this host", printed, errors, mend)
        return printed
