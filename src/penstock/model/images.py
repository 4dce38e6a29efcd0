"""Images that are built for steps, as the user describes them. Pure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Tuple, Union, cast

from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    Place = Union[str, os.PathLike[str]]


class _ImageFields(NamedTuple):
    base: str  # name of the image that it is built on; "": a Dockerfile says it
    packages: Tuple[str, ...]  # requirements of Python, which uv installs
    apt: Tuple[str, ...]  # packages of Debian
    run: Tuple[str, ...]  # lines of a shell, after all else
    file: str  # absolute path of a Dockerfile; "": there is none, and the fields above say it
    context: str  # absolute path of the folder that it sees; "": that of the Dockerfile
    target: str  # the stage of a Dockerfile; "": the last
    args: Tuple[Tuple[str, str], ...]  # of a Dockerfile, name and value, sorted


class Image(_ImageFields):
    """An image that is built for the steps that name it by `image=`: a base with packages of Python (`packages`) and of
    Debian (`apt`), and with what lines of a shell do to it (`run`); or that of a Dockerfile, by `Image.dockerfile`.

    It is built once by podman or docker, and again where something of it has changed. What is wrong with it is told by
    the step that takes it.
    """

    __slots__ = ()

    def __new__(
        cls, base: str, *, packages: Iterable[str] = (), apt: Iterable[str] = (), run: Iterable[str] = ()
    ) -> Image:
        return cls._make((base, _texts(packages), _texts(apt), _texts(run), "", "", "", ()))

    @classmethod
    def dockerfile(
        cls,
        path: Place = "Dockerfile",
        *,
        context: Optional[Place] = None,
        target: str = "",
        args: Optional[Mapping[str, str]] = None,
    ) -> Image:
        """The image that a Dockerfile makes. `context`: the folder that its COPY sees, None: the one where it lies;
        `target`: the stage that is taken, "": the last; `args`: of its ARG lines."""
        given: Any = () if args is None else tuple(sorted(args.items(), key=repr)) if hasattr(args, "items") else args
        where = "" if context is None else os.fspath(context)
        return cls._make(("", (), (), (), os.fspath(path), where, target, given))

    def __reduce__(self) -> Tuple[Any, ...]:
        return Image._make, (tuple(self),)

    @property
    def shown(self) -> str:
        """What a person calls it."""
        return os.path.basename(self.file) if self.file else f"Image({self.base!r})"


def read(value: Any) -> Union[str, Image]:
    """The image of plain data, as a letter or a row has it."""
    return Image._make(cast("Tuple[Any, ...]", value)) if isinstance(value, (tuple, list)) else value


def _texts(value: Any) -> Tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return tuple(cast("Iterable[Any]", value))
