"""The page of sites: what is named, the agents that live, and what waits for them, as it changes."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served

SITE = '[executors.desk]\nkind = "agent"\nhere = true\ncpu = 1\nmax_agents = 2\nlinger = "1s"\n'
FLOW = """
@step(on="desk")
def hold(number, file):
    await_file(file)
    return number

@flow
def main():
    return hold.map(range(3), file=os.path.abspath("go")).result()
"""


def test_a_project_without_sites_is_told_how_one_is_named(served: Served, visit: Callable[..., Tab], look: Look):
    tab = visit(served.server, "/runs", look)
    tab.page.get_by_role("link", name="Sites").first.wait_for(state="attached")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("x")
    expect(tab.page.get_by_role("heading", name="No site is named")).to_be_visible()
    tab.is_at("/sites")
    expect(tab.page.get_by_text("penstock doctor --on gpus")).to_be_visible()
    assert tab.axe() == []
    assert tab.overflow() == 0


def test_agents_their_tasks_and_what_waits_come_and_go(served: Served, visit: Callable[..., Tab]):
    project = served.project
    tab = visit(served.server, "/sites")
    expect(tab.page.get_by_role("heading", name="No site is named")).to_be_visible()
    project.settings(SITE)
    desk = tab.page.get_by_role("region", name="desk")
    expect(desk.get_by_text("no agent now")).to_be_visible(timeout=60_000)
    expect(desk.get_by_text("penstock doctor --on desk")).to_be_visible()

    project.write(FLOW)
    drive = project.spawn()
    expect(desk.get_by_text("2 agents there, 2 tasks running")).to_be_visible(timeout=60_000)
    waits = desk.get_by_role("list", name="What waits")
    expect(waits).to_contain_text("1 task of main/1/hold waits", timeout=60_000)
    agents = desk.get_by_role("list", name="Agents at desk").get_by_role("listitem")
    expect(agents).to_have_count(2)
    expect(agents.first).to_contain_text("1 of 1 CPU")
    expect(agents.first).to_contain_text("load")
    assert tab.axe() == []
    tab.page.keyboard.press("j")
    tab.page.keyboard.press("j")
    expect(agents.nth(1).get_by_role("link", name="desk-")).to_be_focused()
    tab.page.keyboard.press("t")
    assert tab.axe() == []
    tab.page.set_viewport_size({"width": 390, "height": 844})
    assert tab.overflow() == 0
    assert tab.axe() == []

    project.touch("go")
    assert drive.join().value() == [0, 1, 2]
    expect(desk.get_by_text("no agent now")).to_be_visible(timeout=60_000)
