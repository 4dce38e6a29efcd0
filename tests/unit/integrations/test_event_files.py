"""TensorBoard's event files: read as they were written, as far as they are whole."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.integrations.event_files import EventPoint, EventReader, event_files, masked_sum
from tests.event_writing import event, frame, scalar, sized, tensor, varint

POINTS = st.lists(
    st.tuples(
        st.text(max_size=8).filter(lambda text: text.isprintable()),
        st.integers(-(1 << 63), (1 << 63) - 1),
        st.floats(0, 4e9),
        st.floats(width=32, allow_nan=False),
    ),
    max_size=8,
)


def test_the_checksum_is_castagnolis() -> None:
    assert masked_sum(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


@given(POINTS, st.data())
def test_what_is_whole_is_read_wherever_a_file_is_cut_off_and_the_rest_when_it_has_come(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[str, int, float, float]], data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "events.out.tfevents.1"
    frames = [event(step, at, scalar(tag, value)) for tag, step, at, value in points]
    whole = b"".join(frames)
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    reader = EventReader(str(path))
    first = list(reader.read())
    ends = [sum(map(len, frames[: number + 1])) for number in range(len(frames))]
    assert len(first) == sum(end <= cut for end in ends)
    path.write_bytes(whole)
    assert first + list(reader.read()) == [EventPoint(*point) for point in points]
    assert (reader.fault, reader.skipped) == ("", {})


@given(st.binary(max_size=64))
def test_a_record_that_is_no_event_is_counted_and_ends_nothing(tmp_path_factory: pytest.TempPathFactory, odd: bytes):
    path = tmp_path_factory.getbasetemp() / "odd.tfevents"
    path.write_bytes(frame(odd) + event(3, 1.0, scalar("loss", 0.5)))
    assert list(EventReader(str(path)).read())[-1:] == [EventPoint("loss", 3, 1.0, 0.5)]


@pytest.mark.parametrize("at", [0, 14, 30])
def test_reading_ends_where_a_file_is_damaged_and_says_where(tmp_path: Path, at: int) -> None:
    good, bad = event(1, 1.0, scalar("loss", 0.5)), bytearray(event(2, 2.0, scalar("loss", 0.25)))
    bad[at] ^= 0xFF
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(good + bytes(bad))
    reader = EventReader(str(path))
    assert [point.step for point in reader.read()] == [1]
    assert reader.fault == f"it is damaged at byte {len(good)}"


def test_a_scalar_may_be_a_tensor_of_tensorflow_2(tmp_path: Path) -> None:
    kinds = {
        "packed": tensor("packed", sized(5, struct.pack("<f", 0.5)), 1),
        "bytes": tensor("bytes", sized(4, struct.pack("<d", 0.25)), 2),
        "int32": tensor("int32", sized(7, varint(-3)), 3),
        "int64": tensor("int64", b"\x50" + varint(7), 9),
    }
    path = tmp_path / "events.out.tfevents.1"
    others = tensor("many", sized(5, bytes(8)), 1), tensor("said", sized(8, b"hello"), 7, "text")
    path.write_bytes(event(1, 1.0, *kinds.values(), *others))
    reader = EventReader(str(path))
    assert [point.value for point in reader.read()] == [0.5, 0.25, -3.0, 7.0]
    assert reader.skipped == {"tensors": 1, "text": 1}


def test_what_tensorboardx_writes_is_read(tmp_path: Path, require: Callable[[str], None]) -> None:
    require("tensorboardX")
    import numpy
    import tensorboardX

    with tensorboardX.SummaryWriter(str(tmp_path / "logs")) as writer:
        for step in range(100):
            writer.add_scalar("loss", 1 / (step + 1), step, walltime=step / 2)
        writer.add_scalar("odd", math.inf, 1)
        writer.add_histogram("weights", numpy.arange(10))
        writer.add_image("picture", numpy.zeros((3, 4, 4)))
        writer.add_text("said", "hello")
        writer.add_hparams({"rate": 0.1, "kind": "adam", "deep": True}, {"accuracy": 0.5})
    readers = [EventReader(path) for path in event_files(str(tmp_path / "logs"))]
    points = [point for reader in readers for point in reader.read()]
    assert [(point.step, point.at) for point in points if point.tag == "loss"] == [(n, n / 2) for n in range(100)]
    assert [point.value for point in points if point.tag in ("accuracy", "odd")] == [0.5, math.inf]
    assert sum((reader.skipped for reader in readers), readers[0].skipped.__class__()) == {
        "histograms": 1,
        "images": 1,
        "text": 1,
    }
    assert [reader.params for reader in readers if reader.params] == [{"rate": 0.1, "kind": "adam", "deep": True}]
