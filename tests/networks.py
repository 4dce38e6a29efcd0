"""A host of its own behind a cable that can be cut: a network namespace. Nothing is refused then, nothing arrives."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

import pytest


class Network:
    """`address`: of the host there; `inside`: what a command begins with that is to run there."""

    def __init__(self) -> None:
        pid = os.getpid()  # tests beside this one have names and addresses of their own
        self._name = f"ps{pid}"
        subnet = f"198.18.{pid // 64 % 256}"
        self._here, self.address = (f"{subnet}.{pid % 64 * 4 + each}" for each in (1, 2))
        self.inside = ("ip", "netns", "exec", self._name)

    def make(self) -> None:
        """Skips the test where the kernel refuses."""
        if os.geteuid() != 0 or shutil.which("ip") is None or not _does("netns", "add", self._name):
            pytest.skip("a network namespace can't be made here")
        here, there = f"{self._name}h", f"{self._name}t"
        for words in (
            f"link add {here} type veth peer name {there}",
            f"link set {there} netns {self._name}",
            f"addr add {self._here}/30 dev {here}",
            f"link set {here} up",
            f"-n {self._name} addr add {self.address}/30 dev {there}",
            f"-n {self._name} link set {there} up",
            f"-n {self._name} link set lo up",
        ):
            assert _does(*words.split()), words

    def cut(self) -> None:
        """No packet arrives any more, and nobody is told."""
        assert _does("-n", self._name, "link", "set", f"{self._name}t", "down")

    def mend(self) -> None:
        """All arrive again."""
        assert _does("-n", self._name, "link", "set", f"{self._name}t", "up")

    def remove(self) -> None:
        """The cable goes with the namespace."""
        _does("link", "del", f"{self._name}h")
        _does("netns", "del", self._name)


@contextmanager
def network() -> Generator[Network]:
    """One that is there for a while."""
    made = Network()
    made.make()
    try:
        yield made
    finally:
        made.remove()


def _does(*words: str) -> bool:
    return subprocess.run(["ip", *words], check=False, capture_output=True).returncode == 0
