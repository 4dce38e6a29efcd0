"""What stands around every page: its keys, its search, its colours, its token, and how it stands with the server."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, Request, expect

from tests.api_server import serving
from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served


def _another(tab: Tab, path: str) -> tuple[Page, list[str]]:
    """A second tab of the same browser, at an address without a token, and what it asks the server for."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page = tab.page.context.new_page()
    page.on("request", note)
    page.goto(f"http://{tab.server.host}{path}")
    return page, asked


def test_the_palette_finds_runs_and_commands(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/artifacts", look)
    tab.page.get_by_role("button", name="Search").click()
    box = tab.page.get_by_role("combobox", name="Search runs")
    expect(box).to_be_focused()
    assert tab.axe() == []
    box.fill("digits/3")
    expect(tab.page.get_by_role("option").first).to_contain_text("digits/3")
    box.press("ArrowDown")
    box.press("ArrowUp")
    box.press("Enter")
    expect(tab.page.get_by_role("heading", name="digits/3")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Fork", exact=True)).to_be_visible()  # it is known what can be done
    tab.page.keyboard.press("Control+k")
    box.fill("fork digits")
    expect(tab.page.get_by_role("option", name="Fork digits/3")).to_be_visible()
    box.press("Escape")
    expect(box).to_be_hidden()


def test_keys_lead_everywhere_and_are_listed(visit: Callable[..., Tab], rich_project: Served, look: Look):
    tab = visit(rich_project.server, "/runs", look)
    tab.page.get_by_role("table", name="Runs").wait_for()
    tab.page.keyboard.press("?")
    keys = tab.page.get_by_role("dialog", name="Keys")
    expect(keys.get_by_text("Open the latest run")).to_be_visible()
    expect(keys.get_by_text("Switch between light and dark")).to_be_visible()
    assert tab.axe() == []
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("a")  # of the page below, which is not heard
    tab.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    tab.is_at("/runs")
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("a")
    tab.page.wait_for_url("**/artifacts")
    expect(tab.page.locator("main")).to_be_focused()
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("r")
    expect(tab.page.get_by_role("status").filter(has_text="Runs")).to_have_count(1)
    tab.page.keyboard.press("g")
    tab.page.keyboard.press("l")
    tab.page.wait_for_url("**/runs/*/*")


def test_the_colours_are_the_systems_until_others_are_chosen(visit: Callable[..., Tab], served: Served):
    tab = visit(served.server, "/runs", Look(1280, "dark"))
    root = tab.page.locator("html")
    expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
    expect(root).to_have_attribute("data-theme", "dark")
    tab.page.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    tab.page.keyboard.press("t")
    expect(root).to_have_attribute("data-theme", "dark")
    tab.page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    tab.page.get_by_role("button", name="Light colours").click()
    expect(root).to_have_attribute("data-theme", "light")


def test_an_address_without_a_token_says_where_one_is(visit: Callable[..., Tab], served: Served):
    tab = visit(served.server, "/runs")
    expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
    tab.page.close()  # nobody is left who could hand the token on
    page, _ = _another(tab, "/runs")
    expect(page.get_by_text("This address lacks the project's token")).to_be_visible()
    expect(page.get_by_role("button", name="Copy penstock ui")).to_be_visible()
    page.goto(f"http://{tab.server.host}/runs#token={tab.server.token}")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    expect(page).not_to_have_url(re.compile("token"))


def test_a_wrong_token_is_told(visit: Callable[..., Tab], served: Served):
    tab = visit(served.server, "/runs")
    tab.allow("401")
    expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
    tab.page.goto(f"http://{tab.server.host}/#token=wrong")
    expect(tab.page.get_by_text("This address's token is not this server's")).to_be_visible()
    tab.go("/runs")
    expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
    # As when the project's folder has been made anew since.
    tab.page.route("**/api/**", lambda route: route.fulfill(status=401, json={"error": {"code": "token"}}))
    tab.page.reload()
    expect(tab.page.get_by_text("The server has another token by now")).to_be_visible()


def test_tabs_share_the_token_and_one_stream(visit: Callable[..., Tab], served: Served):
    served.project.write("@flow\ndef main() -> int:\n    return 1\n")
    tab = visit(served.server, "/runs")
    expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
    page, asked = _another(tab, "/runs")
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    assert served.project.penstock("run", "mine.py")[0] == 0
    for one in (tab.page, page):
        expect(one.get_by_role("link", name="main/1").first).to_be_visible()
    assert not [address for address in asked if "/events" in address]
    with page.expect_request("**/api/v1/events**"):  # the tab that is left leads
        tab.page.close()
    assert served.project.penstock("run", "mine.py")[0] == 0
    expect(page.get_by_role("link", name="main/2").first).to_be_visible()


def test_a_server_that_has_gone_is_told_and_found_again(visit: Callable[..., Tab], rich_project: Served):
    folder = rich_project.project.folder
    with serving(folder) as server:
        tab = visit(server, "/runs")
        tab.allow("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET")
        expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
        expect(tab.page.get_by_role("link", name="digits/3").first).to_be_visible()
        for key in ("Control+k", "?"):  # what is loaded by and by is there as well
            tab.page.keyboard.press(key)
            expect(tab.page.get_by_role("dialog")).to_be_visible()
            tab.page.keyboard.press("Escape")
            expect(tab.page.get_by_role("dialog")).to_be_hidden()
    expect(tab.page.get_by_text("no server, data from")).to_be_visible()
    gone = tab.page.get_by_role("region", name="The server has ended")
    expect(gone.get_by_role("button", name=f"Copy penstock ui --port {server.port}")).to_be_visible()
    expect(gone).to_contain_text(str(folder))
    expect(tab.page.get_by_role("link", name="digits/3").first).to_be_visible()  # nothing is cleared
    assert tab.axe() == []
    with serving(folder, "--port", str(server.port)):
        gone.get_by_role("button", name="Try now").click()
        expect(tab.page.get_by_text("live", exact=True)).to_be_visible()
        expect(gone).to_be_hidden()
        tab.page.close()


def test_what_no_page_has_is_told(visit: Callable[..., Tab], served: Served):
    tab = visit(served.server, "/runs/digits/1/train")
    expect(tab.page.get_by_text("There is no such page")).to_be_visible()
    tab.allow("404")
    tab.go("/models")
    expect(tab.page.get_by_text("There is no such page")).to_be_visible()
