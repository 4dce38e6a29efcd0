"""The page on which runs are compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.api_server import ApiServer, serving
from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served
from tests.system.flows import Project

SOURCE = """
    @step
    def train(depth: int, kind: str):
        for epoch in range(30):
            log_metrics({"loss": 1 / (epoch + depth), "epoch": epoch / 3}, step=epoch)
        return depth

    @step
    def judge(depth: int, kind: str):
        log_metrics({"accuracy": 1 - 1 / depth - (0.05 if kind == "odd" else 0)})

    @flow
    def digits(depth: int = 2, kind: str = "even", seed: int = 7):
        judge(train(depth, kind), kind)
"""
RUNS = [(depth, kind) for depth in (2, 4, 8, 16, 32) for kind in ("even", "odd")]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, built_page: None) -> Iterator[ApiServer]:
    """`digits/1` to `digits/10`, of five depths and two kinds; the code of the last is another."""
    project = Project(tmp_path_factory.mktemp("compared") / "work")
    project.write(SOURCE)
    for depth, kind in RUNS[:-1]:
        project.run(target="mine.py:digits", depth=depth, kind=kind)
    project.write(SOURCE.replace("1 - 1 / depth -", "1 - 1.0 / depth -"))
    project.run(target="mine.py:digits", depth=RUNS[-1][0], kind=RUNS[-1][1])
    with serving(project.folder) as server:
        yield server
    project.end()
    project.await_quiet()


def address(runs: int, more: str = "") -> str:
    return f"/compare?runs={','.join(f'digits/{number}' for number in range(1, runs + 1))}{more}"


VIEWS = {
    "differs": "table[aria-label='What differs']",
    "curves": "section[aria-label='loss'] canvas",
    "scatter": "section[aria-label='accuracy by depth'] canvas",
    "parallel": "section[aria-label='depth, kind, accuracy'] canvas",
    "code": "section[aria-label='The code of digits/10 beside that of digits/1']",
    "environment": "text=All packages are the same",
    "figures": "section[aria-label='Displays of digits/10'] >> text=/[Dd]isplay/",
}
"""What is seen in each view once it is there."""


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens(visit: Callable[..., Tab], compared: ApiServer, look: Look, view: str):
    tab = visit(compared, address(10, f"&view={view}"), look)
    expect(tab.page.get_by_role("heading", name="Compare 10 runs")).to_be_visible()
    expect(tab.page.get_by_role("list", name="The runs")).to_be_visible()
    expect(tab.page.locator(VIEWS[view]).first).to_be_visible()
    assert tab.axe() == []
    assert tab.overflow() == 0


def test_what_differs_comes_from_the_metric_on_with_the_best_starred(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, address(6))
    table = tab.page.get_by_role("table", name="What differs")
    names = table.locator("tbody th[scope=row]")
    expect(names.first).to_have_text("accuracy")
    best = table.locator("tr").filter(has_text="accuracy").locator("td").filter(has_text="best: ")
    expect(best).to_have_text("best: 0.8750")
    expect(table.locator("thead th").nth(5)).to_have_text(re.compile(r"^E\s*digits/5$"))
    # Depth explains the accuracy better than the kind: it comes first among the parameters.
    texts = names.all_inner_texts()
    assert texts.index("depth") < texts.index("kind")
    assert "seed" not in texts
    tab.page.get_by_role("checkbox", name="only what differs").uncheck()
    expect(tab.page.get_by_text("The same in all runs")).to_be_visible()
    tab.says("all=1")
    tab.page.get_by_role("button", name="smallest is best").click()
    expect(best).to_have_text("best: 0.4500")


def test_many_runs_are_rows_the_best_first(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, address(10))
    rows = tab.page.get_by_role("table", name="What differs").locator("tbody tr")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("digits/9")
    tab.page.get_by_role("button", name="leave out digits/9").click()
    expect(rows).to_have_count(9)
    expect(rows.first).to_contain_text("digits/7")


def test_a_run_keeps_its_colour(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, address(3))
    third = "[...document.querySelectorAll('[aria-label=\"The runs\"] li')].at(-1)"
    colour = f"getComputedStyle({third}.querySelector('[aria-hidden]')).backgroundColor"
    expect(tab.page.get_by_role("list", name="The runs").get_by_role("listitem")).to_have_count(3)
    before = tab.page.evaluate(colour)
    tab.page.keyboard.press("2")
    tab.says("view=curves")
    expect(tab.page.get_by_role("region", name="loss", exact=True)).to_be_visible()
    assert tab.page.evaluate(colour) == before
    ids = [row["id"] for row in compared.get("/runs?filter=number%3C=3&sort=number").json["rows"]]
    tab.go(f"/runs?selected={','.join(map(str, ids))}")
    box = tab.page.get_by_role("checkbox", name="select digits/3")
    expect(box).to_be_checked()
    expect(box).to_have_css("accent-color", before)


def test_curves_over_steps_time_and_epochs(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, address(4, "&view=curves"))
    chart = tab.page.get_by_role("region", name="loss", exact=True)
    expect(chart).to_be_visible()
    expect(chart).to_contain_text("120 points")
    chart.get_by_role("button", name="loss as a table").click()
    expect(chart.get_by_role("columnheader").first).to_have_text("step")
    tab.page.get_by_role("button", name="epoch", exact=True).click()
    expect(chart.get_by_role("columnheader").first).to_have_text("epoch")
    tab.page.get_by_role("button", name="time", exact=True).click()
    expect(chart.get_by_role("columnheader").first).to_have_text("elapsed")
    tab.page.get_by_role("combobox", name="band of").select_option("kind")
    expect(chart.get_by_role("columnheader").nth(1)).to_have_text("kind 'even'")
    tab.says("x=time")
    tab.says("group=")


def test_what_is_brushed_in_one_view_holds_in_all(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, address(10, "&view=parallel"))
    plot = tab.page.get_by_role("img", name="depth, kind, accuracy")
    expect(plot).to_be_visible()
    box = plot.bounding_box()
    assert box is not None
    # The first axis is that of the depth: its lower half.
    tab.page.mouse.move(box["x"] + 64, box["y"] + box["height"] - 4)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 64, box["y"] + box["height"] / 2, steps=4)
    tab.page.mouse.up()
    kept = tab.page.get_by_text("runs of 10 kept by depth")
    expect(kept).to_be_visible()
    tab.says("brush=depth")
    faded = tab.page.locator("[aria-label='The runs'] li[data-faded]")
    assert 0 < faded.count() < 10
    number = faded.count()
    tab.page.keyboard.press("1")
    expect(tab.page.locator("tbody tr[data-faded]")).to_have_count(number)
    tab.page.get_by_role("button", name="Keep all").click()
    expect(faded).to_have_count(0)


def test_code_is_compared_by_function(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, address(10, "&view=code"))
    part = tab.page.get_by_role("region", name="The code of digits/10 beside that of digits/1")
    expect(part.get_by_text("judge() in mine.py changed")).to_be_visible()
    expect(part.locator("pre")).to_contain_text("added: +    log_metrics")


def test_displays_stand_side_by_side(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/compare?runs=digits/1,digits/2&view=figures")
    for run in ("digits/1", "digits/2"):
        expect(tab.page.get_by_role("region", name=f"Displays of {run}").get_by_text("in a few words")).to_be_visible()


def test_too_few_and_gone(visit: Callable[..., Tab], compared: ApiServer):
    tab = visit(compared, "/compare?runs=digits/1")
    expect(tab.page.get_by_role("heading", name="Two runs or more are compared")).to_be_visible()
    tab.allow("status of 404")
    tab.go("/compare?runs=digits/1,digits/99")
    expect(tab.page.get_by_role("alert")).to_contain_text("digits/99")
