"""Which interpreters steps run under."""

from __future__ import annotations

import pytest

from penstock.environments import interpreter_search
from penstock.errors import UsageError


@pytest.mark.parametrize("version", ["3.8.18", "3.8", "2.7.18"])
def test_one_that_is_too_old_is_refused(version: str) -> None:
    with pytest.raises(UsageError, match=rf"python='old' is Python {version}, and steps run under Python 3.9 or newer"):
        interpreter_search.refuse_old("old", version)


@pytest.mark.parametrize("version", ["3.9.0", "3.10", "3.14.0rc1", "4.0", "", "unknown"])
def test_one_that_is_new_enough_or_unknown_is_let_pass(version: str) -> None:
    interpreter_search.refuse_old("new", version)
