"""One life of an agent, from its join code to its end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from penstock.agent import allocation, home_keeping, joining, sent_images
from penstock.agent.agent_interpreters import keep_uv_in
from penstock.agent.agent_loop import Agent
from penstock.artifacts.folder import FolderStore
from penstock.errors import PenstockError, UsageError
from penstock.executors import capacity, container_notes
from penstock.model import agents, mail
from penstock.model.agents import AgentSize
from penstock.tiers.port import Tier
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore

RESTARTS = "PENSTOCK_AGENT_RESTART"
"""The variable with how often its site has started this agent anew."""


def main(args: list[str]) -> int:
    """Join the run of the code, and stay until there is nothing to do."""
    try:
        left_s = allocation.left_s(os.environ, allocation.running_s())
        looked_at = time.monotonic()
        code, run, tier, home = joining.join(args[0] if args else "", os.environ, open_tier)
    except PenstockError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, UsageError) else 1
    size = _size()
    gpus = capacity.gpus()[: size.gpus]
    incarnation = mail.incarnation(int(os.environ.get(RESTARTS) or 0), os.urandom(4).hex())
    store = TieredStore(FolderStore(home / "store"), lambda: [tier])
    keep_uv_in(home.parent, os.environ)
    _tidy(home, tier)
    told, tell = os.pipe()

    def terminate(number: int, frame: object) -> None:
        os.write(tell, b"!")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, terminate)
    agent = Agent(
        tier,
        store,
        nonce=code.run,
        seat=mail.seat_of(code.agent, incarnation),
        hello=mail.Hello(size.cpu, size.memory_bytes, len(gpus), _version(), socket.gethostname()),
        gpus=gpus,
        home=home,
        terminated=told,
        left_s=None if left_s is None else left_s + looked_at - time.monotonic(),
    )
    print(f"penstock agent {code.agent}: runs attempts of {run} in {home}", flush=True)  # noqa: T201
    print(f"penstock agent {code.agent}: goes, since {agent.run()}", flush=True)  # noqa: T201
    return 0


def _tidy(home: Path, tier: Tier) -> None:
    """Beside what the agent does; what it needs meanwhile comes again. First go the containers that an agent of this
    home has left, which was killed with their keeper."""

    def is_over(run: str) -> bool:
        return tier.get(joining.door(run)) is None

    store = FolderStore(home / "store")

    def work() -> None:
        container_notes.sweep(os.fspath(sent_images.notes_of(home)), os.environ)
        home_keeping.tidy(home, store, time.time(), is_over)

    threading.Thread(target=work, daemon=True).start()


def _size() -> AgentSize:
    text = os.environ.get(agents.SIZE)
    if text:
        return AgentSize.of_text(text)
    return AgentSize(float(capacity.cpu()), capacity.memory_bytes(), len(capacity.gpus()))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("penstock")
    except PackageNotFoundError:
        return ""
