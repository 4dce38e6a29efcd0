"""The project's settings: `penstock.toml` and the environment, read once into one frozen value.

Knows the names of things (executors, limits) and nothing of what they do.
"""

from __future__ import annotations

import functools
import os
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from penstock.errors import UsageError
from penstock.model.environments import Environment
from penstock.model.quantities import parse_bytes, parse_seconds
from penstock.model.tuples import NamedTuple
from penstock.roots import FILE, FOLDER, find_root

if TYPE_CHECKING:
    from penstock.setting_values import HostSettings

PREFIX = "PENSTOCK_"
_KINDS_HERE = ("process", "inline")
_Parser = Callable[[Any], Any]


class ProjectSettings(NamedTuple):
    """The `[project]` table."""

    include: tuple[str, ...] = ()  # patterns of the files, below its folder, that go with a run to other machines
    containers: str = ""  # the engine of containers, "podman" or "docker"; "": whichever is there, podman first


class ExecutorSettings(NamedTuple):
    """An `[executors.NAME]` table. None: what the machine has."""

    kind: str = "process"
    max_workers: int | None = None
    cpu: float | None = None
    memory_bytes: int | None = None
    gpus: tuple[str, ...] | None = None  # values for CUDA_VISIBLE_DEVICES
    store: str = ""  # URL of the far tier that its agents see; "": the one of the project
    # Of agents alone. `cpu`, `memory_bytes` and `gpus` are what each has; None: what the lane needs that it is for.
    max_agents: int | None = None  # None: as many as `hosts` have room for, one by hand, ten elsewhere
    linger_s: float = 60.0  # an agent without attempts goes after it
    max_agent_hours: float | None = None  # of one run; None: without bounds
    lost_after_s: float = 360.0  # an agent of which nothing was heard for so long is lost
    home: str = ""  # where agents keep their things; "": in the cache of the user's home there
    agent: tuple[str, ...] = ()  # what starts one there, before its join code; (): the bundle in the tier
    here: bool = False  # the run starts agents itself, as processes of this machine
    wheels: bool = False  # packages go there by way of the store, since no index is reached there
    containers: str = ""  # the engine of containers there, "podman" or "docker"; "": whichever is there
    hosts: tuple[HostSettings, ...] = ()
    via: str = ""  # the host with Slurm's programs, as ssh takes it; "": this one
    partition: str = ""
    account: str = ""
    qos: str = ""
    time_limit_s: float | None = None
    lines: tuple[str, ...] = ()
    address: str = ""
    resources: tuple[tuple[str, float], ...] = ()
    environment: Environment | None = None  # of the steps there, where they don't say; None: nothing

    @property
    def is_far(self) -> bool:
        """Whether its attempts run at agents."""
        return self.kind not in _KINDS_HERE


class StoreSettings(NamedTuple):
    """The `[store]` table: where values lie beside the project's own folder."""

    url: str = ""  # of the far tier; "": there is none
    mirror: bool = False  # whether all that is stored goes up at once, and not only what is needed there


class GcSettings(NamedTuple):
    """Which runs `penstock gc` removes: a `[gc]` table, or a `[gc.flows.FLOW]` one. None: nothing is said.

    A run goes when it is beyond the last `keep_last` of its flow, and older than `older_than_s`, and has none of the
    tags. What is not said does not restrict; where neither of the first two is said, no run goes.
    """

    keep_last: int | None = None
    older_than_s: float | None = None  # since it ended; also of cached results
    keep_tags: tuple[str, ...] | None = None

    def over(self, others: GcSettings) -> GcSettings:
        """These settings, and the others' where these say nothing."""
        said = {name: value for name, value in self._asdict().items() if value is not None}
        return others._replace(**said)


_BUILT_IN = {"process": ExecutorSettings(), "inline": ExecutorSettings(kind="inline")}


