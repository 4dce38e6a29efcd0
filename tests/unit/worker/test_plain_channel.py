"""What a container says is read as plain data of a known shape, and nothing else."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.model.outcomes import Metric, Outcome, Stored, Usage, from_plain, to_plain
from penstock.model.wire import MalformedError
from penstock.worker import channel, plain_channel

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
    assert plain_channel.unwrap_worker_s(said(kind, content), "/") == channel.unwrap(said(kind, content))


def test_outcomes_in_messages_and_in_files(tmp_path: Path) -> None:
    for text in ("", "x" * 2 * channel.LIMIT):
        outcome = _OUTCOME._replace(worker=text)
        message = channel.wrap(channel.OUTCOME, ("a#1", to_plain(outcome)), str(tmp_path))
        kind, (attempt, content) = plain_channel.unwrap_worker_s(message, str(tmp_path))
        assert (kind, attempt, from_plain(content)) == (channel.OUTCOME, "a#1", outcome)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [(1, 9, 0, 0, False, 0.0, 0, 0), (1, None, 0, 0, False, 0.0, 0, 0, "no memory"), (2, 0, 5, 6, True, 0.5, 7, 8)],
)
def test_deaths(content: Any) -> None:
    assert plain_channel.unwrap_zygote_s(said(channel.DIED, content), "/") == (channel.DIED, content)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (channel.OUTCOME, ("a#1", Code())),
        (channel.OUTCOME, ("a#1", (1, 2))),
        (channel.OUTCOME, ("a#1", ("done", None, None, (1.0, "x")))),
        (channel.HINT, ("a#1", ((1,),), None)),
        (channel.NOTICE, ("a#1",)),
        (channel.NOTICE, ["a#1", 7]),
        (channel.DIED, (1,)),
        (b"?", ()),
        (b"", ()),
    ],
)
def test_what_no_worker_says(kind: bytes, content: Any) -> None:
    with pytest.raises(MalformedError):
        plain_channel.unwrap_worker_s(said(kind, content), "/")


def test_what_no_zygote_says() -> None:
    for kind, content in ((channel.DIED, ()), (channel.DIED, (1, 2)), (channel.NOTICE, (1,)), (channel.OUTCOME, ())):
        with pytest.raises(MalformedError):
            plain_channel.unwrap_zygote_s(said(kind, content), "/")


def test_files_that_are_not_its_own(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    secret = tmp_path / "message-1"
    secret.write_bytes(pickle.dumps(("a#1", "line"), 4))
    (scratch / "message-2").symlink_to(secret)
    (scratch / "file").write_bytes(secret.read_bytes())
    os.mkfifo(scratch / "message-3")
    paths = [secret, scratch / "message-2", scratch / "file", scratch / "message-3", scratch / "message-4"]
    for path in [*map(str, paths), f"{scratch}/../message-1"]:
        with pytest.raises(MalformedError):
            plain_channel.unwrap_worker_s(channel.NOTICE + b"@" + os.fsencode(path), str(scratch))
    assert secret.exists()
