"""save_and_load.py ITEMS: np.save, then np.load with a map, and the sum."""

import json
import sys
import time

import numpy as np

array = np.random.default_rng(0).random(int(sys.argv[1]))
began = time.perf_counter()
np.save("array.npy", array)
total = float(np.load("array.npy", mmap_mode="r").sum())
print("RESULT " + json.dumps({"seconds": time.perf_counter() - began, "sum": total}))
