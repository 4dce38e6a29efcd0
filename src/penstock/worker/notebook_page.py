"""An executed notebook as a page: small, of itself, and read without Jupyter. Pure."""

from __future__ import annotations

import html
import re
from typing import Any, Dict, List, Optional

_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;margin:1em;color:#222;background:#fff}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3em 0}"
    "pre.code{background:#f3f3f1;padding:.6em;border-radius:4px}pre.error{color:#a11;background:#fdf0f0;padding:.6em}"
    "img,svg{max-width:100%}table{border-collapse:collapse}td,th{padding:.1em .6em;text-align:right}"
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_PICTURES = ("image/png", "image/jpeg", "image/gif")


def plain(text: str) -> str:
    """Without the colours of a terminal."""
    return _COLOURS.sub("", text)


def page_of(cells: List[Any]) -> str:
    """The page; `cells`: as a notebook has them."""
    parts = "\n".join(part for cell in cells for part in _parts(cell))
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>\n{parts}\n'


def _parts(cell: Any) -> List[str]:
    source = _text(cell["source"])
    if cell["cell_type"] != "code":
        return [_markdown(source) or _pre(source)] if source.strip() else []
    outputs = [_output(output) for output in cell.get("outputs", ())]
    return [_pre(source, "code"), *outputs] if source.strip() else outputs


def _output(output: Any) -> str:
    kind = output["output_type"]
    if kind == "stream":
        return _pre(_text(output["text"]))
    if kind == "error":
        return _pre("\n".join(output["traceback"]) or f"{output['ename']}: {output['evalue']}", "error")
    data: Dict[str, Any] = output.get("data", {})
    for picture in _PICTURES:
        if picture in data:
            return f'<img alt="" src="data:{picture};base64,{"".join(_text(data[picture]).split())}">'
    for markup in ("text/html", "image/svg+xml"):
        if markup in data:
            return f"<div>{_text(data[markup])}</div>"
    if "text/markdown" in data:
        return _markdown(_text(data["text/markdown"])) or _pre(_text(data["text/markdown"]))
    return _pre(_text(data.get("text/plain", "")))


def _markdown(text: str) -> Optional[str]:
    """None: what reads Markdown is not here."""
    try:
        from markdown_it import MarkdownIt
    except ImportError:
        return None
    return MarkdownIt("commonmark", {"html": False}).enable("table").render(text)


def _pre(text: str, kind: str = "") -> str:
    told = f' class="{kind}"' if kind else ""
    return f"<pre{told}>{html.escape(plain(text), quote=False)}</pre>"


def _text(part: Any) -> str:
    return part if isinstance(part, str) else "".join(part)
