"""The thread that reads and writes an agent's mail, and has its heart beat. Knows nothing of what letters mean."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from penstock.errors import StoreError
from penstock.model import mail, wire
from penstock.tiers.port import Tier

FAST_S = 0.025
"""Letters are looked for so often while some are expected."""
CALM_S = 0.2
"""Likewise at most, while there is enough to do until they come."""
SLOW_S = 2.0
SLOWER = 1.6
LIST_S = 1.0
"""What other drivers have written is looked for so often: the next letter of the known one is asked for by its name."""
RETRY_S = 1.0


class Postman:
    """The mail of one seat. `take`: gets each letter of a driver (token, number, envelope, the time when it was looked
    for), in order; `wrote`: is told when something that was begun at a time is there; `pulse`: gives what the heart
    says, by how often it has beaten; all in this thread."""

    def __init__(
        self,
        tier: Tier,
        nonce: str,
        seat: str,
        take: Callable[[int, int, mail.Down], None],
        wrote: Callable[[float, bool], None],
        refuse: Callable[[str], None],
        pulse: Callable[[int], bytes],
    ) -> None:
        self._tier, self._nonce, self._seat = tier, nonce, seat
        self._agent = mail.agent_of(seat)
        self._take, self._wrote, self._refuse, self._pulse = take, wrote, refuse, pulse
        self.beat_s = 2.0  # how often the heart beats; may be set at any time
        self._changed = threading.Condition()
        self._outgoing: bytes | None = None
        self._number = 0
        self._read = 0, 0  # token and number of the last letter
        self._first_s = self._pause_s = FAST_S
        self._look_at = self._list_at = 0.0
        self._beats = 0
        self._beat_at = 0.0
        self._over = False
        self._thread = threading.Thread(target=self._work, name="penstock-postman", daemon=True)

    def start(self) -> None:
        """Begin. The heart beats before anything is read or written."""
        self._thread.start()

    def send(self, envelope: mail.Up, waits_s: float = 0.0) -> None:
        """Write the next letter, until that succeeds. Not before the last one was written. `waits_s`: for how long
        there is enough to do until an answer comes."""
        data = mail.pack_up(envelope)
        with self._changed:
            assert self._outgoing is None
            self._outgoing = data
            self._first_s = min(CALM_S, max(FAST_S, waits_s / 3))
            self._expect()

    def expect(self) -> None:
        """Something will come soon: look often."""
        with self._changed:
            self._expect()

    def stop(self) -> None:
        """End the thread once what it does now is done; what is not written is left."""
        with self._changed:
            self._over = True
            self._changed.notify()
        self._thread.join(5.0)

    def _expect(self) -> None:
        self._pause_s = self._first_s
        self._look_at = min(self._look_at, time.monotonic() + self._first_s)
        self._changed.notify()

    def _work(self) -> None:
        while not self._over:
            try:
                if time.monotonic() >= self._beat_at:
                    self._beat()
                if self._outgoing is not None:
                    self._write(self._outgoing)
                if time.monotonic() >= self._look_at:
                    self._look()
            except StoreError:  # whether it lasts too long is decided elsewhere
                self._wait(RETRY_S)
                continue
            with self._changed:
                now = time.monotonic()
                due = 0.0 if self._outgoing is not None else min(self._look_at, self._beat_at) - now
                if due > 0.0 and not self._over:
                    self._changed.wait(due)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._changed:
            while not self._over and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)

    def _beat(self) -> None:
        began_at = time.monotonic()
        self._beats += 1
        self._tier.put(mail.heart_name(self._nonce, self._seat), self._pulse(self._beats))
        self._beat_at = began_at + self.beat_s
        self._wrote(began_at, False)

    def _write(self, data: bytes) -> None:
        began_at = time.monotonic()
        self._tier.put(mail.up_name(self._nonce, self._seat, self._number + 1), data)
        self._number += 1
        with self._changed:
            self._outgoing = None
        self._wrote(began_at, True)

    def _look(self) -> None:
        found = False
        for token, number, data in self._unread():
            found = True
            self._read = token, number
            try:
                self._take(token, number, mail.read_down(data))
            except mail.Foreign as error:
                self._refuse(f"a letter can't be read here: {error}")
            except wire.MalformedError as error:
                self._refuse(f"a letter is damaged: {error}")
        with self._changed:
            after_s = FAST_S if self._first_s == FAST_S else SLOW_S  # in peace the next one answers the next letter
            self._pause_s = after_s if found else min(SLOW_S, self._pause_s * SLOWER)
            self._look_at = time.monotonic() + self._pause_s

    def _unread(self) -> Iterator[tuple[int, int, bytes]]:
        now = time.monotonic()
        if now >= self._list_at:
            self._list_at = now + LIST_S
            yield from self._listed()
        elif self._read[0]:
            yield from self._following()

    def _following(self) -> Iterator[tuple[int, int, bytes]]:
        """The next ones of the token that is known; in peace one, since the next one answers the next letter."""
        token, number = self._read
        while (data := self._tier.get(self._name(token, number + 1))) is not None:
            number += 1
            yield token, number, data
            if self._first_s != FAST_S:
                return

    def _listed(self) -> Iterator[tuple[int, int, bytes]]:
        """Of the highest token, what was not read. Earlier letters that are not there any more were for others."""
        names = self._tier.list(mail.down_prefix(self._nonce, self._agent))
        there = sorted((int(token), number) for token, number in map(mail.numbers_of, names))
        if not there or there[-1][0] < self._read[0]:
            return
        token = there[-1][0]
        if token != self._read[0]:
            self._read = token, 0
        for of_token, number in there:
            if of_token == token and number > self._read[1]:
                # A listing may miss a letter and show the next one: what is older is asked for by its name.
                yield from self._gap(token, number)
                data = self._tier.get(self._name(token, number))
                if data is not None:
                    yield token, number, data

    def _gap(self, token: int, end: int) -> Iterator[tuple[int, int, bytes]]:
        for number in range(self._read[1] + 1, end):
            data = self._tier.get(self._name(token, number))
            if data is not None:
                yield token, number, data

    def _name(self, token: int, number: int) -> str:
        return mail.down_name(self._nonce, self._agent, token, number)
