"""Where secrets are found, and what is said where one can't be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import UsageError
from penstock.launch.dotenv import parse
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


@pytest.mark.parametrize(
    ("text", "values"),  # the values are those that python-dotenv 1.2.4 gives
    [
        ("A=b", {"A": "b"}),
        ("\n  export A = b  # said so\n", {"A": "b"}),
        ("A=b#c", {"A": "b#c"}),
        ("A= # nothing", {"A": ""}),
        ("A=#c", {"A": "#c"}),
        ("A='b # c' # d", {"A": "b # c"}),
        ('A="b\\n\\"c\\" \\d"', {"A": 'b\n"c" \\d'}),
        ("A='b\\n\\'c\\''", {"A": "b\\n'c'"}),
        ('A="-----BEGIN\nKEY-----"\nB=c', {"A": "-----BEGIN\nKEY-----", "B": "c"}),
        ("A=b c\r\nB=d\r\n", {"A": "b c", "B": "d"}),
        ("A=b\nB=${A}/${HOME}${NONE}${NONE:-c}$A", {"A": "b", "B": "b//homec$A"}),
        ("HOME=x\nA=${HOME}", {"HOME": "x", "A": "/home"}),
        ("A='${HOME}'", {"A": "/home"}),
        ("a.b-c=d\n'e f'=g", {"a.b-c": "d", "e f": "g"}),
        ("A=b\nA=c", {"A": "c"}),
        ("A\nB=", {"B": ""}),
        ("A='b\nC=d", {"C": "d"}),
    ],
)
def test_a_file_is_read_as_python_dotenv_reads_it(text: str, values: dict[str, str]) -> None:
    assert parse(text, {"HOME": "/home"}).values == values


def test_a_line_that_can_not_be_read_is_named_where_a_secret_is_missing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=b\nTOKEN='c\n")
    assert Secrets(tmp_path, {}, tmp_path).values(("A",)) == (("A", "b"),)
    with pytest.raises(UsageError, match=r"TOKEN is not set.*\(Line 2 of that \.env can't be read: write NAME=value\)"):
        Secrets(tmp_path, {}, tmp_path).values(("TOKEN",))


def test_a_mark_of_byte_order_is_no_part_of_a_value(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=b\n", encoding="utf-8-sig")
    (tmp_path / "B").write_text("c\n", encoding="utf-8-sig")
    assert Secrets(tmp_path, {}, tmp_path).values(("A", "B")) == (("A", "b"), ("B", "c"))
