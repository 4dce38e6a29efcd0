"""What counts for a wish, and what doesn't."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.environments import requirement_files, wishes
from penstock.errors import UsageError
from penstock.model.environments import Environment

OWN = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., str]:
    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    return write


def digest(environment: Environment) -> str:
    return wishes.read(environment).digest


def test_equal_wishes_are_equal_and_others_are_not():
    base = Environment(("six",), "3.10")
    others = [
        Environment(),
        Environment(("six",)),
        Environment(("six==1.17.0",), "3.10"),
        Environment(("six",), "3.9"),
        Environment(("six",), "3.10", indexes=("https://a",)),
    ]
    assert digest(base) == digest(Environment(("six",), "3.10"))
    assert len({digest(one) for one in [base, *others]}) == 6


def test_the_flow_s_own_python_is_named():
    assert wishes.read(Environment()).python == OWN
    assert digest(Environment(("six",))) == digest(Environment(("six",), OWN))
    assert wishes.read(Environment(python="bin/python")).python == os.path.abspath("bin/python")


def test_all_files_that_a_requirements_file_includes_count(files: Callable[..., str]):
    def wished() -> wishes.Wish:
        return wishes.read(Environment(requirements=path, constraints=(bounds,)))

    path = files("requirements.txt", "six  # small\n-r more/all.txt\n--requirement=https://a/b.txt\n")
    files("more/all.txt", "-c bounds.txt\n-f ./wheels\n-f https://w\n-r ../requirements.txt\n")
    files("more/wheels/one.whl", "")
    files("more/bounds.txt", "six<2 \\\n   --hash=sha256:ab\n")
    bounds = files("bounds.txt", "")
    first = wished()
    folder = Path(path).parent
    assert first.lines == (f"-r {path}", f"-c {bounds}")
    assert first.options == (f"--find-links {folder}/more/wheels", "--find-links https://w")
    for name in ("more/bounds.txt", "bounds.txt", "requirements.txt", "more/all.txt"):
        before = wished().digest
        files(name, (folder / name).read_text() + "# a word\n")
        assert wished().digest != before, name


def test_where_files_lie_does_not_count(files: Callable[..., str]):
    one, two = (files(f"{place}/requirements.txt", "six\n") for place in "ab")
    assert digest(Environment(requirements=one)) == digest(Environment(requirements=two))


def test_a_wheel_that_was_built_anew_counts(files: Callable[..., str]):
    wheel = files("wheels/lib-1-py3-none-any.whl", "old")
    for environment in (
        Environment(("lib",), find_links=(str(Path(wheel).parent),)),
        Environment((wheel,)),
        Environment((f"lib @ file://{wheel}",)),
    ):
        before = digest(environment)
        files("wheels/lib-1-py3-none-any.whl", Path(wheel).read_text() + "new")
        assert digest(environment) != before


def test_of_a_pyproject_only_what_is_needed_counts(files: Callable[..., str]):
    def wished(dependencies: str = '["six"]', more: str = "") -> wishes.Wish:
        files("pyproject.toml", f"[project]\nname = 'a'\ndependencies = {dependencies}\n{more}")
        return wishes.read(Environment(pyproject=str(folder)))

    folder = Path(files("pyproject.toml", "")).parent
    assert wished().digest == wished(more="[tool.ruff]\nline-length = 100\n").digest
    assert wished().digest != wished('["six", "tomli"]').digest
    assert (wished().pyproject, wished().locked) == (f"{folder}/pyproject.toml", "")
    files("uv.lock", "version = 1")
    before = wished()
    assert (before.pyproject, before.locked) == ("", str(folder))
    files("uv.lock", "version = 2")
    assert wished().digest != before.digest


def test_indexes_that_a_pyproject_names(files: Callable[..., str]):
    path = files(
        "pyproject.toml",
        """
        [tool.uv]
        extra-index-url = ["https://b"]
        find-links = ["wheels"]
        [[tool.uv.index]]
        url = "https://a"
        default = true
        [[tool.uv.index]]
        name = "torch"
        url = "https://torch"
        explicit = true
        """,
    )
    files("wheels/a.txt", "")
    wish = wishes.read(Environment(pyproject=str(Path(path).parent)))
    links = f"--find-links {Path(path).parent}/wheels"
    assert wish.options == ("--index-url https://a", "--extra-index-url https://b", links)
    assert wish.explicit == ("--extra-index-url https://torch",)


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        (Environment(requirements="/no/r.txt"), "the environment's requirements file /no/r.txt: No such file"),
        (Environment(constraints=("/no/c.txt",)), "the environment's constraints file /no/c.txt: No such file"),
        (Environment(pyproject="/no"), "the environment's /no/pyproject.toml: No such file"),
        (Environment(find_links=("/no",)), "the environment's folder of archives /no: No such file"),
        (Environment(indexes=("https://a:b@host/x",)), "the address of host/x holds a password"),
    ],
)
def test_what_cannot_be_read_is_named(environment: Environment, text: str):
    with pytest.raises(UsageError) as caught:
        wishes.read(environment)
    assert str(caught.value).startswith(text)


def test_a_file_that_is_included_and_missing_is_named_with_its_includer(files: Callable[..., str]):
    path = files("requirements.txt", "-r nothing.txt\n")
    with pytest.raises(UsageError, match=r"/requirements.txt includes /.*/nothing.txt: No such file or directory"):
        wishes.read(Environment(requirements=path))


def test_a_pyproject_that_is_not_toml_is_named(files: Callable[..., str]):
    path = files("pyproject.toml", "[")
    with pytest.raises(UsageError, match=r"pyproject.toml is not TOML: "):
        wishes.read(Environment(pyproject=str(Path(path).parent)))


def test_hashes_that_a_requirement_demands():
    line = "Scikit_Learn[all]==1.5.2 ; python_version > '3' --hash=sha256:a --hash sha256:b"
    assert requirement_files.hashes(line) == {("scikit-learn", "1.5.2"): ["sha256:a", "sha256:b"]}
    assert requirement_files.hashes("six==1") == {}
    assert requirement_files.hashes("six --hash=sha256:a") == {}
