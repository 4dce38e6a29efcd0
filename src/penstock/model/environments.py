"""What a step's code is run with, as the user asks for it. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, Iterable, Mapping, Optional, Tuple, Union, cast

from penstock.errors import UsageError
from penstock.model import images
from penstock.model.images import Image
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    Place = Union[str, os.PathLike[str]]
    Places = Union[Place, Iterable[Place]]


class _Fields(NamedTuple):
    packages: Tuple[str, ...]  # requirements, "scikit-learn==1.5.2"
    python: str  # "3.10", "3.10.13", "pypy3.9", or an interpreter's path; "": the version of the flow's own
    requirements: str  # absolute path of a requirements file; "": none
    pyproject: str  # absolute path of a folder with pyproject.toml, and uv.lock where there is one; "": none
    constraints: Tuple[str, ...]  # absolute paths of files that bound versions and ask for nothing
    indexes: Tuple[str, ...]  # URLs; the first is the default one; (): what the user has set for uv, or PyPI
    find_links: Tuple[str, ...]  # folders or pages where archives lie, beside the indexes
    env: Tuple[Tuple[str, str], ...]  # environment variables, name and value, sorted
    secrets: Tuple[str, ...]  # names of environment variables whose values are never stored or shown
    libraries: Tuple[str, ...]  # absolute paths of files that ask for packages of other languages, for its programs
    image: Union[str, Image]  # the container image that it runs in, a name or a recipe; "": none
    network: Optional[bool]  # whether its containers reach a network; None: nothing is said, and they don't
    shm: (
        Any  # size of /dev/shm in its containers, as the user says it, and bytes once it is checked; None: the engine's
    )


class Environment(_Fields):
    """An interpreter and packages, variables and secrets: the keywords of `step`. Several steps may share one; equal
    ones are one environment. What is wrong with it is told by the step that takes it."""

    __slots__ = ()

    def __new__(
        cls,
        packages: Iterable[str] = (),
        python: str = "",
        requirements: Place = "",
        pyproject: Place = "",
        constraints: Places = (),
        indexes: Iterable[str] = (),
        find_links: Places = (),
        env: Union[Mapping[str, str], Tuple[Tuple[str, str], ...]] = (),
        secrets: Iterable[str] = (),
        libraries: Places = (),
        image: Union[str, Image, Tuple[Any, ...]] = "",
        network: Optional[bool] = None,
        shm: Union[int, str, None] = None,
    ) -> Environment:
        given = packages, python, requirements, pyproject, constraints, indexes, find_links, env, secrets, libraries
        return cls._make((*map(_plain, given), images.read(image), network, shm))

    @property
    def is_foreign(self) -> bool:
        """Whether it has packages or an interpreter of its own, and not environment variables, or what its programs
        find, alone."""
        return self._replace(env=(), secrets=(), libraries=(), network=None, shm=None) != Environment()

    @property
    def installs(self) -> bool:
        """Whether it names packages of Python."""
        return bool(self.packages or self.requirements or self.pyproject)

    def plain(self) -> Tuple[Any, ...]:
        """Plain data of it, which `Environment(*fields)` reads, that of an older Penstock too."""
        return tuple(tuple(field) if isinstance(field, Image) else field for field in self)


def over(own: Optional[Environment], default: Optional[Environment]) -> Optional[Environment]:
    """What holds where `own` is said over a default; None: nothing is said. An empty `Environment()` says: the flow's
    own, whatever the default.

    What is to be installed (packages, requirements, pyproject) is one's own or the default's as a whole; so is what it
    runs in, an image or a Python; variables and secrets are joined; all else is the default's where nothing is said.
    """
    if own is None or default is None:
        return own or default
    if own == Environment():
        return own
    installs = own if own.installs else default
    python = own.python or ("" if own.image else default.python)  # an image has its own
    return installs._replace(
        python=python,
        constraints=own.constraints or default.constraints,
        indexes=own.indexes or default.indexes,
        find_links=own.find_links or default.find_links,
        libraries=own.libraries or default.libraries,
        image=own.image or ("" if own.python else default.image),
        network=default.network if own.network is None else own.network,
        shm=default.shm if own.shm is None else own.shm,
        **joined(default, own.env, own.secrets),
    )


def joined(base: Environment, env: Tuple[Tuple[str, str], ...], secrets: Tuple[str, ...]) -> Dict[str, Any]:
    """An environment's variables and secrets with more of them; of equal names the new ones count."""
    return {
        "env": tuple(sorted({**dict(base.env), **dict(env)}.items())),
        "secrets": tuple(dict.fromkeys((*base.secrets, *secrets))),
    }


def settled(own: Optional[Environment], default: Optional[Environment]) -> Optional[Environment]:
    """What a step is run with; None: the flow's own. Raises UsageError where it says of containers what no image is
    there for."""
    found = over(own, default)
    if own is not None and (own.network or own.shm) and (found is None or not found.image):
        raise UsageError("network= and shm= are of containers: name the image that they are for, by image=")
    return None if found == Environment() else found


def _plain(value: Any) -> Any:
    """Texts and tuples of texts, which can be compared and hashed; what is no such value stays what it is."""
    if isinstance(value, os.PathLike):
        return os.fspath(cast("os.PathLike[str]", value))
    if isinstance(value, Mapping):
        return tuple(sorted(cast("Mapping[Any, Any]", value).items(), key=repr))
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(cast("Iterable[Any]", value), key=repr))
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return tuple(map(_plain, cast("Iterable[Any]", value)))
    return value