class Settings(NamedTuple):
    """Everything that can be set. `simple` has the keys of `penstock.toml`.

    Each simple one can be set by the environment too, and there it wins: `PENSTOCK_MAX_WORKERS=4`.
    """

    root: str = ""  # the project's folder, absolute
    max_workers: int | None = None  # workers of an executor that does not say; None: one a CPU
    platform_retries: int = 3  # how often an attempt that the machine failed is tried again
    grace_s: float = 5.0  # what an interrupted run waits for what is in flight
    log_limit_bytes: int = 100 << 20  # kept of what one attempt, or a body, prints
    limits: Mapping[str, int] = {}  # how many tasks of a named limit run at once
    executors: Mapping[str, ExecutorSettings] = _BUILT_IN
    store: StoreSettings = StoreSettings()
    gc: GcSettings = GcSettings()
    environment: Environment | None = None  # of steps, where neither they nor their flow say; None: nothing
    gc_of_flows: Mapping[str, GcSettings] = {}  # gc.flows; as it is written
    project: ProjectSettings = ProjectSettings()

    @property
    def own_tier(self) -> str:
        """URL of the tier in the project's own folder, for agents of this machine where no other is named."""
        from penstock.model.tier_urls import TierUrl

        return TierUrl(os.path.join(self.folder, "far")).text()

    @property
    def tiers(self) -> tuple[str, ...]:
        """The URLs of all far tiers."""
        named = (self.store.url, *(executor.store for executor in self.executors.values()))
        return tuple(dict.fromkeys(filter(None, named)))

    def tier_of(self, executor: ExecutorSettings) -> str:
        """The URL of the tier that an executor's agents share with this machine; "": none is set."""
        return executor.store or self.store.url

    @property
    def environments(self) -> dict[str, Environment]:
        """What the steps at an executor are run with, where they don't say, by its name."""
        named = self.executors.items()
        return {name: executor.environment for name, executor in named if executor.environment is not None}

    def gc_of(self, flow: str) -> GcSettings:
        """What holds for the runs of a flow: its own table wins over the one for all."""
        return self.gc_of_flows.get(flow, GcSettings()).over(self.gc)

    @property
    def folder(self) -> str:
        """`.penstock/`: the journal, the store and the logs."""
        return os.path.join(self.root, FOLDER)

    @classmethod
    def load(cls, cwd: str | os.PathLike[str], env: Mapping[str, str]) -> Settings:
        """The settings that hold in a folder; raises UsageError, which names the file and the key.

        The root is what `roots.find_root` finds. Creates nothing.
        """
        root = find_root(cwd, env)
        file = os.path.join(root, FILE)
        table = _read(file)
        if not table and not any(variable.startswith(PREFIX) for variable in env):
            return cls(root)
        _refuse_unknown(table, [*simple()[cls], "limits", "executors", "store", "gc", "environment", "project"], file)
        limits, executors, gc = (_table(table, key, file) for key in ("limits", "executors", "gc"))
        flows = _table(gc, "flows", file, "gc.flows")
        found = cls(
            root=root,
            limits={name: _limit(limits[name], f"{file}: limits.{name}") for name in limits},
            executors=_BUILT_IN | {name: _executor(executors, name, file) for name in executors},
            store=_store(table, file),
            gc=_part(GcSettings(), table, "gc", file, "gc", "flows"),
            environment=_environment(_table(table, "environment", file), file, "environment"),
            gc_of_flows={name: _part(GcSettings(), flows, name, file, f"gc.flows.{name}") for name in flows},
            project=_part(ProjectSettings(), table, "project", file, "project"),
            **_fields(cls, table, file, "") | _fields(cls, _from_environment(env), None, ""),
        )
        return _check_tiers(found, file)


class _Setting(NamedTuple):
    """What a simple setting becomes."""

    field: str
    parse: _Parser


