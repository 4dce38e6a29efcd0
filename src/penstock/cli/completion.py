"""`penstock completion`: words completed in a shell, by click's own scripts."""

from __future__ import annotations

import click

from penstock.cli import screen

_EPILOG = """\b
Examples:
  penstock completion bash >> ~/.bashrc
  penstock completion zsh >> ~/.zshrc
  penstock completion fish > ~/.config/fish/completions/penstock.fish
"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the script that completes verbs, options, runs and files in a shell."""
    from click.shell_completion import get_completion_class

    from penstock.cli.verbs import commands

    found = get_completion_class(shell)
    assert found is not None
    screen.out(found(commands, {}, "penstock", "_PENSTOCK_COMPLETE").source())
    return 0
