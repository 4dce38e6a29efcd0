"""arrow_files.py ITEMS: a table of Arrow written to a file and read, and again, by pyarrow itself."""

import json
import sys
import time
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))
from arrow_back import make_table, use

table = make_table(int(sys.argv[1]))
began = time.perf_counter()
for name in ("table.arrow", "back.arrow"):
    with pa.OSFile(name, "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pa.OSFile(name) as source:
        table = pa.ipc.open_file(source).read_all()
total = use(table)
print("RESULT " + json.dumps({"seconds": time.perf_counter() - began, "sum": total}))
