"""The executor `far` with all that it needs on this host: a folder as tier, and agents as processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.agent import joining
from penstock.artifacts.folder import FolderStore
from penstock.executors import far_luggage
from penstock.executors.far import FarExecutor, Packing
from penstock.executors.far_fleet import FleetLimits
from penstock.model import join_codes
from penstock.model.agents import AgentSize
from penstock.model.environments import Environment
from penstock.model.events import Profile
from penstock.model.join_codes import JoinCode
from penstock.model.specs import Places, RunSpec
from penstock.sites.process_site import ProcessSite
from penstock.tiers.folder_tier import FolderTier
from penstock.tiers.tiered_store import TieredStore
from penstock.tiers.uploads import Uploads

if TYPE_CHECKING:
    from penstock.project_tiers import ProjectTiers
    from penstock.tiers.port import Tier

PROJECT = "contract"
COMMAND = (sys.executable, "-m", "penstock.agent")
LIMITS = FleetLimits(max_agents=2, size=AgentSize(4.0, None, 0), linger_s=600.0, look_s=0.5)
PROFILE = Profile(
    None, None, unnamed_gpus=None, outlives_driver=True, begins_later=True, depth=64, table="executors.far"
)


class FarOnThisHost(FarExecutor):
    """`root`: a folder that outlives drivers. `steps`: files that go with the run. `tier`: another way to the folder
    `tier` in it."""

    def __init__(
        self,
        root: Path,
        near: Path,
        steps: Sequence[Path] = (),
        *,
        limits: FleetLimits = LIMITS,
        profile: Profile = PROFILE,
        command: Sequence[str] = COMMAND,
        environment: Callable[[Environment | None, str], Any] | None = None,
        private: Callable[[], Mapping[str, str]] = dict,
        tier: Tier | None = None,
    ) -> None:
        (root / "tier").mkdir(parents=True, exist_ok=True)
        tier = tier or FolderTier(str(root / "tier"), PROJECT)
        self.site = ProcessSite(command, root / "home")
        self.store = TieredStore(FolderStore(near), lambda: [tier])

        def packed(spec: RunSpec, places: Places) -> RunSpec:
            tier.put(joining.door(spec.nonce), spec.run.encode())
            folder = steps[0].parent if steps else near
            return far_luggage.send(spec, places, folder, [step.name for step in steps], tier.blobs)

        packing = Packing(
            packed,
            lambda agent, spec: join_codes.write(JoinCode(tier.url, PROJECT, spec.nonce, agent)),
            private,
            environment,
        )
        super().__init__(
            name="far",
            site=self.site,
            tier=tier,
            uploads=Uploads(self.store, tier),
            packing=packing,
            profile=profile,
            limits=limits,
            root=str(near.parent),
        )


def far_of(
    tiers: ProjectTiers, url: str, home: Path, name: str, command: Sequence[str] = COMMAND, **more: Any
) -> FarExecutor:
    """One of a project that has a far tier."""
    tier = tiers.own(url)

    def packed(spec: RunSpec, places: Places) -> RunSpec:
        tier.put(joining.door(spec.nonce), spec.run.encode())
        return far_luggage.send(spec, places, Path(places.cwd), (), tier.blobs)

    packing = Packing(
        packed,
        lambda agent, spec: join_codes.write(JoinCode(tier.url, tier.project, spec.nonce, agent)),
        dict,
    )
    known = {"profile": PROFILE, "limits": LIMITS, **more}
    site = ProcessSite(command, home)
    return FarExecutor(name=name, site=site, tier=tier, uploads=tiers.uploads(url), packing=packing, **known)
