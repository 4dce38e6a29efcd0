"""What a fork is asked for, and which of it is refused before anything runs: in Python as on the command line."""

from __future__ import annotations

from typing import Any

import pytest

import penstock
from penstock.errors import ParameterError, UsageError
from penstock.launch.forking import ForkChoices, request_to_fork
from penstock.launch.preparing import RunRequest
from penstock.project import Project
from penstock.reading.reader import JournalReader
from tests.recorded import Recorded, record_done


@penstock.flow
def digits(rows: int, depths: list[int], shuffle: bool = True) -> None: ...


@penstock.flow
def renamed(depths: list[int], lines: int) -> None: ...


def asked(name: str = "", flow: Any = digits, only: str = "", **given: Any) -> RunRequest:
    return request_to_fork(
        JournalReader(Project.find()), name, lambda row, detail: flow, lambda flow: given, ForkChoices(only=only), ""
    )


def test_what_is_given_stands_in_the_place_of_the_run_s_own(recorded: Recorded):
    run_id = record_done(recorded).run_id
    request = asked(rows=7)
    assert request.params == {"rows": 7, "depths": [2, 4], "shuffle": True}
    assert request.origin is not None
    assert request.origin.run == run_id


def test_what_the_flow_takes_no_more_is_left_out_and_what_it_needs_now_is_named(recorded: Recorded):
    record_done(recorded)
    with pytest.raises(ParameterError, match="missing a required argument: 'lines'; give it a value"):
        asked(flow=renamed)
    assert asked(flow=renamed, lines=3).params == {"depths": [2, 4], "lines": 3}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"row": 1}, "digits takes no row; it takes rows, depths, shuffle"),
        ({"rows": "7"}, "digits: rows: expected int"),
    ],
)
def test_a_parameter_that_is_none_or_of_another_type_is_refused(recorded: Recorded, given: Any, message: str):
    record_done(recorded)
    with pytest.raises(ParameterError, match=message):
        asked(**given)


def test_parameters_do_not_go_with_a_step_alone(recorded: Recorded):
    record_done(recorded)
    with pytest.raises(UsageError, match="--only runs train on the inputs that it had: parameters of the flow don't"):
        asked(only="train", rows=7)


def test_a_part_of_a_run_is_no_run(recorded: Recorded):
    run_id = record_done(recorded).run_id
    with pytest.raises(UsageError, match=f"{run_id}/train/2 is a part of a run: name the run"):
        asked(f"{run_id}/train/2")
