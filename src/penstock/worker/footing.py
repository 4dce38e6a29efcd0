"""Each attempt starts from the same ground: the run's working directory and environment."""

from __future__ import annotations

import os
from typing import Any, Dict


class Footing:
    """Takes back what an attempt changed of the process."""

    def __init__(self) -> None:
        self._cwd = os.getcwd()
        # The mapping below `os.environ`: comparing that takes a quarter of a microsecond, decoding it twenty.
        self._live: Any = getattr(os.environ, "_data", os.environ)
        self._environ = os.environ.copy()
        self._kept: Dict[Any, Any] = dict(self._live)

    def end(self) -> None:
        """Go back to the run's directory and environment, if the attempt left them."""
        try:
            if os.getcwd() != self._cwd:
                os.chdir(self._cwd)
        except FileNotFoundError:
            os.chdir(self._cwd)
        if self._live != self._kept:
            os.environ.clear()
            os.environ.update(self._environ)
