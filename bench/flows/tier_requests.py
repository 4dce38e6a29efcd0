"""python tier_requests.py CODE: an agent that counts what it asks the far tier: a byte for each request, in a file that
the driver, which imports this, writes to as well."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from penstock.tiers.folder_blobs import FolderBlobs
from penstock.tiers.folder_tier import FolderTier

FILE = Path(__file__).with_name("requests")
_OF_TIER = ("put", "get", "list", "delete")
_OF_BLOBS = ("put", "put_chunks", "get", "renew", "take", "fetch", "delete")


def count() -> None:
    """Count from now on what this process asks of any tier that is a folder."""
    file = os.open(FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for kind, names in ((FolderTier, _OF_TIER), (FolderBlobs, _OF_BLOBS)):
        for name in names:
            setattr(kind, name, _counted(getattr(kind, name), file))


def _counted(method: Callable[..., Any], file: int) -> Callable[..., Any]:
    def asked(*args: Any, **kwargs: Any) -> Any:
        os.write(file, b".")
        return method(*args, **kwargs)

    return asked


def so_far() -> int:
    """How many requests there were."""
    return FILE.stat().st_size if FILE.exists() else 0


if __name__ == "__main__":
    from penstock.agent.life import main

    count()
    sys.exit(main(sys.argv[1:]))
