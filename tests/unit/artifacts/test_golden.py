"""What is on disk can never change its meaning: digests, canonical forms, records and blobs of `tests/golden`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts import digests
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, inspect_record
from penstock.artifacts.folder import FolderStore
from tests.golden import make
from tests.unit.artifacts import samples

GOLDEN = make.golden()
SAMPLES: dict[str, Any] = {**samples.make(), **samples.make_arrays(), **samples.make_stored()}


def test_every_sample_is_pinned():
    assert set(GOLDEN) == set(SAMPLES), "python -m tests.golden.make adds what is new"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_digest_never_changes(name: str):
    assert digests.text(identify(SAMPLES[name]).digest) == GOLDEN[name]["digest"]


@pytest.mark.parametrize("name", [name for name, entry in GOLDEN.items() if "record" in entry])
def test_an_old_record_is_read(name: str):
    record = bytes.fromhex(GOLDEN[name]["record"])
    store = FolderStore(make.STORE)
    found = decode(record, store, verify=True)
    assert type(found) is type(SAMPLES[name])
    assert digests.text(identify(found).digest) == GOLDEN[name]["digest"]


def test_the_store_holds_what_the_records_need():
    records = [bytes.fromhex(entry["record"]) for entry in GOLDEN.values() if "record" in entry]
    needed = {blob for record in records for blob in inspect_record(record)}
    assert needed
    assert {(blob.digest, blob.size) for blob in FolderStore(make.STORE).list()} == needed


def test_the_pinned_layout_of_a_record():
    """The record of True, byte by byte: docs/formats.md, Record."""
    record = bytes.fromhex(GOLDEN["true"]["record"])
    assert record == b"PS\x01\x00" + bytes.fromhex("35b43ca1") + bytes(4) + b"\x80\x05\x88."


def test_the_pinned_bytes_of_a_form():
    """The form of a tuple, byte by byte: docs/formats.md, Canonical form."""
    one = (1).to_bytes(8, "little")
    form = b"t" + (2).to_bytes(8, "little") + b"i" + one + b"\x05" + b"s" + one + b"a"
    assert identify((5, "a")).digest == digests.digest(b"penstock.value.2\0" + form)


def test_the_store_is_laid_out_by_digest():
    assert all(path.parent.name == path.name[3:5] for path in Path(make.STORE).glob("??/*"))
