from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from penstock.code.installed import Distributions, describe_interpreter, describe_python, installed_packages


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
    assert describe_python() == f"{sys.version_info[0]}.{sys.version_info[1]} CPython"


def test_only_what_was_imported_counts(site: Path):
    for name in ("scikit_learn-1.7.2.dist-info", "numpy-2.4.6.dist-info", "old-1.0-py3.11.egg-info", "pandas"):
        (site / name).mkdir()
    sys.modules.update({"sklearn": SimpleNamespace(), "sklearn.svm": SimpleNamespace(), "old": SimpleNamespace()})  # type: ignore[dict-item]
    assert installed_packages() == (("old", "1.0"), ("scikit-learn", "1.7.2"))


def test_how_a_run_was_started_does_not_count(site: Path):
    """`penstock run` with an option before the file imports click, `python flow.py` does not."""
    for name in ("click-8.1.0.dist-info", "numpy-2.4.6.dist-info"):
        (site / name).mkdir()
    assert installed_packages() == (("click", "8.1.0"),)


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


def install(site: Path, name: str, **files: str) -> None:
    info = site / name
    info.mkdir()
    for file, text in files.items():
        (info / file.replace("_txt", ".txt")).write_text(text)


def test_the_distribution_of_a_module(site: Path):
    for name in ("scikit_learn-1.7.2", "GitPython-3.1", "PyJWT-2.9", "PyYAML-6.0", "opencv_python-4.10"):
        install(site, f"{name}.dist-info")
    found = Distributions()
    assert [found.of(module) for module in ("sklearn.svm", "git", "jwt", "yaml", "cv2")] == [
        ("scikit-learn", "1.7.2"),
        ("gitpython", "3.1"),
        ("pyjwt", "2.9"),
        ("pyyaml", "6.0"),
        ("opencv-python", "4.10"),
    ]


def test_the_distribution_of_a_module_of_another_name_is_found_by_its_files(site: Path):
    install(site, "first-1.0.dist-info", RECORD="first/__init__.py,sha256=x,1\nfirst/strange/deep.py,,\n")
    install(site, "second-2.0.dist-info", RECORD="strange.py,,\n")
    install(site, "third-3.0.dist-info", RECORD="third.py,,\n", top_level_txt="old\n")
    install(site, "fourth-4.0.dist-info", RECORD="fast.cpython-311-x86_64-linux-gnu.so,,\n")
    install(site, "fifth-5.0.egg-info", top_level_txt="egg\n")
    install(site, "headless-6.0.dist-info", RECORD="headless/cv2.py,,\ncv2/__init__.py,,\n")
    found = Distributions()
    modules = ("strange", "old", "fast", "egg", "cv2")
    assert [found.of(module)[0] for module in modules] == ["second", "third", "fourth", "fifth", "headless"]


def test_a_part_of_a_namespace_belongs_to_a_distribution_of_its_own(site: Path):
    install(site, "google_cloud_storage-1.0.dist-info")
    install(site, "protobuf-2.0.dist-info", RECORD="google/protobuf/__init__.py,,\n")
    found = Distributions()
    assert found.of("google.cloud.storage.blob") == ("google-cloud-storage", "1.0")
    assert found.of("google.protobuf") == ("protobuf", "2.0")


def test_a_module_of_no_distribution(site: Path):
    sys.modules["strange"] = SimpleNamespace(__version__="0.3", __file__=str(site / "strange.py"))  # type: ignore[assignment]
    found = Distributions()
    assert (found.of("strange"), found.of("stranger")) == (("strange", "0.3"), ("stranger", ""))


LINES = ["lib/__init__.py,sha256=aa,3", "lib/fast.so,sha256=bb,9"]


def test_a_distribution_that_was_built_anew_under_its_version_counts(site: Path):
    def counted(*lines: str) -> tuple[str, str]:
        record = site / "lib-1.0.dist-info" / "RECORD"
        record.parent.mkdir(exist_ok=True)
        record.write_text("".join(f"{line}\n" for line in lines))
        return Distributions().as_it_counts("lib", "/no/lib/__init__.py")

    name, version = counted(*LINES)
    assert (name, version.partition(" ")[0], len(version)) == ("lib", "1.0", 36)
    installers = [
        "lib/__pycache__/__init__.cpython-311.pyc,,",
        "../../../bin/lib,sha256=cc,9",
        "lib-1.0.dist-info/direct_url.json,sha256=dd,9",
        "lib-1.0.dist-info/RECORD,,",
    ]
    assert counted(*reversed(LINES), *installers) == (name, version), "who installed it, and where, does not count"
    assert counted(LINES[0], LINES[1].replace("bb", "ee")) != (name, version)
    assert counted("lib/__init__.py,,") == ("lib", "1.0"), "a list without hashes says nothing"


def test_a_module_of_no_distribution_counts_by_its_file(site: Path):
    file = site / "strange.py"
    file.write_text("1")
    first = Distributions().as_it_counts("strange", str(file))
    file.write_text("2")
    assert Distributions().as_it_counts("strange", str(file)) != first
    assert Distributions().as_it_counts("strange", "/no/strange.so") == ("strange", "")
