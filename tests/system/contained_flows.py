"""What runs in containers for the flows of a project."""

from __future__ import annotations

import os

from penstock.environments import image_words
from tests.containers import Engine
from tests.system.flows import Project


def containers_of(engine: Engine, project: Project) -> list[str]:
    """The names of its containers."""
    ((label, value),) = image_words.labels_of(os.fspath(project.folder))
    return engine.containers(f"{label}={value}")
