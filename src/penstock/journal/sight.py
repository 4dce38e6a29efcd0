"""What this process can see of the owner of a run: the facts that the rules of leases judge by."""

from __future__ import annotations

import os

from penstock.journal import leases, mounts, owners
from penstock.journal.clock import Clock
from penstock.journal.database import Database
from penstock.journal.leases import Lease, View
from penstock.model.rows import Owner


def view_of(owner: Owner, folder: str, monotonic: float) -> View:
    """What can be seen of a run's owner from this process."""
    same_boot = owners.is_same_boot(owner)
    # On a disk of its own, a journal whose owner had this host's name before it booted was written by this host.
    rebooted = owners.is_same_host(owner) and not same_boot and not mounts.is_network(folder)
    return View(owners.is_alive(owner), same_boot, rebooted, monotonic)


def looks_dead(lease: Lease, database: Database, clock: Clock) -> bool:
    """Whether a run that is noted as running has crashed."""
    return leases.looks_dead(
        lease, view_of(lease.owner, os.path.dirname(database.path), clock.monotonic()), clock.now()
    )
