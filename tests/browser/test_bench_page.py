"""`make bench-ui` measures. Its figures are nobody's business here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("executable")]


def test_the_page_is_measured(tmp_path: Path):
    command = [sys.executable, "-m", "bench", "page", "--quick", "--folder", str(tmp_path), "--json"]
    done = subprocess.run(
        [*command, str(tmp_path / "found.json")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text())["cases"]["page"]
    assert len(found) > 10
