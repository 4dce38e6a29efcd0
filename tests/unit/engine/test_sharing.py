"""The laws of sharing a machine: never more than there is, everybody comes to his turn, all is given back."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.engine.facts import HostWish
from penstock.engine.sharing import STALE_S, TURN_S, agree
from penstock.model.events import Profile
from penstock.model.options import Options
from penstock.model.shares import Amount, Share, Weight
from tests.unit.engine.neighbourhood import Neighbour, Neighbourhood, Work

GPUS = ("0", "1")


@st.composite
def works(draw: st.DrawFn) -> Work:
    cpu, memory_bytes, gpu = draw(
        st.sampled_from([(1, None, 0), (1, None, 0), (2, None, 0), (0.5, 3, 0), (0, None, 0), (1, 2, 1), (0, None, 2)])
    )
    options = Options(cpu=cpu, memory_bytes=memory_bytes, gpu=gpu)
    return Work(f"s{cpu}-{memory_bytes}-{gpu}", options, draw(st.sampled_from([1, 1, 2, 12])))


@st.composite
def neighbours(draw: st.DrawFn) -> Neighbour:
    profile = Profile(draw(st.sampled_from([2, 2, 6])), 4, GPUS, depth=3, shared=True)
    work = draw(st.lists(works(), min_size=1, max_size=12))
    dies = draw(st.none() | st.integers(3, 30))
    return Neighbour("", profile, work, draw(st.integers(0, 12)), dies)


@settings(max_examples=60)
@given(st.lists(neighbours(), min_size=2, max_size=4), st.sampled_from([1, 2, 3]), st.integers())
def test_no_more_is_used_than_there_is_and_everybody_comes_to_an_end(
    runs: list[Neighbour], cpus: int, seed: int
) -> None:
    total = Amount(cpus * 1_000_000, 4, GPUS)
    for number, run in enumerate(runs):
        run.name = f"run/{number}"
    Neighbourhood(total, runs, random.Random(seed)).play(most_ticks=4_000)


ONE = Weight(1_000_000)
TWO_CPUS = Amount(2_000_000, 0)


def share(holds: float, *lacks: Weight, since: float = 0.0, granted_at: float = 0.0, at: float = 10.0) -> Share:
    return Share("other/1", "there", True, Amount(round(holds * 1_000_000)), lacks, since, granted_at, at)


def mine(holds: float, *lacks: Weight, granted_at: float = 9.9) -> Share:
    return Share("mine/1", "here", True, Amount(round(holds * 1_000_000)), lacks, 5.0, granted_at, 9.5)


def wish(used: float, *lacks: Weight) -> HostWish:
    return HostWish(Amount(round(used * 1_000_000)), lacks)


def cpus(amount: Amount | None) -> float | None:
    return None if amount is None else amount.cpu_millionths / 1_000_000


def test_a_run_alone_has_no_bound_and_nobody_is_given_anything_before_it_has_told_what_it_holds() -> None:
    alone = agree(Share("mine/1", "here"), wish(0, ONE), (), TWO_CPUS, 10.0)
    assert alone.bound is None
    assert not alone.share.told
    newcomer = agree(Share("other/1", "there"), wish(0, ONE), (alone.share,), TWO_CPUS, 10.0)
    assert cpus(newcomer.bound) == 0
    assert newcomer.rings
    answer = agree(alone.share, wish(2), (newcomer.share,), TWO_CPUS, 10.0)
    assert cpus(answer.bound) == 1
    assert cpus(answer.share.holds) == 2  # until one of its attempts ends
    assert answer.rings


def test_who_has_more_gives_back_at_once_and_who_has_as_much_after_a_turn() -> None:
    assert cpus(agree(mine(2), wish(2), [share(0, ONE)], TWO_CPUS, 10.0).bound) == 1
    assert cpus(agree(mine(1), wish(1), [share(1, ONE)], TWO_CPUS, 10.0).bound) == 1
    one_cpu = Amount(1_000_000, 0)
    early, late = 9.9 + TURN_S / 2, 9.9 + TURN_S
    assert cpus(agree(mine(1), wish(1), [share(0, ONE)], one_cpu, early).bound) == 1
    assert cpus(agree(mine(1), wish(1), [share(0, ONE)], one_cpu, late).bound) == 0


def test_a_call_that_wants_all_of_the_machine_is_given_all_of_it() -> None:
    both = Weight(2_000_000)
    given_back = agree(mine(1, ONE), wish(1, ONE), [share(0, both)], TWO_CPUS, 9.9 + TURN_S)
    assert cpus(given_back.bound) == 0
    taken = agree(mine(0, both), wish(0, both), [share(0, ONE, since=6.0)], TWO_CPUS, 10.0)
    assert cpus(taken.bound) == 2


def test_what_was_lacking_long_ago_and_not_since_is_kept_for_nobody() -> None:
    stopped = share(0, ONE, at=10.0)
    assert cpus(agree(mine(2), wish(2), [stopped], TWO_CPUS, 10.0 + STALE_S).bound) == 2


def test_what_a_run_does_not_use_for_a_while_is_others() -> None:
    idle = HostWish(Amount(), (), peak=(0, 0))
    assert cpus(agree(mine(1), HostWish(Amount()), [share(1, ONE)], TWO_CPUS, 10.0).bound) == 1  # between two calls
    assert cpus(agree(mine(1), idle, [share(1, ONE)], TWO_CPUS, 10.0).bound) == 0


def test_a_gpu_is_one_runs_at_a_time_and_cpus_are_not_kept_for_who_waits_for_one() -> None:
    total, gpu = Amount(2_000_000, 0, ("0",)), Weight(1_000_000, 0, 1, ("0",))
    holder = share(1)._replace(holds=Amount(1_000_000, 0, ("0",)))
    waits = agree(mine(0), wish(0, gpu), [holder], total, 10.0)
    assert waits.bound == Amount()
    third = agree(mine(0), wish(0, ONE), [holder, waits.share], total, 10.0)
    assert cpus(third.bound) == 1
    freed = agree(waits.share, wish(0, gpu), [holder._replace(holds=Amount())], total, 10.0)
    assert freed.bound == Amount(1_000_000, 0, ("0",))
