"""A browser on the page of `penstock ui`, in which nothing goes wrong unseen."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.api_server import ApiServer

AXE = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
_LIGHT = "chromium-headless-shell"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_WORDS = (
    "--no-sandbox",  # which a container's root has none of
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) {
    const moved = one.sources.map(({ node }) => `${node?.nodeName}.${node?.className}`);
    if (!one.hadRecentInput) window.shifts.push({ value: one.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.violatedDirective} of ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
});
"""

PATIENCE_S = 30.0
"""How long one thing may take in a page, on a machine as slow and as busy as any."""
_UNTIL = """() => new Promise((resolve, reject) => {
  const end = performance.now() + PATIENCE_MS;
  const look = () => {
    if (CONDITION) resolve(null);
    else if (performance.now() > end) reject(new Error(String.raw`waited in vain for CONDITION`));
    else setTimeout(look, 16);  // no frame: a page that is not drawn has none
  };
  look();
})""".replace("PATIENCE_MS", str(1000 * PATIENCE_S))

_COPIED = """() => Promise.race([
  navigator.clipboard.readText(),
  new Promise((_, reject) => setTimeout(() => reject(new Error("the clipboard does not answer")), PATIENCE_MS)),
])""".replace("PATIENCE_MS", str(1000 * PATIENCE_S))
_AT_REST = "document.getAnimations().every((one) => one.effect.getTiming().iterations === Infinity)"


class Look(NamedTuple):
    """How a page is looked at."""

    width: int
    theme: str

    @property
    def height(self) -> int:
        return 844 if self.is_phone else 800

    @property
    def is_phone(self) -> bool:
        return self.width < 600


LOOKS = (Look(1280, "light"), Look(1280, "dark"), Look(390, "light"), Look(390, "dark"))


def chromium() -> str | None:
    """The browser that is installed."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def light_chromium() -> str | None:
    """The same engine without what people have around a page, where it is installed: half the work. Else theirs."""
    return shutil.which(_LIGHT) or chromium()


@contextlib.contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """That browser, without a window."""
    expect.set_options(timeout=1000 * PATIENCE_S)  # how long something takes is no matter of these tests
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_WORDS)
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A tab of a browser, which has a server's token. What goes wrong in it is gathered in `complaints`."""

    def __init__(self, page: Page, server: ApiServer) -> None:
        self.page = page
        self.server = server
        self.complaints: list[str] = []
        self.asked: list[str] = []  # "GET /api/v1/meta"
        self.awaited: set[Request] = set()  # what was not answered yet, but for streams
        self._allowed: list[re.Pattern[str]] = []
        page.add_init_script(_WATCH)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._complain(f"error: {error.stack or error}"))
        page.on("request", self._request)
        page.on("requestfinished", lambda request: self.awaited.discard(request))
        page.on("requestfailed", lambda request: self.awaited.discard(request))

    def go(self, path: str) -> None:
        """Open an address of the page, `/runs?sort=-started`, anew."""
        place, _, fragment = path.partition("#")
        self.page.goto(f"http://{self.server.host}{place}#token={self.server.token}{fragment and f'&{fragment}'}")

    @property
    def address(self) -> str:
        """Path and query of what is open."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def is_at(self, address: str) -> None:
        """Wait for the page to be at this address, path and query: it follows what is done, in a while."""
        expect(self.page).to_have_url(re.compile(f"^http://{re.escape(self.server.host + address)}(#.*)?$"))

    def says(self, words: str) -> None:
        """Wait for its address to have these words in it."""
        expect(self.page).to_have_url(re.compile(re.escape(words)))

    def allow(self, pattern: str) -> None:
        """Complaints in which this is found are none: a test that provokes them says so first."""
        self._allowed.append(re.compile(pattern))

    def until(self, condition: str) -> None:
        """Wait for an expression of the page's script to hold; fails after half a minute, and says for what."""
        self.page.evaluate(_UNTIL.replace("CONDITION", condition))

    def copied(self) -> str:
        """The text that was copied last."""
        return self.page.evaluate(_COPIED)

    def axe(self, *without: str) -> list[str]:
        """What is not accessible once nothing moves or fades, a line each; `without`: rules that are left out."""
        self.until(_AT_REST)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger, whom the policy does not bind
        rules = {rule: {"enabled": False} for rule in without}
        found = self.page.evaluate("(rules) => axe.run(document, { rules, resultTypes: ['violations'] })", rules)
        return [
            f"{violation['id']}: {violation['help']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def shift(self) -> float:
        """The sum of all layout shifts since the page was opened, but for those that a click or a key brought."""
        return sum(one["value"] for one in self.shifts())

    def shifts(self) -> list[dict[str, Any]]:
        """Each of them, with what moved."""
        return self.page.evaluate("window.shifts")

    def nodes(self) -> int:
        """How many elements the page has."""
        return self.page.evaluate("document.querySelectorAll('*').length")

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window: 0."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            place = message.location
            self._complain(f"{message.type}: {message.text} at {place.get('url')}:{place.get('lineNumber')}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.netloc == self.server.host:
            self.asked.append(f"{request.method} {parts.path}" + (f"?{parts.query}" if parts.query else ""))
            if not parts.path.endswith("/events"):
                self.awaited.add(request)
        elif parts.scheme not in ("data", "blob", "about"):
            self._complain(f"asked another server: {request.url}")

    def _complain(self, text: str) -> None:
        if not any(pattern.search(text) for pattern in self._allowed):
            self.complaints.append(text)


@contextlib.contextmanager
def tab(browser: Browser, server: ApiServer, look: Look = LOOKS[0]) -> Iterator[Tab]:
    """A tab of its own, with a memory of its own. Fails in the end where something went wrong in it."""
    context = browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme="dark" if look.theme == "dark" else "light",
        has_touch=look.is_phone,
        is_mobile=look.is_phone,
        locale="en-GB",
        timezone_id="UTC",
    )
    try:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        opened = Tab(context.new_page(), server)
        yield opened
    finally:
        context.close()
    assert not opened.complaints, "\n".join(opened.complaints)
