"""numpy's random generators, taken apart into what every version of numpy can build them from."""

from __future__ import annotations

from typing import Any, Dict, Optional

import numpy as np

from penstock.artifacts import names, rebuild
from penstock.artifacts.collected import Collected, Reducer


def _reduce_random_state(sink: Collected, value: Any) -> Any:
    if value is getattr(np.random.mtrand, "_rand"):  # noqa: B009  numpy's own: each attempt has it anew
        return names.load, ("numpy.random.mtrand", "_rand")
    return rebuild.numpy_random, ("RandomState", getattr(value, "_bit_generator"), value.get_state(legacy=False))  # noqa: B009


def _reduce_bits(sink: Collected, value: Any) -> Any:
    return rebuild.numpy_random, (type(value).__name__, getattr(value, "seed_seq", None), value.state)


_REDUCERS: Dict[type, Reducer] = {
    np.random.Generator: lambda _, value: (rebuild.numpy_random, ("Generator", value.bit_generator, None)),
    np.random.RandomState: _reduce_random_state,
    np.random.SeedSequence: lambda _, value: (
        rebuild.numpy_seed,
        (value.entropy, value.spawn_key, value.pool_size, value.n_children_spawned),
    ),
}


def reducer_of(kind: Any) -> Optional[Reducer]:
    """The reducer for generators and what they draw from."""
    known = issubclass(kind, np.random.BitGenerator) and getattr(np.random, kind.__name__, None) is kind
    return _reduce_bits if known else _REDUCERS.get(kind)
