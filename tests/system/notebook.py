"""Runs cells in a kernel of Jupyter's, in the current folder: what each prints, as a JSON list.

A process of its own: what the kernel's client leaves open is not for a test's warnings.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from jupyter_client.manager import KernelManager

PATIENCE_S = 60


def main(cells: list[str]) -> None:
    manager = KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(PATIENCE_S)
        json.dump([printed(client, cell) for cell in cells], sys.stdout)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def printed(client: Any, cell: str) -> str:
    parts: list[str] = []

    def take(message: Any) -> None:
        content = message["content"]
        parts.append(content.get("text", "") or "\n".join(content.get("traceback", ())))

    client.execute_interactive(cell, output_hook=take, timeout=PATIENCE_S)
    return re.sub(r"\x1b\[[0-9;]*m", "", "".join(parts))


if __name__ == "__main__":
    main(sys.argv[1:])
