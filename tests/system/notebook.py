"""Runs cells in a kernel of Jupyter's, in the current folder: what each prints and shows, as a JSON list.

A process of its own: what the kernel's client leaves open is not for a test's warnings.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
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
        json.dump([outputs(client, cell) for cell in cells], sys.stdout)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def outputs(client: Any, cell: str) -> dict[str, Any]:
    """`printed`: its text and tracebacks; `shown`: by its id each display as it stands at the end; `drawn`: how often
    it was drawn."""
    parts, shown, drawn = list[str](), dict[str, Any](), Counter[str]()

    def take(message: Any) -> None:
        content = message["content"]
        parts.append(content.get("text", "") or "\n".join(content.get("traceback", ())))
        id_ = content.get("transient", {}).get("display_id")
        if id_ is not None:
            assert id_ in shown or message["msg_type"] == "display_data"
            shown[id_] = content["data"]
            drawn[id_] += 1

    client.execute_interactive(cell, output_hook=take, timeout=PATIENCE_S)
    printed = re.sub(r"\x1b\[[0-9;]*m", "", "".join(parts))
    return {"printed": printed, "shown": [*shown.values()], "drawn": [*drawn.values()]}


if __name__ == "__main__":
    main(sys.argv[1:])
