"""The packages of the flow's own process, as another machine is asked for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions

from penstock.code import installed
from penstock.model.environments import Environment
from penstock.model.tuples import NamedTuple

_LEFT = frozenset({"penstock", "cloudpickle", "uv"})
"""What each machine brings itself, or this process has for itself alone."""


class OwnPackages(NamedTuple):
    """What of this process's packages can be had elsewhere."""

    python: str  # "3.11.7"
    packages: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]  # what no index has, each with where it came from

    @property
    def environment(self) -> Environment:
        """They as an environment of a step."""
        return Environment(packages=tuple(f"{name}=={version}" for name, version in self.packages))


def own_packages() -> OwnPackages:
    """Those of which this process has imported something. Blocks for some milliseconds."""
    known = {installed.normal(one.metadata["Name"] or ""): one for one in distributions()}
    packages: list[tuple[str, str]] = []
    left_out: list[str] = []
    for name, version in installed.installed_packages():
        if name in _LEFT:
            continue
        origin = "it has no metadata" if name not in known else _origin(known[name])
        if origin:
            left_out.append(f"{name} {version}: {origin}")
        else:
            packages.append((name, version))
    return OwnPackages(".".join(map(str, sys.version_info[:3])), tuple(packages), tuple(left_out))


def found(packages: tuple[tuple[str, str], ...]) -> Iterator[Distribution]:
    """The distributions of these packages, as they are installed here."""
    known = {installed.normal(one.metadata["Name"] or ""): one for one in distributions()}
    return (known[name] for name, _ in packages if name in known)


def _origin(distribution: Distribution) -> str:
    """Where it was installed from, if no index has it."""
    text = distribution.read_text("direct_url.json")
    if not text:
        return ""
    try:
        return f"it was installed from {json.loads(text)['url']}, and no index has it"
    except (ValueError, KeyError, TypeError):
        return ""
