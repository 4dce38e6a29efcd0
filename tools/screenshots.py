"""Pictures of each page in both themes and sizes, into build/screenshots: `python tools/screenshots.py [--only WORD]`.

Of projects of real runs: with something of everything, empty, large. The arrow keys leaf through index.html there.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser  # noqa: E402

from bench import large_journal  # noqa: E402
from bench.scale import FULL  # noqa: E402
from bench.workplace import Workplace  # noqa: E402
from tests.api_server import ApiServer, serving  # noqa: E402
from tests.browser import rich  # noqa: E402
from tests.browser.browsing import LOOKS, PATIENCE_S, Look, Tab, chromium, launched, tab  # noqa: E402
from tests.system.flows import Project  # noqa: E402

LONG = "a_flow_with_a_name_that_is_far_too_long_for_any_column_of_a_table_or_for_the_head_of_a_page"
# What stands in the documents, by name and file; with --docs these alone are taken, and stored there.
IN_DOCS = {
    "runs, chosen": "runs",
    "run, failed": "run",
    "task, failed": "task",
    "compare": "compare",
}
STILL = """() => new Promise((resolve) => {
  let timer = setTimeout(resolve, 400);
  const end = setTimeout(resolve, 6000);
  new MutationObserver(() => {
    clearTimeout(timer);
    timer = setTimeout(resolve, 400);
  }).observe(document.body, { childList: true, subtree: true, attributes: true });
})"""


class Shot(NamedTuple):
    """One address, and what is done there before its picture is taken."""

    name: str
    path: str
    project: str = "rich"
    keys: tuple[str, ...] = ()
    ends_server: bool = False


SHOTS = (
    Shot("runs", "/runs"),
    Shot("runs, chosen", "/runs?filter=flow:digits", keys=(*"jjjx", *"jjjx")),
    Shot("runs, failed ones", "/runs?filter=status:failed"),
    Shot("runs, nothing matches", "/runs?filter=flow:nothing accuracy>2"),
    Shot("runs, a wrong word", "/runs?filter=status:dome"),
    Shot("runs, none yet", "/runs", "empty"),
    Shot("runs, 10,000", "/runs", "large"),
    Shot("search", "/runs", keys=("Control+k",)),
    Shot("keys", "/runs", keys=("?",)),
    *(
        Shot(f"run, {words}", f"/runs/{run}")
        for words, run in (
            ("done", "digits/1"),
            ("failed", "digits/3"),
            ("a fork", "digits/4"),
            ("cancelled", "digits/6"),
            ("running", rich.RUNNING),
            ("without a task", "nothing/1"),
            ("from the right", "مرحبا/1"),
            ("a long name", f"{LONG}/1"),
            ("that is not there", "digits/99"),
        )
    ),
    Shot("run, a node", "/runs/digits/3?node=train"),
    *(
        Shot(f"run, {view}", f"/runs/digits/3?view={view}")
        for view in ("timeline", "tasks", "params", "code", "environment", "lineage", "log")
    ),
    Shot("run, displays", "/runs/digits/1?view=displays"),
    Shot("run, another beside it", "/runs/digits/4?view=params&against=digits/3"),
    Shot("run, 100,000 tasks", "/runs/filled/10001", "large"),
    Shot("run, timeline of 100,000", "/runs/filled/10001?view=timeline", "large"),
    Shot("run, tasks of 100,000", "/runs/filled/10001?view=tasks", "large"),
    Shot("task, failed", "/runs/digits/3/train/2"),
    Shot("task, running", f"/runs/{rich.RUNNING}/wait/1"),
    Shot("task, retried", "/runs/digits/1/fetch/3"),
    *(
        Shot(f"task, {view}", f"/runs/digits/1/{task}?tab={view}")
        for view, task in (
            ("outputs", "report/1"),
            ("metrics", "train/1"),
            ("log", "train/1"),
            ("system", "train/1"),
            ("inputs", "train/1"),
            ("code", "train/1"),
        )
    ),
    Shot("task, an array", "/runs/digits/1/load/1?tab=outputs"),
    Shot("compare", "/compare?runs=digits/1,digits/2,digits/5"),
    *(
        Shot(f"compare, {view}", f"/compare?runs=digits/1,digits/2,digits/4,digits/5&view={view}")
        for view in ("curves", "scatter", "parallel", "code", "environment", "figures")
    ),
    Shot("compare, none", "/compare"),
    Shot("artifacts", "/artifacts"),
    Shot("artifacts, one over runs", "/artifacts?filter=run:digits/5+kind:array", keys=("j", "Enter")),
    Shot("artifacts, none", "/artifacts", "empty"),
    Shot("sites, none", "/sites", "empty"),
    Shot("no such page", "/models"),
    Shot("server gone", "/runs", ends_server=True),
)


def main() -> None:
    """Take those whose names hold the word."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--only", default="", metavar="WORD", help="names of pictures that hold it")
    parser.add_argument("--width", type=int, help="this one alone")
    parser.add_argument("--theme", choices=("light", "dark"), help="this one alone")
    parser.add_argument("--docs", action="store_true", help="those of the documents, into docs/pictures")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "screenshots")
    asked = parser.parse_args()
    executable = chromium()
    if executable is None:
        sys.exit("no chromium on PATH: apt-get install chromium")
    shots = [shot for shot in SHOTS if (shot.name in IN_DOCS if asked.docs else asked.only in shot.name)]
    looks = (
        LOOKS[:1]
        if asked.docs
        else [look for look in LOOKS if asked.width in (None, look.width) and asked.theme in (None, look.theme)]
    )
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, launched(executable) as browser:
        for kind in dict.fromkeys(shot.project for shot in shots):
            with _project(kind, Path(folder, kind)) as project:
                some = [shot for shot in shots if shot.project == kind]
                with serving(project) as server:
                    for shot, look in ((shot, look) for shot in some if not shot.ends_server for look in looks):
                        _take(shot, server, look, browser, asked.folder)
                for shot, look in ((shot, look) for shot in some if shot.ends_server for look in looks):
                    with serving(project) as server:
                        _take(shot, server, look, browser, asked.folder)
    if asked.docs:
        for name, file in IN_DOCS.items():
            with Image.open(asked.folder / _file(name, looks[0])) as picture:
                picture.convert("RGB").save(ROOT / "docs" / "pictures" / f"{file}.webp", quality=85, method=6)
    (asked.folder / "index.html").write_text(_index(asked.folder), encoding="utf-8")
    print(asked.folder / "index.html")