@functools.cache
def simple() -> dict[type, dict[str, _Setting]]:
    """The simple settings of each table, by the keys that a user writes."""
    import penstock.setting_values as values  # a project that sets nothing asks for none of them

    return {
        ExecutorSettings: {
            "kind": _Setting("kind", values.kind),
            "max_workers": _Setting("max_workers", values.positive),
            "cpu": _Setting("cpu", values.amount),
            "memory": _Setting("memory_bytes", parse_bytes),
            "gpus": _Setting("gpus", values.gpus),
            "store": _Setting("store", values.tier),
            "max_agents": _Setting("max_agents", values.positive),
            "linger": _Setting("linger_s", parse_seconds),
            "max_agent_hours": _Setting("max_agent_hours", values.amount),
            "lost_after": _Setting("lost_after_s", values.silence),
            "home": _Setting("home", values.folder),
            "agent": _Setting("agent", values.command),
            "here": _Setting("here", values.flag),
            "wheels": _Setting("wheels", values.flag),
            "containers": _Setting("containers", values.engine),
            "hosts": _Setting("hosts", values.hosts),
            "via": _Setting("via", values.word),
            "partition": _Setting("partition", values.word),
            "account": _Setting("account", values.word),
            "qos": _Setting("qos", values.word),
            "time_limit": _Setting("time_limit_s", values.seconds),
            "lines": _Setting("lines", values.lines),
            "address": _Setting("address", values.address),
            "resources": _Setting("resources", values.resources),
        },
        StoreSettings: {
            "url": _Setting("url", values.tier),
            "mirror": _Setting("mirror", values.flag),
        },
        ProjectSettings: {
            "include": _Setting("include", values.patterns),
            "containers": _Setting("containers", values.engine),
        },
        GcSettings: {
            "keep_last": _Setting("keep_last", values.whole),
            "older_than": _Setting("older_than_s", values.parse_age),
            "keep_tags": _Setting("keep_tags", values.tags),
        },
        Settings: {
            "max_workers": _Setting("max_workers", values.positive),
            "platform_retries": _Setting("platform_retries", values.whole),
            "grace": _Setting("grace_s", parse_seconds),
            "log_limit": _Setting("log_limit_bytes", values.size),
        },
    }


_Part = typing.TypeVar("_Part", ProjectSettings, ExecutorSettings, StoreSettings, GcSettings)


def _read(file: str) -> dict[str, Any]:
    if not os.path.isfile(file):
        return {}
    import tomllib

    try:
        with open(file, encoding="utf-8-sig") as text:
            return tomllib.loads(text.read())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error}") from error


