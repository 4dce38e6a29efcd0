"""Agents as processes of this host, each in a session of its own, which outlive whoever placed them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from penstock.sites.host_site import AgentHost, HostSite
from penstock.sites.shells import LocalShell


class ProcessSite(HostSite):
    """A site that is this host."""

    def __init__(self, command: Sequence[str], home: Path, *, grace_s: float = 10.0) -> None:
        """`command`: what starts an agent; its join code is added. `home`: where agents keep their things. `grace_s`:
        how long one that is ended may take to go."""
        super().__init__(command, [AgentHost(LocalShell(), home=os.fspath(home))], grace_s)
        self._home = home

    def pid(self, handle: str) -> int:
        """The process of an agent. Raises OSError where it has not begun."""
        return int((self._home / "placed" / handle / "pid").read_text(encoding="ascii").split()[0])
