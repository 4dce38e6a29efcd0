"""A stream is masked the same, however it comes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts.finder import Finder
from penstock.worker import log_files
from penstock.worker.log_filter import HEAD, RunningMask

VALUES = ["s3cr3t-value", "s3cr3t-value-2", "abab", "12345"]
FINDER = Finder(VALUES, HEAD)
PIECES = st.sampled_from([b"s3cr3t", b"-value", b"-2", b"ab", b"a", b"1234", b"5", b" ", b"\n", b"\xff", b"s"])


def passed_through(pieces: list[bytes]) -> bytes:
    mask = RunningMask(FINDER)
    return b"".join(map(mask.feed, pieces)) + mask.rest()


@settings(deadline=None)
@given(st.lists(PIECES, max_size=12), st.integers(1, 40))
def test_however_it_is_cut_the_same_comes_out(parts: list[bytes], size: int) -> None:
    data = b"".join(parts) + b"."  # so that nothing is open at the end
    cut = [data[at : at + size] for at in range(0, len(data), size)]
    out = passed_through(cut)
    assert out == passed_through([data])
    assert not any(value.encode() in out for value in VALUES)


def test_only_what_may_be_a_beginning_waits() -> None:
    mask = RunningMask(FINDER)
    assert mask.feed(b"progress 10 %") == b"progress 10 %"
    assert mask.feed(b"\rnow s3cr3t") == b"\rnow "
    assert mask.feed(b"!\n") == b"s3cr3t!\n"


def test_the_better_part_of_a_value_is_no_last_word() -> None:
    assert passed_through([b"x s3cr3t-val"]) == b"x ***"
    assert passed_through([b"x s3c"]) == b"x s3c"
    assert passed_through([b"x s3cr3t-value"]) == b"x ***"
    assert passed_through([b"x s3cr3t-value-"]) == b"x ***-"


def test_digits_of_a_time_are_no_value() -> None:
    mark, line = b"\x1e1234567890.123 @- digits/3/s3cr3t-value/2#1\n", b"\x1e1234567890.123 -o is 12345\n"
    out = passed_through([mark + line])
    assert out == mark + b"\x1e1234567890.123 -o is ***\n"
    assert next(log_files.read(out)).text == "is ***"