def _from_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that set something. Others with our prefix are let pass unless they look like a slip."""
    known = simple()[Settings]
    found: dict[str, str] = {}
    for variable, text in env.items():
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name in known:
            found[name] = text
        elif variable.startswith(PREFIX):
            _refuse_slip(variable, name)
    return found


def _refuse_slip(variable: str, name: str) -> None:
    from penstock.model.nearest import nearest

    if near := nearest(name, simple()[Settings], 0.8):
        raise UsageError(f"{variable}: there is no such setting; did you mean {PREFIX}{near.upper()}?")


_LOCAL = {"kind", "max_workers", "cpu", "memory", "gpus"}
_FAR = {
    *("kind", "cpu", "memory", "gpus", "store", "agent", "wheels", "containers"),
    *("max_agents", "linger", "max_agent_hours", "lost_after"),
}
_KEYS = {  # that a kind of executor has
    "process": _LOCAL,
    "inline": _LOCAL,
    "agent": _FAR - {"agent"} | {"here"},
    "ssh": _FAR | {"hosts"},
    "slurm": _FAR | {"home", "via", "partition", "account", "qos", "time_limit", "lines"},
    "ray": _FAR | {"home", "address", "resources"},
}
_NEEDED = {"ssh": ("hosts", '["gpu1", "gpu2"]'), "ray": ("address", '"http://head:8265"')}


def _executor(tables: dict[str, Any], name: str, file: str) -> ExecutorSettings:
    from penstock.model import surroundings

    place = f"executors.{name}"
    found = _part(_BUILT_IN.get(name, ExecutorSettings()), tables, name, file, place, *surroundings.FIELDS)
    table = _table(tables, name, file, place)
    said = {key: table[key] for key in surroundings.FIELDS if key in table}
    found = found._replace(environment=_environment(said, file, place))
    if found.kind == "inline" and found.environment is not None and found.environment.is_foreign:
        raise UsageError(
            f"{file}: {place}.{_first_foreign(said)}: of kind 'inline' it is the flow's own process, which has the "
            "flow's packages alone: leave it out, or give it to an executor of another kind"
        )
    for key in table:
        if key not in _KEYS[found.kind] and key not in said:
            kinds = " or ".join(repr(kind) for kind, keys in _KEYS.items() if key in keys)
            raise UsageError(f"{file}: {place}.{key} is for kind {kinds}, and this one is of kind {found.kind!r}")
    if (needed := _NEEDED.get(found.kind)) and needed[0] not in table:
        raise UsageError(f"{file}: [{place}] of kind {found.kind!r} needs `{needed[0]} = {needed[1]}`")
    return found


def _first_foreign(said: Iterable[str]) -> str:
    return next(key for key in said if key not in ("env", "secrets", "libraries", "network", "shm"))


def _check_tiers(settings: Settings, file: str) -> Settings:
    """Whoever's attempts run at agents needs a place that both sides see."""
    executors = dict(settings.executors)
    for name, executor in settings.executors.items():
        if executor.here and not settings.tier_of(executor):
            executors[name] = executor._replace(store=settings.own_tier)
        elif executor.is_far and not settings.tier_of(executor):
            mend = 'add `[store]` with `url = "file:///shared/folder"`, or "ssh://user@host/folder"'
            raise UsageError(f"{file}: [executors.{name}] of kind {executor.kind!r} needs a far tier: {mend}")
    return settings._replace(executors=executors)


def _store(table: dict[str, Any], file: str) -> StoreSettings:
    store = _part(StoreSettings(), table, "store", file, "store")
    if store.mirror and not store.url:
        raise UsageError(f"{file}: store.mirror needs a place to mirror to: write `url = ...` beside it")
    return store


def _environment(table: dict[str, Any], file: str, place: str) -> Environment | None:
    from penstock.model import surroundings

    _refuse_unknown(table, surroundings.FIELDS, file, f"{place}.")
    return surroundings.changed(None, f"{file}: [{place}]", table, os.path.dirname(file))


def _part(before: _Part, tables: dict[str, Any], name: str, file: str, place: str, *more: str) -> _Part:
    """The settings of a table of the file, those of `before` where it says nothing. `more`: keys that are tables."""
    table = _table(tables, name, file, place)
    _refuse_unknown(table, [*simple()[type(before)], *more], file, f"{place}.")
    return before._replace(**_fields(type(before), table, file, place))


def _fields(settings: type, table: Mapping[str, Any], file: str | None, place: str) -> dict[str, Any]:
    """The simple settings of a table by their fields' names; `file` None: from the environment."""
    found: dict[str, Any] = {}
    for key, setting in simple()[settings].items():
        if key in table:
            name = f"{PREFIX}{key.upper()}" if file is None else f"{file}: {place and place + '.'}{key}"
            found[setting.field] = _parsed(setting.parse, table[key], name)
    return found


def _limit(value: Any, name: str) -> int:
    from penstock.setting_values import positive

    return _parsed(positive, value, name)


def _parsed(parse: _Parser, value: Any, name: str) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _table(table: dict[str, Any], key: str, file: str, place: str = "") -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{file}: {place or key} is not a table; write it as `[{place or key}]`")
    return typing.cast("dict[str, Any]", value)


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], file: str, place: str = "") -> None:
    valid = sorted(known)
    for key in table:
        if key not in valid:
            from penstock.model.nearest import nearest

            near = nearest(key, valid)
            hint = f"did you mean {place}{near}?" if near else f"valid here: {', '.join(valid)}"
            raise UsageError(f"{file}: there is no setting {place}{key}; {hint}")
