"""What stands in `penstock.toml`, value by value: each function takes what TOML or a variable has, and raises
ValueError with a word on how to write it."""

from __future__ import annotations

import math
import typing
from typing import Any

from penstock.model.quantities import parse_bytes, parse_seconds
from penstock.model.tier_urls import parse_tier_url
from penstock.model.tuples import NamedTuple

_ENGINES = ("podman", "docker")
_KINDS = ("process", "inline", "agent", "ssh", "slurm", "ray")


def whole(value: Any, least: int = 0) -> int:
    """A whole number, also as a text."""
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"{value!r} is not a whole number from {least} on")
    return number


def positive(value: Any) -> int:
    """A whole number from 1 on."""
    return whole(value, 1)


def amount(value: Any) -> float:
    """A number above 0."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, bool) or not 0 < number < float("inf"):
        raise ValueError(f"{value!r} is not a number above 0")
    return number


def size(value: Any) -> int:
    """A size in bytes above 0."""
    if (size := parse_bytes(value)) < 1:
        raise ValueError(f"{value!r} is no size above 0")
    return size


def kind(value: Any) -> str:
    """A kind of executor."""
    if value not in _KINDS:
        raise ValueError(f"{value!r} is not a kind of executor; write {' or '.join(map(repr, _KINDS))}")
    return value


def engine(value: Any) -> str:
    """What runs containers."""
    if value not in _ENGINES:
        raise ValueError(f"{value!r} runs no containers; write {' or '.join(map(repr, _ENGINES))}")
    return value


def tier(value: Any) -> str:
    """The URL of a far tier, in its one way to write it."""
    return parse_tier_url(value).text()


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def gpus(value: Any) -> tuple[str, ...]:
    """A count, or the values for CUDA_VISIBLE_DEVICES one by one."""
    if isinstance(value, list):
        return tuple(str(item) for item in typing.cast("list[object]", value))
    return tuple(str(index) for index in range(whole(value)))


def parse_age(value: Any) -> float:
    """An age in seconds: "30d", "12h". Raises ValueError, also for a number without a unit: taken for seconds, `30`
    would mean nearly everything."""
    try:
        seconds = parse_seconds(value)
    except (ValueError, TypeError):
        raise ValueError(f'{value!r} is not an age; write a text such as "30d" or "12h"') from None
    if not isinstance(value, str) or not value.strip()[-1].isalpha():
        raise ValueError(f'{value!r} is an age without a unit; write a text such as "30d" or "12h"')
    return seconds


def tags(value: Any) -> tuple[str, ...]:
    """A list of tags."""
    return texts(value, 'tags; write it as ["best"]')


def patterns(value: Any) -> tuple[str, ...]:
    """A list of patterns of files."""
    return texts(value, 'patterns; write it as ["data/*.csv"]')


def texts(value: Any, what: str) -> tuple[str, ...]:
    """A list of texts, none of which is empty; `what`: what they are."""
    items = typing.cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError(f"{value!r} is not a list of {what}")
    return tuple(map(str, items))


def seconds(value: Any) -> float:
    """A time in seconds above 0: "90m", 60."""
    if (found := parse_seconds(value)) <= 0:
        raise ValueError(f"{value!r} is no time above 0")
    return found


def silence(value: Any) -> float:
    """A time in seconds of which nothing may be heard of an agent that beats every few seconds: "6m"."""
    if (found := seconds(value)) < 10.0:
        raise ValueError(f"{value!r} is too short for a busy machine; 10s is the least")
    return found


def text(value: Any) -> str:
    """A text of one line."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} is no text of one line")
    return value


def word(value: Any) -> str:
    """A text without spaces that is no option of a program."""
    if not isinstance(value, str) or not value.isprintable() or len(value.split()) != 1 or value.startswith("-"):
        raise ValueError(f"{value!r} is no name: it has spaces, or begins with -")
    return value


def folder(value: Any) -> str:
    """An absolute folder of another machine."""
    if not isinstance(value, str) or not value.startswith("/") or not value.isprintable():
        raise ValueError(f'{value!r} is no absolute folder; write it as "/scratch/me"')
    return value.rstrip("/") or "/"


def lines(value: Any) -> tuple[str, ...]:
    """Lines of a job script."""
    found = texts(value, 'lines; write them as ["#SBATCH --constraint=a100", "module load cuda"]')
    for line in found:
        text(line)
    return found


def command(value: Any) -> tuple[str, ...]:
    """A program and its arguments."""
    return texts(value, 'words of a command; write it as ["penstock", "agent"]')


def address(value: Any) -> str:
    """The address of a web server."""
    from urllib.parse import urlsplit

    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f'{value!r} is no address of a dashboard; write it as "http://head:8265"')
    return value


def resources(value: Any) -> tuple[tuple[str, float], ...]:
    """Custom resources by name."""
    items = typing.cast("dict[str, Any]", value if isinstance(value, dict) else {"": None})
    if not all(_is_amount(amount) for amount in items.values()):
        raise ValueError(f"{value!r} are no amounts of resources; write them as {{ special = 1 }}")
    return tuple((name, float(amount)) for name, amount in items.items())


class HostSettings(NamedTuple):
    """A host of an executor of kind "ssh". None: nobody counts it; where nothing is counted it takes one agent."""

    address: str
    cpu: float | None = None
    memory_bytes: int | None = None
    gpus: int | None = None
    home: str = ""  # where agents keep their things there; "": in the cache of the user's home


def hosts(value: Any) -> tuple[HostSettings, ...]:
    """Hosts by their addresses, or with what each has."""
    if not isinstance(value, list) or not value:
        raise ValueError(f'{value!r} is no list of hosts; write it as ["gpu1", {{ host = "gpu2", cpu = 16 }}]')
    found = tuple(_host(item) for item in typing.cast("list[Any]", value))
    if len({host.address for host in found}) < len(found):
        raise ValueError("a host stands there twice")
    return found


_HOST = {
    "cpu": ("cpu", amount),
    "memory": ("memory_bytes", size),
    "gpus": ("gpus", whole),
    "home": ("home", folder),
}


def _host(value: Any) -> HostSettings:
    if not isinstance(value, dict):
        return HostSettings(word(value))
    items = typing.cast("dict[str, Any]", value)
    if unknown := [key for key in items if key not in ("host", *_HOST)]:
        raise ValueError(f"a host has no {unknown[0]}; valid are host, {', '.join(_HOST)}")
    if "host" not in items:
        raise ValueError(f'{value!r} names no host; write it as {{ host = "gpu2", cpu = 16 }}')
    fields: dict[str, Any] = {field: parse(items[key]) for key, (field, parse) in _HOST.items() if key in items}
    return HostSettings(word(items["host"]), **fields)


def _is_amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
