"""The table of results, and the page of one."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served


def test_all_results_are_listed(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/artifacts?filter=run:digits/1", look)
    expect(tab.page.locator("[role=row] [data-open]").first).to_be_visible()
    total = rich_project.server.get("/artifacts:index?filter=run:digits/1").json["total"]
    expect(tab.page.get_by_role("table", name="Artifacts")).to_have_attribute("aria-rowcount", str(total + 1))
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01
    assert tab.nodes() < 1_200


def test_a_kind_is_chosen_and_stands_in_the_address(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/artifacts?filter=run:digits/1")
    tab.page.get_by_role("button", name="Arrays").click()
    expect(tab.page.get_by_role("combobox", name="Filter artifacts")).to_have_value("run:digits/1 kind:array")
    expect(tab.page.get_by_role("table", name="Artifacts")).to_have_attribute("aria-rowcount", "2")
    tab.is_at("/artifacts?filter=run:digits/1+kind:array")
    expect(tab.page.get_by_role("link", name="digits/1/load/1")).to_be_visible()
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_role("heading", name="digits/1/load/1")).to_be_visible()
    tab.page.go_back()
    expect(tab.page.get_by_role("table", name="Artifacts")).to_have_attribute("aria-rowcount", "2")


def test_who_was_given_a_result_is_told_and_asked_for(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/artifacts?filter=run:digits/1 step:load")
    expect(tab.page.get_by_text("clean ×30")).to_be_visible()
    tab.page.get_by_role("combobox", name="Filter artifacts").fill("run:digits/1 used_by:report")
    expect(tab.page.get_by_role("heading", name="No result matches")).to_be_visible()
    tab.page.get_by_role("combobox", name="Filter artifacts").fill("run:digits/1 used_by:clean")
    expect(tab.page.get_by_role("link", name="digits/1/load/1")).to_be_visible()
    expect(tab.page.get_by_role("table", name="Artifacts")).to_have_attribute("aria-rowcount", "2")


def test_a_wrong_filter_says_what_is_wrong(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/artifacts")
    tab.allow("400")
    tab.page.get_by_role("combobox", name="Filter artifacts").fill("kind:sculpture")
    expect(tab.page.get_by_role("alert")).to_contain_text("is no kind of artifact")


def test_results_come_as_they_are_made(served: Served, visit: Callable[..., Tab]):
    tab = visit(served.server, "/artifacts")
    expect(tab.page.get_by_role("heading", name="No results yet")).to_be_visible()
    served.project.write("@step\ndef one(n: int):\n    return [n]\n\n@flow\ndef main(n: int = 3):\n    return one(n)\n")
    served.project.run(n=3)
    expect(tab.page.get_by_role("link", name="main/1/one/1")).to_be_visible()
    served.project.run(n=4)
    expect(tab.page.get_by_role("link", name="main/2/one/1")).to_be_visible()


def open_load(visit: Callable[..., Tab], served: Served, look: Look | None = None) -> Tab:
    """The page of `digits/5/load/1`, an array of 60 by 8."""
    result = served.server.get("/runs/digits/5/tasks/load/1").json["task"]["result"]
    path = f"/artifacts/{result['digest']}?of=digits/5/load/1"
    return visit(served.server, path, *(() if look is None else (look,)))


def test_a_result_is_looked_at(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = open_load(visit, rich_project, look)
    table = tab.page.get_by_role("table", name="Values")
    expect(table.get_by_role("cell").first).not_to_be_empty()
    expect(table).to_have_attribute("aria-rowcount", "61")
    expect(tab.page.get_by_role("region", name="Over runs")).to_be_visible()
    made = tab.page.get_by_role("region", name="Where it came from and where it went")
    expect(made.get_by_role("link", name="digits/1/load/1").first).to_be_visible()
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01
    assert tab.nodes() < 1_500


def test_a_column_is_sorted_by_the_server_and_summed_up(visit: Callable[..., Tab], rich_project: Served):
    tab = open_load(visit, rich_project)
    head = tab.page.get_by_role("columnheader").first
    head.get_by_role("button", name="statistics").click()
    facts = tab.page.get_by_role("region", name="Statistics of")
    least = facts.locator("dt:text-is('least') + dd")
    expect(least).not_to_be_empty()
    head.get_by_role("button").first.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    expect(tab.page.get_by_role("cell").first).to_have_text(least.inner_text())


def test_an_array_is_a_picture_as_well(visit: Callable[..., Tab], rich_project: Served):
    tab = open_load(visit, rich_project)
    tab.page.get_by_role("button", name="Picture").click()
    picture = tab.page.get_by_role("img", name="numpy.ndarray 60 × 8")
    expect(picture).to_be_visible()
    tab.until("document.querySelector('main img')?.naturalWidth === 8")


def test_one_value_is_followed_over_the_runs_of_its_flow(visit: Callable[..., Tab], rich_project: Served):
    tab = open_load(visit, rich_project)
    strip = tab.page.get_by_role("region", name="Over runs")
    expect(strip.locator("[aria-current]")).to_contain_text("5")
    strip.get_by_role("combobox").select_option(label="mean of all values")
    mean = served_mean(rich_project)
    name = re.compile(rf"digits/1 {mean}, digits/2 {mean}")
    expect(strip.get_by_role("img", name="digits/1")).to_have_accessible_name(name)
    tab.says("stat=all+values:mean")


def served_mean(served: Served) -> str:
    """Of all values of the array, as the page writes it: it is the same in every run."""
    result = served.server.get("/runs/digits/1/tasks/load/1").json["task"]["result"]
    mean = served.server.get(f"/artifacts/{result['digest']}/stats?of=digits/1/load/1").json["mean"]
    return re.escape(f"{mean:.4f}")


def test_what_is_not_kept_says_how_it_is_had(visit: Callable[..., Tab], rich_project: Served):
    result = rich_project.server.get("/runs/digits/1/tasks/report/1").json["task"]["result"]
    tab = visit(rich_project.server, f"/artifacts/{result['digest'] or 'unstable'}?of=digits/1/report/1")
    tree = tab.page.get_by_role("list", name="digits/1/report/1")
    tree.get_by_role("button", name="notes").click()
    expect(tree.get_by_text("deep")).to_have_count(0)
    line = 'penstock.run("digits/1").task("report/1").result()'
    tab.page.get_by_role("button", name=line).click()
    expect(tab.page.locator("[role=status]", has_text="copied")).to_be_attached()
    assert tab.copied() == line
    expect(tab.page.get_by_role("button", name="penstock get digits/1/report/1 -o FILE")).to_be_visible()
