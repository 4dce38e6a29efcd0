"""Who owns a folder in a far tier."""

from __future__ import annotations

import pytest

from penstock.errors import UsageError
from penstock.tiers.ownership import TierOwner, check_owner, next_mark


def test_each_driver_raises_the_generation():
    assert next_mark("", "aa") == "1 aa"
    assert next_mark("1 aa", "bb") == "2 bb"
    assert next_mark("41 zz", "cc") == "42 cc"
    assert next_mark("rubbish", "cc") == "1 cc"


def test_a_new_folder_and_ones_own_are_free():
    check_owner(None, ("", ""), "x")
    check_owner(TierOwner("2 bb"), ("2 bb", ""), "x")
    check_owner(TierOwner("3 cc"), ("2 bb", "3 cc"), "x")


@pytest.mark.parametrize("mine", [("", ""), ("2 bb", ""), ("3 bb", "4 bb")])
def test_another_journal_s_is_refused_with_what_mends_it(mine: tuple[str, str]):
    with pytest.raises(UsageError) as refused:
        check_owner(TierOwner("3 cc", "/home/me/digits on laptop"), mine, "file:///shared/digits-1")
    text = str(refused.value)
    assert "file:///shared/digits-1 belongs to another journal: /home/me/digits on laptop." in text
    assert "`penstock push --as-new`" in text
    assert "`penstock push --take-over`" in text
