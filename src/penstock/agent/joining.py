"""How an agent joins a run: what its join code says, whether that run still goes on, and where the agent lives here."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.errors import StoreError, UsageError
from penstock.model import join_codes
from penstock.model.agents import HOME
from penstock.model.join_codes import JoinCode
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.tiers.port import Tier


class Joined(NamedTuple):
    """A run that an agent has joined."""

    code: JoinCode
    run: str  # "digits/3"
    tier: Tier
    home: Path  # the folder of all agents of this project and user on this machine


def door(run: str) -> str:
    """The object that stands in the tier while a run goes on; it holds the run's name. `run`: its nonce."""
    return f"runs/{run}"


def join(text: str, environ: Mapping[str, str], open_tier: Callable[[str, str], Tier]) -> Joined:
    """The run of a join code. Blocks for a look at the tier. Raises UsageError for a code that is malformed, or of a
    run that is over; StoreError where the tier can't be reached, or nothing can be written here."""
    code = join_codes.read(text)
    tier = open_tier(code.url, code.project)
    try:
        found = tier.get(door(code.run))
        if found is None:
            raise UsageError(
                f"no run waits for this agent in {code.url}: the run of this join code is over, or this machine "
                "has another folder under that name. Each run prints codes of its own"
            )
        home = home_of(environ) / code.project
        try:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            mend = f"name another folder by {HOME}"
            raise StoreError(f"can't make the agent's folder {home}: {error.strerror}: {mend}") from error
        return Joined(code, found.decode(), tier, home)
    except BaseException:
        tier.close()
        raise


def home_of(environ: Mapping[str, str]) -> Path:
    """The folder of all agents of this user here. Raises UsageError where no variable says where that could be."""
    if named := environ.get(HOME):
        return Path(os.path.abspath(named))
    cache = environ.get("XDG_CACHE_HOME") or (environ.get("HOME") and os.path.join(environ["HOME"], ".cache"))
    if not cache:
        raise UsageError(f"neither HOME nor {HOME} is set: name a folder that an agent may write to by the latter")
    return Path(cache, "penstock", "agents")
