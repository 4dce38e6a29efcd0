"""The file of a run's calls: what was noted is found, also behind what a full disk has cut short."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import JournalError
from penstock.journal.call_numbers import Calls
from penstock.model.rows import Dealt
from tests.journal_records import digest

NOTES = st.lists(
    st.builds(
        lambda name, count, first: [Dealt(digest(name, at), at, name, at) for at in range(first, first + count)],
        st.text(max_size=5),
        st.integers(1, 4),
        st.integers(0, 2**32 - 5),
    ),
    max_size=5,
)


@given(NOTES, NOTES, st.integers(0, 400))
def test_two_drivers_and_what_was_cut_short_between_them(
    tmp_path_factory: pytest.TempPathFactory, first: list[list[Dealt]], second: list[list[Dealt]], left: int
) -> None:
    folder = tmp_path_factory.mktemp("calls")
    file = folder / "calls"
    calls = Calls(folder)
    for note in first:
        calls.note(note)
    calls.close()
    whole = file.read_bytes() if first else b""
    if whole:
        file.write_bytes(whole[:left])
    kept = list(Calls(folder).read())
    every = [dealt for note in first for dealt in note]
    assert kept == every[: len(kept)]
    for note in second:
        calls.note(note)
    calls.close()
    assert list(Calls(folder).read()) == kept + [dealt for note in second for dealt in note]


def test_a_disk_that_is_full_is_named(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    (tmp_path / "calls").symlink_to("/dev/full")
    with pytest.raises(JournalError, match=r"the disk is full\. Free some space, then go on with `penstock resume`"):
        calls.note([Dealt(digest("a"), 1, "train", 1)])


def test_a_run_that_is_done_leaves_nothing(tmp_path: Path) -> None:
    calls = Calls(tmp_path / "digits" / "1-ab")
    calls.note([Dealt(digest("a"), 1, "train", 1)])
    calls.forget()
    assert os.listdir(tmp_path / "digits") == []
    calls.forget()
    assert list(calls.read()) == []
