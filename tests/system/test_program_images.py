"""Programs in images without Python, in runs: what they are given and give, how those that misbehave are told, and what
is left of one whose run is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator

import pytest

from tests.containers import Engine
from tests.system.flows import Project, wait_until

FLOW = '''
import json
from pathlib import Path
from penstock import command, script

BARE = os.environ["IMAGE_BARE"]

def sh(code, outputs={"out": "text"}, inputs=(), image=BARE, **more):
    return command(["sh", "-c", code], inputs=inputs, outputs=outputs, name="bad", image=image, **more)

helped = script("helped.sh", inputs={"given": "text"}, outputs={"out": "text"}, parameters=["word"], image=BARE,
                env={"OF_STEP": "it is"})
drawn = script("drawn.R", inputs={"given": "json"}, outputs={"out": "json"}, image=os.environ["IMAGE_R"])
counted = script("counted.cjs", inputs={"given": "json"}, outputs={"out": "json"}, image=os.environ["IMAGE_NODE"])
static = command(["/program", "{words}", "a b"], outputs={"words": "json"}, name="static",
                 image=os.environ["IMAGE_STATIC"])

def checkpointed():
    code = """mkdir -p "$PENSTOCK_CHECKPOINTS"; f="$PENSTOCK_CHECKPOINTS/n"; echo x >> "$f"
        if [ "$(wc -l < "$f")" -lt 2 ]; then exit 5; fi; cp "$f" {out}"""
    return sh(code, retries=1)()

CASES = {
    "a shell": lambda: helped("some words", word="it's"),
    "R": lambda: drawn({"n": 20}),
    "Node": lambda: counted({"n": 20}),
    "no shell at all": lambda: static(),
    "tried again": checkpointed,
    "no such program": lambda: command(["Rscript", "x.R"], image=BARE, name="bad")(),
    "nothing in its folder": lambda: command(["./none", "x"], image=BARE, name="bad")(),
    "written and failed": lambda: sh("echo almost > {out}; echo why >&2; exit 4")(),
    "nothing written": lambda: sh("echo said")(),
    "a stray file": lambda: sh('echo ok > {out}; echo x > "$PENSTOCK_OUTPUTS/stray"')(),
    "it kills itself": lambda: sh("kill -9 $$; sleep 60", retries=0)(),
    "too much memory": lambda: sh("perl -e '$x = q(x) x (400 << 20)'", memory="64 MiB", retries=0)(),
    "too long": lambda: sh("trap 'echo x > {out}; exit 0' TERM; while :; do sleep 0.05; done", timeout=1, retries=0)(),
    "its input": lambda: sh("echo more >> {given} || echo refused > {out}", inputs={"given": "text"})("as it was"),
    "no folder left": lambda: sh('echo said; rm -rf "$PENSTOCK_OUTPUTS"')(),
    "it forks and goes": lambda: sh("(setsid sleep 1000 &); echo ok > {out}")(),
    "no network": lambda: sh("ls /sys/class/net > {out}")(),
    "100 MB": lambda: sh("head -c 100000000 /dev/zero | tr '\\\\0' x; echo ok > {out}")(),
    "no descriptors": lambda: sh("exec <&- >&- 2>&-; echo ok > {out}")(),
}

@flow
def main():
    told = {}
    for name, case in CASES.items():
        try:
            told[name] = repr(case())
        except Exception as error:
            told[name] = f"{type(error).__name__}: {error}"
    Path("told.json").write_text(json.dumps(told))

@flow
def waits():
    sh("echo up > up; sleep 1000")()
'''
TOLD: dict[str, tuple[str, ...]] = {
    "a shell": ("{'out': \"it's some words it is\\n\"}",),
    "R": ("{'out': {'n': 21",),
    "Node": ("{'out': {'n': 22}}",),
    "no shell at all": (".json', 'a b']}",),
    "tried again": ("{'out': 'x\\nx\\n'}",),
    "no such program": ("StepExitError: ", "there is no `Rscript` in the image ", "take an image that has it"),
    "nothing in its folder": ("StepExitError: ", "there is no `./none` in the image "),
    "written and failed": ("StepExitError: ", "bad exited with 4; its last lines:\nwhy"),
    "nothing written": ("bad has ended without writing its output out", "its last lines:\nsaid"),
    "a stray file": ("has written stray to the folder of its outputs",),
    "it kills itself": ("WorkerLostError: ", "killed from outside (SIGKILL)"),
    "too much memory": ("OutOfMemoryError: ", "more than the memory of its step"),
    "too long": ("StepTimeoutError: ",),
    "its input": ("{'out': 'refused\\n'}",),
    "no folder left": ("UserCodeError: bad has ended without writing its output out", "its last lines:\nsaid"),
    "it forks and goes": ("{'out': 'ok\\n'}",),
    "no network": ("{'out': 'lo\\n'}",),
    "100 MB": ("{'out': 'ok\\n'}",),
    "no descriptors": ("{'out': 'ok\\n'}",),
}
HELPED = """
. "$PENSTOCK_HELPERS/penstock.sh"
penstock_metrics loss=0.5 --step 1
printf '%s %s %s\\n' "$(penstock_parameter word)" "$(cat "$(penstock_input given.txt)")" "$OF_STEP" \\
    > "$(penstock_output out.txt)"
