"""A task's page: what failed, what it printed and logged, while it does and afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served, served_in
from tests.system.flows import wait_until

LINES, MOST_LINES = 100_000, 600_000
FLOWS = r"""
import logging


@step
def talk(lines):
    for number in range(lines):
        if number == 1605:
            logging.getLogger().error("nan in gradient")
        print(f"\x1b[34mINFO\x1b[0m step {number} nothing to see")
        if number % 1000 == 0:
            log_metrics({"loss": 1 / (1 + number), "val_loss": 2 / (1 + number), "rate": 0.5}, step=number)
    print("x" * 40_000)
    print("<b>the last</b>")


@step
def pour(lines):
    os.write(1, b"".join(b"line %d\n" % number for number in range(1, lines + 1)))


@step
def live(name):
    for number in range(100):
        print("before", number)
        log_metrics({"loss": 1.0 - number / 100}, step=number)
    await_file(name)
    for number in range(100):
        print("after", number)
        log_metrics({"loss": 0.5}, step=100 + number)
    await_file(name + "-2")


@step
def silent(name):
    await_file(name)
    return name


@flow
def main(lines: int, most: int):
    print("the body begins")
    for number in range(3):
        log_metrics({"fraction": number / 3}, step=number)
    talk(lines)
    pour(most)


@flow
def lives(name: str):
    return live(name)


@flow
def waits(name: str):
    return silent(name)
