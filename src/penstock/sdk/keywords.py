"""A step's keywords, checked and brought to base units."""

from __future__ import annotations

import os
import re
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Mapping, Optional, Tuple, Union, cast

from penstock.artifacts import names
from penstock.artifacts.masking import cut
from penstock.errors import UsageError
from penstock.model.environments import Environment
from penstock.model.options import Backoff, Cache, Growth, Options
from penstock.model.quantities import parse_bytes, parse_seconds
from penstock.model.texts import fault_of_name

if TYPE_CHECKING:
    from typing import Type, TypedDict

    class EnvironmentOptions(TypedDict, total=False):
        """The keywords that make an `Environment`, as a type checker knows them; `surroundings` reads them."""

        environment: Optional[Environment]
        packages: Optional[Iterable[str]]
        python: Optional[str]
        requirements: Union[str, os.PathLike[str], None]
        pyproject: Union[str, os.PathLike[str], None]
        constraints: Union[str, os.PathLike[str], Iterable[Union[str, os.PathLike[str]]], None]
        indexes: Optional[Iterable[str]]
        find_links: Union[str, os.PathLike[str], Iterable[Union[str, os.PathLike[str]]], None]
        env: Optional[Mapping[str, str]]
        secrets: Optional[Iterable[str]]
        libraries: Union[str, os.PathLike[str], Iterable[Union[str, os.PathLike[str]]], None]
        image: Union[str, Image, None]
        network: Optional[bool]
        shm: Union[int, str, None]

    class StepOptions(EnvironmentOptions, total=False):
        """The keywords as a type checker knows them; `_FIELDS` below reads them. None: the default."""

        cpu: Optional[float]
        memory: Union[int, str, Growth, None]
        gpu: Optional[int]
        timeout: Union[float, str, None]
        retries: Optional[int]
        retry_delay: Union[float, str, Backoff, None]
        retry_on: Union[Type[BaseException], Tuple[Type[BaseException], ...], None]
        limit: Union[str, Tuple[str, ...], None]
        on: Union[str, Iterable[str], None]
        cache: Union[bool, float, str, Cache, None]
        uses: Optional[Iterable[Any]]
        isolation: Optional[str]
        name: Optional[str]

    from penstock.model.images import Image


