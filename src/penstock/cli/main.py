"""The entry point: the table of verbs, and how errors become exit codes.

Each verb is the click command `command` in the module of its name. Only the verb that is called is imported, since
start-up time is a feature.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from penstock.cli import reporting, screen
from penstock.errors import PenstockError

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
    "mlflow": "Import the runs that MLflow keeps, export runs to it",
    "tensorboard": "Import what TensorBoard shows",
    "ui": "Serve the project to a browser and to scripts",
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
        if args[0] not in VERBS and not args[0].startswith("-"):
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


def _open_standard_streams() -> None:
    """What is said to a stream that the caller has closed goes nowhere; without this the next file to be opened, the
    journal say, would take the stream's number and get what is printed."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(fd, True)
    os.close(fd)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  for the life of the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _drop_stdout() -> None:
    """What could not be written to stdout is not tried again when the interpreter ends, which would fail once more."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.close(devnull)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say (None: the process's own); gives the exit code. Blocks until it is done.

    0: done. 1: the flow failed, or the machine did. 2: the call was wrong. 130: interrupted.
    """
    gc.disable()  # what imports make stays: looking for cycles in it costs a tenth of a short command
    _open_standard_streams()
    try:
        code: Any = commands.main(arguments, prog_name="penstock", standalone_mode=False)
    except (click.ClickException, click.Abort, PenstockError, OSError) as error:
        if os.environ.get("PENSTOCK_DEBUG") == "1":
            raise
        if not isinstance(error, (click.ClickException, click.Abort, PenstockError)):
            _drop_stdout()
        return reporting.report(error)
    finally:
        gc.enable()
    return code if isinstance(code, int) else 0
