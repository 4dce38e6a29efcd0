"""Each attempt has random numbers of its own: all generators that it could share with others are seeded before it.

A generator's seed comes of the task's key, the number of its failures, the run's seed and the generator's place: no two
have the same stream, and each has the same one again wherever the attempt is run.
"""

from __future__ import annotations

import _random
import sys
from _blake2 import blake2b  # `hashlib` loads OpenSSL
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any, Callable, Generator, List, Optional, Set, Tuple
from zlib import crc32

from penstock.model.specs import Attempt
from penstock.worker.generators import name_of, seed_legacy
from penstock.worker.hooks import ImportHooks
from penstock.worker.inherited import Inherited, Search

_LONG = 2**63 - 1
_UNREACHED = (("tensorflow", "tensorflow.random.set_seed"), ("cupy", "cupy.random.seed"))
"""Libraries that draw from where nothing here reaches, and what seeds them."""
_UNREACHED_TEXT = (
    "{} draws random numbers from where they can't be seeded for each attempt: call {}(random.getrandbits(31)) in the "
    "step"
)


_KEPT_TEXT = (
    "{} holds a random generator that a task has made, so that what later tasks draw depends on which of them share a "
    "process: make it where the module is imported, or anew in each task"
)


class Chance:
    """Seeds the generators of a process for each attempt.

    Those that `random`, numpy and torch have by themselves are seeded after their import, too: what an attempt is the
    first to import would seed itself from the system's entropy. `sweeps`: as `Search` has it; `library`: the C
    library, whose `rand` is seeded, None: it is not. `seed`: the run's.
    """

    def __init__(self, hooks: ImportHooks, seed: str, *, sweeps: bool, library: Any = None) -> None:
        self._notes = [_UNREACHED_TEXT.format(module, mend) for module, mend in _UNREACHED if module in sys.modules]
        self._search = Search(sweeps=sweeps)
        self._hooks = hooks
        self._seed_c: Any = None if library is None else library.srand
        self._run_seed = seed.encode()
        self._c_seed = crc32(self._run_seed)
        self._attempt: Optional[Attempt] = None  # None: none has begun
        self._base = b""  # b"": nothing was seeded for it yet
        self._looked = False  # behind the last attempt
        self._kept: Set[str] = set()
        self._random: Any = None
        self._legacy: Any = None
        self._torch: Any = None
        hooks.when_imported("random", self._take_random)
        hooks.when_imported("numpy.random", self._take_numpy)
        hooks.when_imported("torch", self._take_torch)
        self._search.look()
        if sweeps:
            self._seed_found(list(self._search.found))  # which tells what refuses
            hooks.imported = self._imported

    def told(self) -> List[str]:
        """What can't be seeded and was not told yet."""
        notes, self._notes = self._notes, []
        return notes

    def begin(self, attempt: Attempt) -> None:
        """Seed everything for an attempt."""
        self._attempt, self._base = attempt, b""
        if not self._looked and self._search.is_stale():
            self._search.look()
        self._looked = False
        self._seed_libraries(attempt)
        if self._search.found:
            self._seed_found(list(self._search.found))

    def end(self) -> List[str]:
        """An attempt is over, and what it has imported is known: what it has made and a module keeps is told once."""
        self._looked = True
        if not self._search.is_stale():
            return []
        places = {place.partition("#")[0] for place in self._search.look()} - self._kept
        self._kept |= places
        return [_KEPT_TEXT.format(place) for place in sorted(places)]

    def take_in(self, function: Any) -> None:
        """From now on count with what a function holds that was handed over as a value."""
        place = f"{getattr(function, '__module__', '')}:{getattr(function, '__qualname__', '')}"
        self._seed_found(self._search.take_in(place, function))

    def _imported(self, module: ModuleType) -> None:
        """An attempt has imported a module of the project."""
        self._seed_found(self._search.look_at(module))

    @contextmanager
    def away(self, attempt: Attempt) -> Generator[None, None, None]:
        """An attempt in the flow's own process: afterwards what that has goes on as before."""
        if self._search.is_stale():
            self._search.look()
        before = self._states()
        sys.meta_path.insert(0, self._hooks)
        self._hooks.imported = self._imported
        try:
            self.begin(attempt)
            yield
        finally:
            self._notes += self.end()
            self._looked = False  # the flow goes on here
            self._attempt, self._base, self._hooks.imported = None, b"", None
            sys.meta_path.remove(self._hooks)
            for restore, state in before:
                restore(state)

    def _states(self) -> List[Tuple[Callable[[Any], Any], Any]]:
        states: List[Tuple[Callable[[Any], Any], Any]] = []
        if self._random is not None:
            states.append((self._random.setstate, self._random.getstate()))
        if self._legacy is not None:
            states.append((self._legacy.set_state, self._legacy.get_state(legacy=False)))
        if self._torch is not None:
            generators = [self._torch.default_generator, *_on_devices(self._torch)]
            states += [(generator.set_state, generator.get_state()) for generator in generators]
        for one in list(self._search.found):
            try:
                states.append((partial(one.kind.restore, one.generator), one.kind.state(one.generator)))
            except Exception as error:  # noqa: BLE001  a class of somebody's, whose methods may fail as they like
                self._leave(one, error)
        return states

    def _seed_libraries(self, attempt: Attempt) -> None:
        if self._random is not None:
            # `random.seed` is this, behind checks that take longer than it.
            _random.Random.seed(self._random, self._number(0))
            self._random.gauss_next = None
        if self._legacy is not None:
            seed_legacy(self._legacy, self._number(16))
        if self._torch is not None:
            self._seed_torch()
        if self._seed_c is not None:
            self._seed_c(crc32(attempt.key, self._c_seed + attempt.failures))

    def _seed_torch(self) -> None:
        """Not by `torch.manual_seed`, which takes a stack's picture each time for a GPU that was not used yet."""
        seed = self._number(32) & _LONG
        self._torch.default_generator.manual_seed(seed)
        for generator in _on_devices(self._torch):
            generator.manual_seed(seed)
        waiting = getattr(self._torch.cuda, "_lazy_seed_tracker", None)
        if waiting is not None and not self._torch.cuda.is_initialized():
            waiting.queue_seed_all(self._seed_devices, [])

    def _seed_devices(self) -> None:
        """Called by torch when an attempt is the first to use a GPU."""
        for generator in self._torch.cuda.default_generators:
            generator.manual_seed(self._number(32) & _LONG)

    def _seed_found(self, found: List[Inherited]) -> None:
        for one in found:
            digest = blake2b(one.place.encode(), digest_size=32, key=self._base_now()).digest()
            try:
                one.kind.seed(one.generator, int.from_bytes(digest, "little"))
            except Exception as error:  # noqa: BLE001  a class of somebody's, whose methods may fail as they like
                self._leave(one, error)

    def _leave(self, one: Inherited, error: Exception) -> None:
        self._search.leave(one)
        self._notes.append(
            f"{one.place} is a {name_of(one.generator)}, which can't be seeded for each attempt "
            f"({type(error).__name__}: {error}), so that tasks may draw the same numbers: make it in the step"
        )

    def _number(self, at: int) -> int:
        return int.from_bytes(self._base_now()[at : at + 16], "little")

    def _base_now(self) -> bytes:
        """Made when something is seeded: most attempts that take microseconds have loaded nothing that draws."""
        if not self._base and self._attempt is not None:
            self._base = base_of(self._attempt, self._run_seed)
        return self._base

    def _take_random(self, module: Any) -> None:
        self._random = getattr(module, "_inst")  # noqa: B009  what the functions of the module are bound to
        if self._attempt is not None:
            module.seed(self._number(0))

    def _take_numpy(self, module: Any) -> None:
        self._legacy = getattr(module.mtrand, "_rand")  # noqa: B009  likewise
        if self._attempt is not None:
            seed_legacy(self._legacy, self._number(16))

    def _take_torch(self, module: Any) -> None:
        self._torch = module
        if self._attempt is not None:
            self._seed_torch()


def base_of(attempt: Attempt, run_seed: bytes) -> bytes:
    """What the seeds of an attempt's generators come of."""
    drawn = b"%b%b%b" % (attempt.key, attempt.failures.to_bytes(4, "little"), run_seed)
    return blake2b(drawn, digest_size=64, person=b"penstock.chance").digest()


def _on_devices(torch: Any) -> Tuple[Any, ...]:
    return torch.cuda.default_generators if torch.cuda.is_initialized() else ()
