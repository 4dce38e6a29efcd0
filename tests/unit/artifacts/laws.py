"""The laws that every species of the zoo keeps, as checks that tests call."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode, inspect_record
from penstock.artifacts.folder import FolderStore
from penstock.artifacts.records import needs_none
from tests.unit.artifacts import zoo
from tests.unit.artifacts.looks import look

_enough = settings(
    max_examples=40 if os.environ.get("PENSTOCK_REQUIRE_ALL") == "1" else 4,  # few in each `make check`, more in CI
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],  # an example names its choices; a smaller one says no more
    suppress_health_check=[HealthCheck.too_slow],
)


def digest(value: Any, species: zoo.Species) -> bytes:
    """The digest of a value; empty where its species has no stable form, as it says."""
    identity = identify(value)
    if species.unstable:
        assert species.unstable in identity.culprit
    else:
        assert identity.culprit == ""
    assert bool(identity.digest) != bool(identity.culprit)
    return identity.digest


def differ(species: zoo.Species) -> None:
    """Values that differ in one aspect have different digests; as long as they have one."""

    @_enough
    @given(pair=zoo.pairs(species), place=zoo.places)
    def check(pair: zoo.Pair, place: str) -> None:
        assert look(pair.one) != look(pair.other), "the zoo's own fault: an aspect that can't be seen"
        put, _ = zoo.PLACES[place]
        found = digest(put(pair.one), species)
        assert not found or found != digest(put(pair.other), species)

    check()


def are_the_same(species: zoo.Species) -> None:
    """A value made again, and one that differs only in what does not count, has the digest of the first."""

    @_enough
    @given(chosen=zoo.choices(species), place=zoo.places, change=st.sampled_from(["", *species.same]))
    def check(chosen: Any, place: str, change: str) -> None:
        one, again = zoo.make(species, chosen), zoo.make(species, chosen)
        put, _ = zoo.PLACES[place]
        assert digest(put(one), species) == digest(put(again), species)
        if change:
            changed = species.same[change](again)
            assert digest(put(one), species) == digest(put(changed), species)

    check()


def come_back(store: FolderStore, species: zoo.Species) -> None:
    """A value that was stored and loaded looks as before, and has the digest that it had."""

    @_enough
    @given(value=zoo.values(species), place=zoo.places)
    def check(value: Any, place: str) -> None:
        put, get = zoo.PLACES[place]
        put_there = put(value)
        encoded = encode(put_there, store)
        before = digest(put_there, species)
        found = decode(encoded.stored.record, store, verify=True)
        assert look(get(found)) == look(value)
        assert encoded.identity.digest == before == digest(found, species)
        assert needs_none(encoded.stored.record) == (not inspect_record(encoded.stored.record))
        if place == "twice" and not isinstance(value, (int, float, complex)):  # whose identity Python keeps for nobody
            first, (second,) = found
            assert first is second

    check()


_ELSEWHERE = """
import pickle, sys
sys.path[:0] = sys.argv[3:]
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode
from penstock.artifacts.folder import FolderStore
store = FolderStore(sys.argv[1])
with open(sys.argv[2], "rb") as file:
    records = pickle.load(file)
for record in records:
    try:
        print(identify(decode(record, store)).digest.hex())
    except Exception as error:
        print(repr(error))
"""


def come_back_elsewhere(store: FolderStore, species: list[zoo.Species]) -> None:
    """What another process with another hash seed loads has the digest that it had here."""
    stable = [found for found in species if not found.unstable]
    values = [(found, choice) for found in stable for choice in _extremes(found)]
    stored = [encode(zoo.make(*value), store).stored for value in values]
    records = Path(store.root).parent / "records"
    records.write_bytes(pickle.dumps([found.record for found in stored]))
    root = Path(__file__).parents[3]
    printed = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, os.fspath(store.root), os.fspath(records), os.fspath(root)],
        env={**os.environ, "PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")[:-1]
    wrong = [
        (name.name, choice, there)
        for (name, choice), here, there in zip(values, stored, printed, strict=True)
        if there != here.digest.hex()
    ]
    assert wrong == []


def _extremes(species: zoo.Species) -> list[dict[str, int]]:
    """The first and the last choice of each aspect."""
    return [{aspect: at % len(found) for aspect, found in species.aspects.items()} for at in (0, -1)]
