"""The kinds of far tiers that there are, for tests that run on each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.sshd import served


class TierKind(NamedTuple):
    """A tier of one kind."""

    url: str
    folder: Path  # where its files lie, as this machine sees them


def folder_tier(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    folder = tmp_path / "shared folder"
    folder.mkdir()
    return TierKind(folder.as_uri(), folder)


def ssh_tier(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    """By a real sshd."""
    stack = ExitStack()
    request.addfinalizer(stack.close)
    server = stack.enter_context(served(tmp_path / "sshd"))
    stack.enter_context(pytest.MonkeyPatch.context()).setenv("PENSTOCK_SSH", server.command)
    kind = folder_tier(request, tmp_path)
    return TierKind(kind.url.replace("file://", "ssh://login"), kind.folder)


KINDS: dict[str, Callable[[pytest.FixtureRequest, Path], TierKind]] = {"folder": folder_tier, "ssh": ssh_tier}
