"""Milliseconds that the fingerprint of a step takes, in the process that is about to run its flow: `code.py FLOW`."""

import json
import os
import sys
import time
from pathlib import Path

from penstock.artifacts.canonical import identify
from penstock.environments import snapshot
from penstock.launch import flow_modules

flow_file = Path(sys.argv[1]).absolute()
flow_modules.load_file(str(flow_file))
folder = os.path.abspath(".penstock/sources")
taken = snapshot.take([str(flow_file.parent)], [str(flow_file)], folder)

began = time.perf_counter()
from penstock.code.codebase import Codebase  # noqa: E402  its import is part of what is measured

codebase = Codebase(
    snapshot=taken.file,
    sys_path=[str(flow_file.parent), *sys.path],
    module=flow_file.stem,
    module_path=str(flow_file),
    folder=folder,
    value_digest=lambda value: identify(value).digest,
)
found = codebase.fingerprint([f"{flow_file.stem}:work"])
codebase.save()
seconds = time.perf_counter() - began
print("RESULT " + json.dumps({"seconds": seconds, "nodes": len(found.tree.nodes)}))
