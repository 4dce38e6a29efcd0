"""The kinds of far tiers that there are, for tests that run on each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest


class TierKind(NamedTuple):
    """A tier of one kind."""

    url: str
    folder: Path  # where its files lie, as this machine sees them


def folder_tier(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    folder = tmp_path / "shared folder"
    folder.mkdir()
    return TierKind(folder.as_uri(), folder)


KINDS: dict[str, Callable[[pytest.FixtureRequest, Path], TierKind]] = {"folder": folder_tier}
