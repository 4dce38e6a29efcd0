"""A project's part of its far tiers: whose it is, and what is read from where."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from penstock.artifacts.folder import FolderStore
from penstock.errors import UsageError
from penstock.journal import far_places
from penstock.project import Project
from penstock.project_tiers import ProjectTiers
from penstock.settings import Settings
from tests.tiers import KINDS, TierKind


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    return KINDS[request.param](request, tmp_path)


def project_in(folder: Path, url: str, more: str = "") -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "penstock.toml").write_text(f'[store]\nurl = "{url}"\n{more}')
    return Project(Settings.load(folder, {}))


def tiers_of(project: Project) -> ProjectTiers:
    assert project.tiers is not None
    return project.tiers


def test_without_a_far_tier_the_store_is_the_folder_itself(tmp_path: Path):
    (tmp_path / "penstock.toml").touch()
    assert isinstance(Project(Settings.load(tmp_path, {})).store, FolderStore)


def test_what_is_sent_comes_back_to_another_driver(kind: TierKind, tmp_path: Path):
    first = project_in(tmp_path / "digits", kind.url)
    blob = first.store.put(b"a value" * 1000)
    tiers_of(first).uploads(kind.url).send_now([blob])
    tiers_of(first).close()
    shutil.rmtree(tmp_path / "digits" / ".penstock" / "store")
    second = project_in(tmp_path / "digits", kind.url)
    assert bytes(second.store.get(*blob, verify=True)) == b"a value" * 1000
    tiers_of(second).close()
    (folder,) = kind.folder.iterdir()
    assert folder.name.startswith("digits-")


def test_each_driver_of_a_project_owns_its_folder(kind: TierKind, tmp_path: Path):
    for _ in range(3):
        tiers = tiers_of(project_in(tmp_path / "digits", kind.url))
        tiers.own(kind.url).put("mail/x", b"x")
        tiers.close()
    (owner,) = kind.folder.glob("*/owner")
    assert owner.read_text().startswith("3 ")
    assert "digits on " in owner.read_text()


def test_a_driver_that_was_killed_while_it_wrote_who_owns_is_in_nobody_s_way(
    kind: TierKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    project = tiers_of(project_in(tmp_path / "digits", kind.url))
    project.own(kind.url).put("mail/x", b"x")

    def killed(*_: object) -> None:
        """Before it was noted what was written."""

    with monkeypatch.context() as patch:
        patch.setattr(far_places, "own", killed)
        project.claimed(kind.url)
    project.close()
    again = tiers_of(project_in(tmp_path / "digits", kind.url))
    assert again.own(kind.url).get("mail/x") == b"x"
    again.close()


def test_a_copied_project_is_refused_until_it_is_mended(kind: TierKind, tmp_path: Path):
    original = project_in(tmp_path / "digits", kind.url)
    blob = original.store.put(b"a value" * 1000)
    tiers_of(original).uploads(kind.url).send_now([blob])
    shutil.copytree(tmp_path / "digits", tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / ".penstock" / "store")
    copy = project_in(tmp_path / "copy", kind.url)
    tiers_of(copy).own(kind.url).put("mail/x", b"the copy's")  # as good as the original, until that goes on
    again = project_in(tmp_path / "digits", kind.url)
    with pytest.raises(UsageError, match=r"belongs to another journal: .*/copy on "):
        tiers_of(again).own(kind.url).put("mail/x", b"x")
    assert bytes(again.store.get(*blob)) == b"a value" * 1000
    tiers_of(again).claimed(kind.url, anew=True)
    tiers_of(again).own(kind.url).put("mail/x", b"the original's")
    assert tiers_of(copy).own(kind.url).get("mail/x") == b"the copy's"
    assert bytes(copy.store.get(*blob)) == b"a value" * 1000
    assert len(list(kind.folder.iterdir())) == 2

    shutil.copytree(tmp_path / "digits", tmp_path / "third")
    tiers_of(project_in(tmp_path / "digits", kind.url)).claimed(kind.url)
    third = tiers_of(project_in(tmp_path / "third", kind.url))
    with pytest.raises(UsageError, match="--take-over"):
        third.own(kind.url).get("mail/x")
    third.claimed(kind.url, take_over=True)
    assert third.own(kind.url).get("mail/x") == b"the original's"
    for project in (original, copy, again):
        tiers_of(project).close()
    third.close()


def test_all_that_is_stored_is_mirrored(kind: TierKind, tmp_path: Path):
    project = project_in(tmp_path / "digits", kind.url, "mirror = true\n")
    blobs = [project.store.put(os.urandom(2000)), project.store.put_chunks([b"a" * 70_000, b"b"])]
    tiers = tiers_of(project)
    tiers.finish()
    assert {blob.digest for blob in tiers.own(kind.url).blobs.list()} == {digest for digest, _ in blobs}
    tiers.close()


def test_an_executor_may_have_a_tier_of_its_own(kind: TierKind, tmp_path: Path):
    (tmp_path / "other").mkdir()
    other = (tmp_path / "other").as_uri()
    project = project_in(tmp_path / "digits", kind.url, f'[executors.far]\nkind = "agent"\nstore = "{other}"\n')
    tiers = tiers_of(project)
    blob = project.store.put(b"a value" * 1000)
    tiers.uploads(other).send_now([blob])
    tiers.own(kind.url).put("mail/x", b"")
    assert [folder.name for folder in (tmp_path / "other").iterdir()] == [next(kind.folder.iterdir()).name]
    shutil.rmtree(tmp_path / "digits" / ".penstock" / "store")
    assert bytes(project.store.get(*blob)) == b"a value" * 1000
    tiers.close()
