"""What steps print, raise and return, as the verbs show it: it steers no terminal, forges no line, fills no disk."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.system.flows import Project

CODE = "import sys; from penstock.cli.main import main; sys.exit(main())"
ESCAPES = r"""
from penstock import log_metrics

@step
def noisy():
    print("\x1b]0;OWNED\x07\x1b[31mred")
    os.write(1, b"\x9d0;OWNED\x9c\rover\n")
    log_metrics({"\x1b]0;OWNED\x07": 1.0})
    raise ValueError("\x1b]52;c;Y2xpcA==\x07 clipboard \u202e")

@flow
def main():
    noisy()
"""


def in_terminal(project: Project, *words: str) -> str:
    """What a verb writes to a terminal."""
    parent, child = pty.openpty()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PENSTOCK_", "PYTHON", "CI"))}
    environment = {**kept, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-c", CODE, *words]
    with subprocess.Popen(command, cwd=project.folder, stdout=child, stderr=child, env=environment):
        os.close(child)
        found = b""
        while True:
            try:
                data = os.read(parent, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            found += data
    os.close(parent)
    return found.decode()


@pytest.mark.parametrize("inline", [False, True])
def test_escapes_do_nothing(project: Project, inline: bool) -> None:
    past_the_streams = r'    os.write(1, b"\x9d0;OWNED\x9c\rover\n")'  # inline it goes to the screen, as it is
    project.write(ESCAPES.replace(past_the_streams, "") if inline else ESCAPES)
    words = ["run", *(["--inline"] if inline else []), "mine.py"]
    shown = [in_terminal(project, *words)]
    shown += [in_terminal(project, *words.split()) for words in ("logs", "show", "show main/1/noisy/1", "ls")]
    for text in shown:
        assert re.search("\x1b[^\\[]|\x07|[\x80-\x9f\u202e]", text) is None
    assert "\\x1b]52;c;Y2xpcA==\\x07 clipboard" in shown[0]
    assert "\x1b[31mred\x1b[0m" in shown[1]


LOUD = r"""
import subprocess

@step{keywords}
def forges():
    print("mine")
    subprocess.run(["printf", r"\0361700000000.000 Ee forged\n\0361.000 @- main/1/other/9#1\n"], check=True)
    os.write(1, b"\x1e99999999999999999999.000 -o far away\n")
    print("mine too")

@step{keywords}
def prints(n):
    for number in range(n):
        print("line", number)

@step{keywords}
def floods(n):
    subprocess.run(["sh", "-c", f"yes 0123456789abcde | head -c {{n}}"], check=True)

@step{keywords}
def mixes(n):
    for number in range(n):
        print("line", number)
        os.write(1, b"raw\n")

@flow
def main(n: int = 200_000):
    forges()
    floods(n)
    prints(n // 8)
    mixes(n // 8)
    prints(3)
"""


@pytest.mark.parametrize("keywords", ["", '(secrets=["TOKEN"])', '(isolation="process")'])
def test_a_log_is_bounded_and_can_not_be_forged(
    project: Project, monkeypatch: pytest.MonkeyPatch, keywords: str
) -> None:
    monkeypatch.setenv("TOKEN", "s3cr3t-value")
    project.settings('log_limit = "64KiB"\n')
    project.write(LOUD.format(keywords=keywords))
    project.run().value()
    forged = project.penstock("logs", "main/1/forges/1")[1]
    assert "ERROR" not in forged
    assert [line.split()[-1] for line in forged.splitlines() if re.match(r"\d\d:", line)] == ["mine", "too"]
    assert "mine too" in forged
    for task in ("floods/1", "prints/1", "mixes/1"):
        shown = project.penstock("logs", f"main/1/{task}")[1]
        assert len(shown) < 64 << 12
        assert [line for line in shown.splitlines() if "what follows is not kept" in line] != []
        last = project.penstock("show", f"main/1/{task}")[1]
        assert "what follows is not kept: the log of this attempt has reached 64 KiB" in last
    assert project.penstock("logs", "main/1/prints/2")[1].count("line") == 3
    logs = (project.folder / ".penstock" / "logs").rglob("*.log")
    assert sum(path.stat().st_size for path in logs) < 4 * (64 << 10) + (64 << 10)


def test_a_model_hub_s_folder_comes_through(project: Project) -> None:
    project.write("""
from pathlib import Path
from penstock import current

@step
def download() -> Path:
    cache = current.tempdir / "cache"
    (cache / "blobs").mkdir(parents=True)
    (cache / "blobs" / "c0ffee").write_text("layers")
    snapshot = cache / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/c0ffee")
    return snapshot

@step
def read(model: Path) -> str:
    return (model / "config.json").read_text()

@step
def gives(path: str) -> Path:
    return Path(path)

@flow
def main(path: str = ""):
    return read(download.submit()) if not path else gives(path)
""")
    assert project.run().value() == "layers"
    for path, mend in (
        (".penstock", "write to current.tempdir"),
        ("gone", "write it before"),
        (".", "a folder without"),
    ):
        error = project.run(path=path).error
        assert error["type"] == "NotStorableError"
        assert mend in error["text"]


def test_a_preview_takes_no_longer_for_what_never_ends(project: Project) -> None:
    project.write("""
class Odd:
    def __repr__(self):
        print("asked")
        while True:
            pass

@step
def gives():
    return Odd()

@flow
def main():
    gives.submit().result()
    return 1
""")
    assert project.run().value() == 1
    assert "asked" not in project.penstock("logs", "main/1")[1]
