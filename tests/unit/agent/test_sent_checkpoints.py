"""Checkpoints follow a task from machine to machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from penstock.agent.sent_checkpoints import SentCheckpoints
from penstock.artifacts import checkpoints
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, StoreError
from penstock.model.specs import Attempt, Function, Places, RunSpec


class Objects:
    """A tier as far as it is asked here."""

    def __init__(self, folder: Path) -> None:
        self.blobs = FolderStore(folder)
        self.objects: dict[str, bytes] = {}
        self.puts = 0

    def put(self, name: str, data: bytes) -> None:
        self.puts += 1
        self.objects[name] = data

    def get(self, name: str) -> bytes | None:
        return self.objects.get(name)

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            self.objects.pop(name, None)


class Machine:
    """One agent's."""

    def __init__(self, tier: Objects, folder: Path, driver: str = "1") -> None:
        self.spec = RunSpec("digits/3", driver=driver, nonce="5f0c")
        for name in ("checkpoints", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.places = Places("", "", str(folder / "checkpoints"), str(folder / "logs"), "")
        tiered: object = tier
        self.sent = SentCheckpoints(tiered, self.spec, self.places)  # type: ignore[arg-type]

    def folder(self, attempt: Attempt) -> Path:
        return Path(checkpoints.folder_of(self.spec, self.places, attempt))

    def save(self, attempt: Attempt, name: str, text: str) -> None:
        file = self.folder(attempt) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def content(self, attempt: Attempt) -> dict[str, str]:
        folder = self.folder(attempt)
        return {os.path.relpath(file, folder): file.read_text() for file in folder.rglob("*") if file.is_file()}


def attempt(number: int) -> Attempt:
    work = Function("digits", "train")
    return Attempt(f"digits/3/train/1#{number}", b"k" * 33, work, (), None, False, b"basis")


@pytest.fixture
def tier(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "tier")


@pytest.fixture
def here(tier: Objects, tmp_path: Path) -> Machine:
    return Machine(tier, tmp_path / "here")


@pytest.fixture
def there(tier: Objects, tmp_path: Path) -> Machine:
    return Machine(tier, tmp_path / "there")


def test_what_has_settled_goes_up_and_comes_down_before_a_retry(here: Machine, there: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "model/weights.bin", "epoch 1")
    here.sent.look(1.0)
    assert tier.objects == {}
    here.sent.look(2.0)
    there.sent.bring(attempt(2))
    assert there.content(attempt(2)) == {"model/weights.bin": "epoch 1"}


def test_one_that_changes_at_each_look_is_not_read_in_the_midst_of_it(here: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    for number in range(4):
        here.save(attempt(1), "weights.bin", "x" * number)
        here.sent.look(float(number))
    assert tier.objects == {}
    here.sent.flush(5.0)
    assert len(tier.objects) == 1


def test_what_is_unchanged_goes_up_once_and_again_before_a_sweep_could_take_it(here: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    for second in range(20):
        here.sent.look(float(second))
    assert tier.puts == 1
    here.sent.look(7 * 3600.0)
    assert tier.puts == 2


def test_a_first_attempt_asks_for_nothing(here: Machine, there: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    here.sent.flush(1.0)
    there.sent.bring(attempt(1))
    assert there.content(attempt(1)) == {}


def test_the_first_attempt_of_a_later_driver_goes_on(here: Machine, tier: Objects, tmp_path: Path):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    here.sent.flush(1.0)
    later = Machine(tier, tmp_path / "later", driver="2")
    later.sent.bring(attempt(1))
    assert later.content(attempt(1)) == {"weights.bin": "epoch 1"}


def test_a_machine_that_was_left_and_comes_back_has_what_came_meanwhile(here: Machine, there: Machine):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    here.save(attempt(1), "old", "")
    here.sent.over(attempt(1), is_done=False, now=1.0)
    there.sent.bring(attempt(2))
    (there.folder(attempt(2)) / "old").unlink()
    there.save(attempt(2), "weights.bin", "epoch 22")
    there.sent.over(attempt(2), is_done=False, now=2.0)
    here.sent.bring(attempt(3))
    assert here.content(attempt(3)) == {"weights.bin": "epoch 22"}


def test_what_a_machine_has_saved_since_it_sent_it_stays(here: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    here.sent.flush(1.0)
    here.save(attempt(1), "weights.bin", "epoch 22")
    here.sent.bring(attempt(2))
    assert here.content(attempt(2)) == {"weights.bin": "epoch 22"}


def test_points_go_with_it(here: Machine, there: Machine):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    name = checkpoints.points_file(here.spec, attempt(1))
    Path(here.places.logs, name).write_bytes(b"points")
    here.sent.over(attempt(1), is_done=False, now=1.0)
    there.sent.bring(attempt(2))
    assert Path(there.places.logs, name).read_bytes() == b"points"


def test_of_a_task_that_is_done_nothing_is_kept(here: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    here.sent.flush(1.0)
    here.sent.over(attempt(1), is_done=True, now=2.0)
    assert tier.objects == {}
    here.sent.look(3.0)
    here.sent.look(4.0)
    assert tier.objects == {}


def test_what_is_damaged_or_leads_elsewhere_is_refused(here: Machine, there: Machine, tier: Objects):
    here.sent.bring(attempt(1))
    here.save(attempt(1), "weights.bin", "epoch 1")
    here.sent.flush(1.0)
    (name,) = tier.objects
    whole = tier.objects[name]
    tier.objects[name] = whole.replace(b"weights.bin", b"../ghts.bin")
    with pytest.raises(DamagedError, match=f"the checkpoints that {name} names can't be read"):
        there.sent.bring(attempt(2))
    assert there.content(attempt(2)) == {}
    tier.objects[name] = whole
    for blob in tier.blobs.list():
        tier.blobs.delete(blob.digest)
    with pytest.raises(StoreError):
        there.sent.bring(attempt(2))


def test_what_is_only_watched_goes_up_once_it_has_settled(here: Machine, tier: Objects):
    here.sent.watch([attempt(1)])
    here.save(attempt(1), "state", "1")
    here.sent.look(1.0)  # it was there already, and may be in the midst of being written
    assert tier.puts == 0
    here.sent.look(2.0)
    assert tier.puts == 1


def test_what_is_only_watched_goes_up_when_it_fails(here: Machine, there: Machine):
    here.sent.watch([attempt(1)])
    here.save(attempt(1), "state", "1")
    here.sent.over(attempt(1), is_done=False, now=1.0)
    there.sent.bring(attempt(2))
    assert there.content(attempt(2)) == {"state": "1"}


def test_one_that_is_done_before_it_was_looked_at_is_forgotten(here: Machine, tier: Objects):
    here.sent.watch([attempt(1)])
    assert here.sent.forget(attempt(1))
    here.save(attempt(1), "state", "1")
    here.sent.look(1.0)
    here.sent.look(2.0)
    assert tier.puts == 0
    here.sent.watch([attempt(1)])
    here.sent.look(3.0)
    assert not here.sent.forget(attempt(1))  # it may have been sent
    here.sent.look(4.0)
    assert tier.objects
    here.sent.over(attempt(1), is_done=True, now=5.0)
    assert not tier.objects
