"""What an agent runs steps with, as far as nothing has to be built for it."""

from __future__ import annotations

import platform
import threading
from pathlib import Path
from typing import Any

import pytest

from penstock.agent import sent_wheels
from penstock.agent.agent_interpreters import AgentInterpreters, keep_uv_in, step_environ
from penstock.artifacts.folder import FolderStore
from penstock.code import installed
from penstock.errors import DamagedError, UsageError
from penstock.executors.interpreters import OWN
from penstock.model import luggage, wire
from penstock.model.environments import Environment
from penstock.model.luggage import DataFile, TravellingEnvironment, TravellingImage

SECRET = Environment(env={"MODE": "fast"}, secrets=["TOKEN"])


def interpreters(folder: Path, *known: TravellingEnvironment, **private: str) -> AgentInterpreters:
    made = AgentInterpreters(folder, FolderStore(folder / "tier"), lambda: private, lambda _: None, {}, 0.0)
    made.learn(map(luggage.environment_to_plain, known))
    return made


def own(**given: Any) -> TravellingEnvironment:
    fields = {"environment": (), "lock": "", "python": platform.python_version(), "packages": ()}
    return TravellingEnvironment(**{**fields, **given})


def test_of_what_nobody_has_told_anything_its_own_interpreter_runs_it(tmp_path: Path):
    there = interpreters(tmp_path)
    assert there.is_ready(None)
    assert there.of(None) == OWN


def test_where_the_very_packages_are_there_nothing_is_built(tmp_path: Path):
    packages = tuple(sorted(installed.all_packages()))[:3]
    there = interpreters(tmp_path, own(packages=packages))
    assert not there.is_ready(None)
    there.ready(None, "train")
    assert there.is_ready(None)
    assert there.of(None) == OWN
    assert not (tmp_path / "environments").exists()


@pytest.mark.parametrize("wrong", [{"python": "3.9.1"}, {"packages": (("no-such-package", "1.0"),)}])
def test_other_packages_that_cant_be_had_are_named(tmp_path: Path, wrong: dict[str, Any]):
    told = own(**{"packages": (("pytest", pytest.__version__),), "left_out": ("lib 1.0: it is secret",), **wrong})
    there = interpreters(tmp_path, told)
    with pytest.raises(UsageError, match=r"step train can't run on .*packages can't be had there: lib 1.0: it is secr"):
        there.ready(None, "train")
    assert not there.is_ready(None)


def test_variables_and_secrets_come_with_it_and_secrets_are_masked(tmp_path: Path):
    there = interpreters(tmp_path, own(environment=tuple(SECRET)), TOKEN="abc")
    there.ready(SECRET, "train")
    assert there.of(SECRET).variables == (("MODE", "fast"), ("TOKEN", "abc"))
    assert there.of(SECRET).secrets == there.of(None).secrets == ("TOKEN",)


def test_a_secret_that_has_not_come_is_named(tmp_path: Path):
    there = interpreters(tmp_path, own(environment=tuple(SECRET)))
    with pytest.raises(UsageError, match="the secret TOKEN has not come from the driver: start the run again"):
        there.ready(SECRET, "train")


def test_several_are_made_ready_by_a_thread_which_says_so(tmp_path: Path):
    there = interpreters(tmp_path, own(environment=tuple(SECRET)), own())
    told: list[Any] = []
    for environment in (SECRET, None):
        there.ready_soon(environment, "train", told.append)
    thread = there._thread
    if thread is not None:
        thread.join(60)
    assert [type(one) for one in told] == [UsageError, type(None)]


