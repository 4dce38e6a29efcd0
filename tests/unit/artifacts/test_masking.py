"""What is masked: a value, its lines, and the forms that programs write it in."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import quote, quote_plus

import pytest

from penstock.artifacts import masking
from penstock.artifacts.finder import Finder
from penstock.artifacts.masking import cut, cut_bytes, forms, holds, masked
from penstock.artifacts.preview import preview

VALUES = [
    "s3cr3t-value",
    "a'b\"c\\d\nother",
    "it's",
    'say "hi"',
    "pä/ss word+",
    "at the end\\",
    "\udcff\udcfe in bytes",
]


@pytest.fixture(autouse=True)
def nothing_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_forms", {}), ("_texts", None), ("_bytes", None)):
        monkeypatch.setattr(masking, name, value)


@pytest.mark.parametrize("value", VALUES)
def test_each_form_of_a_value_is_masked_whole(value: str) -> None:
    masking.hide([value])
    assert masked(f"told {value}, {value}") == "told ***, ***"
    data = value.encode("utf-8", "surrogateescape")
    for beside in ("", "'", '"', "'\""):
        assert masked(repr(value + beside)).count("*") == 3
        assert masked(repr(data + beside.encode())).count("*") == 3
        assert masked(repr(value + beside)).strip("b*'\"\\") == ""
    for written in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert masked(written) == '"***"'
    for written in (quote(data), quote(data, safe=""), quote_plus(data)):
        assert masked(f"https://u:{written}@host") == "https://u:***@host"
    assert holds(b"\x80" + data)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_has_two_alphabets(encode: Callable[[bytes], bytes]) -> None:
    value = "~~~???>>>~~~???>>>"
    masking.hide([value])
    for before in ("", "u", "me"):
        rest = masked(encode((before + value).encode()).decode())
        assert "***" in rest
        assert len(rest.replace("***", "")) <= 8


@pytest.mark.parametrize("before", ["", "u:", "me:", "user:"])
@pytest.mark.parametrize("behind", ["", "1", "22", "333"])
def test_in_base64_no_more_of_it_is_left_than_a_letter_at_each_end(before: str, behind: str) -> None:
    masking.hide(["s3cr3t-value"])
    rest = masked(base64.b64encode(f"{before}s3cr3t-value{behind}".encode()).decode())
    assert "***" in rest
    first, _, last = rest.partition("***")
    assert b"s3" not in base64.b64decode(first[: len(first) // 4 * 4])
    assert len(last) <= 8


def test_lines_of_a_value_are_masked_one_by_one_but_not_what_is_too_short() -> None:
    masking.hide(["{\n  one line\n  }\nanother\n", "abc"])
    assert masked("one line") == "***"
    assert masked("x another y") == "x *** y"
    assert masked("{  } abc") == "{  } abc"


def test_nothing_is_hidden_at_first_and_values_add_up() -> None:
    assert masked("first second") == "first second"
    assert not holds(b"first")
    masking.hide(["first"])
    masking.hide(["second", ""])
    assert masked("first second") == "*** ***"


def test_the_longest_is_masked() -> None:
    assert Finder(["token", "token-2"]).masked("token-2 token") == "*** ***"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("none of it!", 11),
        ("abc tok", 4),
        ("abc t", 4),
        ("token", 0),  # token-2 may follow
        ("token-2", 7),
        ("token-", 0),
        ("abab", 4),  # whole, though it ends as it begins
        ("xaba", 1),
        ("", 0),
    ],
)
def test_what_is_cut_off_is_known_by_its_beginning(text: str, at: int) -> None:
    assert Finder(["token", "token-2", "abab"]).open_at(text) == at


def test_a_cut_shows_no_part_of_a_value() -> None:
    masking.hide(["s3cr3t-value", "other-value"])
    text = "0123456789 s3cr3t-value and the rest"
    assert [cut(text, most) for most in (5, 12, 14, 20)] == [
        "01234",
        "0123456789 *",
        "0123456789 ***",
        "0123456789 *** and t",
    ]
    for most in range(60):
        assert "s3" not in cut(text, most)
        assert "oth" not in cut("s3cr3t-value " * 5 + "other-value", most)
        assert b"s3" not in cut_bytes(text.encode(), most)


@pytest.mark.parametrize("where", [0, 30, 55, 195])
def test_a_preview_shows_no_part_of_a_long_value(where: int) -> None:
    secret = "s3cr3t-" + "value" * 30
    masking.hide([secret])
    text = "x" * where + secret + "y" * 300
    for value in (text, [text], {"token": text}, text.encode(), [bytearray(text.encode())], ValueError(text)):
        assert "s3c" not in preview(value)
    masking.hide(["1234"])
    assert json.loads(preview([1234, 5678], 1234)) == {"type": "list", "text": "[***, 5678]", "length": 2, "size": 1234}
    assert json.loads(preview(1234)) == {"type": "int", "text": "***"}


KEY = "\n".join(["-----BEGIN KEY-----", *(sha256(b"%d" % at).hexdigest() for at in range(50)), "-----END KEY-----"])


def test_a_long_key_is_found_wherever_it_is_cut() -> None:
    masking.hide([KEY])
    text = "before " + KEY
    for most in range(0, len(text) + 1, 7):
        assert cut(text, most) in ("before "[:most], "before ***"[:most])
    assert masked(text + " behind") == "before *** behind"
    assert masked(f"{KEY[20:84]} {KEY!r} {KEY[:19]}") == "*** '***' ***"


def test_what_is_too_short_has_no_forms() -> None:
    assert list(forms("abc")) == []
    assert set(forms("abcd")) >= {"abcd"}
