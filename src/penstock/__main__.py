"""`python -m penstock`: the command, for an interpreter whose `bin` is not on PATH."""

from __future__ import annotations

import sys

from penstock.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
