"""The page of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, RunEnd, StepCount
from tests.api_server import ApiServer, serving
from tests.browser.browsing import LOOKS, Look, Tab
from tests.browser.conftest import Served
from tests.recorded import BEGAN, Recorded, outcome, task

MANY = 400


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory, built_page: None) -> Iterator[ApiServer]:
    """400 runs of `digits`, of depth 0 to 399 and of one of three kinds; each tenth failed."""
    folder = tmp_path_factory.mktemp("many")
    recorded = Recorded(folder)
    for number in range(MANY):
        kind = ("plain", "a b", "wide")[number % 3]
        run = recorded.begin("digits", depth=number, kind=kind, seed=0, tags=("nightly",) if number % 2 else ())
        logged = (Metric("accuracy", 1, number / MANY, 0, BEGAN, number / MANY, 0, BEGAN, number / MANY, 0, 0, 0),)
        run.commit(Batch((task(1, "mine.train", 1, outcome(recorded.stored(number), metrics=logged)),)))
        run.renew((StepCount("train", done=1),))
        run.end(RunEnd("failed" if number % 10 == 0 else "done"))
        run.close()
    recorded.close()
    with serving(Path(folder)) as server:
        yield server


def table(tab: Tab) -> Locator:
    return tab.page.get_by_role("table", name="Runs")


def rows(tab: Tab) -> Locator:
    return table(tab).locator("[role=row][data-id]")


def row(tab: Tab, run: str) -> Locator:
    return rows(tab).filter(has=tab.page.get_by_role("link", name=run, exact=True))


def expect_total(tab: Tab, runs: int) -> None:
    expect(table(tab)).to_have_attribute("aria-rowcount", str(runs + 1))


def test_it_shows_the_runs_of_a_project(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/runs", look)
    expect(rows(tab).first).to_be_visible()
    expect(rows(tab)).to_have_count(rich_project.server.get("/runs:index").json["total"])
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01


def test_only_what_is_on_screen_is_in_the_page_and_is_asked_for(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs")
    expect(row(tab, f"digits/{MANY}")).to_be_visible()
    nodes = tab.nodes()
    tab.page.keyboard.press("G")  # any place can be jumped to
    expect(row(tab, "digits/1")).to_be_visible()
    expect(row(tab, "digits/1")).to_have_attribute("aria-rowindex", str(MANY + 1))
    assert rows(tab).count() < 50
    assert tab.nodes() < nodes * 1.5
    asked = [one for one in tab.asked if one.startswith("GET /api/v1/runs?")]
    assert len(asked) < 8
    assert tab.shift() < 0.01


def test_it_is_worked_by_keys(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs")
    expect(rows(tab).first).to_be_visible()
    tab.page.keyboard.press("j")
    expect(row(tab, f"digits/{MANY}").get_by_role("link")).to_be_focused()
    for key in ("j", "x", "j", "j", "X"):
        tab.page.keyboard.press(key)
    bar = tab.page.get_by_role("region", name="Selected runs")
    expect(bar).to_contain_text("3 selected")
    tab.says("selected=")
    tab.page.keyboard.press("y")
    expect(tab.page.get_by_text(f"copied: penstock show digits/{MANY - 3}")).to_be_attached()
    assert tab.copied() == f"penstock show digits/{MANY - 3}"
    tab.page.keyboard.press("c")
    tab.is_at("/compare?runs=" + ",".join(f"digits/{MANY - at}" for at in (1, 2, 3)))
    tab.page.go_back()
    expect(bar).to_contain_text("3 selected")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url(f"**/runs/digits/{MANY}")


def test_a_filter_is_completed_and_its_errors_stand_under_it(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs")
    tab.allow("status of 400")
    expect_total(tab, MANY)
    tab.page.keyboard.press("/")
    box = tab.page.get_by_role("combobox", name="Filter runs")
    expect(box).to_be_focused()
    tab.page.keyboard.type("stat")
    expect(tab.page.get_by_role("option", name="status:")).to_be_visible()
    tab.page.get_by_role("option", name="status:").click()
    expect(box).to_have_value("status:")
    tab.page.keyboard.type("fai")
    tab.page.get_by_role("option", name="failed").click()
    expect(box).to_have_value("status:failed ")
    expect_total(tab, MANY // 10)
    tab.is_at("/runs?filter=status:failed")

    tab.page.keyboard.type("dept>3")
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("alert")).to_contain_text("called dept; did you mean depth?")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(tab.page.locator("mark")).to_have_text("dept>3")
    expect(rows(tab).first).to_be_visible()  # what was there stays
    tab.page.get_by_role("button", name="Clear the filter").click()
    expect_total(tab, MANY)


_TAKE_AND_TYPE = """async () => {
    const option = [...document.querySelectorAll("[role=option]")].find((one) => one.textContent.includes("status:"));
    option.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, cancelable: true }));
    document.execCommand("insertText", false, "f");
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    document.execCommand("insertText", false, "a");
}"""


def test_what_is_typed_at_once_stands_behind_a_word_that_was_taken(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs")
    tab.allow("status of 400")  # of a word as it is typed
    expect_total(tab, MANY)
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("stat")
    expect(tab.page.get_by_role("option", name="status:")).to_be_visible()
    tab.page.evaluate(_TAKE_AND_TYPE)
    expect(tab.page.get_by_role("combobox", name="Filter runs")).to_have_value("status:fa")


def test_its_key_begins_a_new_word_of_the_filter(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs?filter=status:failed")
    tab.allow("status of 400")  # of a word as it is typed
    expect_total(tab, MANY // 10)
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("depth>3")
    expect(tab.page.get_by_role("combobox", name="Filter runs")).to_have_value("status:failed depth>3")


def test_a_click_on_a_value_filters_by_it(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs?columns=kind,accuracy")
    row(tab, "digits/398").get_by_role("button", name="a b").click()
    expect_total(tab, MANY // 3)
    expect(tab.page.get_by_role("combobox", name="Filter runs")).to_have_value('kind:"a b"')
    tab.page.get_by_role("button", name="failed").click()
    expect(tab.page.get_by_role("button", name="failed")).to_have_attribute("aria-pressed", "true")
    expect_total(tab, many.get('/runs:index?filter=status:failed%20kind:"a%20b"').json["total"])
    tab.page.go_back()
    expect_total(tab, MANY // 3)
    tab.page.keyboard.press("j")  # from the row that was clicked on
    tab.page.keyboard.press("f")
    tab.page.get_by_role("menuitem", name="accuracy>=").click()
    expect_total(tab, 2)


def test_the_table_is_sorted_by_the_server_and_the_best_can_be_pinned(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs?columns=accuracy")
    tab.page.get_by_role("button", name="accuracy", exact=True).click()
    expect(rows(tab).first).to_have_attribute("data-id", str(MANY))
    tab.page.get_by_role("button", name="accuracy", exact=True).click()
    expect(row(tab, "digits/1")).to_be_visible()
    tab.is_at("/runs?columns=accuracy&sort=accuracy")
    star = tab.page.get_by_role("button", name="Pin the run with the largest accuracy")
    star.focus()
    star.press("Enter")
    expect(row(tab, f"digits/{MANY}")).to_be_visible()


def test_what_is_the_same_is_said_once_and_columns_are_chosen(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs")
    expect(tab.page.get_by_text("same in all:")).to_contain_text("seed=0")
    tab.page.get_by_role("button", name="Columns").click()
    panel = tab.page.get_by_role("region", name="Columns")
    panel.get_by_role("checkbox", name="Tags").uncheck()
    panel.get_by_role("checkbox", name="depth").check()
    panel.get_by_role("combobox", name="what is shown of accuracy").select_option("largest")
    assert tab.axe() == []
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("button", name="Columns")).to_be_focused()
    expect(tab.page.get_by_role("columnheader", name="depth", exact=True)).to_be_attached()
    expect(tab.page.get_by_role("columnheader", name="Tags", exact=True)).to_have_count(0)
    tab.says("columns=accuracy.max,depth")


def test_groups_open_and_close(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs?group=kind")
    head = table(tab).get_by_role("button", name="kind a b")
    expect(head).to_contain_text(f"{MANY // 3} runs")
    expect(rows(tab)).to_have_count(3)
    head.click()
    expect(row(tab, "digits/398")).to_be_visible()
    tab.page.reload()
    expect(row(tab, "digits/398")).to_be_visible()
    assert tab.axe() == []
    table(tab).get_by_role("button", name="kind a b").click()
    expect(row(tab, "digits/398")).to_have_count(0)


def test_forks_stand_below_what_they_were_made_from(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs?group=forks")
    pairs = rich_project.server.get("/runs:forks").json["pairs"]
    expect(rows(tab)).to_have_count(rich_project.server.get("/runs:index").json["total"])
    order = [int(one.get_attribute("data-id") or 0) for one in rows(tab).all()]
    assert pairs
    for fork, origin in pairs:
        assert order.index(fork) > order.index(origin)
        expect(table(tab).locator(f"[data-id='{fork}']").get_by_title("a fork, 1 deep")).to_be_attached()


def test_nothing_matches(visit: Callable[..., Tab], many: ApiServer, look: Look):
    tab = visit(many, "/runs?filter=kind:wide depth>1000 tag:nightly", look)
    expect(tab.page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    assert tab.axe() == []
    tab.page.get_by_role("button", name="Drop depth>1000").click()
    expect_total(tab, many.get("/runs:index?filter=kind:wide%20tag:nightly").json["total"])
    tab.is_at("/runs?filter=kind:wide+tag:nightly")


def test_an_enlarged_page_has_rows(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs")
    tab.page.set_viewport_size({"width": 640, "height": 400})  # that of 1280 by 800 at 200 %
    for at in range(4):
        expect(row(tab, f"digits/{MANY - at}")).to_be_in_viewport(ratio=0.99)
    expect(tab.page.get_by_role("navigation", name="Pages")).to_be_visible()  # one of both
    assert tab.axe() == []
    assert tab.overflow() == 0


def test_a_long_press_selects_on_a_phone(visit: Callable[..., Tab], many: ApiServer):
    tab = visit(many, "/runs", LOOKS[2])
    first = row(tab, f"digits/{MANY}")
    first.dispatch_event("pointerdown", {"pointerType": "touch", "button": 0})
    expect(tab.page.get_by_role("region", name="Selected runs")).to_contain_text("1 selected")
    first.dispatch_event("pointerup", {"pointerType": "touch", "button": 0})
    expect(first).to_have_attribute("aria-selected", "true")
    assert tab.axe() == []


def test_an_empty_project_waits_for_its_first_run(visit: Callable[..., Tab], served: Served):
    tab = visit(served.server, "/runs")
    expect(tab.page.get_by_role("heading", name="No runs yet")).to_be_visible()
    expect(tab.page.get_by_role("button", name="penstock init")).to_be_visible()
    served.project.write("@flow\ndef main():\n    await_file('go-on')\n")
    running = served.project.spawn()
    expect(row(tab, "main/1")).to_be_visible()
    expect(row(tab, "main/1").get_by_text("running")).to_be_attached()
    served.project.touch("go-on")
    running.join()
    expect(row(tab, "main/1").get_by_text("done")).to_be_attached()
    expect(tab.page.get_by_role("button", name="done 1")).to_be_visible()


def test_new_runs_wait_where_the_reader_has_scrolled_down(visit: Callable[..., Tab], served: Served):
    recorded = Recorded(served.project.folder)
    for _ in range(60):
        run = recorded.begin("past")
        run.end(RunEnd("done"))
        run.close()
    tab = visit(served.server, "/runs")
    expect(row(tab, "past/60")).to_be_visible()
    tab.page.keyboard.press("G")
    expect(row(tab, "past/1")).to_be_visible()
    before = row(tab, "past/1").bounding_box()
    run = recorded.begin("past")
    pill = tab.page.get_by_role("button", name="1 new run")
    expect(pill).to_be_visible()
    assert row(tab, "past/1").bounding_box() == before
    pill.click()
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("g")
    expect(row(tab, "past/61")).to_be_visible()
    run.end(RunEnd("failed"))
    expect(row(tab, "past/61").get_by_text("failed")).to_be_attached()
    run.close()
    recorded.close()
    assert tab.shift() < 0.01
