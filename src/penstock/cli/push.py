"""`penstock push`: send values up to the far tier."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.moved_values import tell_of_moved
from penstock.cli.shared_options import complete_run, json_option
from penstock.client.space import push
from penstock.errors import UsageError

_EPILOG = """\b
Examples:
  penstock push                  all that is kept
  penstock push digits/3         what one run needs
  penstock push --as-new         this project is a copy: it gets a folder of its own
"""


@click.command(epilog=_EPILOG)
@click.argument("runs", metavar="[RUN...]", nargs=-1, shell_complete=complete_run)
@click.option("--as-new", is_flag=True, help="Give the project a folder of its own there: it is a copy of another one.")
@click.option("--take-over", is_flag=True, help="Take the folder from a copy of the project that is used no more.")
@json_option
def command(runs: tuple[str, ...], as_new: bool, take_over: bool, as_json: bool) -> None:
    """Send up to the far tier what runs need, or all that is kept.

    It is the place that `[store]` names in penstock.toml, and other machines see, too. What is there already is not
    sent again; what was cut off goes on. Nothing is removed here.
    """
    if as_new and take_over:
        raise UsageError("--as-new and --take-over exclude one another: is the other project used still, or not?")
    info = push(*runs, as_new=as_new, take_over=take_over, tell=output.note)
    tell_of_moved(info, "sent", "up to", "there", as_json=as_json)
