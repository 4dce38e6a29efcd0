"""The logs of an agent's workers are the same on the driver's machine, whatever happens to them in between."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.agent.log_shipping import LogShipper
from penstock.errors import StoreError
from penstock.executors import far_logs
from penstock.model.luggage import LogPiece
from penstock.model.wire import MalformedError

MOST = 1 << 20


class Machines:
    """A folder of logs there, and one here."""

    def __init__(self, folder: Path) -> None:
        self.there, self.here = folder / "there", folder / "here"
        self.there.mkdir(parents=True)
        self.here.mkdir()
        self.shipper = LogShipper(str(self.there))

    def ship(self, most: int = MOST) -> list[LogPiece]:
        """Send all that is new; each piece arrives twice."""
        sent: list[LogPiece] = []
        while pieces := self.shipper.pieces(most):
            sent.extend(pieces)
            for _ in range(2):
                far_logs.keep(str(self.here), pieces)
        return sent

    def content(self, folder: Path) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def test_what_is_written_arrives_once(machines: Machines):
    (machines.there / "worker-1.log").write_bytes(b"\0=0123abcd\nfirst\n")
    (machines.there / "worker-2.log").write_bytes(b"\0=0123abcd\nother\n")
    assert len(machines.ship()) == 2
    with open(machines.there / "worker-1.log", "ab") as file:
        file.write(b"second\n")
    (piece,) = machines.ship()
    assert (piece.offset, zlib.decompress(piece.data)) == (17, b"second\n")
    assert machines.content(machines.here) == machines.content(machines.there)
    assert machines.ship() == []


def test_a_log_with_nothing_but_its_opening_is_none(machines: Machines):
    (machines.there / "worker-1.log").write_bytes(b"\0=0123abcd\n"[:11])
    assert machines.ship() == []


@pytest.mark.parametrize("word", [10, 80, 400])
def test_a_log_that_was_cut_off_is_cut_off_here_too(machines: Machines, word: int):
    log = machines.there / "worker-1.log"
    log.write_bytes(b"\0=0123abcd\n" + bytes(range(32, 127)) * 300)
    machines.ship()
    os.truncate(log, 28_300)
    with open(log, "ab") as file:
        file.write(b"!" * word)
    machines.ship()
    assert machines.content(machines.here) == machines.content(machines.there)


def test_large_logs_go_in_pieces(machines: Machines):
    (machines.there / "worker-1.log").write_bytes(os.urandom(3 << 20))
    assert len(machines.ship()) == 3
    assert machines.content(machines.here) == machines.content(machines.there)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=6000)), min_size=1), st.data())
def test_points_that_change_in_their_midst_arrive(
    tmp_path_factory: pytest.TempPathFactory, writes: list[tuple[int, bytes]], data: st.DataObject
):
    machines = Machines(tmp_path_factory.mktemp("machines"))
    points = machines.there / "train-0a.1.1.points"
    fd = os.open(points, os.O_RDWR | os.O_CREAT)
    for number, (at, written) in enumerate(writes):
        os.pwrite(fd, written, at)
        os.utime(points, ns=(number, number))
        if data.draw(st.booleans()):
            machines.ship(data.draw(st.sampled_from([1, 5000, MOST])))
    machines.ship()
    os.close(fd)
    assert machines.content(machines.here) == machines.content(machines.there)


def test_a_piece_that_would_lie_elsewhere_or_is_damaged_is_refused(machines: Machines):
    for file in ("../outside", "/etc/outside", "..", ""):
        with pytest.raises(MalformedError, match="is no name of a log"):
            far_logs.keep(str(machines.here), [LogPiece(file, 0, zlib.compress(b""))])
    with pytest.raises(MalformedError, match=r"a piece of a\.log is damaged"):
        far_logs.keep(str(machines.here), [LogPiece("a.log", 0, b"damaged")])
    with pytest.raises(StoreError, match=r"can't write the log .*a\.log: No such file or directory"):
        far_logs.keep(str(machines.here / "gone"), [LogPiece("a.log", 0, zlib.compress(b""))])
