"""`penstock`, and `python -m penstock` for an interpreter whose `bin` is not on PATH."""

from __future__ import annotations

import sys
from collections.abc import Callable

from penstock.cli.importing import quietly


def main() -> int:
    """The command."""
    return quietly(_command)()


def _command() -> Callable[[], int]:
    from penstock.cli.main import main

    return main


if __name__ == "__main__":
    sys.exit(main())
