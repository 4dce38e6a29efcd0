"""ray_tasks.py TASKS SLEEP_S: plain tasks of Ray that sleep, on the cluster where this is a job; warm."""

import json
import sys
import time

import ray

ray.init(log_to_driver=False)


@ray.remote(num_cpus=1)
def sleeps(number, seconds):
    time.sleep(seconds)
    return number


def mapped(tasks, seconds):
    began = time.perf_counter()
    assert sum(ray.get([sleeps.remote(number, seconds) for number in range(tasks)])) == sum(range(tasks))
    return time.perf_counter() - began


mapped(64, float(sys.argv[2]))
print("RESULT " + json.dumps({"seconds": mapped(int(sys.argv[1]), float(sys.argv[2]))}))
