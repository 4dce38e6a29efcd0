"""Files for figures of matplotlib and plotly, and images of Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from penstock.reading.formats import Formats

_FIGURE = (".png", ".svg", ".pdf", ".jpg", ".jpeg", ".webp", ".tif", ".tiff")
_IMAGE = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif")
_PLOTLY = (".png", ".jpg", ".jpeg", ".webp", ".svg", ".pdf")


def of(value: Any) -> Formats | None:
    """The formats of a picture; None: it is none."""
    names = {f"{str(base.__module__).partition('.')[0]}.{base.__name__}" for base in type(value).__mro__}
    if "matplotlib.Figure" in names or "matplotlib.FigureBase" in names:
        return dict.fromkeys(_FIGURE, lambda value, to: value.savefig(to, format=to.suffix[1:].lower()))
    if "PIL.Image" in names:
        return dict.fromkeys(_IMAGE, lambda value, to: value.save(to))
    if "plotly.BaseFigure" in names:
        pictures: Formats = dict.fromkeys(_PLOTLY, _write_plotly)
        texts: Formats = {
            ".html": lambda value, to: value.write_html(to),
            ".json": lambda value, to: value.write_json(to),
        }
        return {**texts, **pictures}
    return None


def _write_plotly(value: Any, to: Path) -> None:
    from importlib.util import find_spec

    if find_spec("kaleido") is None:
        raise ValueError("kaleido is missing, which makes pictures of plotly's figures: pip install kaleido")
    value.write_image(to, format=to.suffix[1:].lower())
