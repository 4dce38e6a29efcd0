from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator

import pytest

from penstock.artifacts import digests

BLAKE3_OF_NOTHING = "b3-af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


def test_a_digest_names_its_algorithm():
    assert digests.text(digests.digest(b"")) == BLAKE3_OF_NOTHING
    assert digests.parse(BLAKE3_OF_NOTHING) == digests.digest(b"")


def test_pieces_have_the_digest_of_the_whole():
    hasher = digests.Hasher()
    hasher.update(b"ab")
    hasher.update(memoryview(b"c"))
    assert hasher.digest() == digests.digest(b"abc")


@pytest.fixture
def no_blake3() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "blake3", None)
        digests._algorithm.cache_clear()
        yield
    digests._algorithm.cache_clear()


@pytest.mark.usefixtures("no_blake3")
def test_without_blake3_it_is_sha256():
    digest = digests.digest(b"abc")
    assert digests.text(digest) == f"s2-{hashlib.sha256(b'abc').hexdigest()}"
    assert digests.recompute(b"abc", like=digest) == digest
    with pytest.raises(ValueError, match="pip install blake3"):
        digests.recompute(b"", like=digests.parse(BLAKE3_OF_NOTHING))


def test_with_blake3_the_other_kind_is_read_too():
    sha256 = b"\x02" + hashlib.sha256(b"abc").digest()
    assert digests.recompute(b"abc", like=sha256) == sha256


@pytest.mark.parametrize("text", ["", "b3-", "xx-" + "0" * 64, "b3-" + "A" * 64, "b3-" + "g" * 64, "b3-" + "0" * 63])
def test_what_is_no_digest_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011
        digests.parse(text)
