"""`penstock init`: a project with a flow and a test."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from penstock.cli import output, reporting, screen
from penstock.cli.shared_options import json_option
from penstock.errors import UsageError

_TEMPLATE = Path(__file__).with_name("template")
_FILES = ("penstock.toml", "conftest.py", "flows/line.py", "tests/test_line.py")
_EPILOG = """\b
Examples:
  penstock init          in the current folder
  penstock init mine     in a new one
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
@json_option
def command(folder: Path, as_json: bool) -> int:
    """Begin a project: settings, a flow that trains something, and its test. Never overwrites a file."""
    there = [name for name in _FILES if (folder / name).exists()]
    if there:
        raise UsageError(f"{folder / there[0]} is there already: choose another folder, as in `penstock init NAME`")
    try:
        for name in _FILES:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "x", encoding="utf-8") as file:
                # Kept under another name, so that no tool takes the templates for tests and modules of this package.
                file.write((_TEMPLATE / f"{Path(name).name}.txt").read_text(encoding="utf-8"))
    except OSError as error:
        reporting.say(f"can't write to {folder}: {error.strerror or error}")
        return reporting.FAILED
    if as_json:
        screen.document(json.dumps({"folder": os.fspath(folder.absolute()), "files": _FILES}))
        return 0
    for name in _FILES:
        output.note(f"wrote {folder / name}")
    output.note("Next:")
    for line in [f"cd {folder}"] * (folder != Path()) + ["penstock run flows/line.py --points 500", "pytest"]:
        output.note(f"  {line}")
    return 0
