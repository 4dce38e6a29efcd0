"""The page in a browser, over a journal of 10,000 runs of which one has 100,000 tasks, and beside a run that goes on.

Long tasks and shifts are counted by the browser itself; a frame is one that it asked the page for. The floor is the
same browser with an empty page of the same server.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench import large_journal
from bench.finding import Finding, Must
from bench.workplace import Project, Workplace, environment
from tests.api_server import ApiServer, serving
from tests.browser import browsing
from tests.browser.browsing import Tab

_EMPTY = "/healthz"
_RATE = 2000  # tasks that end each second: an hour of a run of 33 a second in a minute
_WATCH = """
window.longest = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
}).observe({ type: "longtask" });
window.seen = null;
new MutationObserver(() => {
  const isThere = window.seen === null && document.querySelector(SELECTOR);
  if (isThere) requestAnimationFrame(() => { window.seen ??= performance.now() / 1000; });
}).observe(document, { childList: true, subtree: true });
"""
_FRAMES = """(seconds) => new Promise((resolve) => {
  const began = performance.now();
  let frames = 0;
  const next = (now) => {
    if (now - began >= seconds * 1000) resolve(frames / ((now - began) / 1000));
    else { frames += 1; requestAnimationFrame(next); }
  };
  requestAnimationFrame(next);
  setTimeout(() => resolve(0), seconds * 1000 + 30_000);  // a page that is not drawn gets none
})"""
_SCROLL = """(seconds) => {
  const place = [...document.querySelectorAll("*")]
    .filter((one) => one.scrollHeight > one.clientHeight + 200 && /auto|scroll/.test(getComputedStyle(one).overflowY))
    .sort((a, b) => b.scrollHeight - a.scrollHeight)[0];
  const end = performance.now() + seconds * 1000;
  let step = 140;
  const next = () => {
    if (place.scrollTop + place.clientHeight >= place.scrollHeight - 1 || place.scrollTop <= 0) step = -step;
    place.scrollTop += step;
    if (performance.now() < end) requestAnimationFrame(next);
  };
  if (place) { place.scrollTop = 200; requestAnimationFrame(next); }
  return place !== undefined;
}"""


def measure(workplace: Workplace) -> Iterator[Finding]:
    executable = browsing.chromium()
    if executable is None:
        raise RuntimeError("no chromium on PATH: apt-get install chromium")
    scale = workplace.scale
    project = large_journal.filled(workplace, "steady.py")
    wide = f"/runs/filled/{scale.many_runs + 1}"
    opened = {
        f"a run of {scale.of_one_run:,} tasks, open": (wide, "[data-node]", Must(1, "value")),
        "  its tasks": (f"{wide}?view=tasks", "[role=row] [data-open]", None),
        "  its timeline": (f"{wide}?view=timeline", "canvas", None),
        f"{scale.many_runs:,} runs, open": ("/runs", "[role=row] [data-open]", None),
    }
    with browsing.launched(executable) as browser, serving(project.folder) as server:
        views = [lambda path=path, seen=seen: _opened(browser, server, path, seen) for path, seen, _ in opened.values()]
        floor, *found = workplace.in_turn(lambda: _opened(browser, server, _EMPTY, "body"), *views)
        for (what, (_, _, must)), seconds in zip(opened.items(), found, strict=True):
            yield Finding(what, seconds, "s", floor, "an empty page", must)
        for what, path in (("runs", "/runs"), ("tasks", f"{wide}?view=tasks")):
            yield from _scrolled(workplace, browser, server, f"{what}, scrolled", path)
        with _steady(project, scale.busy_s * 6) as number:
            run = f"/runs/steady/{number}"
            for what, path in (("its runs", "/runs"), ("its tasks", f"{run}?view=tasks")):
                yield from _scrolled(workplace, browser, server, f"{_RATE:,} tasks/s, {what}, scrolled", path)
            yield from _watched(browser, server, run, scale.busy_s * 3)
    project.remove()


def _opened(browser: Any, server: ApiServer, path: str, selector: str) -> float:
    with browsing.tab(browser, server) as tab:
        tab.allow("favicon")  # of the empty page
        tab.page.add_init_script(_WATCH.replace("SELECTOR", repr(selector)))
        tab.go(path)
        tab.until("window.seen !== null")
        return tab.page.evaluate("window.seen")


def _scrolled(workplace: Workplace, browser: Any, server: ApiServer, what: str, path: str) -> Iterator[Finding]:
    seconds = workplace.scale.busy_s / 4
    with browsing.tab(browser, server) as tab:
        tab.allow("favicon")
        tab.go(_EMPTY)
        floor = [tab.page.evaluate(_FRAMES, min(seconds, 2)) for _ in range(workplace.scale.times)]
        tab.page.add_init_script(_WATCH.replace("SELECTOR", "'[role=row] [data-open]'"))
        tab.go(path)
        tab.until("window.seen !== null")
        tab.page.evaluate("window.longest = 0")
        frames: list[float] = []
        for _ in range(workplace.scale.times):
            is_long = tab.page.evaluate(_SCROLL, seconds)
            frames.append(tab.page.evaluate(_FRAMES, seconds))
        must = Must(50, "value", at_least=True) if is_long else None
        yield Finding(f"{what}: frames", frames, "/s", floor, "an empty page", must)
        longest = tab.page.evaluate("window.longest / 1000")
        yield Finding("  its longest task of the main thread above 50 ms", [longest], "s", must=Must(0.05, "value"))


def _watched(browser: Any, server: ApiServer, run: str, seconds: float) -> Iterator[Finding]:
    """A run that goes on, looked at: what it takes to show it, and whether it holds still."""
    with browsing.tab(browser, server) as tab:
        tab.page.add_init_script(_WATCH.replace("SELECTOR", "'[data-node]'"))
        tab.go(run)
        tab.until("window.seen !== null")
        frames = tab.page.evaluate(_FRAMES, seconds / 3)
        early = _heap(tab)
        tab.page.evaluate("window.longest = 0")
        tab.page.wait_for_timeout(1000 * seconds * 2 / 3)
        longest, late = tab.page.evaluate("window.longest / 1000"), _heap(tab)
        yield Finding(f"a run of {_RATE:,} tasks/s: frames", [frames], "/s", must=Must(50, "value", at_least=True))
        yield Finding("  its longest task of the main thread above 50 ms", [longest], "s", must=Must(0.05, "value"))
        yield Finding(f"  memory after {seconds:.0f} s", [late], "bytes", [early], "a third of it", Must(1.15))
        yield Finding("  layout shift, of 1,000", [1000 * tab.shift()], "", must=Must(10, "value"))


def _heap(tab: Tab) -> float:
    """Bytes that the page's script holds on to."""
    debugger = tab.page.context.new_cdp_session(tab.page)
    debugger.send("HeapProfiler.collectGarbage")
    used: float = debugger.send("Runtime.getHeapUsage")["usedSize"]
    debugger.detach()
    return used


@contextmanager
def _steady(project: Project, seconds: float) -> Iterator[int]:
    """A flow whose tasks end at a rate; the number of its run, once that has begun."""
    command = [sys.executable, "steady.py", str(seconds), str(_RATE)]
    driver = subprocess.Popen(
        command, cwd=project.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while "steady/1" not in project.penstock("ls"):
            if driver.poll() is not None:
                raise RuntimeError(f"steady.py ended with {driver.returncode} before its run began")
            time.sleep(0.1)
        yield 1
    finally:
        driver.kill()
        driver.wait()
