"""What a step asks for: resources, policy, place. One frozen value, passed whole, changed with `_replace`."""

from __future__ import annotations

from typing import Mapping, Optional, Tuple, Union

from penstock.model.environments import Environment, over, settled
from penstock.model.tuples import NamedTuple


class Backoff(NamedTuple):
    """Delay before retry n (from 1): `first_s * factor ** (n - 1)`, at most `max_s`, then up to `jitter` more of it."""

    first_s: float = 0.0
    factor: float = 2.0
    max_s: float = 600.0
    jitter: float = 0.1


class Growth(NamedTuple):
    """Memory that grows with each attempt that runs out of it."""

    first_bytes: int
    to_bytes: int
    factor: float = 2.0

    def after(self, memory_bytes: int, most_bytes: Optional[int]) -> Optional[int]:
        """What follows this amount, at most `to_bytes` and `most_bytes` (None: without bounds); None: there is no
        more."""
        grown = min(int(memory_bytes * self.factor), self.to_bytes)
        grown = grown if most_bytes is None else min(grown, most_bytes)
        return grown if grown > memory_bytes else None


class Cache(NamedTuple):
    """That a step's results serve other runs too, and when they don't."""

    expires: Union[float, str, None] = None  # how old a result may be, seconds or "7d"; None: any age
    ignore: Tuple[str, ...] = ()  # parameters that don't count
    version: Union[str, int] = ""  # another one: nothing that was stored under this one is reused


class Options(NamedTuple):
    """A step's options, already checked and in base units."""

    cpu: float = 1.0
    memory_bytes: Optional[int] = None  # None: not limited, and not counted at admission
    growth: Optional[Growth] = None  # None: what runs out of memory gets no more
    gpu: int = 0
    timeout_s: Optional[float] = None
    retries: int = 0
    backoff: Backoff = Backoff()
    retry_on: Optional[Tuple[str, ...]] = None  # `module.qualname` of exception classes; None: any exception
    limits: Tuple[str, ...] = ()
    on: str = "process"
    cache: Optional[Cache] = None  # None: each run makes its own results
    environment: Optional[Environment] = None  # None: the flow's own
    isolated: bool = False  # each attempt gets a process of its own
    lanes: int = 1  # that each attempt has at once, all with what is asked for; more than 1: a gang
    uses: Optional[Tuple[str, ...]] = None  # code that can't be followed: "module:name", "module", "file:/path"
    otherwise: Tuple[str, ...] = ()  # executors to which it goes, in this order, where it can't be placed
    environments: Tuple[Optional[Environment], ...] = ()  # there; (): that one

    def elsewhere(self) -> Optional[Options]:
        """The same at the next executor; None: there is none."""
        if not self.otherwise:
            return None
        environment, *others = self.environments or (self.environment,)
        more = {"environment": environment, "environments": tuple(others)}
        return self._replace(on=self.otherwise[0], otherwise=self.otherwise[1:], **more)

    def settled(self, default: Optional[Environment], by_executor: Mapping[str, Environment]) -> Options:
        """With what holds where the step does not say: what its executor has, and then the default."""
        here, *others = [
            settled(self.environment, over(by_executor.get(name), default)) for name in (self.on, *self.otherwise)
        ]
        is_one = all(other == here for other in others)
        return self._replace(environment=here, environments=() if is_one else tuple(others))

    def at(self, executor: str) -> Options:
        """The same where it goes to this one, by itself or because others could not have it; else as it is."""
        found: Optional[Options] = self
        while found is not None and found.on != executor:
            found = found.elsewhere()
        return found or self
