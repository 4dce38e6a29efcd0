"""What fits where. Pools hold an executor's resources, lanes are grants of them; no rule here knows an executor's kind.

Owns the resources, the named limits and the lanes. Knows nothing of tasks but their numbers, and nothing of time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator

from penstock.engine.portion import Portion
from penstock.model.environments import Environment
from penstock.model.events import Lane, Profile
from penstock.model.options import Options
from penstock.model.shares import Amount
from penstock.model.tuples import NamedTuple

UNCOUNTED_LANES = 32
"""How many lanes that ask for no cpu an executor has at once: they are free, the processes behind them are not."""

_MOST_CPU = 1e12  # that is told from more

Claim = tuple[str, str]
"""Something that calls compete for: `(executor, "cpu" | "memory" | "gpu")` or `("", limit)`."""


class LaneKind(NamedTuple):
    """Attempts of one kind may share a lane: same step, same place, same grant."""

    step: str
    on: str
    cpu: float
    memory_bytes: int | None
    gpu: int
    limits: tuple[str, ...]
    environment: Environment | None = None
    isolated: bool = False
    lanes: int = 1  # of a gang, all of which are granted at once, as one


class OpenLane:
    """A lane, or those of a gang, and the tasks whose attempts are in it; the first one runs."""

    __slots__ = ("is_adopted", "lane", "others", "queue", "since", "tasks")

    def __init__(self, lane: Lane, others: tuple[Lane, ...], queue: Queue) -> None:
        self.lane = lane
        self.others = others  # of a gang
        self.queue = queue
        self.tasks: deque[int] = deque()
        self.is_adopted = False  # of an earlier driver: nothing more goes into it
        self.since = 0.0  # when the first one became the first; -inf: the lane is to end with it

    @property
    def gpus(self) -> tuple[str, ...]:
        """All that it was granted by name."""
        return self.lane.gpus + tuple(name for lane in self.others for name in lane.gpus)

    def behind(self, place: int = 1) -> list[int]:
        """The tasks from this place on; the head has place 0."""
        return list(self.tasks)[place:]


class Queue:
    """Calls of one kind that wait for resources, and the lanes that the kind has."""

    __slots__ = (
        "claims", "cpu_millionths", "gpu", "kind", "lanes", "mean_s", "memory_bytes", "pool", "ready", "scarce",
        "weight",
    )  # fmt: skip

    def __init__(self, kind: LaneKind, pool: Pool, portion: Portion) -> None:
        self.kind = kind
        self.pool = pool
        self.cpu_millionths = kind.lanes * _millionths(kind.cpu)  # with those of a gang, as the next two
        self.memory_bytes = kind.lanes * (kind.memory_bytes or 0)
        self.gpu = kind.lanes * kind.gpu
        takes = (self.cpu_millionths, self.memory_bytes, self.gpu, pool.profile.gpus)
        self.weight = portion.weight(*takes) if pool.profile.shared else None  # of the machine; None: nothing
        self.ready: list[int] = []  # a heap; tasks that are not ready any more are left in it
        self.lanes: list[OpenLane] = []
        self.mean_s: float | None = None  # of an attempt's wall time; None: nothing has ended well yet
        self.scarce = frozenset[Claim](
            {("", name) for name in kind.limits} | ({(kind.on, "gpu")} if kind.gpu else set[Claim]())
        )
        memory: set[Claim] = {(kind.on, "memory")} if kind.memory_bytes else set()
        self.claims = self.scarce | memory | {(kind.on, "cpu")}

    def note_duration(self, wall_s: float) -> None:
        """Take an attempt's wall time into the mean, recent ones counting more."""
        self.mean_s = wall_s if self.mean_s is None else 0.8 * self.mean_s + 0.2 * wall_s


class Pool:
    """What one executor has left. Less than nothing after an adoption: what runs there runs, fit or not."""

    __slots__ = ("cpu_millionths", "gpus", "lanes", "memory_bytes", "profile", "uncounted", "unnamed_gpus")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.cpu_millionths = math.inf if profile.cpu is None else _millionths(profile.cpu)
        self.memory_bytes = _or_inf(profile.memory_bytes)
        self.gpus = list(profile.gpus)
        self.unnamed_gpus = _or_inf(profile.unnamed_gpus)
        self.uncounted = math.inf if profile.cpu is None else UNCOUNTED_LANES
        self.lanes = _or_inf(profile.lanes)

    def fits(self, queue: Queue) -> bool:
        """Whether the cpu and memory of another lane are there, and it may be opened."""
        if queue.cpu_millionths:
            cpu_fits = queue.cpu_millionths <= self.cpu_millionths
        else:
            cpu_fits = self.uncounted >= queue.kind.lanes
        return (
            self.lanes >= queue.kind.lanes
            and cpu_fits
            and (not queue.memory_bytes or queue.memory_bytes <= self.memory_bytes)
        )

    def take(self, queue: Queue, sign: int = 1) -> None:
        """Take a lane's cpu and memory; with `sign` -1 put them back."""
        self.cpu_millionths -= sign * queue.cpu_millionths
        self.memory_bytes -= sign * queue.memory_bytes
        self.lanes -= sign * queue.kind.lanes
        if not queue.cpu_millionths:
            self.uncounted -= sign * queue.kind.lanes


