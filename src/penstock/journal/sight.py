"""What this process can see of the owner of a run: the facts that the rules of leases judge by."""

from __future__ import annotations

from pathlib import Path

from penstock.journal import mounts, owners
from penstock.journal.leases import View
from penstock.model.rows import Owner


def view_of(owner: Owner, folder: Path, monotonic: float) -> View:
    """What can be seen of a run's owner from this process."""
    same_boot = owners.is_same_boot(owner)
    # On a disk of its own, a journal whose owner had this host's name before it booted was written by this host.
    rebooted = owners.is_same_host(owner) and not same_boot and not mounts.is_network(folder)
    return View(owners.is_alive(owner), same_boot, rebooted, monotonic)
