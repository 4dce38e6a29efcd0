"""What the tests of a run's code share."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Loads a made-up module of these values."""

    def load(name: str, **values: Any) -> None:
        module = types.ModuleType(name)
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, name, module)

    return load
