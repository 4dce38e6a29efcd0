"""The kinds of random generators: how one is seeded, and how it is set back. A seed is a number of 256 bits.

Knows nothing of where generators are found. Imports none of their libraries: what is not loaded has no generators.
"""

from __future__ import annotations

import sys
from operator import attrgetter, methodcaller
from typing import Any, Callable, Dict, List, Optional, Set

from penstock.model.tuples import NamedTuple
from penstock.shadows import standard

_LONG = 2**63 - 1
_INCREMENT = 2**128 - 1
_PCG = ("PCG64", "PCG64DXSM")


class GeneratorKind(NamedTuple):
    """What can be done with the generators of a type."""

    seed: Callable[[Any, int], Any]
    seed_quickly: Callable[[Any, int], Any]  # for those that libraries have somewhere and that are hardly ever used
    state: Callable[[Any], Any]
    restore: Callable[[Any, Any], Any]


class Kinds:
    """The kinds that the libraries at hand have, by type."""

    def __init__(self) -> None:
        self.dull: Set[type] = set()  # types whose objects are no generators, as far as they were asked for
        self._bases: Dict[type, Optional[GeneratorKind]] = {}
        self._known: Dict[type, GeneratorKind] = {}

    def look(self) -> bool:
        """Look at what is loaded now; whether there is any kind at all."""
        bases = _bases()
        if len(bases) != len(self._bases):
            self._bases, self._known, self.dull = bases, {}, set()
        return bool(bases)

    def of(self, value: object) -> Optional[GeneratorKind]:
        """What kind of generator an object is; None: it is none, or has no state."""
        return self.of_type(type(value))

    def of_type(self, type_: type) -> Optional[GeneratorKind]:
        if type_ in self.dull:
            return None
        known = self._known.get(type_)
        if known is None:
            base = next((base for base in type.mro(type_) if base in self._bases), None)
            known = None if base is None else self._bases[base]
            if known is None:
                self.dull.add(type_)
            else:
                self._known[type_] = known
        return known

    def types(self) -> Set[type]:
        found: Set[type] = set()
        waiting = list(self._bases)
        while waiting:
            type_ = waiting.pop()
            if type_ not in found:
                found.add(type_)
                waiting += type.__subclasses__(type_)
        return set(filter(self.of_type, found))


def _bases() -> Dict[type, Optional[GeneratorKind]]:
    found: Dict[type, Optional[GeneratorKind]] = {}
    for module, name, kind in _TABLE:
        # A module that is being imported may lack the name.
        type_ = getattr(standard(module), name, None)
        if isinstance(type_, type):
            found[type_] = kind
    return found


def holder(generator: object) -> Any:
    """What has the state: numpy's `Generator` draws from a source of bits, which several may share."""
    return _part(generator, "bit_generator") or generator


def parts(generator: object) -> Set[int]:
    """The ids of all that is seeded with it."""
    found = generator, _part(generator, "bit_generator"), _part(generator, "_bit_generator")
    return {id(part) for part in found if part is not None}


def _part(generator: object, name: str) -> Any:
    """None: the class has none; attributes of classes of somebody's are not asked for, which could run their code."""
    return getattr(generator, name) if any(name in vars(base) for base in type(generator).__mro__) else None


def name_of(generator: object) -> str:
    """The class of a generator, as one says it: "random.Random"."""
    return f"{type(generator).__module__}.{type(generator).__qualname__}"


def words(seed: int) -> List[int]:
    """128 bits, as numpy takes them: of 100,000 seeds of 32 bits two are likely the same."""
    return [(seed >> shift) & 0xFFFFFFFF for shift in (0, 32, 64, 96)]


def seed_legacy(generator: Any, seed: int) -> None:
    """Seed numpy's `RandomState`, whatever it draws from."""
    bits = generator._bit_generator.__class__
    if bits.__name__ == "MT19937":
        generator.seed(words(seed))
    else:
        generator.set_state(type(generator)(bits(seed)).get_state(legacy=False))


def _seed_bits(bits: Any, seed: int) -> None:
    random = sys.modules["numpy.random"]
    sequence = getattr(random, "SeedSequence")(seed)  # noqa: B009
    if bits.__class__.__name__ in _PCG:
        state = _pcg_state(bits, seed)
    else:
        state = bits.__class__(sequence).state
    try:
        bits.__setstate__((state, sequence))  # the second is what `spawn` asks
    except (AttributeError, TypeError):  # numpy before 1.25
        bits.state = state


def _seed_bits_quickly(bits: Any, seed: int) -> None:
    """What it spawns stays as it is."""
    name = bits.__class__.__name__
    if name in _PCG:
        bits.state = _pcg_state(bits, seed)
    elif name == "MT19937":
        bits._legacy_seeding(words(seed))
    else:
        bits.state = bits.__class__(seed).state


def _pcg_state(bits: Any, seed: int) -> Any:
    """A state and an odd increment, each of 128 bits: any will do."""
    state = {"state": seed >> 128, "inc": seed & _INCREMENT | 1}
    return {"bit_generator": bits.__class__.__name__, "state": state, "has_uint32": 0, "uinteger": 0}


def _seed_legacy_quickly(generator: Any, seed: int) -> None:
    if generator._bit_generator.__class__.__name__ == "MT19937":
        generator.seed(seed & 0xFFFFFFFF)
    else:
        seed_legacy(generator, seed)


def _bits_state(bits: Any) -> Any:
    return bits.state, getattr(bits, "seed_seq", None)


def _restore_bits(bits: Any, state: Any) -> None:
    if state[1] is None:
        bits.state = state[0]
    else:
        bits.__setstate__(state)


def _restore_sequence(sequence: Any, state: Any) -> None:
    entropy, spawn_key, pool_size, spawned = state
    sequence.__init__(entropy, spawn_key=spawn_key, pool_size=pool_size, n_children_spawned=spawned)


def _method(name: str) -> Callable[..., Any]:
    def call(generator: Any, *given: Any) -> Any:
        return getattr(generator, name)(*given)

    return call


def _seed_torch(generator: Any, seed: int) -> None:
    generator.manual_seed(seed & _LONG)


_PYTHONS = GeneratorKind(_method("seed"), _method("seed"), _method("getstate"), _method("setstate"))
_BITS = GeneratorKind(_seed_bits, _seed_bits_quickly, _bits_state, _restore_bits)
_LEGACY = GeneratorKind(
    seed_legacy, _seed_legacy_quickly, methodcaller("get_state", legacy=False), _method("set_state")
)
_SEQUENCE_STATE = attrgetter("entropy", "spawn_key", "pool_size", "n_children_spawned")
_SEQUENCE = GeneratorKind(_method("__init__"), _method("__init__"), _SEQUENCE_STATE, _restore_sequence)
_TORCHS = GeneratorKind(_seed_torch, _seed_torch, _method("get_state"), _method("set_state"))
_TABLE = (
    ("random", "SystemRandom", None),  # it asks the system
    ("random", "Random", _PYTHONS),
    ("numpy.random", "Generator", _BITS),
    ("numpy.random", "BitGenerator", _BITS),
    ("numpy.random", "RandomState", _LEGACY),
    ("numpy.random", "SeedSequence", _SEQUENCE),
    ("torch", "Generator", _TORCHS),
)
