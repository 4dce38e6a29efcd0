"""Writes ui/src/api/schema.d.ts: the types of what the API answers, from the document that it serves.

.venv/bin/python tools/page_types.py            needs Node, as tools/page.py does
.venv/bin/python tools/page_types.py --check    exits with 1 where the file says otherwise
"""

from __future__ import annotations

import json
import subprocess
import sys

import page

from penstock.server import openapi, route_table

TYPES = page.UI / "src" / "api" / "schema.d.ts"


def written() -> str:
    """The file as it should be."""
    document = json.dumps(openapi.document(route_table.ROUTES))
    done = page.run("openapi-typescript", input=document, stdout=subprocess.PIPE)
    done.check_returncode()
    return done.stdout


if __name__ == "__main__":
    if "--check" not in sys.argv:
        TYPES.write_text(written(), encoding="utf-8")
    elif TYPES.read_text(encoding="utf-8") != written():
        sys.exit(f"{TYPES} is not what the API says: run tools/page_types.py")