class Admission:
    """All pools and limits of a run, and the lanes that were granted from them."""

    def __init__(self, profiles: dict[str, Profile], limits: dict[str, int], machine: Amount | None = None) -> None:
        self.portion = Portion(machine)
        self.pools = {name: Pool(profile) for name, profile in profiles.items()}
        self.limits = dict(limits)
        self.busy: dict[Queue, None] = {}  # the kinds that have lanes, in the order in which they got their first
        self._queues: dict[LaneKind, Queue] = {}
        self._latest: tuple[Options, Queue] | None = None  # that was asked for
        self._lanes = 0

    def queue_of(self, step: str, options: Options) -> Queue:
        """Where a call of this step waits; raises KeyError for what `why_never` names."""
        latest = self._latest
        if latest is not None and latest[0] is options and latest[1].kind.step == step:  # as in a map
            return latest[1]
        limits = options.limits and tuple(dict.fromkeys(options.limits))
        claims = (options.on, options.cpu, options.memory_bytes, options.gpu, limits)
        kind = LaneKind(step, *claims, options.environment, options.isolated, options.lanes)
        queue = self._queues.get(kind)
        if queue is None:
            queue = self._queues[kind] = Queue(kind, self.pools[kind.on], self.portion)
        self._latest = (options, queue)
        return queue

    def outlives_driver(self, executor: str) -> bool:
        """Whether what was started there may still run; not where the settings have it no more."""
        pool = self.pools.get(executor)
        return pool is not None and pool.profile.outlives_driver

    def fits(self, queue: Queue) -> bool:
        """Whether another lane of this kind can be opened now."""
        fits = queue.pool.fits(queue) and not (queue.scarce and self._lacks_scarce(queue))
        return fits and (self.portion.bound is None or self.portion.fits(queue.weight))

    def shortage(self, queue: Queue, *, wanted: bool = True) -> frozenset[Claim]:
        """What a call of this kind must not lose to younger ones while it waits; empty: another lane fits.

        While a limit or a GPU is missing, cpu and memory are not held for it: it could wait long. Once both are there,
        everything is held that it asks for, so that it can't lose one while it waits for the other. `wanted`: whether a
        lane would be opened if it did fit; then what other runs have of it is noted as lacking.
        """
        if queue.scarce and self._lacks_scarce(queue):
            return queue.scarce
        if not queue.pool.fits(queue):
            return queue.claims
        missing = self.portion.missing(queue.weight)
        if missing and wanted:
            self.portion.note_missing(queue.weight)
        return queue.scarce if missing == "gpu" else queue.claims if missing else frozenset()

    def _lacks_scarce(self, queue: Queue) -> bool:
        kind = queue.kind
        gpus = len(queue.pool.gpus) + queue.pool.unnamed_gpus
        return queue.gpu > gpus or any(self.limits[name] <= 0 for name in kind.limits)

    def open_lane(self, queue: Queue) -> OpenLane:
        """Take a lane's resources, whether or not they fit (an adopted attempt already has them)."""
        kind, pool = queue.kind, queue.pool
        pool.take(queue)
        gpus = self._take_gpus(queue) if queue.gpu else ()
        if self.portion.bound is not None and queue.weight is not None:
            self.portion.take(queue.weight, gpus)
        for name in kind.limits:
            self.limits[name] -= 1
        pool.unnamed_gpus -= queue.gpu - len(gpus)
        others = tuple([self._lane(kind, gpus[at * kind.gpu :][: kind.gpu]) for at in range(1, kind.lanes)])
        opened = OpenLane(self._lane(kind, gpus[: kind.gpu]), others, queue)
        queue.lanes.append(opened)
        self.busy[queue] = None
        return opened

    def _lane(self, kind: LaneKind, gpus: tuple[str, ...]) -> Lane:
        self._lanes += 1
        unnamed = kind.gpu - len(gpus)
        return Lane(self._lanes, kind.cpu, kind.memory_bytes, gpus, kind.environment, kind.isolated, unnamed)

    def close_lane(self, lane: OpenLane) -> None:
        queue = lane.queue
        queue.pool.take(queue, -1)
        gpus = lane.gpus
        queue.pool.gpus.extend(gpus)
        queue.pool.unnamed_gpus += queue.gpu - len(gpus)
        if self.portion.bound is not None and queue.weight is not None:
            self.portion.put_back(queue.weight, gpus)
        for name in queue.kind.limits:
            self.limits[name] += 1
        queue.lanes.remove(lane)
        if not queue.lanes:
            del self.busy[queue]

    def _take_gpus(self, queue: Queue) -> tuple[str, ...]:
        free = queue.pool.gpus
        if queue.weight is not None and self.portion.bound is not None:
            free = [name for name in free if name in self.portion.pick(queue.weight)]
        gpus = tuple(free[: queue.gpu])
        queue.pool.gpus = [name for name in queue.pool.gpus if name not in gpus]
        return gpus

    def count_portion(self) -> None:
        """Count what the lanes take of the machine: without a bound nobody does."""
        self.portion.clear()
        for lane in self.lanes():
            if lane.queue.weight is not None:
                self.portion.take(lane.queue.weight, lane.gpus)

    def end_excess(self) -> None:
        """Let lanes that are beyond this run's part of the machine end with what runs in them: nothing more goes into
        them, and what waits there is taken back."""
        cpu_millionths, memory_bytes = self.portion.excess
        for lane in self.lanes():
            weight = lane.queue.weight
            if weight is None or not (
                (cpu_millionths and weight.cpu_millionths) or (memory_bytes and weight.memory_bytes)
            ):
                continue
            lane.since = -math.inf
            cpu_millionths = max(0, cpu_millionths - weight.cpu_millionths)
            memory_bytes = max(0, memory_bytes - weight.memory_bytes)

    def lanes(self) -> Iterable[OpenLane]:
        return (lane for queue in self.busy for lane in queue.lanes)


