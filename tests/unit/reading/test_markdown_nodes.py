"""Markdown as a tree: what it means, and nothing that a browser would run or load."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from penstock.reading.markdown_nodes import MOST, MarkdownNode, markdown_page

TAGS = {
    "", "h1", "h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "hr", "table", "thead", "tbody", "tr",
    "th", "td", "strong", "em", "s", "br", "code", "pre", "a", "img",
}  # fmt: skip


def every(nodes: tuple[MarkdownNode, ...]) -> Iterator[MarkdownNode]:
    for node in nodes:
        yield node
        yield from every(node.nodes)


def words(nodes: tuple[MarkdownNode, ...]) -> str:
    return "".join(node.text for node in every(nodes))


def test_a_report():
    page = markdown_page(
        "# Report\n\n- **one**\n- `two`\n\n| a | b |\n| - | - |\n| 1 | ~~2~~ |\n\n```python\nx = 1\n```\n"
    )
    title, listed, table, code = page.nodes
    assert (title.tag, words(title.nodes)) == ("h1", "Report")
    assert [item.tag for item in listed.nodes] == ["li", "li"]
    assert listed.nodes[0].nodes == (MarkdownNode("strong", nodes=(MarkdownNode("", "one"),)),)
    assert listed.nodes[1].nodes == (MarkdownNode("code", "two"),)
    assert [part.tag for part in table.nodes] == ["thead", "tbody"]
    assert words(table.nodes) == "ab12"
    assert code.lines == ((("", "x = "), ("number", "1")),)


def test_html_is_text():
    page = markdown_page("<script>alert(1)</script>\n\n<b onclick='x'>y</b>")
    assert words(page.nodes) == "<script>alert(1)</script><b onclick='x'>y</b>"
    assert {node.tag for node in every(page.nodes)} == {"p", ""}


def test_nothing_is_loaded_and_no_link_runs():
    page = markdown_page(
        "[a](https://a.example) [b](javascript:x) [c](data:text/html,x) ![d](https://d.example/d.png) "
        "![e](data:image/png;base64,AA==) <https://f.example>"
    )
    found = [(node.tag, node.href) for node in every(page.nodes) if node.href]
    assert found == [
        ("a", "https://a.example"),
        ("a", "https://d.example/d.png"),
        ("img", "data:image/png;base64,AA=="),
        ("a", "https://f.example"),
    ]


def test_a_long_text_is_cut_and_says_so():
    assert markdown_page("x" * (MOST + 7)).cut == 7


@given(st.text(alphabet="#*_`~[]()!<>|-1. \n\t&ab:\\", max_size=80))
def test_every_text_is_of_these_tags(text: str):
    assert {node.tag for node in every(markdown_page(text).nodes)} <= TAGS
