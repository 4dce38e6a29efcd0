"""The worker's small parts: hooks, gauges, messages, sources."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.model.outcomes import Usage
from penstock.worker import channel, meter, posix, sources
from penstock.worker.gauge import FILE_SIZE, Gauges
from penstock.worker.hooks import ImportHooks


def test_a_hook_is_called_once_when_a_module_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fresh_module.py").write_text("answer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    hooks, seen = ImportHooks(), []
    monkeypatch.setattr(sys, "meta_path", [hooks, *sys.meta_path])
    hooks.when_imported("fresh_module", lambda module: seen.append(module.answer))
    hooks.when_imported("no_such_module", seen.append)
    import fresh_module  # type: ignore[import-not-found]

    assert seen == [42]
    assert type(fresh_module.__loader__).__module__ == "_frozen_importlib_external"
    with pytest.raises(ModuleNotFoundError):
        import no_such_module  # type: ignore[import-not-found] # noqa: F401
    hooks.when_imported("fresh_module", lambda module: seen.append(module.__name__))
    assert seen == [42, "fresh_module"]
    del sys.modules["fresh_module"]


def test_two_finders_of_this_kind_do_not_ask_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a flow's own process has one for its streams, and one for the attempts that run in it."""
    (tmp_path / "asked_twice.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    waits, tells, seen = ImportHooks(), ImportHooks(), list[str]()
    waits.when_imported("asked_twice", lambda module: seen.append(module.__name__))
    tells.imported = lambda module: seen.append(f"{module.__name__}, too")
    monkeypatch.setattr(sys, "meta_path", [tells, waits, *sys.meta_path])
    importlib.import_module("asked_twice")
    del sys.modules["asked_twice"]
    assert "asked_twice" in seen


def test_gauges() -> None:
    fd = posix.shared_file("/tmp", FILE_SIZE)
    mine, other = Gauges(fd), Gauges(fd)
    gauge = mine.take()
    seen = other.at(gauge.slot)
    assert seen.began() == 0.0
    gauge.begin(12.5, 0.25, 7, 8)
    seen.sample(100)
    seen.sample(50)
    assert seen.used_before() == (0.25, 7, 8)
    assert (seen.began(), gauge.end(), seen.began(), gauge.end()) == (12.5, 100, 0.0, 0)
    second = mine.take()
    assert second.slot != gauge.slot
    mine.give(gauge)
    assert mine.take().slot == gauge.slot
    os.close(fd)


@pytest.mark.parametrize("size", [0, 10, channel.LIMIT - 100, channel.LIMIT + 1, 1_000_000])
def test_messages_of_any_size(tmp_path: Path, size: int) -> None:
    message = channel.wrap(channel.OUTCOME, (b"x" * size, None), str(tmp_path))
    assert len(message) <= channel.ROOM
    assert len(list(tmp_path.iterdir())) == (size > channel.LIMIT - 100)
    assert channel.unwrap(message) == (channel.OUTCOME, (b"x" * size, None))
    assert list(tmp_path.iterdir()) == []
    channel.discard(channel.wrap(channel.OUTCOME, b"x" * size, str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


def test_a_socket_keeps_the_bounds_of_messages() -> None:
    near, far = posix.message_pair()
    near.send(b"one")
    near.send(b"two")
    assert (far.recv(100), far.recv(100)) == (b"one", b"two")
    near.close()
    assert far.recv(100) == b""
    far.close()


def test_a_module_of_a_package_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "somepackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "flows.py").write_text("from . import helper\nname = __name__\n")
    (package / "helper.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    found = sources.load_module(sources.install(""), "somepackage.flows", str(package / "flows.py"))
    assert found.name == "somepackage.flows"
    for name in [name for name in sys.modules if name.startswith("somepackage")]:
        del sys.modules[name]


def test_memory_and_family_of_this_process() -> None:
    assert posix.memory_of(os.getpid()) > 1 << 20
    assert posix.memory_of(2**22 + 1) == 0
    assert posix.parent_of(os.getpid()) == os.getppid()
    assert os.getpid() in posix.descendants(os.getppid(), posix.Family().look())


def test_what_a_process_has_used_is_known_until_it_is_reaped(tmp_path: Path) -> None:
    pid = os.fork()
    if pid == 0:
        os.write(os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY), b"x" * 5000)
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert posix.dead_child() > 0  # this one, or what another test has left
    assert posix.used_by(pid)[2] == 5000
    os.waitpid(pid, 0)
    assert posix.used_by(pid) == (0.0, 0, 0)


def test_c_s_library_says_of_children_what_python_says() -> None:
    program = """
import os
from penstock.worker import posix

library = posix.libc()
seen = lambda: (posix.has_children(library), posix.has_children())
assert seen() == (False, False)
end, other = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(other)
    os.read(end, 1)
    os._exit(0)
assert seen() == (True, True)
os.close(other)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
assert seen() == seen() == (True, True)  # dead, and left to whoever waits for it
os.waitpid(pid, 0)
assert seen() == (False, False)
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_meter_leaves_out_its_own_looks() -> None:
    own = meter.Meter()
    first = own.read(memory=True)
    assert first.memory_bytes > 1 << 20
    second = own.read()
    used = meter.between(Usage(1.0, 2.0, 3.0), first, second)
    assert (used.read_bytes, used.written_bytes, second.is_still) == (0, 0, False)
    third = own.read(since=second)
    assert third.is_still
    assert meter.between(Usage(1.0, 2.0, 3.0), second, third, 7) == Usage(1.0, 2.0, 3.0, 7)
    own.close()
    assert own.read(memory=True)[1:] == (0, 0, 0, 0, False)  # as where a step closed all files


def test_a_meter_asks_for_children_once_one_of_them_can_have_ended() -> None:
    own = meter.Meter()
    before = own.read()
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)
    after = own.read(since=before)
    assert not after.is_still
    used = meter.between(Usage(), before, after)
    assert used.cpu_s > 0.01
    assert used.read_bytes > 0
    ours = meter.between(Usage(), before, after, ours=(used.read_bytes, used.written_bytes))
    assert (ours.read_bytes, ours.written_bytes) == (0, 0)
    own.close()


def test_threads_alive_counts_this_one() -> None:
    assert posix.threads_alive() >= 1


def test_nobody_is_killed_twice() -> None:
    posix.kill([2**22 + 1])
    assert posix.marked(b"no-such-mark-" + os.urandom(8).hex().encode()) == set()


def test_a_thread_that_forks_well_does_not_count(require: Callable[[str], None]) -> None:
    require("pyarrow")
    program = (
        "import pyarrow; pyarrow.jemalloc_memory_pool()\n"
        "from penstock.worker import posix\n"
        "import os; assert len(os.listdir('/proc/self/task')) == 2; print(posix.threads_alive())"
    )
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, check=True)
    assert done.stdout == "1\n"