def why_never(options: Options, profile: Profile | None, limits: dict[str, int]) -> str:
    """Why a call with these options could never start, as words for the user; "" where it can."""
    if profile is None:
        return f"there is no executor {options.on!r}; declare it as [executors.{options.on}] in penstock.toml"
    for name in options.limits:
        if name not in limits:
            return f"there is no limit {name!r}; declare it in penstock.toml: [limits] {name} = 1"
        if limits[name] < 1:
            return f"limit {name!r} is {limits[name]}; set it to at least 1 in penstock.toml: [limits] {name} = 1"
    if options.lanes > _or_inf(profile.most_lanes):
        return f"it asks for lanes={options.lanes}, and executor {options.on!r} gives an attempt {profile.most_lanes}"
    options = _all_lanes(options)
    if profile.cpu is not None and _millionths(options.cpu) > _millionths(profile.cpu):
        workers = math.ceil(options.cpu)
        more = f"`--max-workers {workers}` or [{profile.table}] max_workers = {workers} in penstock.toml"
        lacks = f"it asks for cpu={options.cpu:g}, and executor {options.on!r} has {profile.cpu:g}"
        return _mended(lacks, "cpu", more if profile.table else "")
    if profile.memory_bytes is not None and (options.memory_bytes or 0) > profile.memory_bytes:
        asked, has = (options.memory_bytes or 0) / 2**30, profile.memory_bytes / 2**30
        more = f'[{profile.table}] memory = "{math.ceil(asked)}GiB" in penstock.toml'
        lacks = f"it asks for {asked:.2f} GiB of memory, and executor {options.on!r} has {has:.2f} GiB"
        return _mended(lacks, "memory", more if profile.table else "")
    gpus = len(profile.gpus) + _or_inf(profile.unnamed_gpus)
    if options.gpu > gpus:
        more = f"[{profile.table}] gpus = {options.gpu} in penstock.toml"
        lacks = f"it asks for gpu={options.gpu}, and executor {options.on!r} has {gpus}"
        return _mended(lacks, "gpu", more if profile.table else "")
    return ""


def _all_lanes(options: Options) -> Options:
    """What the lanes of a gang ask for together."""
    n, memory_bytes = options.lanes, options.memory_bytes
    return (
        options
        if n == 1
        else options._replace(cpu=n * options.cpu, memory_bytes=n * (memory_bytes or 0), gpu=n * options.gpu)
    )


def not_enforced(step: str, options: Options, profile: Profile) -> Iterator[str]:
    """What a step asks for and its executor does not enforce, as lines for the user."""
    asked = {"timeout": options.timeout_s is not None, "memory": options.memory_bytes is not None}
    if any(is_asked and name not in profile.enforces for name, is_asked in asked.items()):
        yield f"In {profile.place} nothing enforces timeout= and memory=, as of step {step}"
    is_foreign = options.environment is not None and options.environment.is_foreign
    if is_foreign and "packages" not in profile.enforces:
        yield f"In {profile.place} steps have its packages, as step {step} here"


def _mended(lacks: str, option: str, more: str) -> str:
    """What is lacking, and what to do: ask for less, or give the executor more (`more` "": nobody can)."""
    return f"{lacks}; lower the step's {option}=" + (f", or give the executor more with {more}" if more else "")


def _or_inf(bound: int | None) -> float:
    """A number that `None`, without bounds, compares as."""
    return math.inf if bound is None else bound


def _millionths(cpu: float) -> int:
    """Whole numbers, so that nothing is lost after a million grants of a tenth."""
    return round(min(cpu, _MOST_CPU) * 1_000_000)
