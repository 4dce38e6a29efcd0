from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from penstock.environments.installed import describe_interpreter, installed_packages


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(folder), str(tmp_path / "missing.zip")])
    monkeypatch.setattr(sys, "modules", {"json": sys.modules["json"]})
    return folder


def test_the_interpreter_in_a_line():
    assert describe_interpreter().startswith(
        f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]} CPython, Linux "
    )


def test_only_what_was_imported_counts(site: Path):
    for name in ("scikit_learn-1.7.2.dist-info", "numpy-2.4.6.dist-info", "old-1.0-py3.11.egg-info", "pandas"):
        (site / name).mkdir()
    sys.modules.update({"sklearn": SimpleNamespace(), "sklearn.svm": SimpleNamespace(), "old": SimpleNamespace()})  # type: ignore[dict-item]
    assert installed_packages() == (("old", "1.0"), ("scikit-learn", "1.7.2"))


def test_a_module_of_another_name_speaks_for_itself_when_it_is_installed(site: Path):
    installed = SimpleNamespace(__version__="0.3", __file__=str(site / "strange.py"))
    own = SimpleNamespace(__version__="9", __file__="/home/me/own.py")
    sys.modules.update({"strange": installed, "own": own})  # type: ignore[dict-item]
    assert installed_packages() == (("strange", "0.3"),)


def test_the_first_on_the_path_wins(site: Path, tmp_path: Path):
    (site / "numpy-2.dist-info").mkdir()
    (tmp_path / "numpy-1.dist-info").mkdir()
    sys.path.append(str(tmp_path))
    sys.modules["numpy"] = SimpleNamespace()  # type: ignore[assignment]
    assert installed_packages() == (("numpy", "2"),)
