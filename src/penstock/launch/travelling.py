"""How the environments of a run are described to other machines, which build them for themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import PlatformError, UsageError
from penstock.launch.own_packages import found
from penstock.model import luggage
from penstock.model.environments import Environment
from penstock.model.luggage import DataFile, TravellingEnvironment, TravellingLibrary
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.artifacts.store import BlobStore
    from penstock.environments.locks import Lock
    from penstock.launch.run_environments import RunEnvironments
    from penstock.model.program_libraries import Library


class Destination(NamedTuple):
    """Where an environment travels to."""

    blobs: Callable[[], BlobStore]  # gives the store that files go to
    wheels: bool = False  # packages of Python go there, too, since no index is reached
    here: bool = False  # it is run by this very Python
    containers: str = ""  # the engine of images there; "": any


def described(
    environments: RunEnvironments, environment: Environment | None, step: str, folder: Path, to: Destination
) -> Any:
    """Plain data of a `TravellingEnvironment`. `folder`: `.penstock/environments`."""
    store = to.blobs() if to.wheels else None
    fields: tuple[Any, ...] = () if environment is None else environment.plain()
    if environment is not None and environment.is_foreign:
        environments.lock(environment, step)
    if environment is not None and environment.image:
        is_own = not environments.images.has_python(environment)  # the flow's own writes and reads its programs' files
    else:
        is_own = environment is None or not environment.is_foreign
    if is_own and to.here:
        travelling = TravellingEnvironment(fields, "")
    elif is_own or environment is None:
        travelling = _own(environments, fields, step, folder, store)
    else:
        travelling = _foreign(environments, environment, fields, step, folder, store)
    if environment is not None and environment.image:
        image = environments.images.sent(environment, to.blobs, to.containers, here=to.here)
        travelling = travelling._replace(image=image)
    libraries = environments.libraries_of(environment)
    travelling = travelling._replace(libraries=tuple(_sent_library(library, to.blobs()) for library in libraries))
    return luggage.environment_to_plain(travelling)


def _foreign(
    environments: RunEnvironments,
    environment: Environment,
    fields: tuple[Any, ...],
    step: str,
    folder: Path,
    wheels: BlobStore | None,
) -> TravellingEnvironment:
    """One with packages or an interpreter of its own, which is locked; an image may come without packages."""
    if environment.image and not environment.installs:
        return TravellingEnvironment(fields, "")
    travelling = TravellingEnvironment(fields, _locked(environments, environment).text)
    if wheels is None:
        return travelling
    if environment.image:
        raise UsageError(
            f"step {step} can't run: packages on top of an image don't go by `wheels = true`: put them into the image, "
            "as with Image(..., packages=[...]), or leave wheels out where an index is reached there"
        )
    site = environments.site_of(environment, step)
    return _with_wheels(travelling, sorted(site.glob("*.dist-info")), folder, wheels)


def _own(
    environments: RunEnvironments, fields: tuple[Any, ...], step: str, folder: Path, wheels: BlobStore | None
) -> TravellingEnvironment:
    """The flow's own packages. That they can't be had elsewhere is told where they are missed: they may be there."""
    own = environments.own_packages
    travelling = TravellingEnvironment(fields, "", (), own.left_out, own.python, own.packages)
    if wheels is not None:
        from penstock.environments import interpreter_search, locks

        bare = travelling._replace(lock=locks.written(interpreter_search.own(), "", ""))
        infos = [path for one in found(own.packages) if (path := _info_of(one)).name.endswith(".dist-info")]
        return _with_wheels(bare, infos, folder, wheels)
    if not own.packages:
        return travelling
    try:
        environments.lock(own.environment, step)
    except (UsageError, PlatformError) as error:
        return travelling._replace(left_out=(*own.left_out, str(error)))
    return travelling._replace(lock=_locked(environments, own.environment).text)


def _locked(environments: RunEnvironments, environment: Environment) -> Lock:
    lock = environments.lock_of(environment)
    assert lock is not None
    return lock


def _info_of(distribution: Any) -> Path:
    return Path(distribution._path)


def _sent_library(library: Library, blobs: BlobStore) -> TravellingLibrary:
    files = tuple(DataFile(name, *blobs.put(data)) for name, data in library.files)
    return TravellingLibrary(library.kind, library.digest, files, library.packages)


def _with_wheels(
    travelling: TravellingEnvironment, infos: Iterable[Path], folder: Path, store: BlobStore
) -> TravellingEnvironment:
    """The same, of wheels that go to the store."""
    from penstock.environments import locks, wheelhouse

    wheels = wheelhouse.packed(infos, folder / "wheels")
    sent = tuple(DataFile(wheel.file.name, *store.put(wheel.file.read_bytes())) for wheel in wheels)
    return travelling._replace(lock=wheelhouse.locked(locks.parse(travelling.lock), wheels), wheels=sent)
