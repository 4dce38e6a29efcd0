"""Dockerfiles as text: their bases, their lines, and those that recipes come to; and what a build that fails says."""

from __future__ import annotations

import pytest

from penstock.environments import build_failures, dockerfiles, image_words
from penstock.environments.engine_calls import Done
from penstock.errors import PlatformError, UsageError
from penstock.model.containers import ContainerEngine
from penstock.model.images import Image

_FILE = """# syntax=docker/dockerfile:1
ARG VERSION=3.12
ARG OTHER
FROM --platform=linux/amd64 python:${VERSION} AS build
# a comment
RUN echo one && \\
    # in between
    echo two
FROM debian:${DEBIAN:-bookworm}
COPY --from=build /a /b
FROM scratch
FROM build
FROM $OTHER
RUN false
"""


def test_the_bases_of_a_dockerfile_are_found_with_its_arguments() -> None:
    assert dockerfiles.bases(_FILE, {}) == ["python:3.12", "debian:bookworm"]
    assert dockerfiles.bases(_FILE, {"VERSION": "3.13", "OTHER": "a/b"}) == ["python:3.13", "debian:bookworm", "a/b"]


def test_images_that_are_copied_from_are_bases_and_what_an_instruction_takes_is_none() -> None:
    text = "\n".join(
        [
            "FROM a AS one",
            "RUN echo $((1<<n))",
            "RUN <<EOF",
            "FROM nothing",
            "EOF",
            "COPY --chown=1 --from=tools:1 /x /y",
            "COPY --from=one /x /y",
            "COPY --from=0 /x /y",
            "RUN --mount=type=bind,from=other/tools,target=/x true",
            "FROM b",
        ]
    )
    assert dockerfiles.bases(text, {}) == ["tools:1", "other/tools", "a", "b"]


def test_a_line_is_found_as_an_engine_shows_it() -> None:
    assert dockerfiles.line_of(_FILE, "RUN echo one &&     echo two") == 6
    assert dockerfiles.line_of(_FILE, "RUN false") == 14
    assert dockerfiles.line_of(_FILE, "RUN nothing") == 0
    assert dockerfiles.line_of(_FILE, "") == 0


def test_a_recipe_comes_to_dockerfiles() -> None:
    image = Image("debian:12", packages=["numpy"], apt=["git", "g++"], run=['echo "a\nb"'])
    assert dockerfiles.of_system(image, "debian:12") == (
        "FROM debian:12\nUSER root\n"
        "RUN export DEBIAN_FRONTEND=noninteractive && apt-get update && apt-get install -y --no-install-recommends "
        "git g++ && rm -rf /var/lib/apt/lists/*\n"
    )
    rest = dockerfiles.of_rest(image, "localhost/x:1", "/usr/lib/python3/dist-packages")
    assert rest == (
        "FROM localhost/x:1\nUSER root\n"
        'COPY ["site/", "/usr/lib/python3/dist-packages/"]\nCOPY ["programs/", "/usr/local/bin/"]\n'
        'RUN ["/bin/sh", "-c", "echo \\"a\\nb\\""]\n'
    )
    assert dockerfiles.shown('RUN ["/bin/sh", "-c", "echo \\"a\\nb\\""]') == 'echo "a\nb"'
    assert dockerfiles.shown("RUN echo [1]") == "RUN echo [1]"


def test_an_image_is_built_with_labels_and_arguments() -> None:
    engine = ContainerEngine("podman", "/usr/bin/podman")
    words = image_words.build(
        engine, "localhost/x:1", "/d/Dockerfile", "/d/context", (("a", "b"),), "one", (("A", "1"), ("LD_X", "2"))
    )
    assert words == [
        *("/usr/bin/podman", "build", "--force-rm", "--tag=localhost/x:1", "--file=/d/Dockerfile", "--label=a=b"),
        *("--target=one", "--build-arg=A", "--build-arg=LD_X=2", "/d/context"),
    ]
    assert image_words.labels_of("/a,b") == (("penstock.project", image_words.labels_of("/a,b")[0][1]),)
    assert "," not in image_words.labels_of("/a,b")[0][1]


_SAID = {
    "podman": [
        "STEP 1/3: FROM a",
        "STEP 2/3: RUN false",
        "oh no",
        'Error: building at STEP "RUN false": exit status 1',
    ],
    "docker": [
        "Step 1/3 : FROM a",
        " ---> 12",
        "Step 2/3 : RUN false",
        " ---> Running in 12",
        "\x1b[91moh no",
        "\x1b[0m",
    ],
    "buildkit": ["#4 [1/2] FROM a", "#5 [2/2] RUN false", "#5 0.123 oh no", "#5 ERROR: process did not complete"],
}


@pytest.mark.parametrize("engine", list(_SAID))
def test_the_line_that_failed_is_told_with_the_last_that_it_said(engine: str) -> None:
    told = list[str]()
    steps = build_failures.Steps(told.append)
    for line in _SAID[engine]:
        steps.hear(line)
    assert told[-1].endswith(": RUN false")
    error = build_failures.failure("Dockerfile", "FROM a\nRUN false\n", steps, Done(1, "", "oh no"), "docker")
    assert isinstance(error, UsageError)
    assert str(error).startswith("can't build the image of Dockerfile: line 2 failed, `RUN false`:\n  oh no")


def test_an_engine_that_fails_meanwhile_is_not_the_line_s_fault() -> None:
    steps = build_failures.Steps(lambda line: None)
    steps.hear("STEP 2/3: RUN true")
    for said in ("write /var/lib: no space left on device", "Cannot connect to the Docker daemon at unix:///d.sock"):
        error = build_failures.failure("Dockerfile", "", steps, Done(1, "", said), "docker")
        assert isinstance(error, PlatformError)
    for said in (
        "npm: rate limit\nError: building at STEP: exit status 1",
        'Error: building at STEP "RUN true": exit 1',
    ):
        error = build_failures.failure("Dockerfile", "", steps, Done(1, "", said), "docker")
        assert isinstance(error, UsageError)
    assert isinstance(build_failures.failure("Dockerfile", "", steps, Done(-9, "", ""), "docker"), PlatformError)
