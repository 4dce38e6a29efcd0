"""Markdown as a tree of what it means, for a page that takes no HTML from anybody. markdown-it-py comes with rich."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from penstock.reading.code_tokens import CodeLine, code_lines

MOST = 200_000  # characters that are looked at
_ADDRESSES = ("http://", "https://", "mailto:", "#")
_BLOCKS = {
    "paragraph": "p", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li", "blockquote": "blockquote",
    "hr": "hr", "table": "table", "thead": "thead", "tbody": "tbody", "tr": "tr", "th": "th", "td": "td",
    "strong": "strong", "em": "em", "s": "s", "hardbreak": "br",
}  # fmt: skip


class MarkdownNode(msgspec.Struct, frozen=True):
    """A part of a text."""

    tag: str  # "h1", "p", "ul", "pre", "a", as HTML names it; "": its text alone
    text: str = ""
    href: str = ""  # of a link: http, https or mailto; of an image: data, for nothing else is loaded
    lines: tuple[CodeLine, ...] = ()  # of a block of code, as tokens
    nodes: tuple[MarkdownNode, ...] = ()  # inside of it


class MarkdownPage(msgspec.Struct, frozen=True):
    """A text that was displayed."""

    nodes: tuple[MarkdownNode, ...]
    cut: int = 0  # how many characters more it has


def markdown_page(text: str) -> MarkdownPage:
    """HTML inside of it stays text."""
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    tree = SyntaxTreeNode(reader.parse(text[:MOST]))
    return MarkdownPage(tuple(_nodes(tree.children)), max(0, len(text) - MOST))


def _nodes(children: Iterable[Any]) -> Iterator[MarkdownNode]:
    for child in children:
        if child.type == "inline" or (child.type == "paragraph" and child.hidden):  # of a list without gaps
            yield from _nodes(child.children)
        elif child.type != "text" or child.content:
            yield _node(child)


def _node(node: Any) -> MarkdownNode:
    kind = node.type
    if kind in ("text", "softbreak"):
        return MarkdownNode("", node.content if kind == "text" else "\n")
    if kind == "code_inline":
        return MarkdownNode("code", node.content)
    if kind in ("fence", "code_block"):
        language = (node.info or "").split(" ")[0] or "text"
        return MarkdownNode("pre", lines=code_lines(node.content.rstrip("\n"), language))
    if kind == "link":
        href = str(node.attrs.get("href", ""))
        return MarkdownNode("a", href=_kept(href, _ADDRESSES), nodes=tuple(_nodes(node.children)))
    if kind == "image":
        source = str(node.attrs.get("src", ""))
        if source.startswith("data:image/"):
            return MarkdownNode("img", node.content, source)
        return MarkdownNode("a", href=_kept(source, _ADDRESSES), nodes=(MarkdownNode("", node.content or source),))
    tag = node.tag if kind == "heading" else _BLOCKS.get(kind, "")
    return MarkdownNode(tag, "" if node.children else node.content, nodes=tuple(_nodes(node.children)))


def _kept(href: str, beginnings: tuple[str, ...]) -> str:
    return href if href.lower().startswith(beginnings) else ""
