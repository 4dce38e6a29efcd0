"""How the reading verbs write: tables and text on stdout, the next command on stderr.

In a terminal tables come from rich, which is imported only there; in a pipe they are plain aligned text. What is to
stand on one line does so whatever is in it.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

from penstock.cli import screen
from penstock.model.visible import on_one_line, visible

STYLES = {  # of statuses
    "done": "green",
    "failed": "red",
    "crashed": "red",
    "running": "blue",
    "cancelled": "yellow",
    "interrupted": "yellow",
}
_GAP = "  "


def line(text: str = "") -> None:
    """One line on stdout, or several."""
    screen.out(text)


def count(number: int) -> str:
    """A number in a table; nothing for 0."""
    return f"{number:,}" if number else ""


def title(text: str) -> None:
    """The heading of a part."""
    line(f"\n{click.style(on_one_line(text), bold=True)}")


def status(word: str) -> str:
    """A status in its colour, which is left out in a pipe."""
    return click.style(word, fg=STYLES.get(word))


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Names and values, aligned; pairs without a value are left out."""
    shown = [(on_one_line(name), value) for name, value in pairs if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        line(f"  {name:{width}}  {on_one_line(value)}")


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """A table; columns that are empty in all rows are left out. `right`: headers of right-aligned columns."""
    used = [index for index in range(len(headers)) if any(row[index] for row in rows)]
    headers = [headers[index] for index in used]
    rows = [[_cell(row[index]) for index in used] for row in rows]
    if _in_terminal():
        _rich_table(headers, rows, right)
        return
    for text in aligned(headers, rows, right):
        line(text)


def aligned(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> list[str]:
    """The lines of a plain table; its cells stay on one line each."""
    cells = [list(headers), *(list(map(_cell, row)) for row in rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(headers))]
    return [
        _GAP.join(
            cell.rjust(width) if header in right else cell.ljust(width)
            for cell, width, header in zip(row, widths, headers, strict=True)
        ).rstrip()
        for row in cells
    ]


def _cell(text: str) -> str:
    return visible(text).replace("\n", " ")


def next_command(command: str, meaning: str) -> None:
    """The one obvious thing to do next, on stderr."""
    note(f"Next: {on_one_line(command)}   ({meaning})")


def note(text: str) -> None:
    """A remark on stderr."""
    sys.stdout.flush()
    screen.err(text)


def json(info: Any) -> None:
    """One JSON document on stdout."""
    from penstock.reading.structs import to_json

    screen.document(to_json(info).decode())


def _in_terminal() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb" and screen.is_wide()


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        wide = header not in ("run", "task", "status", *right)
        drawn.add_column(header, justify="right" if header in right else "left", no_wrap=not wide, overflow="ellipsis")
    for row in rows:
        drawn.add_row(*(Text(cell, style=_style(header, cell)) for header, cell in zip(headers, row, strict=True)))
    console = Console(width=shutil.get_terminal_size().columns)
    with console.capture() as captured:
        console.print(drawn)
    screen.out(captured.get().removesuffix("\n"))


def _style(header: str, cell: str) -> str:
    return STYLES.get(cell, "") if header == "status" else ""
