"""What must be there before a run's body is called: parameters, snapshot, the lease, the run's surroundings."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from penstock.artifacts import codec
from penstock.artifacts.masking import masked
from penstock.code import installed
from penstock.engine.reuse import ReusePolicy
from penstock.environments import snapshot
from penstock.errors import UsageError
from penstock.journal.handle import RunHandle as JournalHandle
from penstock.journal.owners import owner_of_this_process
from penstock.journal.storable_names import check_names, check_words
from penstock.launch.driving import Driving
from penstock.launch.earlier_runs import EarlierRuns
from penstock.launch.flow_modules import FlowModule, module_of
from penstock.launch.param_schema import schema_text
from penstock.launch.run_code import RunCode
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model.environments import Environment, over
from penstock.model.options import Options
from penstock.model.outcomes import Stored
from penstock.model.rows import NewRun, Origin, RunEnd, Surroundings
from penstock.model.specs import Places, RunSpec
from penstock.model.states import RunStatus
from penstock.model.texts import whole
from penstock.model.tuples import NamedTuple
from penstock.project import Project, wire_executors
from penstock.sdk.flows import Flow
from penstock.sdk.keys import is_program
from penstock.sdk.steps import Step

if TYPE_CHECKING:
    from penstock.engine.ports import Executor

Params = tuple[tuple[str, Stored], ...]
"""Parameters by name, as they are stored."""


class RunRequest(NamedTuple):
    """What is to be run."""

    flow: Flow[Any, Any]
    params: dict[str, Any]
    run_id: str = ""  # the run to go on with; "": a new one
    origin: Origin | None = None  # of a run that is a fork
    trial: Callable[[], Any] | None = None  # runs in the place of the flow's body; None: that
    seed: str = ""  # given for this run, in digits; "": none was

    @property
    def name(self) -> str:
        """What a new run is counted under; trials of a step are kept apart from the flow's own runs."""
        if self.origin is None or not self.origin.only:
            return self.flow.name
        return f"{self.flow.name}-{self.origin.only.partition('/')[0]}"

    def call(self) -> Any:
        return self.flow.call(self.params) if self.trial is None else self.trial()


class Prepared(NamedTuple):
    """A run whose lease this process holds, and all that its driver needs of the world."""

    order: RunRequest
    handle: JournalHandle
    spec: RunSpec
    places: Places
    codes: RunCode
    earlier: EarlierRuns
    environments: RunEnvironments


def take_lease(project: Project, order: RunRequest, how: Driving) -> Prepared:
    """Take the lease of a new run, or of an existing one. Nothing runs yet. What its steps run in is ready then, or it
    raises UsageError before there is a run."""
    flow, module = order.flow, module_of(order.flow)
    check_names(order.name, (project.settings.root, module.file), how.tags)
    check_words("name", how.name)
    is_first = project.is_new
    journal = project.journal  # first: where nothing can be written, it says so best
    if order.run_id:
        journal.check(order.run_id, time.monotonic())  # before minutes are spent on environments
    order = order._replace(seed=seed_of(project, order))
    environments = environments_of(project, order, how)
    get_ready(project, order, executors_of(project, environments, how))
    for step, environment, _ in steps_there(project, flow):
        if not is_program(step.fn):
            environments.refuse_function(environment, step.name)
    with project.store.held():
        stored = encode_params(project, order.params)
        taken = take_snapshot(project, module)
        earlier = EarlierRuns(project)
        codes = RunCode(module, taken.file, earlier.tree, environments, how.watcher.said)
        codes.check(step for step, _ in steps_of(flow, None))
        python, packages = installed.describe_interpreter(), installed.installed_packages()
        around = Surroundings(taken.digest, python, packages, tuple(map(masked, sys.argv)), whole(os.getcwd()))
        owner, now, monotonic = owner_of_this_process(), time.time(), time.monotonic()
        if order.run_id:
            from penstock.journal import queries

            is_at = (module.name, module.file) if module.file else None
            is_old = not queries.resolve(journal, order.run_id).nonce
            handle = journal.take(order.run_id, owner, now, monotonic, around, is_at)
            if is_old:
                _move_logs(project, handle)
        else:
            known = (order.name, module.name, flow.fn.__qualname__, module.file)
            new = NewRun(*known, stored, how.tags, around, order.origin, order.seed, schema_text(flow), how.name)
            handle = journal.create(new, owner, now, monotonic)
    spec, places = _run_here(project, order, module, stored, taken.digest, handle)
    if is_first:
        how.watcher.first(project.folder())
    try:
        prepared = Prepared(order, handle, spec, places, codes, earlier, environments)
        _tell(project, prepared, how, taken.note)
        return prepared
    except BaseException:
        handle.end(RunEnd(RunStatus.INTERRUPTED.value))
        handle.close()
        raise


