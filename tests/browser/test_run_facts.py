"""What a run was given, ran with and ran in, beside another; where its values came from; what it displayed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served

SOURCE = """
@step
def train(rate: float) -> float:
    return rate * {factor}

@flow
def main(rate: float = 0.5) -> float:
    return train(rate)
"""


@pytest.mark.parametrize("view", ["params", "code", "environment", "lineage", "displays"])
def test_each_view_is_readable(visit: Callable[..., Tab], rich_project: Served, look: Look, view: str):
    tab = visit(rich_project.server, f"/runs/digits/4?view={view}", look)
    tab.allow("postMessage")  # of a frame that is of no origin yet
    expect(tab.page.locator(f"[data-view={view}]")).to_be_visible()
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01


def test_parameters_that_differ_come_first(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/2?view=params")
    names = tab.page.get_by_role("rowheader")
    expect(tab.page.get_by_text("2 parameters differ")).to_be_visible()
    expect(names.nth(0)).to_have_text("depths")
    expect(names.nth(1)).to_have_text("lr")
    expect(tab.page.get_by_role("row", name="lr")).to_contain_text("0.1")
    tab.page.get_by_role("combobox", name="against").select_option("digits/5")
    expect(tab.page.get_by_role("columnheader", name="digits/5")).to_be_visible()
    tab.says("against=digits/5")
    tab.page.get_by_role("combobox", name="against").select_option("nothing")
    expect(tab.page.get_by_role("columnheader")).to_have_count(2)


def test_changed_code_is_shown_by_its_lines(served: Served, visit: Callable[..., Tab]):
    served.project.write(SOURCE.format(factor=2))
    served.project.run(rate=0.5)
    served.project.write(SOURCE.format(factor=3))
    served.project.run(rate=0.5)
    tab = visit(served.server, "/runs/main/2?view=code")
    expect(tab.page.get_by_text("1 function differs from main/1")).to_be_visible()
    diff = tab.page.get_by_role("region", name="train of main/1 and main/2")
    expect(diff.locator("[data-other]")).to_have_text(["2", "3"])
    tab.page.get_by_role("navigation", name="Code").get_by_role("button", name="main()").click()
    expect(tab.page.get_by_role("region", name="main()").locator("pre")).to_contain_text("return train(rate)")
    tab.until("decodeURIComponent(location.search).includes('piece=main()')")


def test_where_it_ran(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/2?view=environment")
    (driver,) = rich_project.server.get("/runs/digits/2/environment").json["drivers"]
    expect(tab.page.get_by_role("region", name="Where it ran")).to_contain_text(driver["python"])
    packages = tab.page.get_by_role("region", name="Packages")
    expect(packages).to_contain_text(f"All {len(driver['packages'])} packages are as in digits/1")
    packages.get_by_role("button", name="show them").click()
    expect(packages.get_by_role("listitem")).to_have_count(len(driver["packages"]))


def test_the_runs_that_its_values_came_from(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/4?view=lineage")
    told = rich_project.server.get("/runs/digits/4/lineage?depth=2").json
    where = tab.page.get_by_role("region", name="What went where")
    expect(where.locator("> ul > li")).to_have_count(len(told["edges"]))
    expect(where).to_contain_text("forked")
    tab.page.locator("[data-view=lineage]").get_by_role("link", name="digits/3").first.click()
    expect(tab.page.get_by_role("heading", name="digits/3")).to_be_visible()
    tab.is_at("/runs/digits/3?view=lineage")


def test_what_it_displayed(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1?view=displays")
    page = tab.page
    expect(page.get_by_role("heading", name="Report")).to_be_visible()
    expect(page.frame_locator("iframe[title=frame]").get_by_text("scripted")).to_be_visible()
    waves = page.get_by_role("figure", name="waves")
    expect(waves.get_by_role("img", name="waves at step 2")).to_be_visible()
    waves.get_by_role("slider").press("Home")
    expect(waves.get_by_role("img", name="waves at step 0")).to_be_visible()
    expect(waves.get_by_role("status")).to_have_text("0 of 2")


def test_a_frame_reaches_nothing(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1?view=displays")
    frame = tab.page.frame_locator("iframe[title=frame]")
    expect(frame.get_by_text("scripted")).to_be_visible()
    assert frame.locator("body").evaluate("() => self.origin") == "null"
    expect(tab.page.locator("iframe")).to_have_attribute("sandbox", "allow-scripts")
