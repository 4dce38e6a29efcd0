"""`penstock completion`: words completed in a shell, by click's own scripts; and the names of runs for it."""

from __future__ import annotations

import click

_EPILOG = """\b
Examples:
  penstock completion bash >> ~/.bashrc
  penstock completion zsh >> ~/.zshrc
  penstock completion fish > ~/.config/fish/completions/penstock.fish
"""
_OFFERED = 50


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script that completes verbs, options, runs and files in a shell."""
    from click.shell_completion import get_completion_class

    from penstock.cli.main import commands

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(commands, {}, "penstock", "_PENSTOCK_COMPLETE").source())
    return 0


def run_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The latest runs whose names begin so; none where the project can't be read."""
    from penstock.errors import PenstockError
    from penstock.journal import queries
    from penstock.project import Project

    flow, slash, _ = incomplete.partition("/")
    try:
        rows = queries.runs(Project.find().reader, flow=flow if slash else None, limit=_OFFERED)
    except PenstockError:
        return []
    return [row.run_id for row in rows if row.run_id.startswith(incomplete)]
