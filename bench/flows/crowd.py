"""python crowd.py FILE SECONDS: plays agents whose join codes stand in FILE, a line each, by one thread. Each keeps the
rules of a real one, but for what it runs: an attempt ends after SECONDS. Goes when its standard input ends."""

import sys
import threading
import time
from collections import deque
from pathlib import Path

from penstock.agent.duty import Duty, End, RunAttempts, TakeBack
from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.model import join_codes, mail
from penstock.model.events import Began, Ended, Recalled
from penstock.model.outcomes import Outcome, failed
from penstock.tiers.folder_tier import FolderTier
from penstock.tiers.tier_opening import open_tier

LOOK_S = 0.1
BEAT_S = 30.0


class Agent:
    """One of them: it runs what it is given one after the other."""

    def __init__(self, name: str, number: int, now: float) -> None:
        self.name = name
        incarnation = mail.incarnation(0, f"{number:08x}")
        self.seat = mail.seat_of(name, incarnation)
        self.duty = Duty(incarnation, mail.Hello(1.0, None, 0, "", "here"), (), now)
        self.waiting: deque[str] = deque()
        self.ends_at = 0.0
        self.beat_at = 0.0
        self.written = 0

    def obey(self, now: float, seconds: float) -> None:
        for order in self.duty.orders():
            if isinstance(order, RunAttempts):
                self.waiting += [attempt.id for attempt, _ in order.launches]
                for attempt, _ in order.launches:
                    self.duty.said(Began(attempt.id), now)
            elif isinstance(order, TakeBack):
                for attempt in list(self.waiting)[1:]:
                    if attempt in order.attempts:
                        self.waiting.remove(attempt)
                        self.duty.said(Recalled(attempt), now)
            elif isinstance(order, End) and order.attempt in self.waiting:
                self.waiting.remove(order.attempt)
                self.duty.said(Ended(order.attempt, failed(order.cause, "ended")), now)
        if self.waiting and not self.ends_at:
            self.ends_at = now + seconds

    def end(self, now: float, outcome: Outcome, seconds: float) -> None:
        if self.ends_at and now >= self.ends_at:
            self.duty.said(Ended(self.waiting.popleft(), outcome), now)
            self.ends_at = now + seconds if self.waiting else 0.0

    def write(self, tier: FolderTier, nonce: str, now: float) -> None:
        self.duty.look(now)
        if now >= self.beat_at:
            self.beat_at = now + BEAT_S
            tier.put(mail.heart_name(nonce, self.seat), str(now).encode())
            self.duty.wrote(now)
        envelope = self.duty.envelope()
        if envelope is not None:
            self.written += 1
            tier.put(mail.up_name(nonce, self.seat, self.written), mail.pack_up(envelope))
            self.duty.wrote(now)


class Crowd:
    """All of them, and the tier where their mail lies."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._agents: dict[str, Agent] = {}
        self._read: set[str] = set()
        self._outcome = Outcome("done", codec.encode(None, FolderStore(Path("crowd"))).stored, worker="crowd")

    def come(self, codes: list[str], now: float) -> None:
        for code in map(join_codes.read, codes[len(self._agents) :]):
            self._tier, self._nonce = open_tier(code.url, code.project), code.run
            self._agents[code.agent] = Agent(code.agent, len(self._agents), now)

    def turn(self, now: float) -> None:
        if self._agents:
            self._take_letters(now)
        for agent in self._agents.values():
            agent.obey(now, self._seconds)
            agent.end(now, self._outcome, self._seconds)
            agent.write(self._tier, self._nonce, now)

    def _take_letters(self, now: float) -> None:
        for name in self._tier.list(f"mail/{self._nonce}/down/"):
            if name in self._read or (data := self._tier.get(name)) is None:
                continue
            self._read.add(name)
            token, number = mail.numbers_of(name)
            agent = self._agents[name.split("/")[3]]
            agent.duty.take(int(token), number, mail.read_down(data), now)


def main(file: Path, seconds: float) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    crowd = Crowd(seconds)
    while not over.wait(LOOK_S):
        now = time.monotonic()
        crowd.come(file.read_text().splitlines() if file.exists() else [], now)
        crowd.turn(now)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
