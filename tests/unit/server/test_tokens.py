"""The token's file, and tickets."""

from __future__ import annotations

import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.server.tokens import FILE, TICKET_S, Keyring, token_of

RAW = "/api/v1/artifacts/b3-0/raw"


def test_a_token_is_made_once_and_for_its_owner_alone(tmp_path: Path):
    token = token_of(tmp_path)
    assert len(token) == 43
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert token_of(tmp_path) == token


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_one_that_others_could_read_is_made_anew(tmp_path: Path, mode: int):
    token = token_of(tmp_path)
    (tmp_path / FILE).chmod(mode)
    assert token_of(tmp_path) != token
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 43, b"x" * 500])
def test_a_file_that_holds_no_token_is_written_anew(tmp_path: Path, content: bytes):
    (tmp_path / FILE).write_bytes(content)
    (tmp_path / FILE).chmod(0o600)
    assert token_of(tmp_path) == token_of(tmp_path) != content.decode(errors="replace")


def test_a_link_is_not_followed(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x" * 43)
    elsewhere.chmod(0o600)
    os.symlink(elsewhere, tmp_path / FILE)
    assert token_of(tmp_path) != "x" * 43
    assert elsewhere.read_text() == "x" * 43
    assert not (tmp_path / FILE).is_symlink()


def test_a_pipe_in_its_place_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / FILE, 0o600)
    assert token_of(tmp_path) == token_of(tmp_path)


def test_servers_that_begin_at_once_have_one_token(tmp_path: Path):
    together = Barrier(8)

    def begin(_: int) -> str:
        together.wait(60)
        return token_of(tmp_path)

    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            assert len(set(threads.map(begin, range(8)))) == 1
            assert [file.name for file in tmp_path.iterdir()] == [FILE]
            (tmp_path / FILE).unlink()


def test_where_nothing_can_be_written_it_ends_with_the_server(tmp_path: Path):
    assert token_of(tmp_path / "nowhere") != token_of(tmp_path / "nowhere")


def test_the_token_opens_and_nothing_else_does():
    keyring = Keyring("secret")
    assert keyring.opens("Bearer secret")
    assert keyring.opens("bearer  secret")
    for header in ("", "secret", "Bearer", "Bearer ", "Bearer secre", "Bearer secrets", "Basic secret", "Bearer é"):
        assert not keyring.opens(header)


def test_a_ticket_holds_for_one_path_and_for_a_moment():
    keyring = Keyring("secret")
    ticket = keyring.ticket(RAW, now=1000.5)
    assert keyring.admits(ticket, RAW, now=1000 + TICKET_S)
    assert not keyring.admits(ticket, RAW, now=1001 + TICKET_S)
    assert not keyring.admits(ticket, RAW + "x", now=1000)
    assert not Keyring("secret").admits(ticket, RAW, now=1000)
    until, _, signature = ticket.partition(".")
    assert not keyring.admits(f"{int(until) + 60}.{signature}", RAW, now=1000)


@given(st.text())
def test_no_text_is_a_ticket(text: str):
    assert not Keyring("secret").admits(text, RAW)
    assert not Keyring("secret").opens(text)


def test_how_much_of_a_secret_was_right_shows_in_no_time(monkeypatch: pytest.MonkeyPatch):
    """Each way in ends in the one comparison that takes as long for any two texts of a length."""
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keyring = Keyring("secret")
    assert keyring.opens("Bearer secret")
    assert not keyring.opens("Bearer sXXXXX")
    ticket = keyring.ticket(RAW, now=1000)
    assert keyring.admits(ticket, RAW, now=1000)
    assert not keyring.admits(ticket[:-1], RAW, now=1000)
    assert not keyring.admits(ticket, RAW, now=5000)
    assert [one == other for one, other in compared] == [True, False, True, False, True]
