"""Which run an agent joins, and what it is told where there is none."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from penstock.agent import joining
from penstock.agent.private import Private
from penstock.errors import PlatformError, StoreError, UsageError
from penstock.model import join_codes
from penstock.model.agents import PRIVATE
from penstock.model.join_codes import JoinCode

CODE = JoinCode("file:///scratch", "digits-1", "5f0c", "5f0c-cluster-1")


class Door:
    """A tier in which one run goes on."""

    def __init__(self) -> None:
        self.asked = ("", "")
        self.closed = False

    def get(self, name: str) -> bytes | None:
        return b"digits/3" if name == "runs/5f0c" else None

    def close(self) -> None:
        self.closed = True


def join(code: JoinCode, door: Door, **environ: str) -> joining.Joined:
    def opened(url: str, project: str) -> Any:
        door.asked = (url, project)
        return door

    return joining.join(join_codes.write(code), environ, opened)


def test_a_run_that_goes_on_is_joined(tmp_path: Path):
    door = Door()
    joined = join(CODE, door, PENSTOCK_AGENT_HOME=str(tmp_path / "agents"))
    assert (joined.code, joined.run, joined.home) == (CODE, "digits/3", tmp_path / "agents" / "digits-1")
    assert joined.home.stat().st_mode & 0o77 == 0
    assert door.asked == ("file:///scratch", "digits-1")
    assert not door.closed


def test_a_code_of_yesterday_is_told(tmp_path: Path):
    door = Door()
    with pytest.raises(
        UsageError, match=r"no run waits for this agent in file:///scratch: .* is over.*Each run prints"
    ):
        join(CODE._replace(run="0ld"), door, HOME=str(tmp_path))
    assert door.closed
    assert list(tmp_path.iterdir()) == []


def test_where_it_lives_is_said_by_the_environment(tmp_path: Path):
    assert joining.home_of({"HOME": "/home/me"}) == Path("/home/me/.cache/penstock/agents")
    assert joining.home_of({"HOME": "/home/me", "XDG_CACHE_HOME": "/cache"}) == Path("/cache/penstock/agents")
    with pytest.raises(UsageError, match="neither HOME nor PENSTOCK_AGENT_HOME is set"):
        joining.home_of({})
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"can't make the agent's folder .*name another folder by PENSTOCK_AGENT_HOME"):
        join(CODE, Door(), PENSTOCK_AGENT_HOME=str(tmp_path / "file"))


def test_private_values_are_read_anew_when_their_site_has_replaced_them(tmp_path: Path):
    file = tmp_path / "private"
    private = Private({PRIVATE: str(file)})
    assert private.values() == {}
    for values in ({"TOKEN": "a"}, {"TOKEN": "b", "OTHER": "c"}):
        new = tmp_path / "new"
        new.write_text(json.dumps(values))
        os.replace(new, file)
        assert private.values() == private.values() == values
    assert Private({}).values() == {}


def test_private_values_that_cant_be_read_are_told_without_them(tmp_path: Path):
    file = tmp_path / "private"
    private = Private({PRIVATE: str(file)})
    file.mkdir()
    with pytest.raises(PlatformError, match="can't read what is private to this agent"):
        private.values()
    file.rmdir()
    for content in ("[1]", "hunter2"):
        file.write_text(content)
        with pytest.raises(PlatformError) as refused:
            private.values()
        assert "hunter2" not in str(refused.value)
