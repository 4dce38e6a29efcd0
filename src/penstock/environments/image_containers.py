"""What an image that is here comes to: the container of an environment's steps, on whichever machine they run."""

from __future__ import annotations

import os
from pathlib import Path

from penstock.environments import image_probe, image_words
from penstock.environments.image_probe import Inside
from penstock.environments.local_images import LocalImage
from penstock.errors import UsageError
from penstock.model.containers import Container, ContainerEngine, Mount, hides, is_client_s, merged
from penstock.model.environments import Environment

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # of an image that does not say


def bare(engine: ContainerEngine, image: LocalImage, root: Path) -> Container:
    """A container that sees nothing yet. `root`: the folder whose containers all are known by their label."""
    user = f"{os.geteuid()}:{os.getegid()}"
    groups = tuple(sorted({*os.getgroups()} - {os.getegid()}))
    labels = image_words.labels_of(os.fspath(root))
    return Container(engine, image.id, user=user, labels=labels, groups=groups)


def furnished(container: Container, inside: Inside, environment: Environment, mounts: tuple[Mount, ...]) -> Container:
    """The same, as the steps of an environment have it. Raises UsageError for a secret that all would see."""
    kind = container.engine.kind
    for secret in filter(is_client_s, environment.secrets):
        raise UsageError(
            f"the secret {secret} can't go into a container: {kind} itself goes by a variable of that name, and "
            "would have to be told its value where every user of the machine reads it: give it another name"
        )
    return container._replace(
        python=inside.python if image_probe.runs_steps(inside) else "",
        python_version=inside.version,
        mounts=merged(mounts),
        network=bool(environment.network),
        shm_bytes=environment.shm or 0,
    )


def leading(image: LocalImage, site: Path, variables: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Variables that lead to packages in a folder, in front of what the image and the user say."""
    given = {"PATH": image.path or _PATH, **dict(variables)}
    first = {"PYTHONPATH": os.fspath(site), "PATH": os.fspath(site / "bin")}
    led = {name: os.pathsep.join(filter(None, (place, given.get(name)))) for name, place in first.items()}
    return tuple({**dict(variables), **led}.items())


def refuse_hiding(folder: Path, whose: str, mend: str, container: Container | None = None) -> None:
    """Raise UsageError where a folder, seen at its own path, would lie over what an image needs: each, or this one."""
    path = os.fspath(folder)
    if hidden := hides(path) if container is None else container.lacks(path):
        raise UsageError(
            f"a container sees {whose} folder {folder} at the same path, where it would hide {hidden} of its image: "
            f"{mend}"
        )
