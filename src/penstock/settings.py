"""The project's settings: `penstock.toml` and the environment, read once into one frozen value.

Knows the names of things (executors, limits) and nothing of what they do.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from penstock.errors import UsageError
from penstock.model import surroundings
from penstock.model.environments import Environment
from penstock.model.nearest import nearest
from penstock.model.quantities import parse_bytes, parse_seconds
from penstock.model.tier_urls import parse_tier_url
from penstock.model.tuples import NamedTuple
from penstock.roots import FILE, FOLDER, find_root

PREFIX = "PENSTOCK_"
_KINDS = ("process", "inline")

_Parser = Callable[[Any], Any]


def _whole(value: Any, least: int = 0) -> int:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{value!r} is not a whole number from {least} on")
    return number


def _positive(value: Any) -> int:
    return _whole(value, 1)


def _amount(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise ValueError(f"{value!r} is not a number above 0")
    return number


def _size(value: Any) -> int:
    if (size := parse_bytes(value)) < 1:
        raise ValueError(f"{value!r} is no size above 0")
    return size


def _kind(value: Any) -> str:
    if value not in _KINDS:
        raise ValueError(f"{value!r} is not a kind of executor; write {' or '.join(map(repr, _KINDS))}")
    return value


def _tier(value: Any) -> str:
    return parse_tier_url(value).text()


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _gpus(value: Any) -> tuple[str, ...]:
    """A count, or the values for CUDA_VISIBLE_DEVICES one by one."""
    if isinstance(value, list):
        return tuple(str(item) for item in typing.cast("list[object]", value))
    return tuple(str(index) for index in range(_whole(value)))


def parse_age(value: Any) -> float:
    """An age in seconds: "30d", "12h". Raises ValueError, also for a number without a unit: taken for seconds, `30`
    would mean nearly everything."""
    try:
        seconds = parse_seconds(value)
    except (ValueError, TypeError):
        raise ValueError(f'{value!r} is not an age; write a text such as "30d" or "12h"') from None
    if not isinstance(value, str) or not value.strip()[-1].isalpha():
        raise ValueError(f'{value!r} is an age without a unit; write a text such as "30d" or "12h"')
    return seconds


def _tags(value: Any) -> tuple[str, ...]:
    return _texts(value, 'tags; write it as ["best"]')


def _patterns(value: Any) -> tuple[str, ...]:
    return _texts(value, 'patterns; write it as ["data/*.csv"]')


def _texts(value: Any, what: str) -> tuple[str, ...]:
    items = typing.cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError(f"{value!r} is not a list of {what}")
    return tuple(map(str, items))


class ProjectSettings(NamedTuple):
    """The `[project]` table."""

    include: tuple[str, ...] = ()  # patterns of the files, below its folder, that go with a run to other machines


class ExecutorSettings(NamedTuple):
    """An `[executors.NAME]` table. None: what the machine has."""

    kind: str = "process"
    max_workers: int | None = None
    cpu: float | None = None
    memory_bytes: int | None = None
    gpus: tuple[str, ...] | None = None  # values for CUDA_VISIBLE_DEVICES
    store: str = ""  # URL of the far tier that its agents see; "": the one of the project


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
    """Everything that can be set. `_SIMPLE` has the keys of `penstock.toml`.

    Each simple one can be set by the environment too, and there it wins: `PENSTOCK_MAX_WORKERS=4`.
    """

    root: Path = Path()  # the project's folder, absolute
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
    def tiers(self) -> tuple[str, ...]:
        """The URLs of all far tiers."""
        named = (self.store.url, *(executor.store for executor in self.executors.values()))
        return tuple(dict.fromkeys(filter(None, named)))

    def gc_of(self, flow: str) -> GcSettings:
        """What holds for the runs of a flow: its own table wins over the one for all."""
        return self.gc_of_flows.get(flow, GcSettings()).over(self.gc)

    @property
    def folder(self) -> Path:
        """`.penstock/`: the journal, the store and the logs."""
        return self.root / FOLDER

    @classmethod
    def load(cls, cwd: Path, env: Mapping[str, str]) -> Settings:
        """The settings that hold in a folder; raises UsageError, which names the file and the key.

        The root is what `roots.find_root` finds. Creates nothing.
        """
        root = find_root(cwd, env)
        file = root / FILE
        table = _read(file)
        _refuse_unknown(table, [*_SIMPLE[cls], "limits", "executors", "store", "gc", "environment", "project"], file)
        limits, executors, gc = (_table(table, key, file) for key in ("limits", "executors", "gc"))
        flows = _table(gc, "flows", file, "gc.flows")
        return cls(
            root=root,
            limits={name: _parsed(_positive, limits[name], f"{file}: limits.{name}") for name in limits},
            executors=_BUILT_IN | {name: _executor(executors, name, file) for name in executors},
            store=_store(table, file),
            gc=_part(GcSettings(), table, "gc", file, "gc", "flows"),
            environment=_environment(_table(table, "environment", file), file),
            gc_of_flows={name: _part(GcSettings(), flows, name, file, f"gc.flows.{name}") for name in flows},
            project=_part(ProjectSettings(), table, "project", file, "project"),
            **_fields(cls, table, file, "") | _fields(cls, _from_environment(env), None, ""),
        )


class _Setting(NamedTuple):
    """What a simple setting becomes."""

    field: str
    parse: _Parser


_SIMPLE: dict[type, dict[str, _Setting]] = {  # by the keys that a user writes
    ExecutorSettings: {
        "kind": _Setting("kind", _kind),
        "max_workers": _Setting("max_workers", _positive),
        "cpu": _Setting("cpu", _amount),
        "memory": _Setting("memory_bytes", parse_bytes),
        "gpus": _Setting("gpus", _gpus),
        "store": _Setting("store", _tier),
    },
    StoreSettings: {
        "url": _Setting("url", _tier),
        "mirror": _Setting("mirror", _flag),
    },
    ProjectSettings: {"include": _Setting("include", _patterns)},
    GcSettings: {
        "keep_last": _Setting("keep_last", _whole),
        "older_than": _Setting("older_than_s", parse_age),
        "keep_tags": _Setting("keep_tags", _tags),
    },
    Settings: {
        "max_workers": _Setting("max_workers", _positive),
        "platform_retries": _Setting("platform_retries", _whole),
        "grace": _Setting("grace_s", parse_seconds),
        "log_limit": _Setting("log_limit_bytes", _size),
    },
}

_Part = typing.TypeVar("_Part", ProjectSettings, ExecutorSettings, StoreSettings, GcSettings)


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    import tomllib

    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error}") from error


def _from_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that set something. Others with our prefix are let pass unless they look like a slip."""
    known = _SIMPLE[Settings]
    found: dict[str, str] = {}
    for variable, text in env.items():
        name = variable.removeprefix(PREFIX).lower()
        if variable.startswith(PREFIX) and name in known:
            found[name] = text
        elif variable.startswith(PREFIX) and (near := nearest(name, known, 0.8)):
            raise UsageError(f"{variable}: there is no such setting; did you mean {PREFIX}{near.upper()}?")
    return found