penstock_tag of-shell
"""
DRAWN = """
source(file.path(Sys.getenv("PENSTOCK_HELPERS"), "penstock.R"))
penstock$metrics(r = 1)
penstock$write("out.json", list(n = penstock$read("given.json")$n + 1))
"""
COUNTED = """
const penstock = require(process.env.PENSTOCK_HELPERS + "/penstock.cjs");
penstock.metrics({ node: 2 }, 3);
penstock.write("out.json", { n: penstock.read("given.json").n + 2 });
"""
PLAIN = """
import mine
print(mine.sh("echo of $USER > {out}")())
"""


@pytest.fixture
def images(engine: Engine, project: Project, monkeypatch: pytest.MonkeyPatch) -> Generator[Project]:
    """A project whose flows know the images. Afterwards there is no container of it."""
    for name in ("bare", "r", "node", "static"):
        monkeypatch.setenv(f"IMAGE_{name.upper()}", engine.image(name))
    project.settings(f'[project]\ncontainers = "{engine.kind}"\n')
    project.write(FLOW)
    for name, text in (("helped.sh", HELPED), ("drawn.R", DRAWN), ("counted.cjs", COUNTED)):
        (project.folder / name).write_text(text)
    yield project
    project.end()
    notes = project.folder / ".penstock" / "containers"
    wait_until(lambda: not notes.exists() or not list(notes.iterdir()), "for all containers to be gone")


def test_they_are_given_and_give_what_programs_do_and_are_told_as_they_are(images: Project) -> None:
    drive = images.spawn()
    output, _ = drive.process.communicate(timeout=300)
    assert drive.process.returncode == 0, output
    told = json.loads((images.folder / "told.json").read_text())
    assert told.keys() == TOLD.keys()
    missed = {name: told[name] for name, words in TOLD.items() if not all(word in told[name] for word in words)}
    assert not missed
    assert images.rows("SELECT name FROM metric ORDER BY name") == [("loss",), ("node",), ("r",)]
    assert not list(images.folder.rglob("oom"))
    owner = {path.lstat().st_uid for path in images.folder.rglob("*")}
    assert owner == {os.getuid()}


def test_one_runs_outside_of_a_run_too(images: Project) -> None:
    done = subprocess.run([sys.executable, "-c", PLAIN], cwd=images.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    user = "root" if os.getuid() == 0 else os.environ["USER"]
    assert done.stdout == f"{{'out': 'of {user}\\n'}}\n"


def test_that_of_a_driver_that_is_killed_is_removed(images: Project) -> None:
    drive = images.spawn(target="mine.py:waits")
    names = wait_until(lambda: list((images.folder / ".penstock" / "containers").glob("penstock-program-*")))
    drive.send(signal.SIGKILL)
    drive.process.communicate()
    wait_until(lambda: not names[0].exists(), "for the container to be removed")
