"""Each attempt has random numbers of its own, which its task's key gives it."""

from __future__ import annotations

import _random
import sys
from typing import Any, Callable, List, Tuple

from penstock.worker.hooks import ImportHooks


class Chance:
    """Seeds a worker's generators for each attempt."""

    def __init__(self, hooks: ImportHooks) -> None:
        self._seed = 0
        self._random: Any = None
        self._numpy: Any = None
        # A module that an attempt is the first to import would seed itself from the system's entropy.
        hooks.when_imported("random", self._take_random)
        hooks.when_imported("numpy.random", self._take_numpy)

    def begin(self, key: bytes) -> None:
        """Seed `random` and numpy from the task's key, the same for all attempts of the task."""
        self._seed = int.from_bytes(key[-16:], "little")
        if self._random is not None:
            # `random.seed` is this, behind checks that take longer than it.
            _random.Random.seed(self._random, self._seed)
            self._random.gauss_next = None
        if self._numpy is not None:
            self._numpy.seed(_words(self._seed))

    def _take_random(self, module: Any) -> None:
        self._random = getattr(module, "_inst")  # noqa: B009  what the functions of the module are bound to
        module.seed(self._seed)

    def _take_numpy(self, module: Any) -> None:
        self._numpy = module
        module.seed(_words(self._seed))


def _words(seed: int) -> List[int]:
    """All 128 bits, as numpy takes them: of 100,000 seeds of 32 bits two are likely the same."""
    return [(seed >> shift) & 0xFFFFFFFF for shift in (0, 32, 64, 96)]


class Detour:
    """Random numbers of an attempt in the flow's own process: afterwards they go on as before."""

    def __init__(self, key: bytes) -> None:
        self._seed = int.from_bytes(key[-16:], "little")
        self._states: List[Tuple[Callable[[Any], Any], Any]] = []

    def __enter__(self) -> None:
        self._hooks = ImportHooks()
        random, numpy = sys.modules.get("random"), sys.modules.get("numpy.random")
        if random is not None:
            self._states.append((random.setstate, random.getstate()))
        if numpy is not None:
            self._states.append((numpy.set_state, numpy.get_state()))
        self._hooks.when_imported("random", lambda module: module.seed(self._seed))
        self._hooks.when_imported("numpy.random", lambda module: module.seed(_words(self._seed)))
        sys.meta_path.insert(0, self._hooks)

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self._hooks)
        for restore, state in self._states:
            restore(state)
