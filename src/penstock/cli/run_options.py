"""The options of `run`, `resume` and `fork`, which are collected in `Choices`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

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
