"""Options and words that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound="Callable[..., Any] | click.Command")


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The newest runs whose ids begin so, for shell completion; none where the project can't be read."""
    from penstock.client import runs
    from penstock.errors import PenstockError

    try:
        return [run.id for run in runs(limit=200) if run.id.startswith(incomplete)]
    except PenstockError:
        return []


def limit_option(most: int, words: str) -> Callable[[F], F]:
    """How many of a list are shown."""
    return click.option(
        "--limit",
        type=click.IntRange(min=1),
        default=most,
        show_default=True,
        metavar="N",
        help=words,
        callback=_countable,
    )


def _countable(_context: click.Context, _option: click.Parameter, number: int) -> int:
    """A number that a database takes: more than that are there of nothing."""
    return min(number, 1 << 53)


file_option = click.option(
    "--file", type=click.Path(exists=True, dir_okay=False), help="Where the flow's file is now, if it was moved."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document; nothing else on stdout.")
