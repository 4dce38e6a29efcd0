"""What a driver and its agents write to each other, as values and as bytes. docs/decisions/0003-mail.md has the rules.

A *seat* is one life of an agent: the agent's name and its incarnation. An agent that its site starts anew is another
incarnation, with a higher count of restarts, and takes the place of those with lower ones.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional, Tuple, Type, Union, cast

from penstock.model import outcomes, wire
from penstock.model.environments import Environment
from penstock.model.events import Began, Ended, Hint, Lane, Notice, Recalled
from penstock.model.outcomes import Metric
from penstock.model.rows import LoopProgress
from penstock.model.specs import Attempt, RunSpec, attempts_from_plain, attempts_to_plain
from penstock.model.tuples import NamedTuple

VERSION = 2
"""Of the form of all letters: an agent and a driver of different ones don't talk."""

FED_PACE_S = 1.0
"""While much waits in all of its lanes, an agent tells so often how attempts have ended, which is many at a time."""
LOW_S = 0.5
"""It tells at once where what waits in a lane lasts no longer: what it is given next takes about half of it to come."""

_DIGITS = 8


class Obey(NamedTuple):
    """The first letter of each driver to an agent: from now on nothing of lower tokens counts."""

    token: int
    spec: RunSpec
    partition_s: float  # an agent that could not write for two thirds of it ends its attempts and goes
    linger_s: float  # an agent without attempts goes after it


class Launch(NamedTuple):
    """Run each attempt in its lane, after those that were started before it there."""

    launches: Tuple[Tuple[Attempt, Lane], ...]
    environments: Tuple[Any, ...] = ()  # plain: what is to be known of those that the lanes have


class Cancel(NamedTuple):
    """End an attempt, or refuse it where it comes later."""

    attempt: str
    cause: str  # a value of `Cause`


class GiveBack(NamedTuple):
    """Give back those that have not begun."""

    attempts: Tuple[str, ...]


class Leave(NamedTuple):
    """End all attempts, tell their outcomes, and go."""

    why: str = ""


class Hello(NamedTuple):
    """The first letter of a seat: what it has for lanes. Again where its time gets short."""

    cpu: float
    memory_bytes: Optional[int]  # None: not limited
    gpus: int
    version: str  # of Penstock
    host: str
    lasts_s: Optional[float] = None  # how long it may be there, from its start on; None: for any time
    left_s: Optional[float] = None  # of that, when this was written


class Heart(NamedTuple):
    """What a seat overwrites again and again while it lives: that it is another one than before says that it does."""

    beats: int
    hello: Hello
    load: float  # processes of its machine that ran or waited for a CPU, over a minute


class HeldAttempt(NamedTuple):
    """An attempt that an agent has, and what it takes of the agent."""

    attempt: str
    began: bool
    cpu: float
    memory_bytes: Optional[int]
    gpus: int
    lane: int = 0  # attempts of one lane have one number; what the lane takes counts once


class Obeying(NamedTuple):
    """The answer to `Obey`. What is not held, and of which no outcome stands in an earlier letter, never began there,
    or was given back."""

    token: int
    hello: Hello  # again: its first letter may have been deleted
    holds: Tuple[HeldAttempt, ...]


class Logs(NamedTuple):
    """Pieces of the logs of an agent's workers; plain."""

    pieces: Tuple[Any, ...]


class Bye(NamedTuple):
    """The last letter of a seat: of all that it held the outcomes are told; what it has no word of never began."""

    why: str = ""


DownLetter = Union[Obey, Launch, Cancel, GiveBack, Leave]
UpLetter = Union[Hello, Obeying, Logs, Bye, Began, Ended, Recalled, Hint, Notice]


class Down(NamedTuple):
    """A driver's envelope. `to`: the incarnation that is meant; others pass it over."""

    to: str
    letters: Tuple[DownLetter, ...]


