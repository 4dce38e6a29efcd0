"""The page opens: in an empty project, in one with something of everything, in a large one."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.browsing import Look, Tab
from tests.browser.conftest import Served
from tests.browser.rich import RUNNING


def test_it_opens_in_an_empty_project(visit: Callable[..., Tab], served: Served, look: Look):
    tab = visit(served.server, "/", look)
    tab.page.locator("main").wait_for()
    assert tab.axe("page-has-heading-one") == []
    assert tab.overflow() == 0
    assert tab.shift() < 0.01
    assert tab.server.token not in tab.page.url


def test_the_rich_project_has_something_of_everything(rich_project: Served):
    rows = rich_project.server.get("/runs").json["rows"]
    assert {row["status"] for row in rows} == {"done", "failed", "cancelled", "running"}
    assert {row["run"]: row["status"] for row in rows}[RUNNING] == "running"


def test_the_large_project_is_as_large_as_it_says(large_project: Served):
    assert large_project.server.get("/runs:index").json["total"] == 10_001
    assert large_project.server.get("/runs/filled/10001/tasks:index").json["total"] == 100_000
