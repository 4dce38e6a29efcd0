"""What podman and docker are asked about images, as argument lists. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.environments.engine_failures import registry_of
from penstock.model.containers import PODMAN, ContainerEngine, is_client_s

LABEL = "penstock.project"
"""The label of images and containers, with what tells its project from others."""
KEY = "penstock.key"
"""The label of an image with the digest of what it is built of."""


def inspect(engine: ContainerEngine, image: str) -> list[str]:
    """All that is known of an image that is here, as JSON."""
    return [engine.program, "image", "inspect", image]


def exists(engine: ContainerEngine, image: str) -> list[str]:
    """Whether an image is here, by podman's exit code; docker's `inspect` says that well enough."""
    return [engine.program, "image", "exists", image]


def pull(engine: ContainerEngine, image: str) -> list[str]:
    """Bring an image here."""
    return [engine.program, "pull", qualified(image) if engine.kind == PODMAN else image]


def qualified(image: str) -> str:
    """The full name of an image, as docker takes one that names no registry: podman would ask which is meant."""
    if registry_of(image) != "docker.io" or image.startswith("docker.io/"):
        return image
    return f"docker.io/{image}" if "/" in image else f"docker.io/library/{image}"


def build(
    engine: ContainerEngine,
    tag: str,
    file: str,
    context: str,
    labels: Iterable[tuple[str, str]],
    target: str,
    args: Iterable[tuple[str, str]],
) -> list[str]:
    """Build an image of a Dockerfile and a folder. What is left of a line that fails is removed. The client is to have
    the arguments in its environment (`client_environ`)."""
    words = [engine.program, "build", "--force-rm", f"--tag={tag}", f"--file={file}"]
    words += [f"--label={label}={value}" for label, value in labels]
    words += [f"--target={target}"] if target else []
    words += [f"--build-arg={name}={value}" if is_client_s(name) else f"--build-arg={name}" for name, value in args]
    return [*words, context]


def save(engine: ContainerEngine, image: str, file: str) -> list[str]:
    """Write an image into an archive that both engines read."""
    kind = ["--format=docker-archive"] if engine.kind == PODMAN else []
    return [engine.program, "save", *kind, f"--output={file}", image]


def load(engine: ContainerEngine, file: str) -> list[str]:
    """Bring the image of an archive here."""
    return [engine.program, "load", f"--input={file}"]


def tag(engine: ContainerEngine, image: str, name: str) -> list[str]:
    """Give an image that is here a name."""
    return [engine.program, "tag", image, name]


def remove(engine: ContainerEngine, image: str) -> list[str]:
    """Remove an image, unless something uses it."""
    return [engine.program, "image", "rm", image]


def labels_of(root: str) -> tuple[tuple[str, str], ...]:
    """The labels of all that is made for a project: a digest of its folder, since podman splits a label at commas."""
    from blake3 import blake3

    return ((LABEL, blake3(root.encode(errors="surrogateescape")).hexdigest(8)),)
