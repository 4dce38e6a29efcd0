"""Where packages come from on this machine, for uv: it does not read the settings of pip."""

from __future__ import annotations

import functools
import os
import subprocess
import sys


@functools.cache
def of_pip() -> dict[str, str]:
    """pip's settings for indexes as uv's; {} where the machine has settings for uv itself, or none for either."""
    if any(name.startswith("UV_") and "INDEX" in name for name in os.environ):
        return {}
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, list[str]] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        found.setdefault(name.rpartition(".")[2], []).extend(value.strip("'").replace("\\n", " ").split())
    settings = {"UV_DEFAULT_INDEX": found.get("index-url", [])[-1:], "UV_INDEX": found.get("extra-index-url", [])}
    result = {name: " ".join(values) for name, values in settings.items() if values}
    if links := found.get("find-links"):
        result["UV_FIND_LINKS"] = ",".join(dict.fromkeys(links))
    if "UV_INDEX" in result:
        result["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does
    return result