"""
TALK = "/runs/main/1/talk/1"


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Served]:
    with served_in(tmp_path_factory.mktemp("noisy") / "work") as served:
        served.project.write(FLOWS)
        served.project.run(lines=LINES, most=MOST_LINES).value()
        yield served


def lines(tab: Tab) -> Locator:
    return tab.page.get_by_role("log").locator("[data-line]")


def line(tab: Tab, number: int) -> Locator:
    return tab.page.locator(f"[data-line='{number}']")


def test_a_failed_task_opens_on_its_error(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/runs/digits/3/train/2", look)
    failure = tab.page.get_by_role("region", name="Why it failed")
    expect(failure).to_contain_text("IndexError")
    expect(failure.get_by_role("button", name="Copy penstock resume digits/3")).to_be_visible()
    expect(failure).to_contain_text("weights[depth] = 1")
    expect(tab.page.get_by_role("navigation", name="Views of the task").locator("[aria-current]")).to_have_text("Log")
    expect(lines(tab).last).to_contain_text("this depth is unlucky")
    failure.get_by_role("button", name="The whole traceback").click()
    expect(failure.locator("pre").last).to_contain_text("Traceback (most recent call last)")
    tab.says("traceback=1")
    assert tab.axe() == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01, tab.shifts()
    failure.get_by_role("link").click()
    expect(tab.page.get_by_role("heading", name="mine.py")).to_be_visible()
    expect(tab.page.locator("main pre").last.locator("[data-line]").first).to_contain_text("@step")
    tab.says("tab=code")
    assert tab.axe() == []


@pytest.mark.parametrize("view", ["outputs", "metrics", "system", "inputs"])
def test_each_view_of_a_task_is_accessible(visit: Callable[..., Tab], rich_project: Served, look: Look, view: str):
    tab = visit(rich_project.server, f"/runs/digits/1/train/1?tab={view}", look)
    marks = {"outputs": "weights", "metrics": "accuracy", "system": "System", "inputs": "depth"}
    expect(tab.page.locator("main")).to_contain_text(marks[view])
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("train/1")
    assert tab.axe() == []
    assert tab.overflow() == 0


def test_what_it_was_given_stands_beside_what_it_used(visit: Callable[..., Tab], rich_project: Served):
    tab = visit(rich_project.server, "/runs/digits/3/train/2")
    expect(tab.page.get_by_text("given 1 CPU, 10m 00s at most")).to_be_visible()
    expect(tab.page.get_by_text(re.compile(r"peak [\d.]+ (MiB )?of 1.0 GiB"))).to_be_visible()
    tab.go("/runs/digits/7/wait/1")
    expect(tab.page.get_by_text("memory up to 1.0 GiB")).to_be_visible()
    tab.go("/runs/digits/1?node=train")
    panel = tab.page.get_by_role("complementary", name="About train")
    expect(panel.get_by_text(re.compile(r"of 1.0 GiB"))).to_be_visible()
    expect(panel.get_by_text("1 CPU, 10m 00s at most")).to_be_visible()
    expect(panel.get_by_text("process", exact=True)).to_be_visible()
    tab.go("/runs/digits/1?view=timeline")
    tab.page.get_by_role("button", name="memory against its limit").click()
    assert "bars=memory" in tab.address
    tab.go("/runs/digits/1?view=tasks&filter=step:train")
    expect(tab.page.get_by_text(re.compile(r"of 1.0 GiB")).first).to_be_visible()


def test_what_changed_in_its_code_is_shown_by_its_lines(visit: Callable[..., Tab], served: Served):
    for factor in (2, 3):
        served.project.write(
            f"@step\ndef train(rate):\n    return rate * {factor}\n\n@flow\ndef main(rate: float):\n    train(rate)\n"
        )
        served.project.run(rate=0.5).value()
    tab = visit(served.server, "/runs/main/2/train/1?tab=code")
    diff = tab.page.get_by_role("region", name="train of main/1 and main/2")
    expect(diff.locator("[data-other]")).to_have_text(["2", "3"])
    assert tab.axe() == []
    tab.page.get_by_role("button", name="Step", exact=True).click()
    expect(tab.page.locator("pre")).to_contain_text("return rate * 3")
    expect(diff).to_have_count(0)


def test_a_long_log_is_read_by_what_is_in_sight(visit: Callable[..., Tab], noisy: Served):
    tab = visit(noisy.server, f"{TALK}?tab=log")
    expect(line(tab, LINES + 3)).to_contain_text("<b>the last</b>")
    expect(tab.page.get_by_text("100,003 lines")).to_be_visible()
    assert sum("/log" in one for one in tab.asked) == 1
    nodes = tab.nodes()
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("g")
    expect(line(tab, 1)).to_contain_text("step 0")
    expect(line(tab, 1).locator("span", has_text="INFO").last).to_have_css("color", "rgb(10, 95, 194)")
    tab.page.keyboard.press("Shift+G")
    expect(line(tab, LINES + 3)).to_be_visible()
    assert tab.nodes() < nodes + 300
    assert lines(tab).count() < 80
    line(tab, LINES + 2).get_by_role("button", name="kiB more").click()
    whole = tab.page.get_by_role("region", name="Line 100,002")
    expect(whole.locator("pre")).to_have_text("x" * 40_000)
    whole.get_by_role("button", name="Close").click()
    expect(whole).to_have_count(0)


def test_what_is_looked_for_in_a_log_is_found(visit: Callable[..., Tab], noisy: Served):
    tab = visit(noisy.server, f"{TALK}?tab=log")
    expect(line(tab, LINES + 3)).to_be_visible()
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("step 4200")
    expect(tab.page.get_by_text("11 lines", exact=True)).to_be_visible()
    tab.page.keyboard.press("Enter")
    expect(tab.page.get_by_text("1 of 11")).to_be_visible()
    expect(line(tab, 4202).locator("mark")).to_have_text("step 4200")
    tab.is_at(f"{TALK}?tab=log&find=step+4200&line=4202")
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("/")
    tab.page.keyboard.type("NaN in")
    tab.page.keyboard.press("Enter")
    expect(line(tab, 1606)).to_contain_text("nan in gradient")
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("g")
    expect(line(tab, 1)).to_be_visible()
    tab.page.get_by_role("button", name="Jump to the error").click()
    expect(line(tab, 1606)).to_be_in_viewport()


def test_a_line_of_a_log_has_an_address(visit: Callable[..., Tab], noisy: Served):
    tab = visit(noisy.server, f"{TALK}?tab=log&line=50000")
    expect(line(tab, 50_000)).to_be_in_viewport()
    line(tab, 50_002).get_by_role("button").click(modifiers=["Shift"])
    tab.says("line=50000-50002")
    tab.page.get_by_role("button", name="Copy 3 lines").click()
    expect(tab.page.locator("[role=status]", has_text="3 lines copied")).to_have_count(1)
    assert tab.copied() == "\n".join(f"INFO step {number} nothing to see" for number in (49_998, 49_999, 50_000))
    tab.page.keyboard.press("l")
    tab.says("wrap=1")
    expect(line(tab, 50_000)).to_be_in_viewport()
    tab.page.go_back()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Download the whole log").click()
    assert download.value.suggested_filename == "main-1-talk-1-1.log"
    assert download.value.path().read_text().endswith("<b>the last</b>\n")


def test_a_log_beyond_what_a_browser_scrolls_moves_by_lines(visit: Callable[..., Tab], noisy: Served):
    tab = visit(noisy.server, "/runs/main/1/pour/1?tab=log&line=300000")
    log = tab.page.get_by_role("log")
    expect(line(tab, 300_000)).to_be_in_viewport()
    expect(line(tab, 300_000)).to_contain_text("line 300000")
    assert log.evaluate("log => log.scrollHeight") < 10_000_000
    before = line(tab, 300_000).bounding_box()
    assert before is not None
    log.hover()
    tab.page.mouse.wheel(0, 57)
    y = "document.querySelector(\"[data-line='300000']\")?.getBoundingClientRect().y"
    tab.until(f"{y} < {before['y'] - 50}")
    after = line(tab, 300_000).bounding_box()
    assert after is not None
    assert before["y"] - after["y"] == pytest.approx(57, abs=1)
    tab.page.keyboard.press("Shift+G")
    expect(line(tab, MOST_LINES)).to_be_in_viewport()
    expect(line(tab, MOST_LINES)).to_contain_text(f"line {MOST_LINES}")


def test_a_curve_and_the_log_share_one_time(visit: Callable[..., Tab], noisy: Served, look: Look):
    tab = visit(noisy.server, f"{TALK}?tab=metrics", look)
    loss = tab.page.get_by_role("region", name="loss", exact=True)
    expect(loss).to_contain_text("val_loss")
    plot = loss.get_by_role("img")
    expect(plot.locator("canvas")).to_be_visible()
    plot.focus()
    plot.press("ArrowRight")
    plot.press("PageDown")
    marked = tab.page.locator("[data-marked]")
    expect(marked).to_be_attached()
    first = int(marked.get_attribute("data-line") or 0)
    plot.press("PageDown")
    expect(marked).not_to_have_attribute("data-line", str(first))
    assert int(marked.get_attribute("data-line") or 0) > first
    assert tab.axe() == []


def test_a_running_task_is_seen_as_it_goes(visit: Callable[..., Tab], noisy: Served):
    drive = noisy.project.spawn(target="mine.py:lives", name="go")
    wait_until(
        lambda: noisy.project.rows("SELECT 1 FROM task_row WHERE name = 'live' AND status = 'running'"), "for its row"
    )
    tab = visit(noisy.server, "/runs/lives/1/live/1")
    expect(tab.page.get_by_text("running", exact=True)).to_be_visible()
    expect(lines(tab).last).to_contain_text("before 99")
    expect(tab.page.get_by_text("100 points").first).to_be_visible()
    noisy.project.touch("go")
    expect(lines(tab).last).to_contain_text("after 99")
    expect(tab.page.get_by_text("200 points").first).to_be_visible()
    log = tab.page.get_by_role("log")
    log.hover()
    tab.page.mouse.wheel(0, -400)
    expect(tab.page.get_by_role("button", name="Following stopped")).to_be_visible()
    tab.page.keyboard.press("Shift+G")
    expect(tab.page.get_by_role("button", name="Following stopped")).to_have_count(0)
    noisy.project.touch("go-2")
    drive.join().value()
    expect(tab.page.get_by_text("done", exact=True)).to_be_visible()
    assert tab.shift() < 0.01, tab.shifts()


def test_a_task_that_has_said_nothing_yet_has_a_page(visit: Callable[..., Tab], noisy: Served):
    drive = noisy.project.spawn(target="mine.py:waits", name="silence")
    wait_until(
        lambda: noisy.server.get("/runs/waits/1/tasks/silent/1").status == 200, "for its driver to tell of the task"
    )
    tab = visit(noisy.server, "/runs/waits/1/silent/1")
    expect(tab.page.get_by_text("It has printed nothing yet.")).to_be_visible()
    noisy.project.touch("silence")
    drive.join().value()
    expect(tab.page.get_by_text("done", exact=True)).to_be_visible()


def test_a_flows_own_body_has_a_log_and_curves(visit: Callable[..., Tab], noisy: Served, look: Look):
    tab = visit(noisy.server, "/runs/main/1?view=log", look)
    expect(lines(tab)).to_have_text(["the body begins"])
    expect(tab.page.get_by_role("region", name="fraction", exact=True)).to_contain_text("3 points")
    assert tab.axe() == []
    assert tab.overflow() == 0


def test_what_a_running_task_uses_grows_as_it_goes(visit: Callable[..., Tab], noisy: Served):
    drive = noisy.project.spawn(target="mine.py:waits", name="till-then")
    newest = "SELECT run.flow || '/' || number FROM run JOIN in_flight ON run_id = run.id WHERE run.flow = 'waits'"
    ((run,),) = wait_until(lambda: noisy.project.rows(newest), "for its task")
    tab = visit(noisy.server, f"/runs/{run}/silent/1?tab=system")
    note = tab.page.get_by_role("region", name="Processors").get_by_text(re.compile(r"\d+ points?"))
    expect(note).to_be_visible()
    first = int(note.inner_text().split()[0])
    more = re.compile("^(" + "|".join(str(first + n) for n in range(1, 100)) + ") points")
    expect(note).to_have_text(more)
    assert tab.shift() < 0.01, tab.shifts()
    noisy.project.touch("till-then")
    drive.join().value()
    expect(tab.page.get_by_text(re.compile("^CPU .* · read"))).to_be_visible()
