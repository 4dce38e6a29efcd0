"""Who uses the space, on recorded projects."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from penstock.client.space import usage
from penstock.errors import NotFoundError
from penstock.space import space_structs
from tests.recorded import Recorded
from tests.spacious import Spacious, anything

FIELDS = {
    "PileInfo": "what count bytes",
    "RunSpaceInfo": "id flow status seen_at tags bytes alone_bytes folder_bytes",
    "FlowSpaceInfo": "flow runs bytes alone_bytes folder_bytes",
    "CacheSpaceInfo": "results bytes alone_bytes",
    "EnvironmentSpaceInfo": "id python packages used_at in_use runs bytes alone_bytes",
    "SpaceInfo": "bytes parts flows runs cache environments far",
    "SweepInfo": "removed bytes runs cached piles journal_bytes spared_bytes notes environments",
    "FarSpaceInfo": "url blobs bytes alone_bytes error",
    "MovedInfo": "url blobs bytes already missing",
}


@pytest.fixture
def spacious(recorded: Recorded) -> Spacious:
    return Spacious(recorded)


def size_of(home: Path) -> int:
    return sum(file.stat().st_size for file in home.rglob("*") if file.is_file())


def test_no_field_is_renamed_or_removed() -> None:
    assert {name: " ".join(getattr(space_structs, name).__struct_fields__) for name in FIELDS} == FIELDS


@pytest.mark.parametrize("seed", range(8))
def test_the_parts_are_all_that_is_on_the_disk(spacious: Spacious, seed: int) -> None:
    anything(spacious, random.Random(seed), live=seed % 2 == 0)
    spacious.recorded.close()
    info = usage()
    assert info.bytes == sum(part.bytes for part in info.parts) == size_of(spacious.home)


def test_what_is_shared_is_told_from_what_is_held_alone(spacious: Spacious) -> None:
    all_share, of_digits, of_wide, cached, forgotten = (spacious.blob(10**power) for power in range(2, 7))
    first = spacious.run([all_share, of_digits], logs=1)
    spacious.run([all_share, of_digits], logs=2)
    spacious.run([all_share, of_wide], flow="wide", tags=("best",))
    spacious.cached(first, [cached, all_share])
    snapshot = spacious.snapshot("used", 50)
    spacious.sql("UPDATE driver SET snapshot = ? WHERE run_id = ?", snapshot, first.id)
    spacious.source("last", 7)
    spacious.source("outlines", 8)
    lock = spacious.environment("one", 2_000, runs=[first])
    mark = next((spacious.home / "environments").glob("*/penstock.json")).stat().st_size
    info = usage()

    assert [(run.id, run.bytes, run.alone_bytes, run.folder_bytes) for run in info.runs] == [
        ("wide/1", 10_100, 10_000, 0),
        ("digits/2", 1_102, 2, 2),
        ("digits/1", 1_101, 1, 1),
    ]
    assert [(flow.flow, flow.runs, flow.bytes, flow.alone_bytes, flow.folder_bytes) for flow in info.flows] == [
        ("wide", 1, 10_100, 10_000, 0),
        ("digits", 2, 1_103, 1_003, 3),
    ]
    assert (info.cache.results, info.cache.bytes, info.cache.alone_bytes) == (1, 100_100, 100_000)
    parts = {part.what: (part.count, part.bytes) for part in info.parts}
    assert parts.pop("the journal")[0] >= 1
    assert parts == {
        "blobs of one run alone": (1, 10_000),
        "blobs of several": (2, 1_100),
        "blobs of cached results alone": (1, 100_000),
        "logs, checkpoints and files of runs": (3, 3),
        "code snapshots": (1, 50),
        "outlines and fingerprints of the sources": (2, 15),
        "environments, their locks and kits": (1, 2_000 + mark),
        "what nobody refers to": (1, 1_000_000),
        "the rest": (0, 2),  # .gitignore
    }
    assert spacious.file_of(forgotten).stat().st_size == 1_000_000
    (environment,) = info.environments
    assert (environment.id, environment.python, environment.packages) == (lock[3:15], "3.11.7", {"lib": "1.0"})
    assert (environment.runs, environment.in_use) == (1, False)
    assert environment.bytes == environment.alone_bytes == 2_000 + mark


def test_what_pins_alone_keep_is_told_where_there_are_pins(spacious: Spacious) -> None:
    of_run, of_cache, own = (spacious.blob(10**power) for power in (2, 3, 4))
    spacious.cached(spacious.run([of_run]), [of_cache])
    spacious.pinned([of_run, of_cache, own])
    parts = {part.what: (part.count, part.bytes) for part in usage().parts}
    assert parts["blobs of pinned values"] == (2, 11_000)
    assert (parts["blobs of several"], parts["blobs of cached results alone"]) == ((1, 100), (0, 0))


def test_what_of_an_environment_has_another_name_is_not_free_with_it(spacious: Spacious) -> None:
    one = spacious.environment("one", 2_000, runs=[spacious.run(), spacious.run()])
    (file,) = (spacious.home / "environments").glob("*/lib/lib.py")
    os.link(file, spacious.home.parent / "elsewhere")
    (environment,) = usage().environments
    assert (environment.id, environment.runs) == (one[3:15], 2)
    assert environment.bytes - environment.alone_bytes == 2_000


def test_outlines_may_be_a_folder(spacious: Spacious) -> None:
    spacious.run()
    (spacious.home / "sources" / "outlines").mkdir(parents=True)
    spacious.source("outlines/some", 30)
    assert {part.what: part.bytes for part in usage().parts}["outlines and fingerprints of the sources"] == 30


def test_a_run_or_a_flow_alone(spacious: Spacious) -> None:
    for flow in ("digits", "digits", "wide"):
        spacious.run([spacious.blob(100)], flow=flow)
    assert [run.id for run in usage("digits/1").runs] == ["digits/1"]
    assert {run.id for run in usage("dig").runs} == {"digits/1", "digits/2"}
    assert [flow.flow for flow in usage("digits").flows] == ["digits"]
    assert len(usage(limit=2).runs) == 2
    assert usage("digits", limit=1).bytes == usage().bytes
    with pytest.raises(NotFoundError, match="no run is named 'digist'; did you mean digits"):
        usage("digist")


def test_a_project_without_runs_uses_nothing(project_folder: Path) -> None:
    info = usage()
    assert (info.bytes, info.runs, info.flows) == (0, (), ())
    assert not (project_folder / ".penstock").exists()
