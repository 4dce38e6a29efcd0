"""What podman and docker say when they fail: told with the image, the engine and a mend. The words are theirs."""

from __future__ import annotations

import pytest

from penstock.environments import engine_failures
from penstock.errors import PenstockError, PlatformError, UsageError

_CASES = [
    (
        "docker",
        "Error response from daemon: manifest for team/x:9 not found: manifest unknown: manifest unknown",
        UsageError,
        "There is no team/x:9 at docker.io",
    ),
    (
        "podman",
        (
            "Trying to pull docker.io/team/x:9...\nError: initializing source docker://team/x:9: reading manifest 9 in "
            "docker.io/team/x: requested access to the resource is denied"
        ),
        UsageError,
        "check its name and tag, or `podman login docker.io`",
    ),
    (
        "podman",
        (
            "Error: initializing source docker://team/x:9: pinging container registry docker.io: dial tcp: lookup "
            "docker.io: no such host"
        ),
        UsageError,
        "docker.io can't be reached: check the network, or bring the image here by `podman load`",
    ),
    (
        "docker",
        "Error response from daemon: Head https://docker.io/v2/: unauthorized: authentication required",
        UsageError,
        "Say who you are: `docker login docker.io`",
    ),
    (
        "docker",
        "no matching manifest for linux/amd64 in the manifest list entries",
        UsageError,
        "team/x:9 is not made for this machine (x86_64)",
    ),
    (
        "podman",
        'Error: choosing an image: no image found in manifest list for architecture "amd64"',
        UsageError,
        "team/x:9 is not made for this machine",
    ),
    (
        "podman",
        "Error: writing blob: storing blob to file: write /var/tmp/x: no space left on device",
        PlatformError,
        "The engine's disk is full: free some space there, as with `podman system prune`",
    ),
    (
        "docker",
        "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        PlatformError,
        "Start it: `sudo systemctl start docker`",
    ),
    (
        "docker",
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
            "dial unix /var/run/docker.sock: connect: permission denied"
        ),
        UsageError,
        "`sudo usermod -aG docker $USER`",
    ),
    (
        "podman",
        "Error: pinging container registry: http: server gave HTTP response to HTTPS client",
        UsageError,
        "docker.io speaks no HTTPS",
    ),
    ("docker", "toomanyrequests: You have reached your pull rate limit", PlatformError, "lets no more pull now: wait"),
]


@pytest.mark.parametrize(("engine", "said", "kind", "mend"), _CASES)
def test_what_an_engine_says_is_told_with_a_mend(engine: str, said: str, kind: type[PenstockError], mend: str) -> None:
    error = engine_failures.failure("pull the image team/x:9", said, 125, engine, "team/x:9", "x86_64")
    assert type(error) is kind
    assert str(error).startswith("can't pull the image team/x:9: ")
    assert mend in str(error)
    assert "Error:" not in str(error)
    assert "Trying to pull" not in str(error)


def test_what_was_killed_and_what_said_nothing_is_told_too() -> None:
    assert str(engine_failures.failure("pull x", "", -9, "podman", "x")) == (
        "can't pull x: podman was killed by signal 9. Run it again"
    )
    assert "docker exited with 3 and said nothing" in str(engine_failures.failure("pull x", "", 3, "docker", "x"))


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        ("python:3.12", "docker.io"),
        ("team/model", "docker.io"),
        ("ghcr.io/a/b:1", "ghcr.io"),
        ("localhost/x", "localhost"),
        ("127.0.0.1:5000/x", "127.0.0.1:5000"),
    ],
)
def test_a_name_leads_to_a_registry(image: str, registry: str) -> None:
    assert engine_failures.registry_of(image) == registry


def test_a_line_that_never_ends_is_cut_in_its_middle() -> None:
    said = f"STEP 2/5: COPY big /big\nError: copier {'x' * 5000} write /big: no space left on device"
    text = str(engine_failures.failure("build x", said, 125, "podman", "x"))
    assert text.startswith("can't build x: copier xxx")
    assert "write /big: no space left on device\nThe engine's disk is full" in text
    assert len(text) < 500
