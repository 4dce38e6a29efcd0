"""A failure says whose limit it was, and how to mend it."""

from __future__ import annotations

import pytest

from penstock.engine.wording import completed
from penstock.model.options import Growth, Options
from penstock.model.outcomes import Outcome, Usage, failed
from penstock.model.states import Cause


def message(cause: Cause, options: Options, flow_timeout_s: float | None = None, wall_s: float = 0.0) -> str:
    error = completed(failed(cause, "went wrong", usage=Usage(wall_s=wall_s)), options, flow_timeout_s).error
    assert error is not None
    return error.message


@pytest.mark.parametrize(
    ("own_s", "flow_s", "wall_s", "whose"),
    [
        (2.0, None, 2.0, "its timeout of 2 s"),
        (2.0, 5.0, 2.0, "its timeout of 2 s"),
        (9.0, 5.0, 5.0, "the flow's timeout of 5 s"),
    ],
)
def test_a_timeout_says_whose_it_was(own_s: float, flow_s: float | None, wall_s: float, whose: str) -> None:
    assert whose in message(Cause.TIMEOUT, Options(timeout_s=own_s), flow_s, wall_s)


def test_a_timeout_of_nobody_is_left_as_it_is() -> None:
    assert message(Cause.TIMEOUT, Options()) == "went wrong"


def test_too_little_memory_says_where_more_is_given() -> None:
    assert message(Cause.OUT_OF_MEMORY, Options()) == 'went wrong: give the step more with @step(memory="...")'
    growing = Options(memory_bytes=1, growth=Growth(1, 2))
    assert message(Cause.OUT_OF_MEMORY, growing).startswith("went wrong: it gets more as far as @step(memory=grow(")


def test_other_outcomes_are_left_as_they_are() -> None:
    assert message(Cause.RAISED, Options(timeout_s=1.0)) == "went wrong"
    done = Outcome("done")
    assert completed(done, Options(timeout_s=1.0), 1.0) is done
