"""durable_step.py TIMES: what a durable step in another process can't do without: a pipe round trip and a commit."""

import json
import os
import sqlite3
import statistics
import sys
import time

times = int(sys.argv[1])
down_read, down_write = os.pipe()
up_read, up_write = os.pipe()
child = os.fork()
if child == 0:
    os.close(down_write)
    while message := os.read(down_read, 256):
        os.write(up_write, message)
    os._exit(0)

database = sqlite3.connect("floor.db", isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE task (id INTEGER PRIMARY KEY, name TEXT, status TEXT, record BLOB)")


def one_step(number: int) -> float:
    began = time.perf_counter()
    os.write(down_write, b"x" * 100)
    record = os.read(up_read, 256)
    database.execute("BEGIN IMMEDIATE")
    database.execute("INSERT INTO task VALUES (?, ?, ?, ?)", (number, "task", "done", record))
    database.execute("COMMIT")
    return time.perf_counter() - began


seconds = statistics.mean(one_step(number) for number in range(times))
os.close(down_write)
os.waitpid(child, 0)
print("RESULT " + json.dumps({"seconds": seconds}))
