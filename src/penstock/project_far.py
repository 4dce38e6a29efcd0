"""What a run brings to agents on other machines, and what it takes away again when it is over.

Part of the composition root: it joins the executor `far` with environments, bundle and code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from penstock.agent import joining
from penstock.artifacts.store import BlobStore
from penstock.errors import PlatformError
from penstock.executors import far_luggage
from penstock.executors.far import Packing
from penstock.model import join_codes
from penstock.model.environments import Environment
from penstock.model.join_codes import JoinCode
from penstock.model.specs import Places, RunSpec
from penstock.settings import Settings
from penstock.tiers.port import Tier


class FarEnvironments(Protocol):
    """The environments of a run's steps, as other machines are told of them."""

    def travelling(
        self,
        environment: Environment | None,
        step: str,
        blobs: Callable[[], BlobStore],
        *,
        wheels: bool = False,
        here: bool = False,
        containers: str = "",
    ) -> Any:
        """How one is built, as plain data. Blocks. Raises UsageError with the step's name."""
        ...

    def private(self) -> Mapping[str, str]:
        """The values of all that steps have named a secret so far."""
        ...


def packing(
    settings: Settings,
    environments: FarEnvironments,
    tier: Tier,
    tell: Callable[[str], None],
    *,
    bundle: bool,
    wheels: bool = False,
    here: bool = False,
    containers: str = "",
) -> Packing:
    """What the executor `far` asks for a run of a project. `bundle`: agents start from one, by `agent_script`;
    `wheels`: they reach no index of packages; `here`: they run by this very Python; `containers`: the engine of images
    there, "": any. `tell` takes a line of progress, from any thread."""

    def packed(spec: RunSpec, places: Places) -> RunSpec:
        if bundle:
            deliver_bundle(tier, tell)
        spec = far_luggage.send(spec, places, Path(settings.root), settings.project.include, tier.blobs)
        tier.put(joining.door(spec.nonce), spec.run.encode())
        return spec

    def code_of(agent: str, spec: RunSpec) -> str:
        return join_codes.write(JoinCode(tier.url, tier.project, spec.nonce, agent))

    def environment(asked: Environment | None, step: str) -> Any:
        return environments.travelling(asked, step, lambda: tier.blobs, wheels=wheels, here=here, containers=containers)

    def over(spec: RunSpec) -> None:
        tier.delete([joining.door(spec.nonce), *tier.list(f"checkpoints/{spec.nonce}/")])

    return Packing(packed, code_of, environments.private, environment, over)


def agent_script(tier: Tier) -> str:
    """The file that starts an agent from the bundle, with `sh`, as machines see it that see the tier."""
    return f"{tier.url.removeprefix('file://')}/{tier.project}/agent"


def deliver_bundle(tier: Tier, tell: Callable[[str], None]) -> str:
    """Have the bundle of this Penstock, and the script that starts agents from it, in the tier; gives what machines it
    is for. Blocks: for seconds where it is made or sent, else for a look. Raises UsageError where uv is missing."""
    from penstock.environments import bundles

    bundle = bundles.made(bundles.folder_of_cache(os.environ), tell)
    name = f"bundles/{bundle.name}"
    if name not in tier.list("bundles/"):
        tell("brings the bundle that agents start from to the tier")
        try:
            data = bundle.file.read_bytes()
        except OSError as error:
            raise PlatformError(f"can't read the bundle {bundle.file}: {error.strerror}: remove it") from error
        tier.put(name, data)
    if tier.get("agent") != bundle.script:
        tier.put("agent", bundle.script)
    return bundle.requires
