"""python arrow_back.py ITEMS: a table of Arrow to a script, and back."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from penstock import flow, script, step

COLUMNS = 8
back = script("back.py", inputs={"table": "arrow"}, outputs={"back": "arrow"})
SCRIPT = """
import os
import pyarrow as pa

table = pa.ipc.open_file(pa.memory_map(os.environ["PENSTOCK_INPUTS"] + "/table.arrow")).read_all()
with pa.OSFile(os.environ["PENSTOCK_OUTPUTS"] + "/back.arrow", "wb") as sink:
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
"""


def make_table(items: int) -> Any:
    random = np.random.default_rng(0)
    return pa.table({f"c{number}": random.random(items // COLUMNS) for number in range(COLUMNS)})


def use(table: Any) -> float:
    return pc.sum(table["c0"]).as_py()


@step
def make(items: int) -> Any:
    return make_table(items)


@step
def used(table: Any) -> float:
    return use(table)


@flow
def arrow_back(items: int) -> dict[str, float]:
    table = make.submit(items)
    table.exception()
    began = time.perf_counter()
    total = used(back.submit(table)["back"])
    return {"seconds": time.perf_counter() - began, "sum": total}


if __name__ == "__main__":
    Path("back.py").write_text(SCRIPT)
    print("RESULT " + json.dumps(arrow_back(int(sys.argv[1]))))