def test_what_can_not_be_had_is_tried_once_for_all_that_wait_for_it(tmp_path: Path):
    tries, goes_on = list[int](), threading.Event()

    def private() -> dict[str, str]:
        tries.append(1)
        goes_on.wait(60)
        return {}

    there = AgentInterpreters(tmp_path, FolderStore(tmp_path / "tier"), private, lambda _: None, {}, 0.0)
    there.learn([luggage.environment_to_plain(own(environment=tuple(SECRET)))])
    told: list[Any] = []
    for _ in range(3):
        there.ready_soon(SECRET, "train", told.append)
    thread = there._thread
    assert thread is not None
    goes_on.set()
    thread.join(60)
    assert [type(one) for one in told] == [UsageError] * 3
    assert len(tries) == 1


def test_what_the_bundle_needs_is_nothing_to_steps():
    assert step_environ({"PATH": "/bin", "LD_LIBRARY_PATH": "/mine"}) == {"PATH": "/bin", "LD_LIBRARY_PATH": "/mine"}
    bundle = {"PENSTOCK_AGENT_LIBRARIES": "/b/python/shared"}
    assert step_environ({**bundle, "LD_LIBRARY_PATH": "/b/python/shared"}) == {}
    assert step_environ({**bundle, "LD_LIBRARY_PATH": "/b/python/shared:/mine"}) == {"LD_LIBRARY_PATH": "/mine"}


def test_uv_keeps_its_things_in_the_agent_s_folder_and_steps_see_nothing_of_that():
    environ = {"PENSTOCK_AGENT_HOME": "/agents", "UV_CACHE_DIR": "/mine"}
    keep_uv_in(Path("/agents"), environ)
    assert environ == {**environ, "UV_CACHE_DIR": "/mine", "UV_PYTHON_INSTALL_DIR": "/agents/pythons"}
    assert step_environ(environ) == {"UV_CACHE_DIR": "/mine"}
    nowhere: dict[str, str] = {}
    keep_uv_in(Path("/agents"), nowhere)
    assert nowhere == {}


def test_wheels_that_came_are_found_in_a_folder_here(tmp_path: Path):
    store = FolderStore(tmp_path / "tier")
    digest, size = store.put(b"wheel")
    wheel = DataFile("lib-1.0-py3-none-any.whl", digest, size)
    lock = "# penstock lock 2 x\n# python 3.11\n--index-url https://a\n--only-binary :all:\n\nlib==1.0\n"
    told = TravellingEnvironment((), lock, (wheel,))
    text = sent_wheels.brought(told, tmp_path / "wheels", store)
    (file,) = (tmp_path / "wheels").rglob("*.whl")
    assert file.read_bytes() == b"wheel"
    head = "# penstock lock 2 x\n# python 3.11\n--only-binary :all:\n--no-index\n"
    assert text == f"{head}--find-links {file.parent}\n\nlib==1.0\n"
    assert sent_wheels.brought(told._replace(wheels=()), tmp_path, store) == lock
    with pytest.raises(DamagedError, match="is no name of a wheel"):
        sent_wheels.brought(told._replace(wheels=(wheel._replace(path="../lib.whl"),)), tmp_path, store)


def test_what_the_agent_s_own_python_needs_is_no_variable_of_steps(tmp_path: Path):
    bundle = Path(OWN.python).resolve().parents[1]
    environ = {"PENSTOCK_AGENT_LIBRARIES": str(bundle / "shared"), "LD_LIBRARY_PATH": str(bundle / "shared")}
    there = AgentInterpreters(tmp_path, FolderStore(tmp_path / "tier"), dict, lambda _: None, environ)
    assert there.of(None).variables == ()
    assert there.of(None).surroundings({"A": "1"}) == {"A": "1", "LD_LIBRARY_PATH": str(bundle / "shared")}


def test_an_environment_with_an_image_goes_in_a_letter():
    image = TravellingImage("a note", "amd64", "docker", DataFile("", b"digest", 3))
    told = own(environment=Environment(image="debian:12").plain(), image=image)
    data = luggage.environment_to_plain(told)
    assert luggage.environment_from_plain(wire.unpack(wire.pack(data))) == told
    assert luggage.environment_from_plain(data[:-1]).image is None  # of an older Penstock
