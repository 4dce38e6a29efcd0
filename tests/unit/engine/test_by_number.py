"""What is kept by a task's number is what a dict would hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.engine.by_number import ByNumber

NUMBERS = st.integers(1, 12) | st.integers(250, 260) | st.integers(5_000, 5_002)
CHANGES = st.lists(st.tuples(NUMBERS, st.sampled_from(["put", "put None", "take out"])))


@given(CHANGES, NUMBERS)
def test_it_answers_as_a_dict_does(changes: list[tuple[int, str]], asked: int) -> None:
    found, expected = ByNumber[str | None](), dict[int, str | None]()
    for at, (number, change) in enumerate(changes):
        if change == "take out":
            assert is_taken_out(found, number) == is_taken_out(expected, number)
        else:
            found[number] = expected[number] = f"value {at}" if change == "put" else None
    assert repr(found) == repr(dict(sorted(expected.items())))
    assert (asked in found) == (asked in expected)
    assert found.get(asked) == expected.get(asked)
    assert found.of(list(expected)) == list(expected.values())
    if asked in expected:
        assert found[asked] == expected[asked]
    else:
        with pytest.raises(KeyError, match=str(asked)):
            found[asked]
        with pytest.raises(KeyError, match=str(asked)):
            found.of([*expected, asked])


def is_taken_out(held: ByNumber[str | None] | dict[int, str | None], number: int) -> bool:
    try:
        del held[number]
    except KeyError:
        return False
    return True
