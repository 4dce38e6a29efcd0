"""Tries an executor: one agent at its site, one task there and the same once more, and all of it ended again.

Writes no run: what it leaves are the bundle in the tier, which runs need too, and what an agent keeps in its own folder
and sweeps itself.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import penstock.project_far as project_far
from penstock.agent import joining
from penstock.artifacts import codec
from penstock.artifacts.opening import open_folder
from penstock.artifacts.store import BlobStore
from penstock.errors import PenstockError, UsageError
from penstock.executors.needed_blobs import blobs_of_outcome
from penstock.launch import site_report, trial_remains
from penstock.launch.findings import Finding
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.launch.site_report import SiteReport, TrialStage, problem
from penstock.launch.site_sight import Sightings, WatchedSite, WatchedTier
from penstock.launch.trial_turns import TrialTurns, deadline, sent_value
from penstock.model import luggage
from penstock.model.environments import over, settled
from penstock.model.events import Lane
from penstock.model.nearest import hint
from penstock.model.outcomes import Outcome
from penstock.model.specs import Places, RunSpec
from penstock.project import Project, wire_executors
from penstock.project_sites import FarWiring, far_executor, limits_of, wiring_of
from penstock.reading.site_facts import place_of
from penstock.tiers.port import Tier
from penstock.tiers.tiered_store import TieredStore
from penstock.tiers.uploads import Uploads

_BYTES = 4 << 20


class _Stop(Exception):
    """The trial can't go on; what is wrong is found."""