class Up(NamedTuple):
    """An agent's envelope. `token`, `read`: up to which number it has read that driver's letters."""

    token: int
    read: int
    letters: Tuple[UpLetter, ...]


class Foreign(ValueError):
    """An envelope of another version; its text says what to do."""


def seat_of(agent: str, incarnation: str) -> str:
    """The name of one life of an agent."""
    return f"{agent}.{incarnation}"


def agent_of(seat: str) -> str:
    """Whose life a seat is."""
    return seat.rpartition(".")[0]


def incarnation_of(seat: str) -> str:
    """Which life of its agent a seat is."""
    return seat.rpartition(".")[2]


def incarnation(restarts: int, chance: str) -> str:
    """`0002-5f0c9a1e`: the agent was started anew twice; `chance` tells it from one that was started beside it."""
    return f"{restarts:04d}-{chance}"


def replaces(new: str, old: str) -> bool:
    """Whether an incarnation's site has started it in the place of the other."""
    return new.partition("-")[0] > old.partition("-")[0]


def down_prefix(nonce: str, agent: str) -> str:
    """Where all drivers' letters to an agent lie."""
    return f"mail/{nonce}/down/{agent}/"


def down_name(nonce: str, agent: str, token: int, number: int) -> str:
    """Where a driver's letter lies."""
    return f"{down_prefix(nonce, agent)}{token:0{_DIGITS}d}/{number:0{_DIGITS}d}"


def up_prefix(nonce: str) -> str:
    """Where all agents' letters lie."""
    return f"mail/{nonce}/up/"


def up_name(nonce: str, seat: str, number: int) -> str:
    """Where an agent's letter lies."""
    return f"{up_prefix(nonce)}{seat}/{number:0{_DIGITS}d}"


def heart_prefix(nonce: str) -> str:
    """Where the hearts of all agents lie."""
    return f"mail/{nonce}/heart/"


def heart_name(nonce: str, seat: str) -> str:
    """What a seat overwrites again and again while it lives, before its first letter for the first time."""
    return f"{heart_prefix(nonce)}{seat}"


def pack_heart(heart: Heart) -> bytes:
    """The bytes of a heart: other ones for each beat."""
    return wire.pack((VERSION, heart.beats, tuple(heart.hello), heart.load))


def read_heart(data: bytes) -> Optional[Heart]:
    """None for what can't be read here: an agent of another version writes it."""
    try:
        found: Any = wire.unpack(data)
        version, beats, hello, load = found
        heart = Heart(beats, Hello(*hello), load)
    except (wire.MalformedError, TypeError, ValueError):
        return None
    return heart if version == VERSION else None


def numbers_of(name: str) -> Tuple[str, int]:
    """What stands before a letter's number, and that: a seat (in `up/`), or a token's digits (in `down/`)."""
    whose, _, number = name.rpartition("/")
    return whose.rpartition("/")[2], int(number)


def pack_down(envelope: Down) -> bytes:
    """The bytes of a driver's envelope."""
    return wire.pack((VERSION, envelope.to, tuple([_plain(letter) for letter in envelope.letters])))


def pack_up(envelope: Up) -> bytes:
    """The bytes of an agent's envelope."""
    return wire.pack((VERSION, envelope.token, envelope.read, tuple([_plain(letter) for letter in envelope.letters])))


def read_down(data: bytes) -> Down:
    """Raises Foreign, and MalformedError for what is no envelope."""
    to, letters = _opened(data, 2)
    return Down(to, _letters(letters))


def read_up(data: bytes) -> Up:
    """Raises Foreign, and MalformedError for what is no envelope."""
    token, read, letters = _opened(data, 3)
    return Up(token, read, _letters(letters))


