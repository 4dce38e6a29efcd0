"""The code blocks of the documents, as they stand in the text. Knows nothing of how they are run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)(```+)(.*)$")
_FILE_NAME = re.compile(r"(?:#|//) ([\w./-]+\.(?:py|sh|toml|csv|ipynb|pl|R|mjs|c))\s*(?:\(.*\))?")


class Block(NamedTuple):
    """One fenced block."""

    place: str  # "docs/tutorial.md:12"
    section: str  # the heading of the second level above it; "" before the first
    language: str  # "" for a drawing
    text: str

    @property
    def file_name(self) -> str:
        """What the block is saved as: its first line is a comment with a file's name. "" where it is not."""
        match = _FILE_NAME.fullmatch(self.text.split("\n", 1)[0])
        return match[1] if match else ""


class Command(NamedTuple):
    """A line after `$`, and what is said to come of it."""

    line: str
    expected: list[str]  # empty: not said


def documents() -> list[Path]:
    """All pages of the repository that a reader may type from."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    name = page.relative_to(ROOT).as_posix()
    found: list[Block] = []
    section, opened, lines = "", None, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if opened is None:
            if fence:
                opened, lines = (number, fence), []
            elif line.startswith("## "):
                section = line[3:].strip()
        elif fence and fence[2] == opened[1][2] and not fence[3]:
            indent = len(opened[1][1])
            text = "\n".join(one[indent:] for one in lines)
            found.append(Block(f"{name}:{opened[0]}", section, opened[1][3].strip(), text))
            opened = None
        else:
            lines.append(line)
    assert opened is None, f"{name}:{opened[0]}: the block has no end"
    return found


def commands_of(block: Block) -> list[Command]:
    """The commands of a console block. A command goes on in the next line where it ends with a backslash."""
    commands: list[Command] = []
    for line in block.text.split("\n"):
        if commands and commands[-1].line.endswith("\\"):
            commands[-1] = commands[-1]._replace(line=f"{commands[-1].line}\n{line}")
        elif line.startswith("$ "):
            commands.append(Command(line[2:], []))
        elif commands:
            commands[-1].expected.append(line)
        else:
            raise AssertionError(f"{block.place}: output without a command: {line!r}")
    return commands
