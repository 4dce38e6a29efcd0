"""Images as a user names or describes them: what is wrong is told with the mend, what is equal is one."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from penstock.errors import UsageError
from penstock.model import mail, surroundings, wire
from penstock.model.environments import Environment, over, settled
from penstock.model.events import Lane
from penstock.model.images import Image
from penstock.model.specs import Attempt


def _given(**keywords: Any) -> Environment:
    found = surroundings.changed(None, "step s", keywords, "/project")
    assert found is not None
    return found


def test_a_recipe_is_plain_data_that_can_be_compared_pickled_and_sent() -> None:
    first = Image("debian:12", packages=["numpy"], apt="git", run=["echo a"])
    assert first == Image("debian:12", packages=("numpy",), apt=("git",), run=["echo a"])
    assert pickle.loads(pickle.dumps(first)) == first
    assert type(pickle.loads(pickle.dumps(first))) is Image
    file = Image.dockerfile("docker/Dockerfile", args={"B": "2", "A": "1"})
    environment = _given(image=file, shm="1 GiB", network=True)
    assert environment.image == file._replace(file="/project/docker/Dockerfile", context="/project/docker")
    assert (environment.shm, environment.network) == (1 << 30, True)
    assert Environment(*wire.unpack(wire.pack(environment.plain()))) == environment
    assert pickle.loads(pickle.dumps(environment)) == environment


def test_a_path_that_stands_from_another_folder_is_found_from_the_project() -> None:
    image = _given(image=Image.dockerfile("a/Dockerfile", context=".")).image
    assert isinstance(image, Image)
    assert (image.file, image.context) == ("/project/a/Dockerfile", "/project")


def test_what_an_older_penstock_has_sent_and_kept_is_read() -> None:
    older = (("six",), "3.10", "", "", (), (), (), (("A", "1"),), ("S",), ())
    assert Environment(*older) == Environment(["six"], "3.10", env={"A": "1"}, secrets=["S"])


def test_a_lane_in_an_image_that_is_built_goes_by_mail() -> None:
    lane = Lane(0, 1.0, None, (), Environment(image=Image("debian:12", apt=["git"])))
    data = wire.unpack(wire.pack(mail._lane_to_plain(lane)))
    assert mail._lane_from_plain(data) == lane
    assert Attempt is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image": ""}, "expected a name, such as"),
        ({"image": "python 3.12"}, "expected a name without spaces"),
        ({"image": "python:3.12 "}, "expected a name without spaces"),
        ({"image": "-v/:/host"}, "expected a name without spaces"),
        ({"image": "a\nb"}, "expected a name without spaces"),
        ({"image": "a\0"}, "expected a name without spaces"),
        ({"image": "docker://python:3.12"}, "expected a name alone, without 'docker' in front of it"),
        ({"image": "https://docker.io/python"}, "expected a name alone, without 'https'"),
        ({"image": "./Dockerfile"}, "Image.dockerfile('./Dockerfile')"),
        ({"image": 3}, "image=3: expected a name"),
        ({"image": "x" * 2000}, "expected a name"),
        ({"image": "python:3.12", "python": "3.12"}, "an image has its own Python"),
        ({"image": Image("")}, "expected a name"),
        ({"image": Image("a", packages=["--index-url=x"])}, "packages: '--index-url=x' is no requirement"),
        ({"image": Image("a", packages=[""])}, "packages: expected a list of texts"),
        ({"image": Image("a", apt=["git; rm -rf /"])}, "apt: 'git; rm -rf /' is no package of Debian"),
        ({"image": Image("a", apt=["-oDir=/"])}, "is no package of Debian"),
        ({"image": Image("a", run=[3])}, "run: expected a list of texts"),  # type: ignore[list-item]
        ({"image": Image.dockerfile(args={"A": 1})}, "args: 'A': expected names and texts"),  # type: ignore[dict-item]
        ({"image": Image.dockerfile(args={"A B": "1"})}, "args: 'A B'"),
        ({"image": Image.dockerfile(args="AB")}, "args: 'A'"),  # type: ignore[arg-type]
        ({"image": Image.dockerfile(target="a b")}, "target='a b': expected the name of a stage"),
        ({"image": Image.dockerfile("a\0")}, "expected a path"),
        ({"network": "host"}, "network='host': expected true or false"),
        ({"shm": "big"}, "'big' is not a size"),
        ({"shm": 0}, "expected a size above 0"),
    ],
)
def test_what_is_wrong_is_told(given: dict[str, Any], said: str) -> None:
    for keywords in (given, {"environment": Environment(**given)} if given.get("image") != "" else given):
        with pytest.raises(UsageError) as caught:
            surroundings.changed(None, "step s", keywords, "/project")
        assert said in str(caught.value)


@pytest.mark.parametrize(
    ("own", "default", "image", "python", "network"),
    [
        (Environment(image="a"), Environment(python="3.10"), "a", "", None),
        (Environment(python="3.10"), Environment(image="a", network=True), "", "3.10", True),
        (Environment(["six"]), Environment(image="a", network=True), "a", "", True),
        (Environment(image="b", network=False), Environment(image="a", network=True), "b", "", False),
        (Environment(network=True), Environment(image="a"), "a", "", True),
    ],
)
def test_an_image_or_a_python_is_the_nearest_that_is_said(
    own: Environment, default: Environment, image: str, python: str, network: bool | None
) -> None:
    found = over(own, default)
    assert found is not None
    assert (found.image, found.python, found.network) == (image, python, network)


def test_an_image_is_not_the_flow_s_own_and_how_its_container_is_made_alone_is() -> None:
    assert Environment(image="a").is_foreign
    assert not Environment(network=True, shm=1).is_foreign


def test_what_is_said_of_containers_needs_an_image_from_somewhere() -> None:
    for own in (Environment(network=True), Environment(["six"], shm=1)):
        with pytest.raises(UsageError, match=r"network= and shm= are of containers: name the image"):
            settled(own, Environment(python="3.10"))
        found = settled(own, Environment(image="a"))
        assert found is not None
        assert found.image == "a"
    assert settled(Environment(["six"]), Environment(network=True)) is not None
    assert settled(Environment(network=False), None) == Environment(network=False)
