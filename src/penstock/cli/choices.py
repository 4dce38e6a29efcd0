"""The options of `run`, `resume` and `fork`, and how options are typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import click

from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.launch.driving import Driving, Watcher


class Choices(NamedTuple):
    """What the user chose of how a run is driven."""

    inline: bool
    max_workers: int | None
    keep_going: bool
    as_json: bool
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


seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="What the steps' random numbers come of, beside the tasks; what is reused has the same.",
)

params_option = click.option(
    "--params", metavar="JSON", default="", help="The flow's parameters as an object of JSON; @FILE: that of a file."
)


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that are collected in `Choices`."""
    for option in (
        click.option(
            "--json", "as_json", is_flag=True, help="Print the run as JSON at its end; nothing else on stdout."
        ),
        click.option("--keep-going", is_flag=True, help="When the flow fails, finish all that it has submitted."),
        click.option(
            "--max-workers",
            type=click.IntRange(min=1),
            metavar="N",
            help="Workers at once; no step may ask for more cpu. [default: one a CPU]",
        ),
        click.option("--inline", is_flag=True, help="Run all in this one process, so that breakpoint() works."),
        click.option(
            "--refresh", multiple=True, metavar="STEP", help="Make this step's cached results anew; several times."
        ),
        click.option("--no-cache", is_flag=True, help="Neither read nor store cached results."),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Say what would be reused and what would run, and why: calls the flow, runs no step.",
        ),
    ):
        command = option(command)
    return command