def _opened(data: bytes, fields: int) -> Tuple[Any, ...]:
    unpacked = wire.unpack(data)
    found = cast("Tuple[Any, ...]", unpacked) if isinstance(unpacked, tuple) else ()
    if not found or not isinstance(found[0], int):
        raise wire.MalformedError("it is no envelope")
    if found[0] != VERSION:
        raise Foreign(f"it has version {found[0]}, and this Penstock knows {VERSION}: use one version at both ends")
    if len(found) != fields + 1 or not isinstance(found[-1], tuple):
        raise wire.MalformedError(f"it has {len(found)} parts")
    return found[1:]


def _letters(plain: Tuple[Any, ...]) -> Tuple[Any, ...]:
    try:
        return tuple([_FROM[tag](*fields) for tag, *fields in plain])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise wire.MalformedError(f"a letter can't be read: {type(error).__name__}: {error}") from None


def _plain(letter: Any) -> Tuple[Any, ...]:
    kind = cast("Type[Any]", type(letter))
    return (_TAGS[kind], *_TO.get(kind, tuple)(letter))


def _launch_to_plain(letter: Launch) -> Tuple[Any, ...]:
    attempts = attempts_to_plain([attempt for attempt, _ in letter.launches])
    return attempts, [_lane_to_plain(lane) for _, lane in letter.launches], letter.environments


def _launch_from_plain(attempts: Any, lanes: Any, environments: Tuple[Any, ...]) -> Launch:
    launches = zip(attempts_from_plain(attempts), map(_lane_from_plain, lanes))
    return Launch(tuple(launches), environments)


def _lane_to_plain(lane: Lane) -> Tuple[Any, ...]:
    environment: Any = lane.environment and lane.environment.plain()
    return tuple(lane._replace(environment=environment))


def _lane_from_plain(fields: Any) -> Lane:
    lane = Lane._make(fields)
    return lane if lane.environment is None else lane._replace(environment=Environment(*lane.environment))


def _hint_to_plain(letter: Hint) -> Tuple[Any, ...]:
    loops = None if letter.loops is None else tuple([tuple(one) for one in letter.loops])
    return letter.attempt, tuple([tuple(metric) for metric in letter.metrics]), loops


def _hint_from_plain(attempt: str, metrics: Any, loops: Any) -> Hint:
    told = None if loops is None else tuple([LoopProgress(*one) for one in loops])
    return Hint(attempt, tuple([Metric(*metric) for metric in metrics]), told)


def _obey_from_plain(token: int, spec: Any, *more: Any) -> Obey:
    return Obey(token, RunSpec(*spec), *more)


def _obeying_from_plain(token: int, hello: Any, holds: Any) -> Obeying:
    return Obeying(token, Hello(*hello), tuple([HeldAttempt(*held) for held in holds]))


def _ended_from_plain(attempt: str, outcome: Any) -> Ended:
    return Ended(attempt, outcomes.from_plain(outcome))


_TAGS: Dict[type, str] = {
    Obey: "obey", Launch: "launch", Cancel: "cancel", GiveBack: "give back", Leave: "leave", Hello: "hello",
    Obeying: "obeying", Logs: "logs", Bye: "bye", Began: "began", Ended: "ended", Recalled: "recalled",
    Hint: "hint", Notice: "notice",
}  # fmt: skip
_TO: Dict[Type[Any], Callable[[Any], Tuple[Any, ...]]] = {
    Obey: lambda letter: (letter.token, tuple(letter.spec), *letter[2:]),
    Launch: _launch_to_plain,
    Obeying: lambda letter: (letter.token, tuple(letter.hello), tuple([tuple(held) for held in letter.holds])),
    Ended: lambda letter: (letter.attempt, outcomes.to_plain(letter.outcome)),
    Hint: _hint_to_plain,
}
_FROM: Dict[str, Callable[..., Any]] = {
    **{tag: kind for kind, tag in _TAGS.items()},
    "obey": _obey_from_plain,
    "launch": _launch_from_plain,
    "obeying": _obeying_from_plain,
    "ended": _ended_from_plain,
    "hint": _hint_from_plain,
}
