"""A run's timeline and its table of tasks."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served
from tests.browser.rich import RUNNING

LANES = "section[aria-label=Lanes]"
LANE = 82  # pixels below its upper edge there is the first lane


def _shown(tab: Tab) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(tab.page.url).query).items()}


def _says(page: Page, **words: str) -> None:
    """The address comes to say this, and of a word with "" nothing."""
    page.wait_for_function(
        """(words) => {
          const shown = new URLSearchParams(location.search);
          return Object.entries(words).every(([name, word]) => (shown.get(name) ?? "") === word);
        }""",
        arg=words,
    )


def _drawn(page: Page) -> None:
    """There are lanes, and the canvas has been painted."""
    page.wait_for_function(
        """() => {
          const canvas = document.querySelector("[aria-label=Timeline] canvas");
          if (!canvas || !canvas.ariaLabel.includes("lane") || canvas.width === 0) return false;
          const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
          copy.drawImage(canvas, 0, 0);
          const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data;
          return pixels.some((value) => value > 0);
        }"""
    )


@pytest.mark.parametrize("view", ["timeline", "timeline&by=step", "timeline&path=on", "tasks"])
def test_it_is_for_all_who_read(visit: Callable[..., Tab], rich_project: Served, look: Look, view: str):
    tab = visit(rich_project.server, f"/runs/digits/1?view={view}", look)
    if view == "tasks":
        expect(tab.page.locator("[data-id] [data-open]").first).to_be_visible()
    else:
        _drawn(tab.page)
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01


def test_zooming_stands_in_the_address_and_comes_back(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1?view=timeline")
    page = tab.page
    _drawn(page)
    page.keyboard.press("w")
    page.wait_for_function("() => new URLSearchParams(location.search).has('from')")
    first = _shown(tab)
    assert 0 < float(first["from"]) < float(first["to"])
    page.keyboard.press("d")
    page.wait_for_function("(from) => new URLSearchParams(location.search).get('from') !== from", arg=first["from"])
    page.reload()
    _drawn(page)
    page.keyboard.press("0")
    _says(page, **{"from": "", "to": ""})


def test_what_is_dragged_over_is_summed_up_and_shown_as_a_table(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1?view=timeline")
    page = tab.page
    _drawn(page)
    box = page.locator(LANES).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 90)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 95, steps=4)
    page.mouse.up()
    page.wait_for_function("() => new URLSearchParams(location.search).has('picked')")
    begin, end = map(float, _shown(tab)["picked"].split("-"))
    found = rich_project.server.get(f"/runs/digits/1/tasks:durations?filter=ended>{begin}s%20began<{end}s").json
    assert found["tasks"] > 0
    expect(page.get_by_text(f"{found['tasks']} tasks", exact=True)).to_be_visible()
    page.get_by_role("link", name="Show these tasks").click()
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", str(found["tasks"] + 1))
    page.go_back()
    _drawn(page)
    page.get_by_role("button", name="Clear").click()
    _says(page, picked="")


def test_tasks_are_filtered_sorted_and_opened(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/3?view=tasks")
    page, server = tab.page, rich_project.server
    rows = page.locator("[role=row][data-id]")
    expect(rows.first).to_contain_text("train/2")  # it failed
    expect(rows.first).to_contain_text("IndexError")
    page.get_by_role("button", name="Took", exact=True).click()
    expect(page.get_by_role("columnheader", name="Took")).to_have_attribute("aria-sort", "descending")
    longest = server.get("/runs/digits/3/tasks:durations").json["longest"]
    expect(rows.first).to_contain_text(longest)
    page.keyboard.press("/")
    page.keyboard.type("step:cl")
    page.get_by_role("option", name="clean").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "31")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.pathname.startsWith('/runs/digits/3/clean/')")


def test_a_filter_that_finds_nothing_can_be_dropped(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1?view=tasks&filter=took>9h")
    tab.page.get_by_role("button", name="Drop the filter").click()
    expect(tab.page.locator("[role=row][data-id]").first).to_be_visible()


def test_what_runs_is_seen_at_once(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, f"/runs/{RUNNING}?view=tasks")
    expect(tab.page.get_by_role("link", name="wait/1", exact=True)).to_be_visible()
    tab.go(f"/runs/{RUNNING}?view=timeline")
    _drawn(tab.page)


def test_tasks_appear_as_they_end_and_a_bar_opens_its_task(served: Served, visit: Callable[..., Tab]):
    """A run that goes on: its table and its timeline follow it, and nothing moves."""
    project, server = served
    project.write(
        """
        @step
        def go(n):
            await_file(f"go-{n}")
            return n

        @flow
        def main(n=2):
            return [go(number) for number in range(n)]
        """
    )
    drive = project.spawn()
    tab = visit(server, "/runs")
    page = tab.page
    page.wait_for_function("() => document.querySelector('[role=row] [data-open]')")
    tab.go("/runs/main/1?view=tasks")
    expect(page.get_by_text("No task has ended yet")).to_be_visible()
    project.touch("go-0")
    expect(page.locator("[role=row][data-id]")).to_have_count(1)
    before = tab.shift()
    project.touch("go-1")
    drive.join()
    expect(page.locator("[role=row][data-id]")).to_have_count(2)
    assert tab.shift() - before < 0.01, tab.shifts()
    tab.go("/runs/main/1?view=timeline")
    _drawn(page)
    box = page.locator(LANES).bounding_box()
    assert box is not None
    card = page.locator("[aria-hidden=true]").filter(has_text="go/2")
    for share in range(100, 0, -2):  # from the right: the second ended last
        page.mouse.move(box["x"] + box["width"] * share / 100, box["y"] + LANE)
        if card.count() > 0:
            break
    expect(card).to_contain_text("process-1-1")
    page.mouse.down()
    page.mouse.up()
    expect(page).to_have_url(f"http://{server.host}/runs/main/1/go/2")


def test_a_hundred_thousand_tasks_are_a_window(visit: Callable[..., Tab], large_project: Served):
    """What is in the page follows the window, and so does what is asked for."""
    tab = visit(large_project.server, "/runs/filled/10001?view=tasks")
    page = tab.page
    rows = page.locator("[role=row][data-id]")
    expect(rows.first.locator("[data-open]")).to_be_visible()
    expect(page.get_by_role("table")).to_have_attribute("aria-rowcount", "100001")
    assert tab.nodes() < 1500
    page.keyboard.press("G")
    expect(page.locator("[role=row][aria-rowindex='100001'] [data-open]")).to_be_visible()
    assert tab.nodes() < 1500
    assert sum("/tasks?ids=" in one for one in tab.asked) < 12
    tab.go("/runs/filled/10001?view=timeline")
    _drawn(page)
    assert tab.nodes() < 500
