"""Steps that go well, and steps that go wrong in every way that a step can: the table of faults."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings


class TwoArguments(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


def ok(number: int = 7) -> int:
    return number * 2


def takes_any(**values: object) -> int:
    return len(values)


def raise_long() -> None:
    raise ValueError("x" * 100_000)


def echo(value: object) -> object:
    return value


async def coroutine(number: int) -> int:
    await asyncio.sleep(0)
    return number + 1


def divide(number: int) -> float:
    return number / 0


def chained() -> None:
    try:
        divide(1)
    except ZeroDivisionError as error:
        raise ValueError("no such number") from error


def two_arguments() -> None:
    raise TwoArguments(7, "seven")


def connection() -> None:
    raise ConnectionResetError("gone")


def call_exit(code: object = 3) -> None:
    sys.exit(code)  # type: ignore[arg-type]


def os_exit(code: int = 3) -> None:
    os._exit(code)


def interrupt() -> None:
    raise KeyboardInterrupt


def segfault() -> None:
    ctypes.string_at(0)


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def own_pid(file: str) -> None:
    with open(file + ".part", "w") as out:
        out.write(str(os.getpid()))
    os.rename(file + ".part", file)
    time.sleep(3600)


def stuck_in_c(file: str) -> None:
    with open(file + ".part", "w") as out:
        out.write(str(os.getpid()))
    os.rename(file + ".part", file)
    ctypes.PyDLL(None).sleep(3600)  # holds the interpreter lock


def wait_for(file: str) -> str:
    while not os.path.exists(file):
        time.sleep(0.002)
    return "seen"


def eat_memory(size: int) -> int:
    eaten = []
    while len(eaten) * (1 << 20) < size:
        eaten.append(b"x" * (1 << 20))
        time.sleep(0.001)
    if size > 300 << 20:  # more than any test lets it have: however late that is seen
        time.sleep(60)
    return len(eaten)


def eat_memory_in_child(size: int) -> None:
    subprocess.run([sys.executable, "-c", f"import time; x = b'x' * {size}; time.sleep(3600)"], check=True)


def fork_and_return() -> int:
    pid = os.fork()
    if pid == 0:
        return -1
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def fork_and_exit() -> int:
    pid = os.fork()
    if pid == 0:
        sys.exit(5)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def leave_thread() -> int:
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return threading.active_count()


_SLEEP = [sys.executable, "-c", "import time; time.sleep(3600)"]


def leave_children() -> list[int]:
    plain = subprocess.Popen(_SLEEP)
    own_session = subprocess.Popen(_SLEEP, start_new_session=True)
    script = (
        f"import subprocess, sys; print(subprocess.Popen({_SLEEP!r}, start_new_session=True, stdout=-3, stderr=-3).pid)"
    )
    daemon = int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    return [plain.pid, own_session.pid, daemon]


def leave_children_and_wait(file: str) -> None:
    pids = leave_children()
    with open(file + ".part", "w") as out:
        out.write(" ".join(map(str, [os.getpid(), *pids])))
    os.rename(file + ".part", file)
    time.sleep(3600)


def leave_children_and_die(file: str) -> None:
    pids = leave_children()
    with open(file, "w") as out:
        out.write(" ".join(map(str, pids)))
    os.kill(os.getpid(), signal.SIGKILL)


def print_much(size: int) -> int:
    line = "x" * 9_999
    for _ in range(size // 10_000):
        print(line)
    return size


def print_binary() -> None:
    sys.stdout.buffer.write(b"\xff\x00\xfe")
    os.write(1, b"raw\n")
    subprocess.run(["echo", "from a child"], check=True)


def speak() -> None:
    print("printed")
    print("to stderr", file=sys.stderr)
    logging.getLogger("mine").warning("logged")
    logging.getLogger("mine").debug("not shown: nobody asked for it")
    print("no newline", end="")


def warn() -> None:
    warnings.warn("warned", stacklevel=1)


def configure_logging() -> None:
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", force=True)
    logging.getLogger("mine").info("told")
    logging.getLogger("mine").error("cried")
    logging.getLogger().handlers.clear()


def dice() -> list[float]:
    return [random.random(), random.random()]


def numpy_dice() -> list[float]:
    import numpy

    return list(map(float, numpy.random.random(3)))


def wander(folder: str) -> None:
    os.chdir(folder)
    os.environ["WANDERED"] = "yes"
    os.environ.pop("HOME", None)


def where() -> tuple[str, str | None, bool]:
    return os.getcwd(), os.environ.get("WANDERED"), "HOME" in os.environ


def threads_variable() -> str:
    return os.environ["OMP_NUM_THREADS"]


def visible_gpus() -> tuple[str, int]:
    return os.environ["CUDA_VISIBLE_DEVICES"], os.getpid()


def pid() -> int:
    return os.getpid()


def not_storable() -> object:
    return {"lock": threading.Lock()}


def ask_current() -> tuple[object, ...]:
    from penstock.sdk.current import current, log_metrics

    worker = threading.Thread(target=log_metrics, args=({"from_thread": 2.0},))
    log_metrics({"accuracy": 0.5}, step=3)
    worker.start()
    worker.join()
    (current.tempdir / "file").write_text("x")
    with open(current.checkpoint_dir / "count", "a") as file:
        file.write("x")
    return current.run, current.task, current.attempt, str(current.tempdir), str(current.checkpoint_dir)


def loop_and_wait(file: str) -> None:
    from penstock.sdk.progressing import progress

    for item in progress("abc", label="letters"):
        if item == "c":
            wait_for(file)


def log_and_wait(file: str) -> None:
    from penstock.sdk.current import log_metrics

    log_metrics({"loss": 1.0})
    wait_for(file)


def abort() -> None:
    os.abort()


def print_and_die() -> None:
    print("last words")
    os._exit(1)


def count_all(**values: object) -> int:
    return sum(len(value) for value in values.values())  # type: ignore[arg-type]


def ask_parameters() -> object:
    from penstock.sdk.current import current

    return current.parameters


def write_and_spin(file: str, size: int) -> None:
    with open(file, "wb") as out:
        out.write(b"x" * size)
    subprocess.run([sys.executable, "-c", "sum(range(1000000))"], check=True)


def write(file: str, size: int) -> None:
    with open(file, "wb", buffering=0) as out:
        out.write(b"x" * size)


def read(file: str) -> int:
    with open(file, "rb", buffering=0) as source:
        return len(source.read())


def read_in_child(file: str) -> None:
    subprocess.run(["cat", file], check=True, stdout=subprocess.DEVNULL)


def spin(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def spin_in_child(seconds: float) -> None:
    pid = os.fork()
    if pid == 0:
        spin(seconds)
        os._exit(0)
    os.waitpid(pid, 0)


def work_and_exit(file: str, size: int, seconds: float) -> None:
    write(file, size)
    spin(seconds)
    os._exit(3)


def have_work_done(file: str, size: int, seconds: float) -> None:
    """By a child that nobody waits for; then one that is waited for, and never ends."""
    if os.fork() == 0:
        write(file + ".part", size)
        spin(seconds)
        os.rename(file + ".part", file)
        time.sleep(3600)
    time.sleep(3600)


def print_to_both() -> None:
    print("out")
    print("err", file=sys.stderr)