def _move_logs(project: Project, handle: JournalHandle) -> None:
    """A run of an older Penstock has just got a nonce: its rows refer to logs, which lie where its number alone says.
    (Its checkpoints have no keys in their names, and stay unused.)"""
    named, new = (project.folder("logs", name) for name in (handle.run_id, handle.folder))
    if os.path.isdir(named):
        os.rename(named, new)


def _tell(project: Project, prepared: Prepared, how: Driving, note: str) -> None:
    """Note the run's environments, and say what there is to say of it."""
    journal, run = project.journal, prepared.handle.id
    prepared.environments.keep_in(journal, run)
    if note:
        how.watcher.said(note)
    if prepared.order.run_id:
        from penstock.launch.changed_code import changes_since

        for line in changes_since(journal, run, prepared.codes, how):
            how.watcher.said(line)


def policy_of(how: Driving, order: RunRequest) -> ReusePolicy:
    """What may be reused. A step that is tried out alone takes nothing from the cache and leaves nothing there."""
    policy = how.policy._replace(seed=order.seed)
    return policy._replace(cache=False, off="--only") if order.origin is not None and order.origin.only else policy


def seed_of(project: Project, order: RunRequest) -> str:
    """The seed of a run, in digits: the one that it has, that it is given, that it was forked from, or its flow's."""
    if not order.run_id and order.origin is None:
        return order.seed or order.flow.seed
    from penstock.journal import queries

    if order.run_id:
        return queries.seed(project.reader, queries.resolve(project.reader, order.run_id).id)
    recorded = queries.seed(project.reader, order.origin.id) if order.origin is not None and not order.seed else ""
    return order.seed or recorded or order.flow.seed


def environments_of(project: Project, order: RunRequest, how: Driving) -> RunEnvironments:
    """What the steps of a run are run with, as the run had it, or the one that it is forked from. None is ready yet."""
    recorded: dict[str, str] = {}
    if order.run_id or order.origin is not None:
        from penstock.journal import queries, recorded_locks

        origin = None if order.run_id else order.origin
        run = origin.id if origin is not None else queries.resolve(project.reader, order.run_id).id
        recorded = recorded_locks.locks_of_run(project.reader, run)
    folder, secrets = project.folder("environments"), Secrets(project.settings.root, os.environ)
    settings = project.settings
    return RunEnvironments(
        folder,
        recorded,
        secrets,
        how.watcher.building,
        all_here=how.inline,
        containers=settings.project.containers,
        root=settings.root,
    )


def executors_of(project: Project, environments: RunEnvironments, how: Driving) -> dict[str, Executor]:
    """New executors for a driver of the run, by the names that steps use."""
    tiers = project.tiers
    if tiers is not None:
        tiers.hear(how.watcher.said)
    return wire_executors(
        project.settings,
        environments,
        max_workers=how.max_workers,
        inline_only=how.inline,
        tiers=tiers,
        tell=how.watcher.said,
    )


def get_ready(project: Project, order: RunRequest, executors: Mapping[str, Executor]) -> None:
    """Get ready what the steps that the flow names run in, at their executors."""
    for step, environment, name in steps_there(project, order.flow):
        executor = executors.get(name)
        if executor is not None:  # else its first call says so, if there is one
            executor.ready(environment, step.name)


