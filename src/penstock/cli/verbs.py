"""The table of verbs, and what parses a call of one.

Each verb is the click command `command` in the module of its name. Only the verb that is called is imported, since
start-up time is a feature.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from penstock.cli import reporting, screen

VERBS = {
    "run": "Run a flow",
    "resume": "Go on with a run where it stopped",
    "fork": "Make a new run from an old one",
    "ls": "List runs",
    "watch": "Watch a run as it goes, also one of another terminal",
    "compare": "What differs between runs, and what a metric depends on",
    "show": "Look at a run or a task",
    "why": "Why a task ran, or what it was reused from",
    "logs": "What the tasks of a run and its body printed and logged",
    "get": "Print or save a result or another value",
    "cancel": "Stop a run that another process drives",
    "tag": "Add tags to a run, or take them off",
    "note": "Note something about a run, or name it",
    "rm": "Remove runs",
    "gc": "Free the space of what is no longer needed",
    "du": "Show who uses the space",
    "push": "Send values up to the far tier",
    "pull": "Bring values down from the far tier",
    "mlflow": "Import the runs that MLflow keeps, export runs to it",
    "tensorboard": "Import what TensorBoard shows",
    "ui": "Serve the project to a browser and to scripts",
    "agent": "Run attempts here for a run that is driven elsewhere",
    "sites": "Show where agents are placed, and how they are",
    "env": "List, build, lock and remove environments",
    "doctor": "Check the installation and say how to mend it",
    "init": "Begin a project with a flow and a test",
    "completion": "Print the script that completes words in a shell",
}
_EPILOG = """\b
Examples:
  penstock init                          a project to begin with
  penstock run flows/digits.py --rows 500
  penstock resume                        go on with the latest run that is not done
  penstock show digits/3                 look inside
"""


class _Verbs(click.Group):
    """A group whose verbs stand in a table, so that listing them imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return import_module(f"penstock.cli.{cmd_name}").command if cmd_name in VERBS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"there is no verb {args[0]!r}{reporting.hint(args[0], VERBS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _print_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        screen.out(f"penstock {sys.modules['penstock'].__version__}")
        ctx.exit()


@click.group(cls=_Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="The version."
)
def commands() -> None:
    """Machine learning as a flow: plain Python that runs durably, and can be looked at afterwards."""


_NO_ARGUMENTS: Any = getattr(click.exceptions, "NoArgsIsHelpError", ())  # new in click 8.2


def call(arguments: Sequence[str]) -> int:
    """Do what these words say; gives the exit code. Raises what the verb raises, but for errors of click's."""
    try:
        code: Any = commands.main(arguments, prog_name="penstock", standalone_mode=False)
    except click.Abort:
        return reporting.INTERRUPTED
    except click.ClickException as error:
        if os.environ.get("PENSTOCK_DEBUG") == "1":
            raise
        if isinstance(error, _NO_ARGUMENTS):  # no mistake: it is answered by the help alone
            sys.stdout.flush()
            screen.err(click.ClickException.format_message(error))
        else:
            reporting.say(_told(error))
        return reporting.WRONG
    return code if isinstance(code, int) else reporting.DONE


def _told(error: click.ClickException) -> str:
    message = error.format_message().rstrip(".")
    text = message[:1].lower() + message[1:]
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text}{'' if text.endswith('?') else '.'} See `{error.ctx.command_path} --help`"
    return text
