"""What values are displayed as, tried with the real libraries."""

from __future__ import annotations

import io
import json
import math
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import penstock
from penstock.artifacts import codec, media
from penstock.artifacts.folder import FolderStore
from penstock.artifacts.media import MARKDOWN, PLOTLY, PNG, SVG, TABLE, WEB_PAGE
from penstock.artifacts.plain_bytes import plain_bytes
from penstock.artifacts.shown import shown, suffix_of
from penstock.errors import DamagedError


def opened(picture: bytes) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(picture))


@pytest.fixture
def figure(require: Callable[[str], None]) -> Any:
    require("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3), dpi=50)
    figure.subplots().plot([1, 2, 3])
    return figure


def test_a_figure_is_a_picture_and_the_same_one_the_same_bytes(figure: Any):
    found = shown(figure)
    assert (found.media, found.note, opened(found.value).format) == (PNG, "", "PNG")
    assert shown(figure) == found
    assert shown(figure.axes[0]) == found
    assert shown(figure.axes[0].lines[0]) == found


def test_a_figure_within_a_figure_and_what_has_a_figure_are_shown(figure: Any):
    from matplotlib.figure import Figure

    class Grid:
        """As seaborn's, which is none of matplotlib's classes."""

    grid: Any = Grid()
    grid.figure = figure
    assert shown(grid) == shown(figure)
    whole = Figure()
    inner: Any = whole.subfigures(1, 2)[0]
    inner.subplots()
    assert shown(inner).media == PNG


def test_a_huge_figure_is_bounded_and_says_so(figure: Any):
    figure.set_size_inches(40, 40)
    figure.set_dpi(400)
    found = shown(figure)
    assert found.note == "drawn with 100 dots per inch rather than 400"
    assert math.prod(opened(found.value).size) < 1.2 * media.MOST_PIXELS


def test_an_image_of_pillow_is_kept_pixel_by_pixel(require: Callable[[str], None]):
    require("PIL")
    from PIL import Image

    image = Image.new("RGBA", (3, 2), (1, 2, 3, 4))
    assert opened(shown(image).value).tobytes() == bytes((1, 2, 3, 4)) * 6
    assert opened(shown(Image.new("CMYK", (3, 2))).value).mode == "RGB"
    huge = shown(Image.new("L", (8000, 4000)))
    assert huge.note.startswith("shown as 5656 x 2828 pixels of 8000 x 4000")


def test_a_figure_of_plotly_is_its_json(require: Callable[[str], None]):
    require("plotly")
    import plotly.graph_objects as go

    found = shown(go.Figure(go.Scatter(y=[1, 2])))
    assert (found.media, json.loads(found.value)["data"][0]["type"]) == (PLOTLY, "scatter")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_frame_stays_the_value_that_it_is(require: Callable[[str], None], library: str):
    require(library)
    frame: Any = __import__(library).DataFrame({"a": [1, 2]})
    assert shown(frame) == (TABLE, frame, "")
    assert shown(frame["a"]).media == TABLE


def test_a_table_of_arrow_stays_the_value_that_it_is(require: Callable[[str], None]):
    require("pyarrow")
    import pyarrow

    assert shown(pyarrow.table({"a": [1]})).media == TABLE


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([(), (1,), (2,), (3,), (4,)]), st.randoms())
def test_an_array_of_bytes_is_its_pixels(
    require: Callable[[str], None], height: int, width: int, channels: tuple[int, ...], random: Any
):
    require("PIL")
    import numpy as np

    array = np.array([random.randrange(256) for _ in range(height * width * math.prod(channels))], np.uint8)
    array = array.reshape(height, width, *channels)
    found = np.asarray(opened(shown(array).value))
    assert np.array_equal(found, array.reshape(height, width) if channels == (1,) else array)


def test_other_numbers_are_scaled_and_that_is_said(require: Callable[[str], None]):
    require("PIL")
    import numpy as np

    for array, pixels, note in (
        (np.array([[0.0, 1.0]]), [0, 255], ""),
        (np.array([[True, False]]), [255, 0], ""),
        (np.array([[3, 7]]), [3, 7], ""),
        (np.array([[-1.0, 3.0, math.nan]]), [0, 255, 64], "from -1 (black) to 3 (white)"),
        (np.array([[-5, 5]], np.int64), [0, 255], "from -5 (black) to 5 (white)"),
        (np.full((1, 2), math.inf), [0, 0], ""),
    ):
        found = shown(array)
        assert (list(opened(found.value).tobytes()), found.note) == (pixels, note)
    assert shown(np.zeros((8000, 4000), np.uint8)).note == "each 2th of 8000 x 4000 pixels"


