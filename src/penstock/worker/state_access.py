"""The shape of a row of the tables of what is put back, and the ways in which such a piece of state is got at.

Who looks at the rows, and when, is `process_state.py`'s; the tables are `python_state.py` and `library_state.py`.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, Callable, List, Sequence, Tuple, cast

from penstock.model.tuples import NamedTuple

Read = Callable[[], Any]
_MISSING = object()
Restore = Callable[[Any, Any], None]
"""Takes what was kept, and what was read now: None where it can't be read any more."""


class Access(NamedTuple):
    """How a piece of state is got at; made once its module is loaded."""

    read: Read  # gives something that can be compared; the thing itself, where `keep` copies it
    restore: Restore
    keep: Callable[[Any], Any] = lambda value: value
    live: Any = None  # a container that stays the same one, whatever it holds; None: what there is must be read


def container(live: Any, restore: Restore, keep: Callable[[Any], Any]) -> Access:
    """What a container holds that is never another one."""
    return Access(lambda: live, restore, keep, live)


class Row(NamedTuple):
    """A piece of state of this process."""

    name: str  # as a user would call it
    module: str  # whose state it is
    access: Callable[[Any], Access]  # of the module; raises AttributeError where this version of it has none
    setters: Tuple[str, ...] = ()  # functions of the module that change it: then it is read only if one was called


def from_kept(put: Callable[[Any], Any]) -> Restore:
    """What needs not know how it is now."""

    def restore(kept: Any, now: Any) -> None:
        put(kept)

    return restore


def attributes(*names: str, of: str = "") -> Callable[[Any], Access]:
    """Names of the module, or of the object `of` in it, those that this version has."""

    def access(module: Any) -> Access:
        owner = attrgetter(of)(module) if of else module
        there = [name for name in names if hasattr(owner, name)]

        def restore(kept: Any, now: Any) -> None:
            for name, value in zip(there, kept if len(there) > 1 else [kept]):
                setattr(owner, name, value)

        return Access(reading(owner, there), restore)

    return access


def reading(owner: Any, names: Sequence[str]) -> Callable[[], Any]:
    """Reads these attributes of a module or an object: from its dict, where they all are, which is much faster."""
    variables: Any = owner.__dict__
    if variables.keys() >= {*names}:
        return partial(cast("Any", itemgetter(*names)), variables)
    return partial(cast("Any", attrgetter(*names)), owner)


def optional(name: str) -> Callable[[Any], Access]:
    """A name that the module mostly hasn't."""

    def access(module: Any) -> Access:
        def restore(kept: Any, now: Any) -> None:
            if kept is _MISSING:
                delattr(module, name)
            else:
                setattr(module, name, kept)

        variables: Any = module.__dict__
        return Access(partial(variables.get, name, _MISSING), restore)

    return access


def listed(name: str) -> Callable[[Any], Access]:
    """What a list of the module holds."""

    def access(module: Any) -> Access:
        live = getattr(module, name)

        def restore(kept: Any, now: Any) -> None:
            live[:] = kept

        return container(live, restore, list)

    return access


def mapped(name: str, of: str = "") -> Callable[[Any], Access]:
    """What a dict of the module holds, or of the object `of` in it."""

    def access(module: Any) -> Access:
        live: Any = attrgetter(f"{of}.{name}" if of else name)(module)

        def restore(kept: Any, now: Any) -> None:
            for key in [key for key in live if key not in kept]:
                del live[key]
            live.update(kept)

        return container(live, restore, dict)

    return access


def called(getter: str, setter: str, *first: Any, spread: bool = False) -> Callable[[Any], Access]:
    """What a function of the module gives, and another one sets; both take what is `first`."""

    def access(module: Any) -> Access:
        read, write = getattr(module, getter), getattr(module, setter)
        if first:
            read, write = partial(read, *first), partial(write, *first)
        return Access(read, from_kept((lambda kept: write(*kept)) if spread else write))

    return access


def pairs(*names: Tuple[str, str]) -> Callable[[Any], Access]:
    """What functions of the module give, each with the one that sets it; those that this version has."""

    def access(module: Any) -> Access:
        reads: List[Callable[[], Any]] = []
        writes: List[Callable[[Any], Any]] = []
        for getter, setter in names:
            try:
                read, write = attrgetter(getter)(module), attrgetter(setter)(module)
            except AttributeError:
                continue
            reads.append(read)
            writes.append(write)

        def restore(kept: Any, now: Any) -> None:
            for write, was, value in zip(writes, kept, now):
                if was != value:
                    write(was)

        return Access(lambda: [read() for read in reads], restore)

    return access
