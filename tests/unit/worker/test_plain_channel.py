"""What a container says is read as plain data of a known shape, and nothing else."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.model.outcomes import Log, Metric, Outcome, Stored, Usage, from_plain, to_plain
from penstock.model.wire import MalformedError
from penstock.worker import channel
from penstock.worker.plain_channel import PlainMessages

_METRIC = Metric("loss", 2, 0.5, 1, 2.0, 1.0, 0, 1.0, 0.5, 1.0)
_OUTCOME = Outcome("done", Stored(b"d", b"r", "{}"), None, Usage(1.0, 2.0), None, (_METRIC,), "w")


class Code:
    """Pickled, it would run something where it is read."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("false",)


def said(kind: bytes, content: Any) -> bytes:
    return kind + b"=" + pickle.dumps(content, 4)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (channel.HINT, ("a#1", (tuple(_METRIC),), None)),
        (channel.RETIRES, ("a#1", ("a thread", "a file"))),
        (channel.NOTICE, ("a#1", "a line")),
    ],
)
def test_what_workers_say(kind: bytes, content: Any) -> None:
    assert PlainMessages("/").worker_s(said(kind, content)) == channel.unwrap(said(kind, content))


def test_outcomes_in_messages_and_in_files(tmp_path: Path) -> None:
    for text in ("", "x" * 2 * channel.LIMIT):
        outcome = _OUTCOME._replace(worker=text)
        message = channel.wrap(channel.OUTCOME, ("a#1", to_plain(outcome)), str(tmp_path))
        kind, (attempt, content) = PlainMessages(str(tmp_path)).worker_s(message)
        assert (kind, attempt, from_plain(content)) == (channel.OUTCOME, "a#1", outcome)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [(1, 9, 0, 0, False, 0.0, 0, 0), (1, None, 0, 0, False, 0.0, 0, 0, "no memory"), (2, 0, 5, 6, True, 0.5, 7, 8)],
)
def test_deaths(content: Any) -> None:
    assert PlainMessages("/").zygote_s(said(channel.DIED, content)) == (channel.DIED, content)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (channel.OUTCOME, ("a#1", Code())),
        (channel.OUTCOME, ("a#1", (1, 2))),
        (channel.OUTCOME, ("a#1", ("done", None, None, (1.0, "x")))),
        (channel.HINT, ("a#1", ((1,),), None)),
        (channel.NOTICE, ("a#1",)),
        (channel.NOTICE, ["a#1", 7]),
        (channel.OUTCOME, ("a#1", to_plain(_OUTCOME._replace(log=Log("../b.log", 0, 1))))),
        (channel.HINT, ("a#1", (tuple(_METRIC._replace(file="/etc/passwd")),), None)),
        (channel.HINT, ("a#1", (), (("epochs", 2**70, None),))),
        (channel.RETIRES, ("a#1", ("\ud800",))),
        (channel.DIED, (1,)),
        (b"?", ()),
        (b"", ()),
    ],
)
def test_what_no_worker_says(kind: bytes, content: Any) -> None:
    with pytest.raises(MalformedError):
        PlainMessages("/").worker_s(said(kind, content))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (channel.DIED, ()),
        (channel.DIED, (1, 2)),
        (channel.DIED, (1, 2**40, 0, 0, False, 0.0, 0, 0)),
        (channel.DIED, (1, -9, 0, 0, False, 0.0, 0, 0)),
        (channel.DIED, (1, 9, 2**70, 0, False, 0.0, 0, 0)),
        (channel.DIED, (1, 9, 0, 0, False, float("nan"), 0, 0)),
        (channel.NOTICE, (1,)),
        (channel.OUTCOME, ()),
    ],
)
def test_what_no_zygote_says(kind: bytes, content: Any) -> None:
    with pytest.raises(MalformedError):
        PlainMessages("/").zygote_s(said(kind, content))


def test_files_that_are_not_its_own(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    secret = tmp_path / "message-1"
    secret.write_bytes(pickle.dumps(("a#1", "line"), 4))
    (scratch / "message-2").symlink_to(secret)
    (scratch / "file").write_bytes(secret.read_bytes())
    os.mkfifo(scratch / "message-3")
    messages = PlainMessages(str(scratch))
    paths = [secret, scratch / "message-2", scratch / "file", scratch / "message-3", scratch / "message-4"]
    for path in [*map(str, paths), f"{scratch}/../message-1"]:
        with pytest.raises(MalformedError):
            messages.worker_s(channel.NOTICE + b"@" + os.fsencode(path))
    assert secret.exists()


def test_a_file_without_an_end(tmp_path: Path) -> None:
    with open(tmp_path / "message-1", "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(MalformedError, match="1099511627776 bytes"):
        PlainMessages(str(tmp_path)).worker_s(channel.NOTICE + b"@" + os.fsencode(tmp_path / "message-1"))


def test_a_folder_that_another_one_was_put_in_the_place_of(tmp_path: Path) -> None:
    scratch, other = tmp_path / "scratch", tmp_path / "other"
    scratch.mkdir()
    other.mkdir()
    messages = PlainMessages(str(scratch))
    scratch.rename(tmp_path / "moved")
    scratch.symlink_to(other)
    (other / "message-1").write_bytes(pickle.dumps(("a#1", "a secret"), 4))
    with pytest.raises(MalformedError):
        messages.worker_s(channel.NOTICE + b"@" + os.fsencode(scratch / "message-1"))
    assert (other / "message-1").exists()


def test_a_line_for_the_user_is_not_a_book() -> None:
    _, (_, line) = PlainMessages("/").worker_s(said(channel.NOTICE, ("a#1", "x" * 30_000)))
    assert len(line) < 5_000
