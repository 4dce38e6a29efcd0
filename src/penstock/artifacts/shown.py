"""What a value is displayed as: the bytes of a picture, a text or a figure with their media type, or a table.

By duck type and by the libraries' own code, in the modules that `libraries` lists; none is imported for a value of
another. Text is Markdown. What knows itself how a notebook shows it (`_repr_html_` and the like) is shown as it says.
Nothing of it is ever run here or where it is looked at but in a frame that reaches nothing.
"""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, cast

from penstock.artifacts.media import (
    JSON,
    MARKDOWN,
    MOST_OF_A_FILE,
    PLOTLY,
    PNG,
    SVG,
    WEB_PAGE,
    Shown,
    bounded,
    too_large,
)

if TYPE_CHECKING:
    import pathlib

KINDS = (
    "figures of matplotlib, seaborn, plotly and Altair, images of Pillow, frames and series of pandas and polars, "
    "tables of pyarrow, arrays and tensors that are images, dicts and lists that JSON can hold, text (as Markdown), "
    'penstock.HTML("..."), a Path to a picture, audio, video or text, and what has _repr_html_ or another of the '
    "methods by which notebooks show it"
)

_SUFFIXES = {
    ".png": PNG, ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".svg": SVG, ".bmp": "image/bmp", ".mp3": "audio/mpeg", ".wav": "audio/wav", ".ogg": "audio/ogg",
    ".flac": "audio/flac", ".m4a": "audio/mp4", ".mp4": "video/mp4", ".webm": "video/webm",
    ".mov": "video/quicktime", ".html": WEB_PAGE, ".htm": WEB_PAGE, ".md": MARKDOWN, ".txt": "text/plain",
    ".json": JSON, ".pdf": "application/pdf",
}  # fmt: skip
_BY_METHOD = (
    ("_repr_png_", PNG), ("_repr_svg_", SVG), ("_repr_jpeg_", "image/jpeg"), ("_repr_html_", WEB_PAGE),
    ("_repr_markdown_", MARKDOWN), ("_repr_json_", JSON), ("_repr_latex_", "text/latex"),
)  # fmt: skip
_BUNDLED = (PLOTLY, "application/vnd.vega", SVG, PNG, "image/jpeg", WEB_PAGE, MARKDOWN, JSON)
"""Media types of `_repr_mimebundle_`, or their beginnings, the best first."""


def suffix_of(media: str) -> str:
    """Of a file with such content; "": none is known."""
    return next((suffix for suffix, known in _SUFFIXES.items() if known == media), ".json" if "json" in media else "")


def media_of(name: str) -> str:
    """Of a file with such a suffix; "": none is known."""
    return _SUFFIXES.get(os.path.splitext(name)[1].lower(), "")


def shown(value: Any) -> Shown:
    """What a value is displayed as. Raises TypeError for what can't be displayed, naming what can, and ValueError or
    OSError for what is too large or can't be read."""
    found = _of_python(value) or _of_library(value) or _as_it_says(value)
    if found is None:
        kind = cast("Any", type(value))
        raise TypeError(f"a {kind.__module__}.{kind.__qualname__} can't be displayed. What can: {KINDS}")
    if isinstance(found.value, bytes) and len(found.value) > MOST_OF_A_FILE:
        raise too_large(len(found.value), MOST_OF_A_FILE)
    return found


def _of_python(value: Any) -> Optional[Shown]:
    if isinstance(value, os.PathLike):
        return _of_file(cast("pathlib.Path", value))
    if isinstance(value, (bytes, bytearray)):
        media = picture_media(bytes(value[:16]))
        return Shown(media, bytes(value)) if media else None
    if isinstance(value, str) and not hasattr(value, "_repr_html_"):
        return Shown(MARKDOWN, bounded(value))
    if isinstance(value, (dict, list, tuple)):
        return Shown(JSON, bounded(_json(value)))
    return None


def _of_library(value: Any) -> Optional[Shown]:
    from penstock.artifacts import libraries

    for one in (value, getattr(value, "figure", None)):  # a grid of seaborn's has a figure of matplotlib's
        make = libraries.shown_of(cast("Any", type(one)))
        found = make and make(one)
        if found is not None:
            return found
    return None


def _as_it_says(value: Any) -> Optional[Shown]:
    """By the methods that notebooks ask for it."""
    if isinstance(value, type):
        return None
    bundle = _said(value, "_repr_mimebundle_")
    if isinstance(bundle, tuple):  # with metadata
        bundle = cast("Tuple[Any, ...]", bundle)[0]
    if isinstance(bundle, dict):
        said = cast("Dict[str, Any]", bundle)
        for wanted in _BUNDLED:
            for media in said:
                if media.startswith(wanted):
                    return _content(media, said[media])
    for method, media in _BY_METHOD:
        said = _said(value, method)
        if said is not None:
            return _content(media, cast("Any", said)[0] if isinstance(said, tuple) else said)
    return None


def _said(value: Any, method: str) -> Any:
    kind = cast("Any", type(value))
    ask = getattr(kind, method, None)
    try:
        return None if ask is None else ask(value)
    except NotImplementedError:
        return None


def _content(media: str, content: Any) -> Shown:
    if isinstance(content, (bytes, bytearray)):
        return Shown(media, bytes(content))
    if isinstance(content, str):
        if media.startswith("image/") and media != SVG:
            import base64

            return Shown(media, base64.b64decode(content))
        return Shown(media, bounded(content))
    return Shown(media, bounded(_json(content)))


def _json(value: Any) -> str:
    return json.dumps(_plain(value, 0), ensure_ascii=False)


def _plain(value: Any, deep: int) -> Any:
    """As JSON can hold it: numbers of numpy's as Python's, what is not finite as words, all else as it says itself."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return value if isinstance(value, int) or math.isfinite(value) else str(value)
    if deep > 100:
        raise ValueError("it is nested more than 100 deep, and may hold itself: display a part of it")
    if isinstance(value, dict):
        pairs = cast("Dict[Any, Any]", value)
        return {key if isinstance(key, str) else str(key): _plain(item, deep + 1) for key, item in pairs.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, deep + 1) for item in cast("List[Any]", value)]
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), deep + 1)
    return repr(value)


def _of_file(path: pathlib.Path) -> Shown:
    name = os.fspath(path)
    media = media_of(name)
    if not media:
        raise TypeError(f"{name} can't be displayed by its suffix. Those that can: {', '.join(_SUFFIXES)}")
    with open(name, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_OF_A_FILE:
            raise too_large(size, MOST_OF_A_FILE)
        return Shown(media, file.read())


def picture_media(head: bytes) -> str:
    """The media type of a picture by how it begins."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""
