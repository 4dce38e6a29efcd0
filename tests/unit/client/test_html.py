"""Runs and tasks in a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

import penstock
from tests.recorded import Recorded, record_done, record_failed


class Page(HTMLParser):
    """All tags are closed, and nothing is loaded or run."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        assert tag in {"div", "b", "span", "table", "thead", "tbody", "tr", "th", "td"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.cells.append(data)


def test_a_run(recorded: Recorded):
    record_done(recorded)
    cells = Page(penstock.run()._repr_html_()).cells
    assert {"digits/1", "done", "rows", "5", "train", "accuracy", "0.75", "result: [0.25, 0.75]"} <= set(cells)


def test_what_users_wrote_is_escaped(recorded: Recorded):
    record_failed(recorded)
    run = penstock.run()
    for page in (run._repr_html_(), run.task("train/1")._repr_html_(), run.tasks()._repr_html_()):
        cells = Page(page).cells
        assert any("no <b>" in cell for cell in cells)
    assert "'<i>'" in Page(run.task("train/1")._repr_html_()).cells


def test_lists_say_how_much_they_leave_out(recorded: Recorded):
    for _ in range(52):
        recorded.begin("digits").close()
    assert "and 2 runs more" in Page(penstock.runs()._repr_html_()).cells
