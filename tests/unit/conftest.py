"""A recorded project as the current folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recorded import Recorded


@pytest.fixture
def recorded(project_folder: Path) -> Iterator[Recorded]:
    recorded = Recorded(project_folder)
    yield recorded
    recorded.close()