def _executor(tables: dict[str, Any], name: str, file: Path) -> ExecutorSettings:
    return _part(_BUILT_IN.get(name, ExecutorSettings()), tables, name, file, f"executors.{name}")


def _store(table: dict[str, Any], file: Path) -> StoreSettings:
    store = _part(StoreSettings(), table, "store", file, "store")
    if store.mirror and not store.url:
        raise UsageError(f"{file}: store.mirror needs a place to mirror to: write `url = ...` beside it")
    return store


def _environment(table: dict[str, Any], file: Path) -> Environment | None:
    _refuse_unknown(table, surroundings.FIELDS, file, "environment.")
    return surroundings.changed(None, f"{file}: [environment]", table, str(file.parent))


def _part(before: _Part, tables: dict[str, Any], name: str, file: Path, place: str, *more: str) -> _Part:
    """The settings of a table of the file, those of `before` where it says nothing. `more`: keys that are tables."""
    table = _table(tables, name, file, place)
    _refuse_unknown(table, [*_SIMPLE[type(before)], *more], file, f"{place}.")
    return before._replace(**_fields(type(before), table, file, place))


def _fields(settings: type, table: Mapping[str, Any], file: Path | None, place: str) -> dict[str, Any]:
    """The simple settings of a table by their fields' names; `file` None: from the environment."""
    found: dict[str, Any] = {}
    for key, setting in _SIMPLE[settings].items():
        if key in table:
            name = f"{PREFIX}{key.upper()}" if file is None else f"{file}: {place and place + '.'}{key}"
            found[setting.field] = _parsed(setting.parse, table[key], name)
    return found


def _parsed(parse: _Parser, value: Any, name: str) -> Any:
    try:
        return parse(value)
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None


def _table(table: dict[str, Any], key: str, file: Path, place: str = "") -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{file}: {place or key} is not a table; write it as `[{place or key}]`")
    return typing.cast("dict[str, Any]", value)


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], file: Path, place: str = "") -> None:
    valid = sorted(known)
    for key in table:
        if key not in valid:
            near = nearest(key, valid)
            hint = f"did you mean {place}{near}?" if near else f"valid here: {', '.join(valid)}"
            raise UsageError(f"{file}: there is no setting {place}{key}; {hint}")