def test_a_tensor_may_have_its_channels_first(require: Callable[[str], None]):
    require("torch")
    import torch

    assert opened(shown(torch.zeros(3, 4, 5)).value).size == (5, 4)
    assert opened(shown(torch.zeros(4, 5, dtype=torch.bfloat16)).value).size == (5, 4)


def test_plain_values_are_json_and_markdown():
    assert shown("# Title") == (MARKDOWN, b"# Title", "")
    told = {"a": [1, math.inf, None], 2: (True, {3}), "c": object}
    assert json.loads(shown(told).value) == {"a": [1, "inf", None], "2": [True, [3]], "c": "<class 'object'>"}
    assert shown(penstock.HTML("<b>x</b>")) == (WEB_PAGE, b"<b>x</b>", "")
    assert isinstance(penstock.HTML("<b>"), str)


def test_what_says_how_a_notebook_shows_it_is_shown_so():
    class Bundled:
        def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
            return {"text/plain": "no", "application/vnd.vegalite.v5+json": {"mark": "bar"}}, {}

        def _repr_html_(self) -> str:
            return "no"

    class Drawn:
        def _repr_svg_(self) -> str:
            return "<svg/>"

    assert shown(Bundled()) == ("application/vnd.vegalite.v5+json", b'{"mark": "bar"}', "")
    assert shown(Drawn()) == (SVG, b"<svg/>", "")
    assert suffix_of("application/vnd.vegalite.v5+json") == ".json"


def test_a_file_is_shown_by_its_suffix(tmp_path: Path):
    (tmp_path / "a.WAV").write_bytes(b"RIFF")
    assert shown(tmp_path / "a.WAV") == ("audio/wav", b"RIFF", "")
    with pytest.raises(TypeError, match=r"x\.bin can't be displayed by its suffix. Those that can: \.png, \.jpg"):
        shown(Path("x.bin"))
    with pytest.raises(FileNotFoundError):
        shown(tmp_path / "gone.png")


def test_what_cannot_be_displayed_is_refused_with_what_can(
    require: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
):
    require("numpy")
    import numpy as np

    with pytest.raises(TypeError, match=r"a builtins\.int can't be displayed\. What can: figures of matplotlib"):
        shown(7)
    with pytest.raises(TypeError, match=r"a builtins\.bytes can't be displayed"):
        shown(b"no picture")
    for array in (np.zeros(3), np.zeros((2, 2, 5)), np.zeros((0, 3)), np.array([["a"]])):
        with pytest.raises(TypeError, match=r"an array of shape .* can't be displayed: an image has the shape"):
            shown(array)
    monkeypatch.setattr(media, "MOST_BYTES", 10)
    with pytest.raises(ValueError, match="it is too large to be displayed: 11 bytes"):
        shown("x" * 11)
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="is nested more than 100 deep"):
        shown(loop)


@given(st.binary(max_size=300) | st.integers(0, 70_000).map(lambda size: b"x" * size))
def test_plain_bytes_are_read_without_unpickling(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    store = FolderStore(tmp_path_factory.getbasetemp() / "store")
    stored = codec.encode(content, store).stored
    assert bytes(plain_bytes(stored.record, store)) == content


def test_no_other_value_is_taken_for_plain_bytes(tmp_path: Path):
    store = FolderStore(tmp_path)
    for value in ("text", 7, [b"x"], None, object, bytearray(b"x")):
        with pytest.raises(DamagedError, match="no plain bytes"):
            plain_bytes(codec.encode(value, store).stored.record, store)


def test_the_picture_of_an_array_is_packed(require: Callable[[str], None]):
    require("numpy")
    import numpy as np

    content = shown(np.zeros((100, 100), np.uint8)).value
    assert len(content) < 200
    assert zlib.crc32(content[12:29]).to_bytes(4, "big") == content[29:33]
