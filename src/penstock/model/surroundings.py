"""The keywords that say what a step is run with, checked, as one `Environment`. Pure."""

from __future__ import annotations

import os
import re
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, cast

from penstock.errors import UsageError
from penstock.model.environments import Environment, joined
from penstock.model.quantities import parse_bytes
from penstock.model.texts import fault_of_name, is_whole

_PYTHON = r"(?:(?:cpython|pypy)-?)?\d+\.\d+(?:\.\d+)?"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]{0,999}"
_SHOWN = 200  # characters
_LONGEST = 100_000  # characters: Linux takes 128 KiB for a variable with its name


def _texts(value: Any, folder: str = "") -> Tuple[str, ...]:
    texts: Tuple[Any, ...] = (value,) if isinstance(value, str) else tuple(value)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError('expected a list of texts, such as ["scikit-learn==1.5.2", "pandas<3"]')
    return tuple(_checked_text(text).strip() for text in texts)


def _checked_text(text: str) -> str:
    if fault := fault_of_name(text):
        raise ValueError(f"{text[:20]!r} {fault}")
    return text


def _packages(value: Any, folder: str = "") -> Tuple[str, ...]:
    packages = _texts(value)
    for package in packages:
        if package.startswith("-") or "\n" in package:
            raise ValueError(f"{package!r} is no requirement: options go by indexes=, find_links=, requirements=")
    return packages


def _python(value: Any, folder: str = "") -> str:
    if not isinstance(value, str) or not re.fullmatch(_PYTHON, value):
        raise ValueError('expected a version as a text, such as "3.10" or "pypy3.9"')
    return value


def _path(value: Any, folder: str) -> str:
    path: Any = os.fspath(cast("os.PathLike[str]", value))  # raises TypeError
    if not path or not isinstance(path, str):
        raise ValueError("expected a path")
    return os.path.normpath(os.path.join(folder, _checked_text(path)))


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) or hasattr(value, "__fspath__") else value


def _places(value: Any, folder: str) -> Tuple[str, ...]:
    places = _one_or_more(value)
    return tuple(_checked_text(place) if "://" in str(place) else _path(place, folder) for place in places)


def _paths(value: Any, folder: str) -> Tuple[str, ...]:
    return tuple(_path(path, folder) for path in _one_or_more(value))


def _variables(value: Any, folder: str = "") -> Tuple[Tuple[str, str], ...]:
    if isinstance(value, tuple):  # checked before
        value = dict(cast("Any", value))
    if not isinstance(value, Mapping):
        raise ValueError('expected names and values, such as {"TOKENIZERS_PARALLELISM": "false"}')
    items = cast("Mapping[Any, Any]", value)
    for name, text in items.items():
        if not isinstance(name, str) or not re.fullmatch(_VARIABLE, name):
            raise ValueError(f"{name!r} is no name of an environment variable")
        if not isinstance(text, str):
            raise ValueError(f"{name} is {text!r}, which is no text: write it as one")
        if len(text) > _LONGEST:
            raise ValueError(f"{name} has {len(text):,} characters, and a variable may have {_LONGEST:,}: pass a file")
        if "\0" in text:
            raise ValueError(f"{name} holds a null character, which no environment variable can")
        if not is_whole(text):
            raise ValueError(f"{name} holds half of a surrogate pair, which is no text")
    return tuple(sorted(items.items()))


def _names(value: Any, folder: str = "") -> Tuple[str, ...]:
    names = _texts(value)
    for name in names:
        if not re.fullmatch(_VARIABLE, name):
            raise ValueError(f"{name!r} is no name of an environment variable: give a secret's name, not its value")
    return names


def _flag(value: Any, folder: str = "") -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _image(value: Any, folder: str) -> Any:
    from penstock.model import image_checks

    return image_checks.checked(value, folder)


def _size(value: Any, folder: str = "") -> int:
    size = parse_bytes(value)
    if size < 1:
        raise ValueError('expected a size above 0, such as "1 GiB"')
    return size


_CHECKS: Dict[str, Callable[[Any, str], Any]] = {
    "packages": _packages,
    "python": _python,
    "requirements": _path,
    "pyproject": _path,
    "constraints": _paths,
    "indexes": _texts,
    "find_links": _places,
    "env": _variables,
    "secrets": _names,
    "libraries": _paths,
    "image": _image,
    "network": _flag,
    "shm": _size,
}
"""The fields of `Environment`, and how each is checked; relative paths stand from the folder."""

FIELDS = tuple(_CHECKS)
"""The keywords that are the fields of an `Environment`."""

KEYWORDS = ("environment", *FIELDS)
"""These, and the one that gives a whole one."""


def changed(before: Optional[Environment], what: str, given: Mapping[str, Any], folder: str) -> Optional[Environment]:
    """The environment with some of it replaced by the user's keywords; None stands for none of it.

    `environment=` is what the others change; variables and secrets are added to its own. An empty `Environment()` stays
    one: the flow's own, whatever the default.
    Relative paths stand from `folder`. Raises UsageError that names the keyword, the value and what was expected.
    """
    base: Any = before
    if "environment" in given:
        base = given["environment"]
        if base is not None and not isinstance(base, Environment):
            raise UsageError(f"{what}: environment={base!r}: expected an Environment(packages=[...], python=...)")
        base = None if base is None else _checked(f"{what}: environment", base._asdict(), folder)
    own = _fields(what, {name: value for name, value in given.items() if name != "environment"}, folder)
    more = joined(base or Environment(), own.get("env", ()), own.get("secrets", ()))
    own.update((name, value) for name, value in more.items() if own.get(name))
    made = (base or Environment())._replace(**own)
    _refuse_both(what, made)
    return made if made != Environment() or base == Environment() else None


def _refuse_both(what: str, environment: Environment) -> None:
    if environment.image and environment.python:
        raise UsageError(
            f"{what}: python={environment.python!r} and image={_shown(environment.image)}: an image has its own "
            "Python: leave one of the two out"
        )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _checked(what: str, given: Mapping[str, Any], folder: str) -> Environment:
    none = Environment()._asdict()
    said = {name: value for name, value in given.items() if value != none[name]}
    return Environment(**_fields(what, said, folder))


def _fields(what: str, given: Mapping[str, Any], folder: str) -> Dict[str, Any]:
    fields: Dict[str, Any] = {}
    for name, value in given.items():
        try:
            fields[name] = getattr(Environment(), name) if value is None else _CHECKS[name](value, folder)
        except (ValueError, TypeError) as error:
            raise UsageError(f"{what}: {name}={_shown(value)}: {error}") from None
    return fields
