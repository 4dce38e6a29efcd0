"""The ground of the tests of containers: both engines run what the images hold, and nothing of them stays."""

from __future__ import annotations

import pytest

from tests import container_images
from tests.containers import Engine

_ASKED = {
    "bare": (["/bin/sh", "-c", "command -v python3 || echo none"], "none"),
    "python": (["python3", "-c", "import sys; print(*sys.version_info[:2])"], "3 11"),
    "trixie": (["python3", "-c", "import sys; print(*sys.version_info[:2])"], "3 13"),
    "trixie-bare": (["/bin/sh", "-c", "command -v python3 || echo none"], "none"),
    "musl": (["python3", "-c", "import sysconfig as s; print(s.get_config_var('MULTIARCH'))"], "x86_64-linux-musl"),
    "r": (["Rscript", "-e", "cat(6 * 7)"], "42"),
    "node": (["node", "-e", "console.log(6 * 7)"], "42"),
    "static": (["/program"], "no shell is here"),
}


@pytest.mark.parametrize("name", container_images.RECIPES)
def test_each_engine_runs_each_image_without_a_network(engine: Engine, name: str) -> None:
    (program, *words), printed = _ASKED[name]
    options = ["--rm", "--network=none", "--env=PENSTOCK_OUTPUTS=/", f"--entrypoint={program}"]
    assert engine.ask("run", *options, engine.image(name), *words).strip() == printed
