"""The page of a run: what failed first, its graph as it grows, and what is known of a step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.browsing import LOOKS, Look, Tab
from tests.browser.conftest import Served
from tests.browser.rich import RUNNING
from tests.system.flows import wait_until

PHONE = LOOKS[2]


def node(tab: Tab, id_: str) -> Locator:
    """A step or a nested flow in the graph, by the id that the API gives it."""
    return tab.page.locator(f'[data-node="{id_}"]')


def still(tab: Tab) -> None:
    """What moves is where it goes at once: a place can be measured."""
    tab.page.emulate_media(reduced_motion="reduce")


def place(tab: Tab, id_: str) -> dict[str, float]:
    found = node(tab, id_).bounding_box()
    assert found is not None
    return dict(found)


def test_what_failed_comes_first_with_what_mends_it(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/runs/digits/3", look)
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("digits/3")
    failed = tab.page.get_by_role("region", name="What failed")
    expect(failed).to_contain_text("train/2 failed: IndexError")
    expect(failed).to_contain_text("index 13 is out of bounds")
    expect(failed.get_by_role("button")).to_contain_text("penstock resume digits/3")
    expect(failed.get_by_role("link", name="train/2")).to_have_attribute("href", "/runs/digits/3/train/2")
    expect(node(tab, "train")).to_be_in_viewport()
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01


def test_the_graph_runs_to_the_right_and_on_a_phone_down(visit: Callable[..., Tab], rich_project: Served):
    wide = visit(rich_project.server, "/runs/digits/1")
    narrow = visit(rich_project.server, "/runs/digits/1", PHONE)
    for tab in (wide, narrow):
        expect(node(tab, "report")).to_be_attached()
    assert place(wide, "clean")["x"] > place(wide, "load")["x"]
    assert place(narrow, "clean")["y"] > place(narrow, "load")["y"]


def test_a_step_is_selected_by_its_address_a_click_and_keys(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/3?node=train")
    about = tab.page.get_by_role("complementary")
    expect(about.get_by_role("heading", level=2)).to_have_text("train")
    expect(about).to_contain_text("2 done")
    expect(about.get_by_role("listitem").filter(has_text="train/2")).to_be_visible()
    node(tab, "load").get_by_role("button").click()
    expect(about.get_by_role("heading", level=2)).to_have_text("load")
    tab.is_at("/runs/digits/3?node=load")
    tab.page.keyboard.press("ArrowRight")
    expect(about.get_by_role("heading", level=2)).to_have_text("clean")
    tab.page.keyboard.press("n")
    expect(about.get_by_role("heading", level=2)).to_have_text("train")
    tab.page.keyboard.press("Escape")
    expect(about.get_by_role("heading", name="Steps")).to_be_visible()
    tab.is_at("/runs/digits/3")
    tab.page.go_back()
    expect(about.get_by_role("heading", level=2)).to_have_text("train")


def test_a_nested_flow_opens_where_it_stands(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1?node=fold")
    still(tab)
    expect(node(tab, "fold")).to_be_visible()
    before = place(tab, "clean")
    tab.page.keyboard.press("e")
    expect(node(tab, "fold/score")).to_be_visible()
    tab.is_at("/runs/digits/1?node=fold&open=fold")
    assert place(tab, "clean")["x"] == before["x"]
    outer, inner = place(tab, "fold"), place(tab, "fold/score")
    assert outer["x"] < inner["x"]
    assert inner["x"] + inner["width"] < outer["x"] + outer["width"]
    assert tab.axe() == []
    tab.page.keyboard.press("e")
    expect(node(tab, "fold/score")).to_have_count(0)
    tab.is_at("/runs/digits/1?node=fold")


def test_the_camera_zooms_by_keys_and_shows_all_again(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/1")
    width = place(tab, "load")["width"]
    tab.page.keyboard.press("+")
    tab.until(f"document.querySelector('[data-node=load]').getBoundingClientRect().width > {width} * 1.25")
    tab.page.keyboard.press("0")
    still(tab)
    for id_ in ("load", "report"):
        expect(node(tab, id_)).to_be_in_viewport(ratio=0.99)


def names(served: Served) -> list[str]:
    """Of the nodes of the graph of the run that grows."""
    found = served.server.get("/runs/growing/1/graph").json
    return [one["id"] for one in found.get("nodes", ())]


LIVE = """
@step
def first() -> int:
    return 1

