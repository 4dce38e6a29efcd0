"""How the environments of a run are described to other machines, which build them for themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.errors import PlatformError, UsageError
from penstock.launch.own_packages import found
from penstock.model import luggage
from penstock.model.environments import Environment
from penstock.model.luggage import DataFile, TravellingEnvironment, TravellingLibrary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.artifacts.store import BlobStore
    from penstock.environments.locks import Lock
    from penstock.launch.run_environments import RunEnvironments
    from penstock.model.program_libraries import Library


def described(
    environments: RunEnvironments,
    environment: Environment | None,
    step: str,
    folder: Path,
    blobs: Callable[[], BlobStore],
    *,
    wheels: bool,
) -> Any:
    """Plain data of a `TravellingEnvironment`. `folder`: `.penstock/environments`; `blobs` gives the store that files
    go to; `wheels` False: packages of Python come from an index there."""
    store = blobs() if wheels else None
    fields: tuple[Any, ...] = () if environment is None else environment.plain()
    if environment is not None and environment.image:
        raise UsageError(
            f"step {step} asks for an image and goes to agents, which run none yet: let it run here, by on=, or say "
            "packages= and python= in its place"
        )
    if environment is not None and environment.is_foreign:
        environments.lock(environment, step)
        travelling = TravellingEnvironment(fields, _locked(environments, environment).text)
        if store is not None:
            site = environments.site_of(environment, step)
            travelling = _with_wheels(travelling, sorted(site.glob("*.dist-info")), folder, store)
    else:
        travelling = _own(environments, fields, step, folder, store)
    libraries = environments.libraries_of(environment)
    travelling = travelling._replace(libraries=tuple(_sent_library(library, blobs()) for library in libraries))
    return luggage.environment_to_plain(travelling)


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
