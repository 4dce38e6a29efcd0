"""How the API says no: a status, and the words that the command line would say."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from penstock.errors import (
    DamagedError,
    FilterError,
    JournalError,
    NotFoundError,
    ParameterError,
    PenstockError,
    RunBusyError,
    SlowQueryError,
    StoreError,
    UsageError,
)

_COMMAND = re.compile(r"`(penstock [^`]+)`")
_OF_ERRORS: tuple[tuple[type[PenstockError], int, str], ...] = (  # the first that fits
    (NotFoundError, 404, "not_found"),
    (RunBusyError, 409, "busy"),
    (ParameterError, 422, "wrong_parameter"),
    (FilterError, 400, "wrong_filter"),
    (UsageError, 400, "wrong_request"),
    (SlowQueryError, 503, "too_slow"),
    (JournalError, 503, "journal"),
    (DamagedError, 409, "damaged"),
    (StoreError, 503, "store"),
    (PenstockError, 409, "failed"),
)


class ErrorWords(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was wrong."""

    code: str  # for programs, as "not_found"
    message: str
    hint: str = ""  # the command that helps; "": there is none
    field: str = ""  # of the request, that was wrong; "": none, or all of it
    at: int | None = None  # in a filter: where, in characters; None: nowhere
    end: int | None = None


class ErrorAnswer(msgspec.Struct, frozen=True):
    """What comes with each status from 400 on."""

    error: ErrorWords


class Refusal(Exception):
    """A request that is answered by an error. Raised wherever it is found out."""

    def __init__(
        self, status: int, code: str, message: str, *, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.words = ErrorWords(code, message, hint_of(message), field)
        self.headers = dict(headers or {})


def of_error(error: PenstockError) -> Refusal:
    """What an error of any room below comes to."""
    status, code = next((status, code) for kind, status, code in _OF_ERRORS if isinstance(error, kind))
    refusal = Refusal(status, code, str(error))
    if isinstance(error, FilterError):
        refusal.words = msgspec.structs.replace(refusal.words, at=error.at, end=error.end)
    return refusal


def hint_of(message: str) -> str:
    """The command that a message names."""
    named = _COMMAND.search(message)
    return named[1] if named else ""
