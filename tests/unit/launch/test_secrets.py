"""Where secrets are found, and what is said where one can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import UsageError
from penstock.launch.secrets import Secrets


def test_the_environment_comes_before_the_file_and_the_file_before_what_is_mounted(tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    for name in ("A", "B", "C"):
        (mounted / name).write_text(f"mounted {name}\n")
    (tmp_path / ".env").write_text("A=file A\nB=file B\n")
    found = Secrets(tmp_path, {"A": "environment A"}, mounted).values(("A", "B", "C"))
    assert found == (("A", "environment A"), ("B", "file B"), ("C", "mounted C"))


def test_a_mounted_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "TOKEN").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=rf"the secret TOKEN can't be read from {tmp_path / 'TOKEN'}: "):
        Secrets(tmp_path, {}, tmp_path).values(("TOKEN",))


def test_one_that_is_nowhere_is_told_with_the_places(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"the secret TOKEN is not set: export it, write it to .*, or mount it as"):
        Secrets(tmp_path, {}, tmp_path / "mounted").values(("TOKEN",))
