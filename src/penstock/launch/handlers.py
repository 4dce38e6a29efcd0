"""What a flow's `on_failure` step is given: the exception that ended the run, or what stands for it.

A step is given only what can be stored, and read again by another process; an exception is whatever its author made of
it. The handler has to be called all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from penstock.artifacts import codec
from penstock.artifacts.store import BlobStore
from penstock.errors import UserCodeError
from penstock.sdk.rebuilt_errors import RemoteTraceback, rebuild
from penstock.worker.recorded_errors import error_of, message_of

_MOST_CHARACTERS = 4_000  # so that it fits into the journal where the store takes nothing any more


def for_handler(exception: BaseException, store: BlobStore) -> BaseException:
    """The exception itself where it can travel; else without the attributes that can't; else a UserCodeError with its
    type, its text, and its traceback as cause."""
    for candidate in _candidates(exception, store):
        if _travels(candidate, store):
            return candidate
    return UserCodeError(f"{type(exception).__name__}: its words can't be told")


def _candidates(exception: BaseException, store: BlobStore) -> Iterator[BaseException]:
    yield exception
    error = error_of(exception, store, None)
    partly = rebuild(error._replace(traceback=error.traceback[-_MOST_CHARACTERS:]), "the flow", store)
    if type(partly) is type(exception) and message_of(partly) == error.message:
        yield partly
    words = UserCodeError(f"{error.type}: {error.message[:_MOST_CHARACTERS]}")
    words.__cause__ = RemoteTraceback(error.traceback[-_MOST_CHARACTERS:])
    yield words


def _travels(exception: BaseException, store: BlobStore) -> bool:
    try:
        stored = codec.encode(exception, store, where="error").stored
        there = codec.decode(stored.record, store)
        return type(there) is type(exception) and str(there) == str(exception)
    except Exception:  # noqa: BLE001  its author's code, or a store that takes nothing: any failure means the same
        return False
