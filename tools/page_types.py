"""Writes ui/src/api/schema.d.ts: the types of what the API answers, from the document that it serves.

.venv/bin/python tools/page_types.py            needs ui/node_modules
.venv/bin/python tools/page_types.py --check    exits with 1 where the file says otherwise
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from penstock.server import openapi, route_table

UI = Path(__file__).parents[1] / "ui"
TYPES = UI / "src" / "api" / "schema.d.ts"
_TYPES_OF = UI / "node_modules" / ".bin" / "openapi-typescript"


def written() -> str:
    """The file as it should be."""
    document = json.dumps(openapi.document(route_table.ROUTES))
    return subprocess.run([_TYPES_OF], cwd=UI, input=document, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    if "--check" not in sys.argv:
        TYPES.write_text(written(), encoding="utf-8")
    elif TYPES.read_text(encoding="utf-8") != written():
        sys.exit(f"{TYPES} is not what the API says: run {Path(__file__).name}")
