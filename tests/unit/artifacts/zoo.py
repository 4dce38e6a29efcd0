"""The zoo: values of every kind, each with the aspects that a program can see of it, and what it can't.

A species is made from one choice for each of its aspects. Two values that differ in one choice are different values;
what is under `same` changes nothing that counts. The species of the libraries are in modules of their own, which are
imported where the library is.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.unit.artifacts import samples


class Species(NamedTuple):
    """One kind of value."""

    name: str
    make: Callable[..., Any]  # called with a choice for each aspect; makes all of it afresh
    aspects: Mapping[str, Sequence[Any]]
    same: Mapping[str, Callable[[Any], Any]] = {}  # another value that counts as the same, from a value
    unstable: str = ""  # what the culprit says, where the kind has no stable form


class Pair(NamedTuple):
    """Two values that differ in one aspect."""

    one: Any
    other: Any


LIBRARIES = {
    "": ("zoo_builtins", "zoo_classes", "zoo_code"),
    "numpy": ("zoo_numpy",),
    "pandas": ("zoo_pandas",),
    "polars": ("zoo_polars",),
    "pyarrow": ("zoo_arrow",),
    "scipy": ("zoo_scipy",),
    "sklearn": ("zoo_sklearn",),
    "attrs": ("zoo_attrs",),
    "pydantic": ("zoo_pydantic",),
}
"""The library that must be there -> the modules with its species."""


def species_of(module: str) -> list[Species]:
    """The species in one of the zoo's modules."""
    return importlib.import_module(f"tests.unit.artifacts.{module}").SPECIES


def everywhere() -> Iterator[tuple[str, Species | None]]:
    """(name, species) of all; None for a library that is missing."""
    for library, modules in LIBRARIES.items():
        if library and importlib.util.find_spec(library) is None:
            yield library, None
            continue
        for module in modules:
            for species in species_of(module):
                yield f"{module.partition('_')[2]} {species.name}", species


def choices(species: Species) -> st.SearchStrategy[dict[str, Any]]:
    """One choice for each aspect."""
    return st.fixed_dictionaries({aspect: st.sampled_from(range(len(n))) for aspect, n in species.aspects.items()})


def make(species: Species, chosen: Mapping[str, int]) -> Any:
    """The value of these choices."""
    return species.make(**{aspect: species.aspects[aspect][number] for aspect, number in chosen.items()})


@st.composite
def pairs(draw: st.DrawFn, species: Species) -> Pair:
    """Two values that differ in one aspect."""
    chosen = draw(choices(species))
    aspect = draw(st.sampled_from(sorted(name for name, found in species.aspects.items() if len(found) > 1)))
    others = [number for number in range(len(species.aspects[aspect])) if number != chosen[aspect]]
    changed = {**chosen, aspect: draw(st.sampled_from(others))}
    return Pair(make(species, chosen), make(species, changed))


def values(species: Species) -> st.SearchStrategy[Any]:
    """Any value of a species."""
    return choices(species).map(lambda chosen: make(species, chosen))


class Holder:
    """An object with an attribute."""

    def __init__(self, held: Any) -> None:
        self.held = held


def _closing_over(value: Any) -> Any:
    return lambda: value


def _reading(value: Any) -> Any:
    return eval("lambda: held", {"__name__": "gone", "held": value})


PLACES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "alone": (lambda value: value, lambda found: found),
    "in a list": (lambda value: [value], lambda found: found[0]),
    "in a dict": (lambda value: {"k": (value,)}, lambda found: found["k"][0]),
    "twice": (lambda value: (value, [value]), lambda found: found[0]),
    "in a dataclass": (lambda value: samples.Point(1, value), lambda found: found.y),
    "in an object": (Holder, lambda found: found.held),
    "in slots": (lambda value: samples.Slotted(1, value), lambda found: found.b),
    "in a subclass of list": (lambda value: samples.Names([value]), lambda found: found[0]),
    "in a closure": (_closing_over, lambda found: found()),
    "in a function's globals": (_reading, lambda found: found()),
}
"""Where a value may stand: how it is put there, and got from there."""
places = st.sampled_from(sorted(PLACES))