@step
def second(n: int, part: int) -> int:
    await_file(f"go-{part}")
    return n + part

@step
def third(parts: list) -> int:
    await_file("go-on")
    return sum(parts)

@flow
def growing() -> int:
    parts = second.map([first()] * 3, range(3)).result()
    return third(parts)
"""


def test_the_graph_grows_and_nothing_that_stood_moves(served: Served, visit: Callable[..., Tab]):
    project = served.project
    project.write(LIVE, "mine.py")
    drive = project.spawn(target="mine.py:growing")
    wait_until(lambda: "second" in names(served), "for its step")
    tab = visit(served.server, "/runs/growing/latest")
    still(tab)
    expect(node(tab, "second")).to_contain_text("0/3")
    tab.is_at("/runs/growing/1")
    stood = place(tab, "first")
    for part in range(2):
        project.touch(f"go-{part}")
    expect(node(tab, "second")).to_contain_text("2/3")
    project.touch("go-2")
    expect(node(tab, "third")).to_be_visible()
    assert place(tab, "first") == stood
    assert place(tab, "third")["x"] > place(tab, "second")["x"]
    asked = len(tab.asked)
    project.touch("go-on")
    expect(tab.page.locator("h1 ~ *").first).to_have_text("done")
    expect(tab.page.get_by_role("main")).to_contain_text("5 tasks")
    assert place(tab, "first") == stood
    assert tab.shift() < 0.01
    # Its end is told, and what that does not tell is asked once: what the run came to.
    assert not [one for one in tab.asked[asked:] if one.startswith("GET /api/v1/runs/growing/1/graph")]
    assert drive.join().code == 0


def test_a_running_run_says_so_and_can_be_followed(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, f"/runs/{RUNNING}")
    expect(tab.page.get_by_role("main")).to_contain_text("running for")
    tab.page.get_by_role("button", name="Follow").click()
    tab.is_at(f"/runs/{RUNNING}?follow=1")
    expect(node(tab, "wait")).to_be_in_viewport(ratio=0.99)


def test_a_run_of_a_hundred_thousand_tasks(visit: Callable[..., Tab], large_project: Served):
    tab = visit(large_project.server, "/runs/filled/10001")
    expect(tab.page.get_by_role("main")).to_contain_text("100,000 tasks")
    expect(node(tab, tab.page.locator("[data-node]").first.get_attribute("data-node") or "")).to_be_visible()
    assert tab.nodes() < 600
    assert tab.axe() == []


def test_what_has_no_graph_says_why(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/nothing/1")
    expect(tab.page.get_by_role("main")).to_contain_text("It called no step")
    assert tab.axe() == []
    tab.allow("404")
    tab.go("/runs/digits/99")
    expect(tab.page.get_by_role("main")).to_contain_text("There is no run digits/99")
    expect(tab.page.get_by_role("main")).to_contain_text("penstock ls digits")


def test_a_graph_of_many_nodes_is_a_picture_from_afar(served: Served, visit: Callable[..., Tab]):
    many = 420
    steps = "".join(f"\n@step\ndef s{at}(x: int) -> int:\n    return x\n" for at in range(many))
    calls = "\n".join(f"    s{at}.submit(root)" for at in range(many))
    root = "\n@step\ndef root_of_all() -> int:\n    return 1\n"
    flow = f"\n@flow\ndef wide() -> None:\n    root = root_of_all.submit()\n{calls}\n"
    served.project.write(steps + root + flow, "mine.py")
    code, said = served.project.penstock("run", "mine.py:wide")
    assert code == 0, said
    tab = visit(served.server, "/runs/wide/1")
    expect(node(tab, "root_of_all")).to_be_visible()
    drawn: Any = tab.page.locator("[data-node]")
    assert 0 < drawn.count() < 100
    tab.page.keyboard.press("0")
    expect(tab.page.locator("canvas")).to_be_visible()
    expect(drawn).to_have_count(0)
    assert tab.axe() == []
    tab.page.keyboard.press("n")  # no failure: nothing happens
    tab.page.keyboard.press("ArrowRight")
    expect(node(tab, "root_of_all")).to_have_count(0)
    tab.says("/runs/wide/1?node=")
