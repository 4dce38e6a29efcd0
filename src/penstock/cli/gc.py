"""`penstock gc`: free the space of what is no longer needed."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import Any

import click

from penstock.cli import output
from penstock.cli.choices import typed
from penstock.cli.shared_options import json_option
from penstock.client.space import collect
from penstock.model import words
from penstock.setting_values import parse_age
from penstock.space.space_structs import EnvironmentSpaceInfo, RunSpaceInfo, SweepInfo

_OPTIONS = {
    "--keep-last": "keep_last",
    "--older-than": "older_than",
    "--keep-tag": "keep_tags",
    "--flow": "flows",
    "--cache": "drop_cache",
}
_EPILOG = """\b
Examples:
  penstock gc                            what could be freed now
  penstock gc --yes                      free it
  penstock gc --keep-last 5 --older-than 30d --keep-tag best
  penstock gc --flow digits --keep-last 3 --yes
  penstock gc --cache --yes              forget all cached results
"""


def _age(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            parse_age(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None
    return value


@click.command(epilog=_EPILOG)
@click.option("--keep-last", type=click.IntRange(min=0), metavar="N", help="Keep the last N runs of each flow.")
@click.option(
    "--older-than", metavar="AGE", callback=_age, help='Keep runs that ended less than AGE ago: "30d", "12h".'
)
@click.option("--keep-tag", "keep_tags", metavar="T", multiple=True, help="Keep runs with this tag.")
@click.option("--flow", "flows", metavar="F", multiple=True, help="Keep the runs of all other flows.")
@click.option("--cache", "drop_cache", is_flag=True, help="Forget all cached results, too.")
@click.option("--yes", is_flag=True, help="Remove it; without, it is only shown.")
@json_option
def command(yes: bool, as_json: bool, **asked: Any) -> int:
    """Free the space of what no run and no cached result needs; first remove the runs that need not be kept.

    A run goes when nothing here keeps it, and --keep-last or --older-than is given, or set in penstock.toml. One that
    can be resumed stays for a day where --older-than says nothing. Cached results that were not used for the time of
    --older-than go too.

    Environments of steps go with the last run that has them; those that no run has when they were not used for the time
    of --older-than, else for 7 days. Safe beside running flows.
    """
    info = collect(**asked, remove=yes)
    if as_json:
        output.json(info)
        return 0
    _show(info)
    for note in info.notes:
        output.note(f"note: {note}")
    options = typed({option: asked[name] for option, name in _OPTIONS.items()})
    _conclude(info, shlex.join(["penstock", "gc", *options, "--yes"]))
    return 0


def _show(info: SweepInfo) -> None:
    if info.runs:
        rows = [_row(run) for run in info.runs]
        output.table(("run", "status", "age", "alone", "tags"), rows, right=("age", "alone"))
        output.line()
    if info.cached.results:
        count = words.plural(info.cached.results, "cached result")
        output.line(f"{count}: {words.size(info.cached.alone_bytes)} alone\n")
    if info.environments:
        rows = [_environment_row(environment) for environment in info.environments]
        output.table(("environment", "python", "packages", "last used", "frees"), rows, right=("frees",))
        output.line()
    if info.piles:
        piles = [(pile.what, f"{pile.count:,}", words.size(pile.bytes)) for pile in info.piles]
        output.table(("what", "count", "size"), piles, right=("count", "size"))


def _row(run: RunSpaceInfo) -> tuple[str, ...]:
    age_s = (datetime.now(UTC) - run.seen_at).total_seconds()
    return run.id, run.status, words.duration(age_s), words.size(run.alone_bytes), ", ".join(run.tags)


def _environment_row(environment: EnvironmentSpaceInfo) -> tuple[str, ...]:
    return (
        environment.id,
        environment.python or "not whole",
        words.packages(list(environment.packages.items())),
        words.when(environment.used_at),
        words.size(environment.alone_bytes),
    )


def _conclude(info: SweepInfo, repeated: str) -> None:
    """What it comes to, and the one thing to do next."""
    something = info.runs or info.cached.results or info.piles
    if info.spared_bytes:
        output.note(f"{words.size(info.spared_bytes)} more may belong to runs that go on: try again when they are over")
    if not something and not info.journal_bytes:
        output.note("nothing to free now" if info.notes else "nothing to free: all that is stored is needed")
    elif info.removed:
        journal = f", and {words.size(info.journal_bytes)} of the journal" if info.journal_bytes else ""
        output.note(f"freed {words.size(info.bytes)}{journal}")
    else:
        output.note(f"{words.size(info.bytes)} can be freed")
    if something and not info.removed:
        output.next_command(repeated, "free it")
    else:
        output.next_command("penstock du", "see who uses the space")
