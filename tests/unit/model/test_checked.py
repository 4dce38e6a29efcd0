"""What comes from elsewhere has values that this machine could have written."""

from __future__ import annotations

import math

import pytest

from penstock.model.checked import checked
from penstock.model.outcomes import Error, Log, Metric, Outcome, Recorded, Stored, Usage
from penstock.model.wire import MalformedError

_METRIC = Metric("loss", 2, math.nan, 1, 2.0, math.inf, 0, 1.0, math.nan, math.nan, 2, None, 1, "a.points", b"d", 7)
_STORED = Stored(b"d", b"r", "{}")
_DONE = Outcome("done", _STORED, None, Usage(1.0, 2.0), Log("a.log", 0, 9), (_METRIC,), "w", (Recorded("tag", "x"),))
_FAILED = Outcome("failed", None, Error("raised", "ValueError", "no", unread=("x", 0, ("numpy",))))


@pytest.mark.parametrize("outcome", [_DONE, _FAILED, _FAILED._replace(status="cancelled"), _DONE._replace(metrics=())])
def test_what_a_worker_may_say(outcome: Outcome) -> None:
    assert checked(outcome) is outcome


@pytest.mark.parametrize(
    "outcome",
    [
        _DONE._replace(status="bogus"),
        _DONE._replace(status="running"),
        _DONE._replace(result=None),
        _DONE._replace(error=_FAILED.error),
        _FAILED._replace(error=None),
        _FAILED._replace(error=Error("bad luck", "", "")),
        _FAILED._replace(error=Error("raised", "", "\ud800")),
        _FAILED._replace(error=Error("raised", "", "", unread=("x",))),
        _FAILED._replace(error=Error("raised", "", "", unread=("x", 2**64, ()))),
        _DONE._replace(usage=Usage(math.nan)),
        _DONE._replace(usage=Usage(1.0, math.inf)),
        _DONE._replace(usage=Usage(peak_bytes=2**80)),
        _DONE._replace(result=_STORED._replace(size=2**80)),
        *(_DONE._replace(log=Log(file, 0, 1)) for file in ("", ".", "..", "/etc/passwd", "../a.log", "a/b", "a\0")),
        *(_DONE._replace(log=Log("a.log", *ends)) for ends in ((-1, 1), (2, 1), (0, 2**64))),
        *(_DONE._replace(metrics=(_METRIC._replace(file=file),)) for file in ("/etc/passwd", "../x", "..")),
        _DONE._replace(metrics=(_METRIC._replace(last_step=2**64),)),
        _DONE._replace(records=(Recorded("tag", "\ud800"),)),
    ],
)
def test_what_none_says(outcome: Outcome) -> None:
    with pytest.raises(MalformedError):
        checked(outcome)
