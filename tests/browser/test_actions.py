"""What the page does with runs: each is the command line's verb, which it shows before it does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served
from tests.system.flows import wait_until

FLOWS = '''
from typing import Literal

@step
def fit(n: int, kind: str) -> int:
    return n

@step
def wait(name: str) -> str:
    note("begun")
    await_file(name)
    return name

@flow
def main(path: str, n: int = 3, kind: Literal["a", "b"] = "a", depths: list[int] = [2, 4], until: str = "") -> int:
    """Does little.

    Args:
        n: how many
    """
    if until:
        wait(until)
    if n == 13:
        raise ValueError("unlucky")
    return fit(n, kind)
'''


@pytest.fixture
def project(served: Served) -> Served:
    """`main/1` is done, `main/2` has failed."""
    served.project.write(FLOWS)
    for n, code in ((3, 0), (13, 1)):
        assert served.project.penstock("run", "mine.py", "--path", "x", "--n", str(n))[0] == code
    return served


def _dialog(tab: Tab, name: str) -> Locator:
    found = tab.page.get_by_role("dialog", name=name)
    expect(found).to_be_visible()
    return found


def _press(tab: Tab, name: str, *, exact: bool = True) -> None:
    tab.page.get_by_role("button", name=name, exact=exact).click()


def _choose(tab: Tab, name: str) -> None:
    _press(tab, "More to do")
    tab.page.get_by_role("menuitem", name=name).click()


def test_a_fork_with_other_parameters_leads_to_the_run_that_it_makes(visit: Callable[..., Tab], project: Served):
    tab = visit(project.server, "/runs/main/2")
    _press(tab, "Fork")
    dialog = _dialog(tab, "Fork main/2")
    expect(dialog.get_by_label("n", exact=True)).to_have_value("13")
    expect(dialog.get_by_label("depths", exact=True)).to_have_value("[2, 4]")
    dialog.get_by_label("n", exact=True).fill("1.5")
    expect(dialog.get_by_text("a whole number, as 16 is")).to_be_visible()
    expect(dialog.get_by_role("button", name="Fork", exact=True)).to_be_disabled()
    dialog.get_by_label("n", exact=True).fill("5")
    dialog.get_by_label("kind", exact=True).select_option("b")
    dialog.get_by_label("Tags").fill("sweep, night")
    expect(dialog.get_by_text("runs 1 task of fit")).to_be_visible()
    expect(dialog.get_by_role("button", name="Copy penstock fork")).to_contain_text('{"n":5,"kind":"b"}')
    dialog.get_by_role("button", name="Fork", exact=True).click()
    expect(tab.page.get_by_role("heading", name="main/3")).to_be_visible()
    tab.says("/runs/main/3")
    made = project.server.get("/runs/main/3").json["run"]
    assert {one["name"]: one["value"]["text"] for one in made["params"]} == {
        "path": "x", "n": "5", "kind": "b", "depths": "[2, 4]", "until": "",
    }  # fmt: skip
    assert made["tags"] == ["night", "sweep"]
    assert made["origin"]["run"] == "main/2"


def test_a_fork_from_a_task_on_runs_its_step_again(visit: Callable[..., Tab], project: Served):
    tab = visit(project.server, "/runs/main/1/fit/1")
    _press(tab, "Fork from here")
    dialog = _dialog(tab, "Fork main/1")
    expect(dialog.get_by_label("Run again")).to_have_value("fit")
    expect(dialog.get_by_role("button", name="Copy penstock fork --from fit main/1")).to_be_visible()
    dialog.get_by_role("button", name="Fork", exact=True).click()
    expect(tab.page.get_by_role("heading", name="main/3")).to_be_visible()
    assert project.server.get("/runs/main/3").json["run"]["origin"]["run"] == "main/1"


def test_a_run_whose_file_was_moved_is_forked_from_where_it_is(visit: Callable[..., Tab], project: Served):
    folder = project.project.folder
    (folder / "flows").mkdir()
    (folder / "mine.py").rename(folder / "flows" / "new.py")
    tab = visit(project.server, "/runs/main/1")
    tab.allow("422")
    _press(tab, "Fork")
    dialog = _dialog(tab, "Fork main/1")
    expect(dialog.get_by_label("Its file now")).to_have_value("flows/new.py")
    expect(dialog.get_by_role("button", name="Copy penstock fork --file flows/new.py main/1")).to_be_visible()
    dialog.get_by_label("Its file now").fill("../elsewhere.py")
    expect(dialog.get_by_role("alert")).to_contain_text("is no Python file of the project")
    dialog.get_by_label("Its file now").fill("flows/new.py")
    expect(dialog.get_by_role("alert")).to_be_empty()
    dialog.get_by_role("button", name="Fork", exact=True).click()
    expect(tab.page.get_by_role("heading", name="main/3")).to_be_visible()


def test_what_the_command_line_refuses_stands_in_the_dialog(visit: Callable[..., Tab], project: Served):
    tab = visit(project.server, "/runs/main/2")
    _press(tab, "Fork")
    dialog = _dialog(tab, "Fork main/2")
    dialog.get_by_label("depths", exact=True).fill('[1, "u"]')
    expect(dialog.get_by_role("alert")).to_contain_text("depths")
    expect(dialog.get_by_role("button", name="Fork", exact=True)).to_be_disabled()
    dialog.get_by_label("depths", exact=True).fill("[1, 2]")
    expect(dialog.get_by_role("alert")).to_be_empty()
    dialog.get_by_role("button", name="Put depths back").click()
    expect(dialog.get_by_label("depths", exact=True)).to_have_value("[2, 4]")
    tab.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tab.page.get_by_role("button", name="Fork", exact=True)).to_be_focused()


def test_a_flow_is_started_from_the_palette(visit: Callable[..., Tab], project: Served):
    tab = visit(project.server, "/runs")
    tab.page.get_by_role("table", name="Runs").wait_for()
    tab.page.keyboard.press("Control+k")
    tab.page.get_by_role("combobox", name="Search runs").fill("start main")
    tab.page.get_by_role("option", name="Start main").click()
    dialog = _dialog(tab, "Start main")
    expect(dialog.get_by_label("n", exact=True)).to_have_value("3")
    expect(dialog.get_by_text("how many")).to_be_visible()
    expect(dialog.get_by_role("button", name="Start", exact=True)).to_be_disabled()  # `path` has no default
    dialog.get_by_label("path", exact=True).fill("here")
    dialog.get_by_role("button", name="Start", exact=True).click()
    expect(tab.page.get_by_role("heading", name="main/3")).to_be_visible()


def test_a_run_is_cancelled_and_resumed_on_its_page(visit: Callable[..., Tab], project: Served):
    drive = project.project.spawn(path="x", until="go")
    project.project.await_note("begun")
    tab = visit(project.server, "/runs/main/3")
    _press(tab, "Cancel")
    dialog = _dialog(tab, "Cancel main/3")
    expect(dialog.get_by_text("stops 1 running task; 0 finished ones are kept")).to_be_visible()
    expect(dialog.get_by_text("penstock cancel main/3")).to_be_visible()
    dialog.get_by_role("button", name="Cancel the run").click()
    expect(dialog).to_be_hidden()
    drive.join()
    expect(tab.page.get_by_role("button", name="Resume", exact=True)).to_be_visible()
    project.project.touch("go")
    _press(tab, "Resume")
    _dialog(tab, "Resume main/3").get_by_role("button", name="Resume", exact=True).click()
    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    wait_until(lambda: project.project.status() == "done", "for the run to end")


def test_a_run_is_named_tagged_and_deleted(visit: Callable[..., Tab], project: Served):
    tab = visit(project.server, "/runs/main/2")
    tab.allow(r"404 .*/runs/main/2")  # what is open may ask for it once more while it goes
    _choose(tab, "Tags")
    dialog = _dialog(tab, "Tags of main/2")
    dialog.get_by_label("Add", exact=True).fill("unlucky")
    dialog.get_by_role("button", name="Change the tags").click()
    expect(dialog).to_be_hidden()
    _choose(tab, "Name and note")
    dialog = _dialog(tab, "Name and note of main/2")
    dialog.get_by_label("Name", exact=True).fill("the second")
    dialog.get_by_label("Note", exact=True).fill("n was 13")
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()
    run = project.server.get("/runs/main/2").json["run"]
    assert (run["tags"], run["name"], run["note"].strip()) == (["unlucky"], "the second", "n was 13")
    _choose(tab, "Delete")
    _dialog(tab, "Delete main/2").get_by_role("button", name="Delete main/2 for good").click()
    expect(tab.page.get_by_role("heading", name="Runs")).to_be_visible()
    assert project.server.get("/runs/main/2").status == 404


def test_what_is_selected_is_tagged_and_deleted_at_once(visit: Callable[..., Tab], project: Served):
    tab = visit(project.server, "/runs")
    expect(tab.page.get_by_role("link", name="main/1")).to_be_visible()
    for key in ("j", "x", "j", "x"):
        tab.page.keyboard.press(key)
    bar = tab.page.get_by_role("region", name="Selected runs")
    bar.get_by_role("button", name="Tags").click()
    dialog = _dialog(tab, "Tags of 2 runs")
    dialog.get_by_label("Add", exact=True).fill("both")
    dialog.get_by_role("button", name="Change the tags").click()
    expect(dialog).to_be_hidden()
    assert [row["tags"] for row in project.server.get("/runs").json["rows"]] == [["both"], ["both"]]
    bar.get_by_role("button", name="Delete").click()
    dialog = _dialog(tab, "Delete 2 runs")
    expect(dialog.get_by_text("penstock rm --yes main/1")).to_be_visible()
    dialog.get_by_role("button", name="Delete 2 runs for good").click()
    expect(dialog).to_be_hidden()
    assert project.server.get("/runs:index").json["total"] == 0


def test_dialogs_are_accessible(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/runs/digits/3", look)
    _press(tab, "Fork")
    expect(_dialog(tab, "Fork digits/3").get_by_role("button", name="Copy penstock fork")).to_be_visible()
    assert "\n".join(tab.axe()) == ""
    assert tab.overflow() == 0
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("dialog")).to_be_hidden()
    _press(tab, "More to do")
    expect(tab.page.get_by_role("menuitem").first).to_be_visible()
    assert "\n".join(tab.axe()) == ""