@contextlib.contextmanager
def _project(kind: str, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    if kind == "large":
        yield large_journal.filled(Workplace(FULL, folder)).folder
        return
    project = Project(folder / "work")
    if kind == "rich":
        rich.fill(project)
    else:
        project.settings("")
    try:
        yield project.folder
    finally:
        rich.let_go(project)
        project.end()


def _take(shot: Shot, server: ApiServer, look: Look, browser: Browser, folder: Path) -> None:
    print(file := _file(shot.name, look), file=sys.stderr)
    try:
        with tab(browser, server, look) as opened:
            _open(shot, server, opened)
            opened.page.screenshot(path=folder / file)
    except AssertionError as error:  # what went wrong in it
        print(f"    {error}", file=sys.stderr)


def _still(opened: Tab) -> None:
    """Wait until nothing changes and nothing is waited for, on a busy machine, too."""
    end = time.monotonic() + PATIENCE_S
    opened.page.evaluate(STILL)
    while opened.awaited and time.monotonic() < end:
        opened.page.evaluate(STILL)


def _open(shot: Shot, server: ApiServer, opened: Tab) -> None:
    opened.go(shot.path)
    _still(opened)
    for key in shot.keys:
        opened.page.keyboard.press(key)
    if shot.ends_server:
        opened.allow("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET|Failed to fetch|ERR_EMPTY_RESPONSE")
        server.process.terminate()
        server.process.wait()
        opened.page.wait_for_timeout(3000)
    _still(opened)


def _file(name: str, look: Look) -> str:
    return f"{name.replace(', ', '-').replace(' ', '_')}_{look.width}_{look.theme}.png"


def _index(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*.png"))
    pictures = "\n".join(f'<figure><img src="{html.escape(name)}"><figcaption>{html.escape(name)}' for name in names)
    return f"""<!doctype html><meta charset="utf-8"><title>Screenshots</title>
<style>body{{margin:0;font:13px system-ui;background:#888}}figure{{margin:0;height:100vh;display:grid;
grid-template-rows:1fr auto;scroll-snap-align:start}}img{{max-width:100vw;max-height:calc(100vh - 24px);margin:auto}}
html{{scroll-snap-type:y mandatory}}figcaption{{color:#fff;padding:3px 8px}}</style>
{pictures}
<script>addEventListener("keydown",({{key}})=>{{const step={{ArrowRight:1,ArrowLeft:-1}}[key];
if(step)scrollBy(0,step*innerHeight)}})</script>
"""


if __name__ == "__main__":
    main()
