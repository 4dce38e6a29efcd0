"""Builds the images that steps describe, by podman or docker: each once for all that it is built of."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from penstock.environments import (
    build_failures,
    built_images,
    contexts,
    dockerfiles,
    engine_calls,
    image_packages,
    image_probe,
    image_words,
    local_images,
    locking,
)
from penstock.environments.local_images import LocalImage
from penstock.environments.uv import Tell
from penstock.errors import PlatformError, UsageError
from penstock.model.containers import Container, ContainerEngine, client_environ
from penstock.model.environments import Environment
from penstock.model.images import Image
from penstock.model.tuples import NamedTuple

_FILE = "penstock.dockerfile"
"""A name that no context has, where podman looks first; it splits a path at commas, so that none is given."""


class Builder(NamedTuple):
    """Who builds, for whom."""

    engine: ContainerEngine
    root: Path  # the project's folder
    folder: Path  # `.penstock/environments`
    tell: Tell
    again: bool = False  # built even where it is there, on what its names name now


class BuildOrder(NamedTuple):
    """One image that is to be built."""

    text: str  # its Dockerfile
    stage: Callable[[Path], Sequence[str]]  # puts all that it sees into a new folder; gives the paths of what counts
    counting: Sequence[object]  # plain data: what the image is made of, beside its Dockerfile
    shown: str  # what a person calls it
    target: str = ""
    args: tuple[tuple[str, str], ...] = ()
    below_bytes: int = 0  # of that, what it is built on
    content: str = ""  # the digest of the files that it sees, where they are the user's


def asked(image: Image) -> tuple[object, ...]:
    """Plain data: what an image is asked to be, but for what its bases are now. Blocks for the reading of its context.
    Raises UsageError where that is gone."""
    if not image.file:
        return tuple(image)
    return "dockerfile", _text(image), image.target, image.args, contexts.digest(image.context)


def built(builder: Builder, image: Image) -> LocalImage:
    """The image, as it is here, else built. Blocks, for as long as that takes, with progress to `builder.tell`.

    Raises UsageError where its files are gone or a line of it fails, PlatformError where the machine fails; then no
    image, no container and no folder is left of it.
    """
    if image.file:
        text = _text(image)
        content = contexts.digest(image.context)
        bases = [_resolved(builder, name) for name in dockerfiles.bases(text, dict(image.args))]
        counting = [base.id for base in bases]
        below = bases[-1].size_bytes if bases else 0
        stage = _staging(image.context)
        rest = image.shown, image.target, image.args, below, content
        return _placed(builder, BuildOrder(text, stage, counting, *rest))
    found = _resolved(builder, image.base)
    if image.apt:
        text = dockerfiles.of_system(image, image.base)
        found = _placed(
            builder, BuildOrder(text, _nothing, (found.id,), f"{image.shown}, apt", below_bytes=found.size_bytes)
        )
    if image.packages or image.run:
        found = _with_rest(builder, image, found)
    return found


def _with_rest(builder: Builder, image: Image, on: LocalImage) -> LocalImage:
    """With packages of Python, found and installed from outside, and with what its lines do."""
    if not image.packages:
        text = dockerfiles.of_rest(image, on.name, "")
        return _placed(builder, BuildOrder(text, _nothing, (on.id,), image.shown, below_bytes=on.size_bytes))
    container = Container(builder.engine, on.id, user=f"{os.geteuid()}:{os.getegid()}", labels=_labels(builder))
    inside = image_probe.known(builder.folder / "images", container, on.name)
    beside = image_packages.beside(inside, on.name)
    wish = Environment(image.packages)
    lock = image_packages.resolve(wish, beside, builder.folder, builder.tell, again=builder.again)

    def stage(target: Path) -> Sequence[str]:
        place = image_packages.build(lock, beside, builder.folder, builder.tell)
        site = Path(place.folder, image_packages.SITE)
        shutil.copytree(site, target / "site", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        programs = target / "site" / "bin"
        if programs.is_dir():
            programs.rename(target / "programs")
        else:
            (target / "programs").mkdir()
        return ()

    text = dockerfiles.of_rest(image, on.name, inside.site)
    return _placed(builder, BuildOrder(text, stage, (on.id, lock.digest), image.shown, below_bytes=on.size_bytes))


def _placed(builder: Builder, order: BuildOrder) -> LocalImage:
    """The image of an order, as it is here, else built, whoever else builds it at the same time."""
    key, tag = _named(builder, order)
    lock = built_images.lock_of(builder.folder, builder.engine, key)
    with locking.alone(lock, lambda: builder.tell(f"{tag}: waits for another that builds it")) as fd:
        found = local_images.look(builder.engine, tag)
        if builder.again or found is None or dict(found.labels).get(image_words.KEY) != key:
            key, tag = _build(builder, order, key, fd)
            built_images.forget_removed(builder.folder, builder.engine, key)
            found = local_images.look(builder.engine, tag)
        if found is None:
            raise PlatformError(f"{builder.engine.kind} has built {tag}, and doesn't have it: run it again")
        note = built_images.note_of(builder.folder, builder.engine, key, found.id)
        built_images.write(note, builder.engine, found, order.shown, order.below_bytes)
    return found


def _build(builder: Builder, order: BuildOrder, key: str, held: int) -> tuple[str, str]:
    """Gives the key and the name of what it has built: those of the files that it saw, which may have changed since
    they were looked at."""
    engine, tell = builder.engine, builder.tell
    place = builder.folder / "images" / f"context-{key[:12]}-{engine.kind}"
    hear = build_failures.Steps(lambda line: tell(f"image {tag}: {line}"))
    try:
        shutil.rmtree(place, ignore_errors=True)  # of one that was killed
        paths = order.stage(place / "context")
        if order.content:
            order = order._replace(content=contexts.digest(os.fspath(place / "context"), paths))
        key, tag = _named(builder, order)
        tell(f"builds the image {tag} of {order.shown} with {engine.kind}")
        (place / _FILE).write_text(order.text, encoding="utf-8")
        labels = (*_labels(builder), (image_words.KEY, key))
        words = image_words.build(engine, tag, _FILE, "context", labels, order.target, order.args)
        environ = {**client_environ(dict(order.args), os.environ), "BUILDKIT_PROGRESS": "plain"}
        done = engine_calls.work(words, hear.hear, held=held, environ=environ, folder=place)
    except OSError as error:
        raise PlatformError(f"can't put what {order.shown} sees into {place}: {error.strerror}") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if done.code:
        raise build_failures.failure(order.shown, order.text, hear, done, engine.kind)
    return key, tag


def _named(builder: Builder, order: BuildOrder) -> tuple[str, str]:
    """The key of an order, of all that its image is made of, and the name that the image is found by."""
    key = _key((os.fspath(builder.root), order.text, order.counting, order.content, order.target, order.args))
    return key, f"{built_images.TAGS}{_slug(builder.root.name)}:{key[:12]}"


def _resolved(builder: Builder, name: str) -> LocalImage:
    found = local_images.resolve(
        builder.engine, name, builder.tell, again=builder.again and not name.startswith("localhost/")
    )
    local_images.refuse_another_machine(builder.engine, found)
    return found


def _labels(builder: Builder) -> tuple[tuple[str, str], ...]:
    return image_words.labels_of(os.fspath(builder.root))


def _text(image: Image) -> str:
    try:
        return Path(image.file).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            f"the Dockerfile {image.file}, of which an image is built, is not there: bring it back"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the Dockerfile {image.file} can't be read: {error}") from error


def _staging(context: str) -> Callable[[Path], Sequence[str]]:
    return lambda target: contexts.stage(context, target)


def _nothing(target: Path) -> Sequence[str]:
    target.mkdir(parents=True)
    return ()


def _key(counting: Sequence[object]) -> str:
    from blake3 import blake3

    return blake3(repr(counting).encode(errors="surrogatepass")).hexdigest()


def _slug(name: str) -> str:
    """A project's name as a name of an image may have it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "project"