def default_environment(project: Project, flow: Flow[Any, Any]) -> Environment | None:
    """What a flow's steps are run with, where they don't say; None: with the flow's own packages."""
    return over(flow.environment, project.settings.environment)


def steps_there(project: Project, flow: Flow[Any, Any]) -> Iterator[tuple[Step[Any, Any], Environment | None, str]]:
    """The same at each executor that they may go to, with what they are run with there."""
    for step, default in steps_of(flow, default_environment(project, flow)):
        try:
            options: Options | None = step.opts.settled(default, project.settings.environments)
        except UsageError as error:
            raise UsageError(f"step {step.name}: {error}") from error
        while options is not None:
            yield step, options.environment, options.on
            options = options.elsewhere()


def steps_of(flow: Flow[Any, Any], default: Environment | None) -> Iterator[tuple[Step[Any, Any], Environment | None]]:
    """The steps that the flow names, or a function or flow that it names, each once for each default that it has: what
    it is run with where it is named, as far as it does not say itself (None: with the flow's own packages)."""
    seen = set[tuple[int, Environment | None]]()
    waiting = deque[tuple[Any, Environment | None]]([(flow.fn, default), (flow.on_failure, default)])
    while waiting:
        value, environment = waiting.popleft()
        if (id(value), environment) in seen:
            continue
        seen.add((id(value), environment))
        if isinstance(value, Step):
            step = cast("Step[Any, Any]", value)
            yield step, environment
        elif isinstance(value, Flow):
            inner = cast("Flow[Any, Any]", value)
            waiting.append((inner.fn, over(inner.environment, environment)))
        elif isinstance(value, FunctionType):
            waiting.extend((part, environment) for part in _named(value))


def _named(fn: Any) -> Iterator[Any]:
    """The objects that a function's code names: global ones, and members of modules."""
    codes: list[CodeType] = [fn.__code__] if isinstance(fn, FunctionType) else []
    for code in codes:
        codes.extend(part for part in code.co_consts if isinstance(part, CodeType))
    names = {name for code in codes for name in code.co_names}
    known = [value for name, value in getattr(fn, "__globals__", {}).items() if name in names]
    for value in known:
        yield value
        if isinstance(value, ModuleType):
            yield from (member for name, member in vars(value).items() if name in names)


def encode_params(project: Project, params: dict[str, Any]) -> Params:
    """A run's parameters as they are stored."""
    return tuple(
        (name, codec.encode(value, project.store, where=name, layout=True).stored) for name, value in params.items()
    )


def take_snapshot(project: Project, module: FlowModule) -> snapshot.Snapshot:
    """The project's sources as they are now."""
    roots = [module.root] if module.file else []
    if os.path.exists(os.path.join(project.settings.root, "penstock.toml")):
        roots.append(project.settings.root)
    extra = [module.file] if module.file else []
    return snapshot.take(roots, extra, project.folder("sources"))


def _run_here(
    project: Project, order: RunRequest, module: FlowModule, params: Params, snapshot_digest: str, handle: JournalHandle
) -> tuple[RunSpec, Places]:
    """What is the same for all attempts of this driver, and where its things lie."""
    spec = RunSpec(
        run=handle.run_id,
        params=tuple((name, value.record) for name, value in params),
        snapshot=snapshot_digest,
        module=module.name,
        argv=tuple(sys.argv),
        driver=str(handle.token),
        seed=order.seed,
        log_bytes=project.settings.log_limit_bytes,
        nonce=handle.nonce,
    )
    places = Places(
        store=project.folder("store"),
        scratch=project.folder("scratch", handle.folder, spec.driver),
        checkpoints=project.folder("checkpoints", handle.folder),
        logs=project.folder("logs", handle.folder),
        cwd=os.getcwd(),
        sources=project.folder("sources", spec.snapshot),
        module_path=module.file,
        sys_path=module.sys_path(),
    )
    return spec, places
