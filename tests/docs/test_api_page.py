"""The page of the API is what the table of routes says, and leaves none out."""

from __future__ import annotations

import re

from penstock.server.route_table import ROUTES
from tools import api_page


def test_the_page_is_up_to_date() -> None:
    assert api_page.PAGE.read_text(encoding="utf-8") == api_page.written(), "mend it: python tools/api_page.py"


def test_every_route_is_there_and_every_link_leads_to_a_heading() -> None:
    page = api_page.PAGE.read_text(encoding="utf-8")
    assert [route for route in ROUTES if f"### {route.method} {route.full_path}\n" not in page] == []
    headings = re.findall(r"^##+ (.+)$", page, re.MULTILINE)
    anchors = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) - set(anchors) == set()
    assert len(set(anchors)) == len(anchors)
