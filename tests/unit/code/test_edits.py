"""The corpus of code edits: what must change a step's fingerprint, and what must not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from blake3 import blake3

from penstock.code import kept
from penstock.code.differences import differences
from penstock.code.fingerprint import ProjectCode
from tests.unit.code import edits, memory
from tests.unit.code.edits import Edit
from tests.unit.code.projects import ROOT, codebase, fingerprint, write

CORPUS = edits.read()


@pytest.mark.parametrize("edit", CORPUS, ids=lambda edit: f"{edit.topic}: {edit.name}")
def test_an_edit(edit: Edit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "project"
    code = codebase(write(folder, edit.before))
    before, after = code.fingerprint([ROOT]), fingerprint(tmp_path / "after", edit.after)
    there, back = differences(before.tree, after.tree), differences(after.tree, before.tree)
    assert [str(change) for change in there[:1]] == ([edit.changes] if edit.changes else []), there
    assert bool(back) == (before.digest != after.digest) == bool(edit.changes)
    assert list(after.tree.unfollowed) == sorted(edit.reports)

    code.save()
    shutil.rmtree(folder)
    again = codebase(write(folder, edit.after))
    assert again.fingerprint([ROOT]) == after, "what was kept of before says otherwise"
    again.save()
    monkeypatch.setattr(ProjectCode, "fingerprint", lambda *_: pytest.fail("what was kept of after is not found"))
    assert codebase(folder).fingerprint([ROOT]) == after


def test_the_corpus_is_as_large_as_it_should_be():
    changing = sum(bool(edit.changes) for edit in CORPUS)
    assert changing >= 35
    assert len(CORPUS) - changing >= 35
    assert len({(edit.topic, edit.name) for edit in CORPUS}) == len(CORPUS)


def test_other_rules_are_another_version():
    """Else what earlier rules came to would be found. Where only the corpus has changed, the digest alone is new."""
    found = [memory.fingerprint(project) for edit in CORPUS for project in (edit.before, edit.after)]
    assert (kept.VERSION, blake3(repr(found).encode()).hexdigest(8)) == (6, "b2c3ac9004702fe9")
