"""How figures of matplotlib and plotly, and images of Pillow, are displayed. As values they go the general way."""

from __future__ import annotations

import io
import math
from typing import Any, Callable, Optional

from penstock.artifacts.media import MOST_PIXELS, PLOTLY, PNG, Shown, bounded


def shown_of(kind: Any) -> Optional[Callable[[Any], Optional[Shown]]]:
    """What displays a figure, or what is drawn on one; None: it is neither."""
    names = {f"{str(base.__module__).partition('.')[0]}.{base.__name__}" for base in kind.__mro__}
    if "PIL.Image" in names:
        return _image
    if "plotly.BaseFigure" in names:
        return lambda figure: Shown(PLOTLY, bounded(figure.to_json()))
    if "matplotlib.Artist" in names:
        return _drawn
    return None


def _drawn(artist: Any) -> Optional[Shown]:
    find = getattr(artist, "get_figure", None)
    figure: Any = artist if hasattr(artist, "savefig") else find and find()
    if figure is not None and not hasattr(figure, "savefig"):  # a figure within a figure
        figure = figure.get_figure(root=True)
    if figure is None:
        return None
    width, height = figure.get_size_inches()
    most = math.sqrt(MOST_PIXELS / max(width * height, 1e-9))
    dpi = min(float(figure.dpi), most)
    note = f"drawn with {dpi:.0f} dots per inch rather than {figure.dpi:.0f}" if dpi < figure.dpi else ""
    file = io.BytesIO()
    # Without the version of matplotlib in it, so that the same picture is the same bytes.
    figure.savefig(file, format="png", dpi=dpi, bbox_inches="tight", metadata={"Software": None})
    return Shown(PNG, file.getvalue(), note)


def _image(image: Any) -> Shown:
    note, (width, height) = "", image.size
    if width * height > MOST_PIXELS:
        scale = math.sqrt(MOST_PIXELS / (width * height))
        image = image.resize((max(1, int(width * scale)), max(1, int(height * scale))))
        note = f"shown as {image.size[0]} x {image.size[1]} pixels of {width} x {height}"
    if image.mode not in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        image = image.convert("RGB")
    file = io.BytesIO()
    image.save(file, format="PNG")
    return Shown(PNG, file.getvalue(), note)
