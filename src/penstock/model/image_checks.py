"""Checks the images that a user names or describes. Pure."""

from __future__ import annotations

import os
import re
from typing import Any, Tuple, Union, cast

from penstock.model.images import Image
from penstock.model.texts import fault_of_name

_NAME = r"[A-Za-z0-9][A-Za-z0-9._:/@\[\]-]*"
_ARGUMENT = r"[A-Za-z_][A-Za-z0-9_]*"
_APT = r"[a-z0-9][a-z0-9+.:=~*-]*"
_SENT = ("docker://", "oci:", "docker-archive:", "containers-storage:", "http://", "https://", "dir:")


def checked(value: Any, folder: str) -> Union[str, Image]:
    """The user's image with absolute paths, relative ones from `folder`. Raises ValueError with what was expected."""
    if isinstance(value, Image):
        return _checked_file(value, folder) if value.file else _checked_recipe(value)
    if not isinstance(value, str):
        raise ValueError(
            'expected a name, such as "python:3.12-slim", an Image(...), or an Image.dockerfile("Dockerfile")'
        )
    return _checked_name(value)


def _checked_name(name: str) -> str:
    if not name:
        raise ValueError('expected a name, such as "python:3.12-slim"')
    if name.startswith(_SENT):
        raise ValueError(f"expected a name alone, without {name.partition(':')[0]!r} in front of it")
    if os.path.basename(name).lower().startswith("dockerfile"):
        raise ValueError(f"an image is built of a Dockerfile with Image.dockerfile({name!r})")
    if not re.fullmatch(_NAME, name) or len(name) > 1_000:
        raise ValueError(
            'expected a name without spaces, such as "python:3.12-slim" or "registry.example.org/team/model:2"'
        )
    return name


def _checked_file(image: Image, folder: str) -> Image:
    file = _path(image.file, folder)
    if not isinstance(image.target, str) or (image.target and not re.fullmatch(_NAME, image.target)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"target={image.target!r}: expected the name of a stage")
    given: Any = image.args
    for pair in given:
        name, text = cast("Tuple[Any, Any]", pair) if _is_pair(pair) else (pair, None)
        if not isinstance(name, str) or not re.fullmatch(_ARGUMENT, name) or not isinstance(text, str):
            raise ValueError(f'args: {name!r}: expected names and texts, such as {{"VERSION": "2"}}')
        if fault := fault_of_name(text) if text else "":
            raise ValueError(f"args: the value of {name} {fault}")
    return image._replace(file=file, context=_path(image.context, folder) if image.context else os.path.dirname(file))


def _checked_recipe(image: Image) -> Image:
    base: Any = image.base
    if not isinstance(base, str):
        raise ValueError('Image(base, ...): expected the name of an image, such as "debian:bookworm-slim"')
    _checked_name(base)
    for name, texts in (("packages", image.packages), ("apt", image.apt), ("run", image.run)):
        for text in texts:
            if not isinstance(text, str) or not text.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
                raise ValueError(f"{name}: expected a list of texts")
            if "\0" in text or (name != "run" and (fault_of_name(text) or "\n" in text)):
                raise ValueError(f"{name}: {text[:50]!r} holds what no such text can")
    for text in image.packages:
        if text.startswith("-"):
            raise ValueError(f"packages: {text!r} is no requirement")
    for text in image.apt:
        if not re.fullmatch(_APT, text):
            raise ValueError(f"apt: {text!r} is no package of Debian")
    return image


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(cast("Tuple[Any, ...]", value)) == 2


def _path(path: Any, folder: str) -> str:
    if not isinstance(path, str) or not path or fault_of_name(path):
        raise ValueError(f"{path!r}: expected a path")
    return os.path.normpath(os.path.join(folder, path))
