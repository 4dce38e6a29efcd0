"""The corpus of code edits: what must change a step's fingerprint, and what must not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from penstock.code.differences import differences
from tests.unit.code import edits
from tests.unit.code.edits import Edit
from tests.unit.code.projects import ROOT, codebase, fingerprint, write

CORPUS = edits.read()


@pytest.mark.parametrize("edit", CORPUS, ids=lambda edit: f"{edit.topic}: {edit.name}")
def test_an_edit(edit: Edit, tmp_path: Path):
    folder = tmp_path / "project"
    code = codebase(write(folder, edit.before))
    before, after = code.fingerprint([ROOT]), fingerprint(tmp_path / "after", edit.after)
    there, back = differences(before.tree, after.tree), differences(after.tree, before.tree)
    assert [str(change) for change in there[:1]] == ([edit.changes] if edit.changes else []), there
    assert bool(back) == (before.digest != after.digest) == bool(edit.changes)
    assert list(after.tree.unfollowed) == sorted(edit.reports)

    code.save()
    shutil.rmtree(folder)
    assert codebase(write(folder, edit.after)).fingerprint([ROOT]) == after, "what was kept of before says otherwise"


def test_the_corpus_is_as_large_as_it_should_be():
    changing = sum(bool(edit.changes) for edit in CORPUS)
    assert changing >= 35
    assert len(CORPUS) - changing >= 35
    assert len({(edit.topic, edit.name) for edit in CORPUS}) == len(CORPUS)
