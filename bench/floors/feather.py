"""feather.py ROWS: a table written and read as uncompressed Feather, and used as the flow's step uses it."""

import json
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))
from hand_over_table import make_table, use

table = make_table(int(sys.argv[1]))
began = time.perf_counter()
table.to_feather("table.feather", compression="uncompressed")
used = use(pd.read_feather("table.feather"))
print("RESULT " + json.dumps({"seconds": time.perf_counter() - began, "used": used}))
