"""What a run's driver has to do with the other runs on its machine.

Performs what `sharing` decides: reads what others hold, writes down the run's own share, tells the machine its part and
the user whom the run waits for. Costs nothing while the run is alone, and nothing for a lane within its part: it acts
when a lane does not fit, when somebody rings, and twice a second beside others, for one that died can't ring.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from penstock.engine.facts import Asked, HostWish, Offered
from penstock.engine.mailbox import Inbox
from penstock.engine.sharing import Agreed, agree
from penstock.model.quantities import format_bytes
from penstock.model.shares import Amount, Share, Weight

if TYPE_CHECKING:
    from penstock.engine.ports import Host

PATIENCE_S = 0.5
"""What a run waits for that long is said."""

_SHOWN = 2


class Neighbours:
    """Within turns of the driver alone. `host` None: the run asks nobody."""

    def __init__(self, host: Host | None, run_id: str, inbox: Inbox, notify: Callable[[str], None]) -> None:
        self._host = host
        self._inbox = inbox
        self._notify = notify
        self._share = Share(run_id, host.project if host else "")
        self._bound: Amount | None = None
        self._pending = False  # others were at it: what is lacking is still to be written
        self._told = set[str]()
        self.offers: list[Offered] = []  # at most one: the machine hears of it in the same turn, before it opens more
        self.awaited = ""  # what the run waits for, and who has it; "": nothing that others have

    @property
    def total(self) -> Amount | None:
        """What the machine has; None: nobody else takes from it."""
        return self._host.total if self._host else None

    def wish(self, wish: HostWish) -> None:
        """Say what the run takes and lacks; the run's part is in `offers` then."""
        if self._host is None:
            return
        try:
            agreed = self._exchange(self._host, wish)
        except OSError as error:
            self._notify(
                f"What other runs take of this machine is not seen, nor do they see what this one takes: {error}"
            )
            self._host.leave()
            self._host, self._bound, self.awaited = None, None, ""
            self.offers = [Offered(None)]
            return
        self._pending = agreed is None
        if agreed is not None:
            self._share, self._bound = agreed.share, agreed.bound
            self.offers = [Offered(agreed.bound)]

    def _exchange(self, host: Host, wish: HostWish) -> Agreed | None:
        """None: others are at it, and the next look tries again."""
        found: list[tuple[Agreed, Sequence[Share]]] = []
        now = time.monotonic()

        def decide(others: Sequence[Share]) -> tuple[Share, bool]:
            agreed = agree(self._share, wish, others, host.total, now)
            found.append((agreed, others))
            return agreed.share, agreed.rings

        if not host.exchange(decide):
            return None
        agreed, others = found[0]
        self._say(agreed.share, others, host.total, now)
        return agreed

    def open(self) -> None:
        if self._host is not None:
            self._host.open(self._inbox, lambda: self._inbox.put([Asked()]))

    def look(self) -> None:
        """See whether something has changed that nobody rings for. Costs nothing while the run is alone."""
        if self._host is not None and (self._bound is not None or self._pending):
            self._inbox.put([Asked(look=True)])

    def close(self) -> None:
        if self._host is not None:
            self._host.leave()
            self._host = None

    def _say(self, share: Share, others: Sequence[Share], total: Amount, now: float) -> None:
        """Say once for each resource whom the run waits for, where it has waited a while."""
        if not share.lacks or now - share.since < PATIENCE_S:
            self.awaited = ""
            return
        resource = _scarce(share, others, share.lacks[0], total)
        self.awaited = f"{resource}: {_holders(others, resource)}"
        if resource not in self._told:
            self._told.add(resource)
            more = "more " if _has(share, resource) else ""
            self._notify(f"waits for {more}{self.awaited}")


def _scarce(mine: Share, others: Sequence[Share], weight: Weight, total: Amount) -> str:
    taken = {name for other in others for name in other.holds.gpus}
    if weight.gpu > sum(name not in taken for name in weight.of):
        return "GPUs"
    memory_bytes = sum(share.holds.memory_bytes for share in (mine, *others)) + weight.memory_bytes
    return "memory" if weight.memory_bytes and memory_bytes > total.memory_bytes else "CPUs"


def _has(share: Share, resource: str) -> float:
    if resource == "GPUs":
        return len(share.holds.gpus)
    return share.holds.memory_bytes if resource == "memory" else share.holds.cpu_millionths / 1_000_000


def _holders(others: Sequence[Share], resource: str) -> str:
    most = sorted(others, key=lambda share: -_has(share, resource))[:_SHOWN]
    written = [
        format_bytes(one.holds.memory_bytes) if resource == "memory" else f"{_has(one, resource):g}" for one in most
    ]
    return ", ".join(f"run {one.run} of {one.project} holds {held}" for one, held in zip(most, written, strict=True))
