"""Reads the corpus of code edits: see tests/corpus/code_edits/README.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "corpus" / "code_edits"


@dataclass
class Edit:
    """A project before and after."""

    topic: str
    name: str
    changes: str = ""
    reports: list[str] = field(default_factory=list[str])
    before: dict[str, str] = field(default_factory=dict[str, str])
    after: dict[str, str] = field(default_factory=dict[str, str])


def read() -> list[Edit]:
    """All edits of the corpus."""
    return [edit for file in sorted(FOLDER.glob("*.txt")) for edit in _read(file)]


def _read(file: Path) -> Iterator[Edit]:
    for case in file.read_text().split("=== ")[1:]:
        head, *files = case.split("\n--- ")
        name, *facts = head.strip().splitlines()
        edit = Edit(file.stem, name)
        for fact in facts:
            key, _, text = fact.partition(": ")
            if key == "changes":
                edit.changes = "" if text == "nothing" else text
            else:
                assert key == "reports", f"{file.name}: {fact}"
                edit.reports.append(text)
        for part in files:
            place, _, text = part.partition("\n")
            _add_file(edit, place, text.rstrip("\n").split("\n") if text.strip() else [])
        yield edit


def _add_file(edit: Edit, place: str, lines: list[str]) -> None:
    for project, own, other in ((edit.before, "-", "+"), (edit.after, "+", "-")):
        if not lines or not all(line.startswith(other) for line in lines):
            kept = (line[1:] if line.startswith(own) else line for line in lines if not line.startswith(other))
            project[place] = "".join(f"{line}\n" for line in kept)
