"""`penstock tag`: add tags to a run, or take them off."""

from __future__ import annotations

import json

import click

from penstock.cli import screen
from penstock.cli.shared_options import complete_run
from penstock.journal import changes, queries
from penstock.model.visible import on_one_line
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock tag digits/3 best        add a tag (+best says the same)
  penstock tag digits/3 -best +old  take one off, add another
  penstock tag +best                the latest run
  penstock ls --tag best
"""


@click.command(
    epilog=_EPILOG,
    # A word like -best is a tag to be taken off, not an option; so -h can't mean help here.
    context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]},
)
@click.argument(
    "words", metavar="[RUN] [+TAG] [-TAG] ...", nargs=-1, type=click.UNPROCESSED, shell_complete=complete_run
)
@click.option("--json", "as_json", is_flag=True, help="Print the run's tags as JSON.")
def command(words: tuple[str, ...], as_json: bool) -> int:
    """Add tags to a run, or take them off; without tags, print those that it has. RUN: the latest one."""
    project = Project.find()
    named = bool(words) and not words[0].startswith(("+", "-"))
    row = queries.resolve(project.reader, words[0] if named else "")
    changed = words[1:] if named else words
    added = [word.removeprefix("+") for word in changed if not word.startswith("-")]
    removed = [word.removeprefix("-") for word in changed if word.startswith("-")]
    if changed:
        changes.add_tags(project.journal, row.id, added)
        changes.remove_tags(project.journal, row.id, removed)
    tags = queries.run_by_id(project.reader, row.id).tags
    if as_json:
        screen.document(json.dumps({"run": row.run_id, "tags": tags}))
    else:
        screen.out(on_one_line(f"{row.run_id}: {', '.join(tags) or 'no tags'}"))
    return 0
