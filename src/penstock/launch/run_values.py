"""The stored values of one run, as its engine asks for them."""

from __future__ import annotations

from penstock.artifacts import codec
from penstock.artifacts.canonical import identify
from penstock.artifacts.digests import digest
from penstock.errors import DamagedError, StoreError
from penstock.model.outcomes import Stored
from penstock.project import Project


def combine(parts: tuple[bytes, ...]) -> bytes:
    """One digest of several."""
    return identify(parts).digest


def fingerprint(result: Stored) -> bytes:
    """The digest of a result; of its record, where its content has no stable form."""
    return result.digest or digest(result.record)


class RunValues:
    """Implements `engine.ports.Values`. `run`: by `RunRow.id`."""

    combine = staticmethod(combine)
    fingerprint = staticmethod(fingerprint)

    def __init__(self, project: Project, run: int) -> None:
        self._project = project
        self._run = run

    def is_intact(self, result: Stored) -> bool:
        """Whether all blobs of a result are there; renewed, they are not swept before this run has a row for them."""
        return all(self._project.store.renew(blob, size) for blob, size in codec.inspect_record(result.record))

    def is_damaged(self, result: Stored) -> bool:
        """Whether what a record needs can't be read. Damaged blobs are removed, so that they can be written anew."""
        damaged = False
        for blob, size in codec.inspect_record(result.record):
            try:
                self._project.store.get(blob, size, verify=True)
            except DamagedError:
                self._project.store.delete(blob)
                damaged = True
            except StoreError:
                continue  # it can't be read now, and may be whole
        return damaged

    def written(self, task: int, modules: tuple[str, ...], *, for_body: bool = False) -> str:
        from penstock.reading import writers

        mend = writers.by_pip if for_body else writers.by_step
        return writers.answer(self._project, self._run, task, modules, mend)
