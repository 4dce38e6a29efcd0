"""What podman and docker are asked for, word by word."""

from __future__ import annotations

import csv

import pytest

from penstock.model import containers
from penstock.model.containers import Container, ContainerEngine, Mount

ID = "sha256:" + "5" * 64
PODMAN = ContainerEngine("podman", "/usr/bin/podman")
DOCKER = ContainerEngine("docker", "/usr/bin/docker")
MOUNTS = (Mount("/home/ada/flow", True), Mount("/home/ada/shared"))
PLAIN = Container(
    PODMAN, ID, "/usr/bin/python3", "3.11.2", "1000:1001", MOUNTS, labels=(("penstock.project", "5f0c9a1e2b3d4c5d"),)
)
VARIABLES = {"TOKEN": "s3cr3t", "HOME": "/home/ada/flow/.penstock/home", "MODE": "fast"}
_BEGIN = ["run", "--rm", "--pull=never", "--name=penstock-1"]
_ALWAYS = ["--log-driver=none", "--no-healthcheck", "--pids-limit=-1", "--security-opt=label=disable"]
_END = [
    "--label=penstock.project=5f0c9a1e2b3d4c5d",
    "--mount=type=bind,source=/home/ada/flow,target=/home/ada/flow",
    "--mount=type=bind,source=/home/ada/shared,target=/home/ada/shared,readonly",
    "--env=HOME=/home/ada/flow/.penstock/home",
    "--env=MODE",
    "--env=TOKEN",
    "--workdir=/home/ada/flow",
    "--entrypoint=/usr/bin/python3",
    ID,
    "-c",
    "pass",
]


def words(container: Container) -> list[str]:
    return containers.run_words(container, "penstock-1", (container.python, "-c", "pass"), VARIABLES, "/home/ada/flow")


@pytest.mark.parametrize(
    ("engine", "user"),
    [
        (PODMAN, ["--user=1000:1001"]),
        (PODMAN._replace(rootless=True), ["--userns=keep-id", "--user=1000:1001"]),
        (DOCKER, ["--userns=host", "--user=1000:1001"]),
        (DOCKER._replace(rootless=True), ["--user=0:0"]),
    ],
)
def test_each_engine_is_asked_so(engine: ContainerEngine, user: list[str]) -> None:
    found = words(PLAIN._replace(engine=engine))
    proxy = ["--http-proxy=false"] if engine.kind == "podman" else []
    assert found == [engine.program, *_BEGIN, *_ALWAYS, *user, *proxy, "--network=none", *_END]


def test_with_all_that_can_be_asked_for() -> None:
    found = containers.run_words(
        PLAIN._replace(network=True, shm_bytes=1 << 30, labels=(), mounts=()),
        "penstock-1",
        ("/bin/true",),
        {},
        "/",
        memory_bytes=1 << 20,
        init=True,
    )
    assert found == [
        PODMAN.program, "run", "--pull=never", "--name=penstock-1", *_ALWAYS, "--user=1000:1001", "--init",
        "--http-proxy=false", "--shm-size=1073741824", "--memory=1048576", "--memory-swap=1048576", "--workdir=/",
        "--entrypoint=/bin/true", ID,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "gpus", "expected"),
    [
        (PODMAN, ("all",), ["--device=nvidia.com/gpu=all"]),
        (PODMAN, ("0", "2"), ["--device=nvidia.com/gpu=0", "--device=nvidia.com/gpu=2"]),
        (DOCKER, ("all",), ["--gpus=all"]),
        (DOCKER, ("0", "2"), ['--gpus="device=0,2"']),
    ],
)
def test_gpus(engine: ContainerEngine, gpus: tuple[str, ...], expected: list[str]) -> None:
    before, after = words(PLAIN._replace(engine=engine)), words(PLAIN._replace(engine=engine, gpus=gpus))
    assert [word for word in after if word not in before] == expected


