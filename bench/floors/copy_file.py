"""copy_file.py ITEMS: a file of so many float64 is copied, as it would be to another machine's folder."""

import json
import shutil
import sys
import time

import numpy as np

np.save("array.npy", np.random.default_rng(0).random(int(sys.argv[1])))
began = time.perf_counter()
shutil.copyfile("array.npy", "copy.npy")
print("RESULT " + json.dumps({"seconds": time.perf_counter() - began}))
