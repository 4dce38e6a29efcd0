"""`penstock pull`: bring values down from the far tier."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.shared_options import complete_run, json_option
from penstock.client.space import pull
from penstock.model.words import plural, size

_EPILOG = """\b
Examples:
  penstock pull                  all that is kept
  penstock pull digits/3         what one run needs, before a journey
"""


@click.command(epilog=_EPILOG)
@click.argument("runs", metavar="[RUN...]", nargs=-1, shell_complete=complete_run)
@json_option
def command(runs: tuple[str, ...], as_json: bool) -> None:
    """Bring down from the far tier what runs need, or all that is kept.

    A value that lies there alone comes down by itself when it is touched; this brings all at once. What was cut off
    goes on.
    """
    info = pull(*runs, tell=output.note)
    if as_json:
        output.json(info)
        return
    there = f"; {plural(info.already, 'value')} had been here" if info.already else ""
    output.note(f"brought {plural(info.blobs, 'value')} down from {info.url}, {size(info.bytes)}{there}")
    if info.missing:
        output.note(f"{plural(info.missing, 'value')} that are needed lie neither here nor there")
    output.next_command("penstock du", "see what lies where")
