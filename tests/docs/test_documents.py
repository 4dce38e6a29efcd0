"""Every code block of every page works, and prints what the page says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks_of, documents
from tests.docs.session import Session

PROGRAMS = {"r": "Rscript", "js": "node", "c": "cc", "perl": "perl"}
"""What runs the blocks of other languages."""
# Each section of these stands for itself; the blocks of another page build on one another.
BY_SECTION = ("docs/promises.md", "docs/reference.md")


def _stories() -> list[tuple[str, list[Block]]]:
    stories: list[tuple[str, list[Block]]] = []
    for page in documents():
        name, blocks = page.relative_to(ROOT).as_posix(), blocks_of(page)
        if name in BY_SECTION:
            sections = groupby(blocks, key=lambda block: block.section)
            stories += [(f"{name} {section}", list(group)) for section, group in sections]
        elif blocks:
            stories.append((name, blocks))
    return stories


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [pytest.param(blocks, id=name) for name, blocks in _stories()])
def test_the_blocks_work(blocks: list[Block], tmp_path: Path, tool: Callable[[str], str]) -> None:
    for language in {block.language for block in blocks} & PROGRAMS.keys():
        tool(PROGRAMS[language])
    folder = tmp_path / "project"
    folder.mkdir()
    session = Session(folder)
    try:
        for block in blocks:
            session.play(block)
    finally:
        session.end()


def test_links_lead_somewhere() -> None:
    import re

    for page in documents():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target} does not exist"
