"""A project with something of everything, made by real runs in some seconds."""

from __future__ import annotations

from tests.system.flows import Drive, Project, wait_until

FLOWS = '''
"""Which digit is it? Nothing is learned here, but all is there that a run may have."""

import numpy as np
from penstock import HTML, display, progress


@step(cache=True)
def load(rows: int) -> np.ndarray:
    """Points, always the same."""
    print(rows, "rows read")
    return np.random.default_rng(0).normal(size=(rows, 8))


@step
def clean(data: np.ndarray, part: int) -> float:
    return float(data[part].sum())


@step(retries=2)
def fetch(part: int) -> int:
    if part == 2 and current.attempt == 1:
        raise ConnectionError("the first try never works")
    return part


@step
def fit(x: float, number: int) -> float:
    return x + number


@step
def score(x: float) -> float:
    log_metrics({"score": x})
    return x


@flow
def fold(x: float, number: int) -> float:
    return score(fit(x, number))


@step(memory="1GiB", timeout="10m")
def train(depth: int, lr: float, epochs: int) -> dict:
    rng = np.random.default_rng(depth)
    print("\\x1b[1mtraining\\x1b[0m with depth", depth)
    for epoch in progress(range(epochs), label="epochs"):
        loss = float(np.exp(-lr * epoch) + 0.02 * rng.random())
        log_metrics({"loss": loss, "accuracy": 1 - loss / 2}, step=epoch)
        if epoch % 10 == 0:
            print(f"\\x1b[32mINFO\\x1b[0m epoch {epoch} loss={loss:.4f}")
    if depth == 13:
        print("\\x1b[31mERROR\\x1b[0m this depth is unlucky", file=sys.stderr)
        weights = np.zeros(8)
        weights[depth] = 1
    return {"depth": depth, "loss": loss, "weights": rng.normal(size=8)}


@step
def improve(value: float) -> float:
    return value / 2


@step
def report(trained: list, value: float) -> dict:
    best = min(one["loss"] for one in trained)
    text = f"# Report\\n\\nThe best loss is **{best:.3f}**.\\n\\n- `numpy`\\n- [a link](https://example.org)"
    display(text, "report", caption="in a few words")
    display({"depths": [one["depth"] for one in trained], "value": value}, "figures")
    display(HTML("<h3>From a frame</h3><script>document.body.append('scripted')</script>"), "frame")
    for number in range(3):
        wave = np.abs(np.outer(np.sin(np.linspace(0, 3 + number, 24)), np.cos(np.linspace(0, 3, 32))))
        display((wave * 255).astype("uint8"), "waves", step=number)
    return {"value": value, "notes": ["a", {"deep": [1, 2, 3]}], "name_with_a_lot_to_say_for_itself": "x" * 200}


@step(memory="1GiB")
def wait(name: str, epochs: int) -> str:
    for epoch in range(epochs):
        log_metrics({"loss": 1 / (1 + epoch)}, step=epoch)
        print("epoch", epoch, flush=True)
    while not os.path.exists(name):  # for as long as the tests take
        time.sleep(0.05)
    return name


@flow
def digits(depths: list[int] = [2, 4], lr: float = 0.1, rows: int = 60, epochs: int = 40, until: str = "") -> dict:
    """Train, and say what came of it."""
    data = load(rows)
    sums = clean.map([data] * 30, range(30)).result()
    value = sum(sums) + sum(fetch.map(range(4)).result())
    folds = [fold(value, number) for number in range(3)]
    for _ in range(4):
        value = improve(value)
    trained = train.map(depths, [lr] * len(depths), [epochs] * len(depths)).result()
    if until:
        wait(until, epochs)
    current.tag("sweep", f"lr={lr}")
    log_metrics({"loss": min(one["loss"] for one in trained), "accuracy": 1 - min(one["loss"] for one in trained) / 2})
    return report(trained, value + sum(folds))


@step
def double(x: int) -> int:
    return 2 * x


@flow
def مرحبا(n: int = 3, note: str = "قيمة") -> int:
    """A name that is read from the right."""
    return sum(double.map(range(n)).result())


@flow
def a_flow_with_a_name_that_is_far_too_long_for_any_column_of_a_table_or_for_the_head_of_a_page(n: int = 1) -> int:
    return double(n)


@flow
def nothing() -> int:
    """A run without a task."""
    return 1
'''
RUNNING = "digits/7"
"""The run that goes on until `let_go`."""
_UNTIL = "go-on"


def fill(project: Project) -> None:
    """`digits/1` to `digits/7`: done, done, failed at depth 13, a fork of that with another depth, done with the first
    run's values reused, cancelled, running; and one run each of the other flows."""
    project.write(FLOWS, "mine.py")
    words = "mine.py:digits"
    _run(project, 0, "run", "--name", "the first", "--tag", "nightly", words)
    _run(project, 0, "run", words, "--lr", "0.02", "--depths", "[3]")
    _run(project, 1, "run", words, "--depths", "[2, 13, 4]")
    _run(project, 0, "fork", "digits/3", "--depths", "[2, 12, 4]")
    _run(project, 0, "run", "--tag", "nightly", words, "--rows", "60", "--epochs", "60")
    cancelled = _waiting(project, "never")
    _run(project, 0, "cancel", "digits/6")
    cancelled.join()
    for name in (
        "مرحبا",
        "a_flow_with_a_name_that_is_far_too_long_for_any_column_of_a_table_or_for_the_head_of_a_page",
    ):
        _run(project, 0, "run", f"mine.py:{name}")
    _run(project, 0, "run", "mine.py:nothing")
    _waiting(project, _UNTIL)


def let_go(project: Project) -> None:
    """What runs ends."""
    project.touch(_UNTIL)


def _waiting(project: Project, until: str) -> Drive:
    drive = project.spawn(target="mine.py:digits", until=until)
    wait_until(
        lambda: project.rows("SELECT 1 FROM task_row WHERE name = 'wait' AND status = 'running'"), "for its step"
    )
    return drive


def _run(project: Project, code: int, *words: str) -> None:
    found, said = project.penstock(*words)
    assert found == code, said
