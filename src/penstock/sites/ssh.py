"""Agents on hosts that OpenSSH reaches. They leave the session that started them, so that they outlive the driver, and
nothing has to listen there but sshd."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.model.tuples import NamedTuple
from penstock.sites.host_site import AgentHost, HostRoom, HostSite
from penstock.sites.shells import SshShell


class SshHost(NamedTuple):
    """A host of one's own."""

    address: str  # as ssh takes it; an alias of its configuration, too
    room: HostRoom = HostRoom()
    home: str = ""  # where agents keep their things; "": in the cache of the user's home there


class SshSite(HostSite):
    """A site that is some hosts."""

    def __init__(self, command: Sequence[str], hosts: Sequence[SshHost], *, grace_s: float = 10.0) -> None:
        """`command`: what starts an agent there; its join code is added. `grace_s`: how long one that is ended may take
        to go."""
        super().__init__(command, [AgentHost(SshShell(host.address), host.room, host.home) for host in hosts], grace_s)