def _hint(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or the list of what there is."""
    from penstock.model.nearest import nearest

    known = sorted(known)
    close = nearest(word, known)
    return f"; did you mean {close!r}?" if close else f"; there are {', '.join(known)}"


def _number(low: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= low:
            raise ValueError(f"expected a number of at least {low:g}")
        return value

    return check


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("expected a whole number of at least 0")
    return value


def grow(first: Union[int, str], *, to: Union[int, str], factor: float = 2) -> Growth:
    """Memory for `@step(memory=grow("1GiB", to="8GiB"))`: what runs out of it is tried again with `factor` times it.

    `first` and `to` are bytes or texts. Such tries don't count against `retries`, and end at `to`, or at what the
    executor has. Raises UsageError where `to` is less than `first`, `factor` not more than 1, or a size can't be read.
    """
    try:
        growth = Growth(parse_bytes(first), parse_bytes(to), factor)
        if growth.first_bytes < 1 or growth.to_bytes < growth.first_bytes:
            raise ValueError("expected to= to be at least the first amount, and that above 0")
        if not (isinstance(factor, (int, float)) and 1 < factor < float("inf")):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError("expected factor= to be a number above 1")
    except (ValueError, TypeError) as error:
        raise UsageError(f"grow({first!r}, to={to!r}, factor={factor!r}): {error}") from None
    return growth


def _seconds(value: Any) -> float:
    seconds = parse_seconds(value)
    if seconds <= 0:
        raise ValueError("expected more than 0 seconds")
    return seconds


def _exceptions(value: Any) -> Tuple[str, ...]:
    classes: Tuple[Any, ...] = (value,) if isinstance(value, type) else tuple(value)
    for item in classes:
        if not (isinstance(item, type) and issubclass(item, BaseException)):
            raise ValueError("expected an exception class, or a tuple of them")
    return tuple(names.class_name(item) for item in classes)


def _words(value: Any) -> Tuple[str, ...]:
    words: Tuple[Any, ...] = tuple(cast("Any", value)) if isinstance(value, (list, tuple)) else (value,)
    if not all(isinstance(word, str) and word for word in words):
        raise ValueError("expected a name, or several")
    return words


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a name")
    return value


def _executors(value: Any) -> Tuple[str, ...]:
    """One, and those to which a task goes that can't be placed there."""
    if isinstance(value, str):
        return (_word(value),)
    names = tuple(map(_word, _words(value)))
    if not names or len(set(names)) < len(names):
        raise ValueError("expected the name of an executor, or several different ones, the first to be tried first")
    return names


def _cache(value: Any) -> Optional[Cache]:
    if value is False:
        return None
    cache = value if isinstance(value, Cache) else Cache() if value is True else Cache(expires=value)
    expires: Any = cache.expires
    ignore: Any = cache.ignore
    version: Any = cache.version
    if isinstance(ignore, str) or not all(isinstance(name, str) for name in ignore):
        raise ValueError("expected ignore=[...], with the names of parameters")
    if isinstance(version, bool) or not isinstance(version, (str, int)):
        raise ValueError("expected a text or a whole number as version=")
    if isinstance(version, str) and (fault := fault_of_name(version)):
        raise ValueError(f"version={cut(ascii(version), 80)} {fault}")
    return Cache(None if expires is None else _seconds(expires), tuple(ignore), version)


def _uses(value: Any) -> Tuple[str, ...]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise ValueError('expected a list of functions, classes, modules, files (Path) or names, "module:name"')
    return tuple(_used(item) for item in value)


def _used(item: Any) -> str:
    """`module:name`, `module` or `file:/path`."""
    if isinstance(item, str):
        if not re.fullmatch(r"[^\W\d][\w.]*(:[^\W\d][\w.]*)?", item):
            raise ValueError(f'{item!r} is not "module" or "module:name"; a file is given as Path({item!r})')
        return item
    if isinstance(item, os.PathLike):
        path: Any = cast("Any", item)
        return f"file:{os.path.abspath(path)}"
    if isinstance(item, ModuleType):
        name = names.module_name(item.__name__)
        if name is not None:
            return name
    else:
        found = names.name_of(item)
        if found is not None:
            return ":".join(found)
    raise ValueError(f"{item!r} can't be found by a name: give what stands at the top of a module")


def _isolation(value: Any) -> bool:
    if value not in ("process", "shared"):
        raise ValueError('expected "process", a process of its own for each attempt, or "shared"')
    return value == "process"


_FIELDS: Dict[str, Tuple[str, Callable[[Any], Any]]] = {
    "cpu": ("cpu", _number(0)),
    "memory": ("memory_bytes", lambda value: value if isinstance(value, Growth) else parse_bytes(value)),
    "gpu": ("gpu", _count),
    "timeout": ("timeout_s", _seconds),
    "retries": ("retries", _count),
    "retry_delay": (
        "backoff",
        lambda value: value if isinstance(value, Backoff) else Backoff(first_s=parse_seconds(value)),
    ),
    "retry_on": ("retry_on", _exceptions),
    "limit": ("limits", _words),
    "on": ("on", _executors),
    "cache": ("cache", _cache),
    "uses": ("uses", _uses),
    "isolation": ("isolated", _isolation),
}

STEP_ALONE = frozenset(_FIELDS) - {"timeout"}
"""The keywords that a flow has not."""


def named(what: str, given: Any, function: str) -> str:
    """The name of a step or flow: what was given, else its function's. It is a part of `digits/3/train/2[0].part`."""
    if given is None:
        return function
    if not isinstance(given, str) or not re.fullmatch(r"[^\W\d][\w-]*", given):
        raise UsageError(f"{what}: name={given!r}: expected a letter, then letters, digits, _ or -")
    return given


def taken(
    what: str,
    fields: Mapping[str, Tuple[str, Callable[[Any], Any]]],
    given: Mapping[str, Any],
    environment: Optional[Environment],
    defaults: Callable[[str], Any],
) -> Dict[str, Any]:
    """What the user's keywords give, by field; None stands for the default. `environment`: what they change.

    Raises UsageError that names the keyword, the value and what was expected, or the known keyword that is nearest.
    """
    from penstock.model import surroundings

    known = (*fields, *surroundings.KEYWORDS, "name")
    for name in given:
        if name not in known:
            raise UsageError(f"{what} has no option {name!r}{_hint(name, known)}")
    found: Dict[str, Any] = {}
    wished = {name: value for name, value in given.items() if name in surroundings.KEYWORDS}
    if wished:
        found["environment"] = surroundings.changed(environment, what, wished, os.getcwd())
    for name, value in given.items():
        if name in fields:
            field, check = fields[name]
            try:
                found[field] = defaults(field) if value is None else check(value)
            except (ValueError, TypeError) as error:
                raise UsageError(f"{what}: {name}={value!r}: {error}") from None
    return found


def check_ignored(fn: Any, options: Options) -> None:
    """Raise UsageError where `Cache(ignore=...)` names no parameter of the function."""
    code = getattr(fn, "__code__", None)
    if options.cache is None or code is None:
        return
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    for name in options.cache.ignore:
        if name not in known:
            raise UsageError(
                f"step {fn.__name__}: cache ignores {name!r}, which is no parameter of it{_hint(name, known)}"
            )


def changed(options: Options, what: str, given: Mapping[str, Any]) -> Options:
    """The options with some replaced by the user's keywords; raises what `taken` raises."""
    fields = taken(what, _FIELDS, given, options.environment, partial(getattr, Options()))
    if "memory_bytes" in fields:
        growth = fields["memory_bytes"]
        fields["growth"] = growth if isinstance(growth, Growth) else None
        fields["memory_bytes"] = growth.first_bytes if isinstance(growth, Growth) else growth
    if "on" in fields:
        on: Any = fields["on"]
        fields["on"], fields["otherwise"] = (on, ()) if isinstance(on, str) else (on[0], on[1:])
    return options._replace(**fields)