class SiteTrial:
    """One trial of the executor `name`. `wait_s`: so long it waits for an agent, and so long again for its task; `tell`
    takes a line of progress, from any thread."""

    def __init__(self, project: Project, name: str, wait_s: float, tell: Callable[[str], None]) -> None:
        declared = project.settings.executors.get(name)
        if declared is None:
            known = ", ".join(sorted(project.settings.executors))
            raise UsageError(
                f"no executor is named {name!r}{hint(name, project.settings.executors)}: penstock.toml and Penstock "
                f"itself have {known}"
            )
        self._project, self._name, self._declared = project, name, declared
        self._wait_s, self._tell = wait_s, tell
        self._stages: list[TrialStage] = []
        self._findings: list[Finding] = []
        self._nonce = os.urandom(8).hex()
        self._seen = Sightings()
        self._environment = settled(None, over(declared.environment, project.settings.environment))
        self._by_hand = declared.kind == "agent" and not declared.here

    def run(self) -> SiteReport:
        """Try it, and end all that was begun for it. Blocks. Raises UsageError where the settings are wrong."""
        with tempfile.TemporaryDirectory(prefix="penstock-doctor-") as folder, suppress(_Stop):
            try:
                if self._declared.is_far:
                    self._far(Path(folder))
                else:
                    self._local(Path(folder))
            except PenstockError as error:
                self._found(problem("trial", str(error)))
        declared = self._declared
        url = self._project.settings.tier_of(declared) if declared.is_far else ""
        place = place_of(declared) if declared.is_far else "this machine"
        return SiteReport(self._name, declared.kind, place, url, tuple(self._stages), tuple(self._findings))

    def _found(self, *findings: Finding) -> None:
        self._findings += findings

    @contextmanager
    def _stage(self, stage: str, what: str, note: Callable[[float], str] = lambda took_s: "") -> Generator[None]:
        """What is done here is a stage; what it raises is a problem of `what`, and ends the trial."""
        began = time.monotonic()
        try:
            yield
        except PenstockError as error:
            self._found(problem(what, str(error)))
            raise _Stop from error
        took_s = time.monotonic() - began
        self._stages.append(TrialStage(stage, took_s, note(took_s)))

    # At agents.

    def _far(self, folder: Path) -> None:
        project = self._project
        assert project.tiers is not None  # the settings say so
        wiring = wiring_of(self._name, project.settings, self._environments(), project.tiers, self._tell)
        self._try_tier(wiring.tier)
        if not (self._declared.agent or self._declared.here):
            with self._stage(
                "bundle", "bundle", lambda took_s: "what agents start from, made and sent where it was not"
            ):
                project_far.deliver_bundle(wiring.tier, self._tell)
        near = TieredStore(open_folder(os.fspath(folder / "store")), lambda: [wiring.tier])
        uploads = Uploads(near, wiring.tier)
        blobs: list[tuple[bytes, int]] = []
        try:
            records = [sent_value(_BYTES, near), sent_value(_BYTES, near)]
            sent = [blob for record in records for blob in codec.inspect_record(record)]
            blobs += sent
            size_bytes = sum(size for _, size in sent)
            with self._stage("upload", "tier", lambda took_s: site_report.rate(size_bytes, took_s)):
                uploads.send_now(sent)
            self._at_agent(folder, self._watched(wiring, uploads), near, records, blobs)
        finally:
            try:
                trial_remains.sweep(wiring.tier, self._nonce, self._seen.name, blobs)
            except PenstockError as error:
                self._found(problem("tier", f"what the trial put there is not all removed: {error}"))

    def _environments(self) -> RunEnvironments:
        project = self._project
        secrets = Secrets(project.settings.root, os.environ)
        return RunEnvironments(
            project.home / "environments", {}, secrets, self._tell, containers=project.settings.project.containers
        )

    def _try_tier(self, tier: Tier) -> None:
        name, data = f"mail/{self._nonce}/trial", os.urandom(64)
        with self._stage("tier", "tier", lambda took_s: "an object was written, read and removed"):
            tier.put(name, data)
            if tier.get(name) != data:
                raise PenstockError(f"what was written to {tier.url} does not come back: is it one folder, seen twice?")
            tier.delete([name])

    def _watched(self, wiring: FarWiring, uploads: Uploads) -> FarWiring:
        """The same for one agent, on which this trial looks."""
        environment = wiring.packing.environment
        assert environment is not None

        def packed(spec: RunSpec, places: Places) -> RunSpec:
            wiring.tier.put(joining.door(spec.nonce), spec.run.encode())
            return spec

        def told(asked: Any, step: str) -> Any:
            plain = environment(asked, step)
            left_out = luggage.environment_from_plain(plain).left_out
            if left_out:
                found = f"can't be had elsewhere: {'; '.join(left_out)}"
                self._found(Finding("packages", "note", found, "steps that need them run here alone"))
            return plain

        return wiring._replace(
            site=WatchedSite(wiring.site, self._seen),
            tier=WatchedTier(wiring.tier, self._seen),
            uploads=uploads,
            packing=wiring.packing._replace(packed=packed, environment=told),
            limits=wiring.limits._replace(max_agents=1, look_s=1.0),
        )

    def _at_agent(
        self, folder: Path, wiring: FarWiring, near: TieredStore, records: list[bytes], blobs: list[tuple[bytes, int]]
    ) -> None:
        executor = far_executor(self._name, self._project.settings, wiring)
        turns = TrialTurns(executor, folder, self._nonce, self._hear, self._seated)
        try:
            with self._stage("lock", "packages", lambda took_s: "what the flow's own packages come to elsewhere"):
                executor.ready(self._environment, "look_around")
            self._tasks(turns, near, records, blobs)
        finally:
            began = time.monotonic()
            turns.close()
            if self._seen.handle:
                self._found(*trial_remains.end_agent(wiring.site, self._seen.handle, by_hand=self._by_hand))
                self._stages.append(TrialStage("end", time.monotonic() - began, "until the agent had gone"))

    def _hear(self, text: str) -> None:
        """What the executor says; why its site refuses is a finding."""
        if not self._seen.refused or self._seen.refused not in text:
            self._tell(text)

    def _seated(self) -> None:
        self._seen.seat_at = self._seen.seat_at or time.monotonic()

    def _tasks(
        self, turns: TrialTurns, near: TieredStore, records: list[bytes], blobs: list[tuple[bytes, int]]
    ) -> None:
        seen, size = self._seen, limits_of(self._declared).size
        cpu, gpus = (min(1.0, size.cpu), size.gpus) if size else (1.0, 0)
        lane = Lane(1, cpu, environment=self._environment, unnamed_gpus=gpus)
        sent_at = time.time()
        first = turns.start(records[0], lane)
        late = deadline(self._wait_s)
        outcome = turns.until_ended(first, lambda: bool(seen.seat_at or seen.refused or seen.end or late()))
        if outcome is None and seen.seat_at:
            outcome = turns.until_ended(first, deadline(self._wait_s))
        cold_s = time.monotonic() - seen.seat_at
        self._stages += site_report.coming(seen)
        self._found(*site_report.of_agent(seen, size, version("penstock")))
        if not seen.seat_at:
            if not any(finding.level == "problem" for finding in self._findings):
                self._found(site_report.failure_to_come(seen, self._wait_s))
            raise _Stop
        self._checked(outcome, blobs)
        second = turns.start(records[1], lane)
        began = time.monotonic()
        again = turns.until_ended(second, deadline(self._wait_s))
        warm_s = time.monotonic() - began
        outcome = self._checked(again, blobs)
        self._stages += site_report.running(cold_s, warm_s, outcome.usage.wall_s)
        self._bring(outcome, near, sent_at)

    def _checked(self, outcome: Outcome | None, blobs: list[tuple[bytes, int]]) -> Outcome:
        """The outcome of a task that is done, whose blobs are noted."""
        if outcome is None:
            self._found(problem("task", f"it did not end within {self._wait_s:g} s"))
            raise _Stop
        if outcome.result is None:
            error = outcome.error
            self._found(problem("task", error.message if error else outcome.status))
            raise _Stop
        blobs += blobs_of_outcome(outcome)
        return outcome

    def _bring(self, outcome: Outcome, near: TieredStore, sent_at: float) -> None:
        assert outcome.result is not None
        came_at = time.time()
        made = blobs_of_outcome(outcome)
        size_bytes = sum(size for _, size in made)
        with self._stage("download", "tier", lambda took_s: site_report.rate(size_bytes, took_s)):
            for blob in made:
                near.bring(*blob)
        self._found(*site_report.of_machine(codec.decode(outcome.result.record, near), sent_at, came_at))

    # In processes of this machine.

    def _local(self, folder: Path) -> None:
        near = open_folder(os.fspath(folder / "store"))
        environments = self._environments()
        executors = wire_executors(
            self._project.settings, environments, max_workers=1, inline_only=False, tiers=self._project.tiers
        )
        executor = executors[self._name]
        turns = TrialTurns(executor, folder, self._nonce, self._tell)
        try:
            with self._stage("build", "packages", lambda took_s: "what steps there are run with"):
                executor.ready(self._environment, "look_around")
            cold_s, _ = self._here(turns, near)
            warm_s, outcome = self._here(turns, near)
            self._stages += site_report.running(cold_s, warm_s, outcome.usage.wall_s)
            assert outcome.result is not None
            found = codec.decode(outcome.result.record, near)
            self._found(*site_report.of_machine(found, found["time"], found["time"]))
        finally:
            turns.close()

    def _here(self, turns: TrialTurns, near: BlobStore) -> tuple[float, Outcome]:
        """How long a task took, and what came of it."""
        attempt = turns.start(sent_value(_BYTES, near), Lane(1, environment=self._environment))
        began = time.monotonic()
        outcome = turns.until_ended(attempt, deadline(self._wait_s))
        return time.monotonic() - began, self._checked(outcome, [])
