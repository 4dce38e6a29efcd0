"""What the options of `run`, `resume` and `fork` choose, and how options are typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.launch.driving import Driving, Watcher


class Choices(NamedTuple):
    """What the user chose of how a run is driven; without an option, what is the default of each."""

    inline: bool = False
    max_workers: int | None = None
    keep_going: bool = False
    as_json: bool = False
    dry_run: bool = False
    no_cache: bool = False
    refresh: tuple[str, ...] = ()
    changed: bool = False
    tags: tuple[str, ...] = ()
    name: str = ""
    seed: int | None = None
    params: str = ""

    def words(self) -> list[str]:
        """Those of the options that say what is reused, and what the run is, as they are typed."""
        reused = {"--no-cache": self.no_cache, "--changed": self.changed, "--refresh": self.refresh}
        return typed({"--seed": self.seed, **reused, "--params": self.params})

    @property
    def seed_text(self) -> str:
        """The seed as a launch wants it; "": none."""
        return "" if self.seed is None else str(self.seed)

    def how(self, watcher: Watcher) -> Driving:
        from penstock.engine.reuse import ReusePolicy
        from penstock.launch.driving import Driving

        policy = ReusePolicy(not self.no_cache, frozenset(self.refresh), self.changed)
        return Driving(self.max_workers, self.inline, self.keep_going, self.tags, watcher, policy, self.name)


def typed(chosen: Mapping[str, Any]) -> list[str]:
    """Options with their values as one types them, without those that were left out (None, False, "" and ())."""
    words: list[str] = []
    for option, value in chosen.items():
        if isinstance(value, tuple):
            words += [word for one in cast("tuple[str, ...]", value) for word in (option, one)]
        elif value is True:
            words.append(option)
        elif value is not None and value is not False and value != "":
            words += [option, str(value)]
    return words
