"""The letters between a driver and the agents of one executor: read into its book, written from it, and deleted.

Also says when they are to be looked for next. Knows nothing of what letters mean, nor of sites.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from penstock.errors import StoreError
from penstock.executors import far_logs
from penstock.executors.far_book import Book, Outgoing
from penstock.model import mail, wire
from penstock.model.environments import Environment
from penstock.model.luggage import LogPiece
from penstock.model.states import Cause

if TYPE_CHECKING:
    from penstock.tiers.port import Tier

FAST_S = 0.025
"""Letters are looked for so often while some are expected."""
CALM_S = 0.1
"""Likewise, while all agents have enough to do."""
SLOW_S = 2.0
IDLE_S = 4.0
"""Likewise while nothing is far away."""
SETTLING_S = 0.2
"""Likewise while agents are about to answer, or to be found gone."""
SLOWER = 1.5
TIDY_S = 1.0
"""Letters that have served are deleted so often, many at a time."""


class DriverMail:
    """For one thread. All methods block, and raise StoreError where the tier can't be reached.

    `is_own`: whether an agent is one of this executor's: others of the run may share the tier. `environments`: what is
    known of those of steps, plain; it may grow. `logs`: the folder of the run's log files. `tell`: takes a line for the
    user.
    """

    def __init__(
        self,
        tier: Tier,
        book: Book,
        nonce: str,
        partition_s: float,
        *,
        is_own: Callable[[str], bool],
        environments: Mapping[Environment | None, Any],
        logs: str,
        tell: Callable[[str], None],
    ) -> None:
        self.look_at = 0.0  # when letters are to be looked for next
        self._tier, self._book, self._nonce, self._partition_s = tier, book, nonce, partition_s
        self._is_own, self._environments, self._logs, self._tell = is_own, environments, logs, tell
        self._told: set[tuple[str, str, Environment | None]] = set()  # which of them each agent knows
        self._own: set[str] = set()  # letters of this driver that are there
        self._pause_s, self._tidy_at = FAST_S, 0.0
        self._awaits_answer = False  # others were asked than what takes its time
        self._is_untidy = False  # letters were read since some were deleted last

    def seats(self) -> list[str]:
        """Those of which a heart lies there."""
        names = self._tier.list(mail.heart_prefix(self._nonce))
        seats = [name.rpartition("/")[2] for name in names]
        return [seat for seat in seats if self._is_own(mail.agent_of(seat))]

    def has_heart(self, seat: str) -> bool:
        """Whether that of a seat lies there, or may. Asked for by its name, since a listing may miss one."""
        try:
            return self._tier.get(mail.heart_name(self._nonce, seat)) is not None
        except StoreError:
            return True

    def expect(self, now: float) -> None:
        """Letters were written, and something will come soon: look often."""
        self._pause_s, calm_s = self._first_s, self._calm_s(now)
        self.look_at = now + calm_s if calm_s else min(self.look_at, now + self._pause_s)

    def _calm_s(self, now: float) -> float:
        """For how long nothing is to be expected."""
        return 0.0 if self._awaits_answer else self._book.tells_in(now)

    @property
    def _first_s(self) -> float:
        return CALM_S if self._book.is_fed and not self._awaits_answer else FAST_S

    @property
    def _slowest_s(self) -> float:
        if self._book.is_settling:
            return SETTLING_S
        return SLOW_S if self._book.awaits_ends else min(IDLE_S, max(SLOW_S, self._partition_s / 10))

    def read(self) -> None:
        """Take in all that agents have written."""
        book, now = self._book, time.monotonic()
        book.listing_begins(now)
        all_up = map(mail.numbers_of, self._tier.list(mail.up_prefix(self._nonce)))
        listed = [(seat, number) for seat, number in all_up if self._is_own(mail.agent_of(seat))]
        found = False
        for seat, number in list(book.unread(listed)):
            data = self._tier.get(mail.up_name(self._nonce, seat, number))
            if data is not None:
                found = True
                self._take(seat, number, data, now)
        for seat in book.silent(now, self._partition_s / 6):
            began_at = time.monotonic()
            book.beat(seat, self._tier.get(mail.heart_name(self._nonce, seat.name)) or b"", began_at)
        book.listing_ends()
        self._keep_logs()
        self._awaits_answer = self._awaits_answer and not found
        self._pause_s = self._first_s if found else min(self._slowest_s, self._pause_s * SLOWER)
        self.look_at = time.monotonic() + max(self._pause_s, self._calm_s(now))
        self._is_untidy = self._is_untidy or found
        if self._is_untidy and now >= self._tidy_at:
            self.delete_served()

    def _take(self, seat: str, number: int, data: bytes, now: float) -> None:
        try:
            self._book.heard(seat, number, mail.read_up(data), now)
        except (mail.Foreign, wire.MalformedError) as error:
            self._book.heard(seat, number, mail.Up(0, 0, ()), now)
            self._book.ended(mail.agent_of(seat), Cause.LOST, f"a letter of its agent can't be read: {error}")
            self._tell(f"a letter of the agent {seat} can't be read: {error}")

    def _keep_logs(self) -> None:
        """Before the outcomes are told that refer to them."""
        logs, self._book.logs = self._book.logs, []
        for seat, letter in logs:
            try:
                far_logs.keep(self._logs, [LogPiece(*piece) for piece in letter.pieces])
            except (StoreError, wire.MalformedError, TypeError) as error:
                self._tell(f"what the agent {seat} has logged is not kept: {error}")

    def write(self, outgoing: Outgoing) -> None:
        """Write a letter; again, where that failed."""
        name = mail.down_name(self._nonce, outgoing.agent, self._book.token, outgoing.number)
        envelope, news = self._with_environments(outgoing.agent, outgoing.envelope)
        self._own.add(name)
        self._tier.put(name, mail.pack_down(envelope))
        self._told |= news
        self._awaits_answer = self._awaits_answer or not all(type(one) is mail.Launch for one in envelope.letters)

    def _with_environments(
        self, agent: str, envelope: mail.Down
    ) -> tuple[mail.Down, set[tuple[str, str, Environment | None]]]:
        """The same; what the agent does not know yet of an environment goes with the first attempt in it. And what it
        knows by that."""
        letters: list[mail.DownLetter] = []
        told = set[tuple[str, str, Environment | None]]()
        for letter in envelope.letters:
            if isinstance(letter, mail.Launch):
                wanted = dict.fromkeys((agent, envelope.to, lane.environment) for _, lane in letter.launches)
                news = [one for one in wanted if one not in self._told | told and one[2] in self._environments]
                told.update(news)
                letter = letter._replace(environments=tuple(self._environments[one[2]] for one in news))
            letters.append(letter)
        return envelope._replace(letters=tuple(letters)), told

    def delete_served(self) -> None:
        """Remove letters that have served."""
        up, down = self._book.deletable()
        names = [mail.up_name(self._nonce, *key) for key in up]
        own = [mail.down_name(self._nonce, agent, self._book.token, number) for agent, number in down]
        self._own.difference_update(own)
        if names or own:
            self._tier.delete(names + own)
        self._is_untidy, self._tidy_at = False, time.monotonic() + TIDY_S

    def delete_rest(self) -> None:
        """Remove what is left once the run is over: letters, and the hearts of agents that are gone."""
        self.delete_served()
        gone = [seat.name for seat in self._book.seats.values() if not seat.is_live]
        self._tier.delete([*self._own, *(mail.heart_name(self._nonce, seat) for seat in gone)])
