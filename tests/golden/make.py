"""Adds what is new in `samples` to the golden fixtures: `python -m tests.golden.make`. Never changes what is there.

A fixture that has to change is a new version of a format: docs/formats.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from penstock.artifacts import digests
from penstock.artifacts.codec import encode
from penstock.artifacts.folder import FolderStore
from tests.unit.artifacts import samples

FOLDER = Path(__file__).parent
FILE = FOLDER / "values.json"
STORE = FOLDER / "store"
LARGEST = 1 << 16  # bytes; samples with larger blobs are pinned by their digest alone


def golden() -> dict[str, dict[str, str]]:
    """Name of a sample -> its digest and, where it is small, its record, as texts."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def main() -> None:
    """Add what is missing."""
    entries = golden()
    store = FolderStore(STORE)
    for name, value in {**samples.make(), **samples.make_arrays(), **samples.make_stored()}.items():
        if name not in entries:
            entries[name] = entry(value, store)
    FILE.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


def entry(value: Any, store: FolderStore) -> dict[str, str]:
    """The fixture of one value; its blobs go to the store."""
    stored = encode(value, store).stored
    found = {"digest": digests.text(stored.digest), "record": stored.record.hex()}
    if stored.size <= LARGEST + 4096:
        return found
    for digest in stored.blobs:
        store.delete(digest)
    return {"digest": found["digest"]}


if __name__ == "__main__":
    main()