def test_no_value_stands_in_an_argument_list() -> None:
    assert not [word for word in words(PLAIN) if "s3cr3t" in word]
    environ = containers.client_environ(VARIABLES, {"HOME": "/home/ada", "PATH": "/bin", "MODE": "slow"})
    assert environ == {"HOME": "/home/ada", "PATH": "/bin", "MODE": "fast", "TOKEN": "s3cr3t"}


@pytest.mark.parametrize(
    ("engine", "added"),
    [
        (PODMAN, ["--group-add=7", "--group-add=8"]),
        (PODMAN._replace(rootless=True), ["--group-add=keep-groups"]),
        (DOCKER, ["--group-add=7", "--group-add=8"]),
        (DOCKER._replace(rootless=True), []),
    ],
)
def test_the_caller_s_other_groups(engine: ContainerEngine, added: list[str]) -> None:
    container = PLAIN._replace(engine=engine)
    before, after = words(container), words(container._replace(groups=(7, 8)))
    assert [word for word in after if word not in before] == added


def test_what_steers_the_engine_s_client_goes_by_its_value_and_no_secret_does() -> None:
    for name in (
        "DOCKER_DEFAULT_PLATFORM",
        "DOCKER_CONTENT_TRUST_SERVER",
        "PODMAN_USERNS",
        "LD_PRELOAD",
        "NOTIFY_SOCKET",
    ):
        variables = {name: "value"}
        found = containers.run_words(PLAIN, "n", ("/a",), variables, "/")
        assert f"--env={name}=value" in found
        assert containers.client_environ(variables, {}) == {}
    for name in ("DOCKER_PASSWORD", "CONTAINER_KEY", "STORAGE_KEY"):
        assert not containers.is_client_s(name)


def test_no_mount_lies_over_an_image_s_python() -> None:
    container = PLAIN._replace(python="/opt/conda/bin/python")
    assert container.lacks("/opt") == "/opt/conda/bin/python"
    assert container.lacks("/usr") == "/usr"
    assert container.lacks("/opt/other") == ""


@pytest.mark.parametrize("path", ["/a/b", "/a,b", '/a"b', "/a:b", "/a b", "/a=b", "/a\nb", "/a,readonly", " /a", "/ä"])
def test_a_mount_is_a_line_of_csv(path: str) -> None:
    (fields,) = csv.reader([containers.mount_word(Mount(path))])
    assert fields == ["type=bind", f"source={path}", f"target={path}", "readonly"]


def test_other_commands() -> None:
    assert containers.remove_words(PODMAN, "n") == [PODMAN.program, "rm", "--force", "--volumes", "--time=0", "n"]
    assert containers.remove_words(DOCKER, "n") == [DOCKER.program, "rm", "--force", "--volumes", "n"]
    assert containers.signal_words(DOCKER, "n", "TERM") == [DOCKER.program, "kill", "--signal=TERM", "n"]


def test_what_is_said_of_a_path_last_holds() -> None:
    found = PLAIN.seeing(Mount("/home/ada/flow/in"), Mount("/home/ada/shared", True)).mounts
    assert found == (Mount("/home/ada/flow", True), Mount("/home/ada/flow/in"), Mount("/home/ada/shared", True))


def test_merged_as_a_process_sees_them() -> None:
    given = [Mount("/p/src"), Mount("/p", True), Mount("/q"), Mount("/q/out", True), Mount("/pp"), Mount("/p")]
    assert containers.merged(given) == (Mount("/p", True), Mount("/pp"), Mount("/q"), Mount("/q/out", True))


@pytest.mark.parametrize(
    ("path", "hidden"),
    [("/", "/"), ("/usr/", "/usr"), ("/usr/lib", "/usr/lib"), ("/dev/shm/p", "/dev"), ("/proc", "/proc"),
     ("/home/usr", ""), ("/usr/src/p", ""), ("/etcetera", ""), ("/lib64", "/lib64")],
)  # fmt: skip
def test_what_a_mount_would_hide(path: str, hidden: str) -> None:
    assert containers.hides(path) == hidden
