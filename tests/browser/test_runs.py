"""The page of runs."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served


def test_it_shows_the_runs_of_a_project(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/runs", look)
    rows = tab.page.locator("[role=row] [data-open]")
    expect(rows.first).to_be_visible()
    assert rows.count() == rich_project.server.get("/runs:index").json["total"]
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01


def test_a_filter_stands_in_the_address(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs?filter=status:failed&sort=-took")
    expect(tab.page.get_by_role("combobox", name="Filter runs")).to_have_value("status:failed")
    failed = rich_project.server.get("/runs:index?filter=status:failed").json["total"]
    expect(tab.page.get_by_role("table", name="Runs")).to_have_attribute("aria-rowcount", str(failed + 1))
    expect(tab.page.get_by_role("columnheader", name="Took")).to_have_attribute("aria-sort", "descending")
