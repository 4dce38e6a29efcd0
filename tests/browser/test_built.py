"""What is built: how large it is, what it names, whose it is, and that its types are the API's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT

PAGE = ROOT / "src" / "penstock" / "server" / "page"
FIRST = "src/runs/RunsPage.tsx"
FIRST_BYTES, LAZY_BYTES, HARD_BYTES = 260_000, 60_000, 400_000
# Namespaces and words to look up, which no browser asks for.
NAMES = (
    r"https?://www\.w3\.org/",
    r"https://react\.dev/errors/",
    r"https?://(?:localhost|127\.0\.0\.1)",
    r"https://base-ui\.com/production-error",
)

pytestmark = pytest.mark.usefixtures("built_page")


def manifest() -> dict[str, dict[str, object]]:
    return json.loads((PAGE / "manifest.json").read_text())


def needed(name: str, found: set[str] | None = None) -> set[str]:
    """The files that a module's chunk needs before it can run."""
    chunks = manifest()
    found = set() if found is None else found
    one = chunks[name]
    if one["file"] not in found:
        found |= {one["file"], *one.get("css", ()), *one.get("assets", ())}
        for other in one.get("imports", ()):
            needed(other, found)
    return found


def sent(files: set[str]) -> int:
    """Bytes, as a browser is sent them."""
    paths = [PAGE / file for file in files]
    return sum(min((PAGE / f"{path}.br", path), key=lambda one: not one.exists()).stat().st_size for path in paths)


def texts() -> Iterator[tuple[Path, str]]:
    for path in sorted(PAGE.rglob("*")):
        if path.suffix in (".js", ".css", ".html", ".svg"):
            yield path, path.read_text(encoding="utf-8")


def test_the_first_page_is_small():
    assert sent({"index.html"} | needed("index.html") | needed(FIRST)) < FIRST_BYTES


def test_each_other_page_is_small():
    """Beside what the first one brings; and where it is the first, with all that it needs."""
    shell = needed("index.html")
    first = shell | needed(FIRST)
    pages = {name: needed(name) for name, one in manifest().items() if one.get("isDynamicEntry")}
    assert FIRST in pages
    more = {name: sent(files - first) for name, files in pages.items()}
    assert {name: size for name, size in more.items() if size > LAZY_BYTES} == {}
    assert max(sent(shell | files) for files in pages.values()) < HARD_BYTES


def test_nothing_in_it_leads_to_another_server():
    allowed = re.compile("|".join(NAMES))
    for path, text in texts():
        found = re.findall(r"""(?:https?:|wss?:|["'(])//[\w.-]+[^\s"'`)]*""", text)
        assert [one for one in found if not allowed.match(one)] == [], path.name
        assert "sourceMappingURL" not in text


def test_all_that_is_bundled_says_its_licence():
    licences = (PAGE / "assets" / "licences.md").read_text(encoding="utf-8")
    for name in ("react", "react-dom", "@fontsource-variable/geist", "@fontsource-variable/geist-mono"):
        assert re.search(rf"^## {name}\b.* \(", licences, re.MULTILINE), name
    said = set(re.findall(r"^## .*\((.+)\)$", licences, re.MULTILINE))
    assert said <= {"MIT", "ISC", "0BSD", "BSD-3-Clause", "Apache-2.0", "OFL-1.1", "Unlicense"}


def test_fonts_are_latin_alone():
    assert sorted(re.sub(r"-[\w-]{8}\.woff2", "", path.name) for path in PAGE.rglob("*.woff2")) == [
        "geist-latin-wght-normal",
        "geist-mono-latin-wght-normal",
    ]


def test_the_types_are_those_of_the_api():
    command = [sys.executable, "tools/page_types.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
