"""What counts for a wish, and what doesn't."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.environments import environment_request, requirement_files
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
    return environment_request.read(environment).digest


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
    assert environment_request.read(Environment()).python == OWN
    assert digest(Environment(("six",))) == digest(Environment(("six",), OWN))
    assert environment_request.read(Environment(python="bin/python")).python == os.path.abspath("bin/python")


def test_all_files_that_a_requirements_file_includes_count(files: Callable[..., str]):
    def asked() -> environment_request.EnvironmentRequest:
        return environment_request.read(Environment(requirements=path, constraints=(bounds,)))

    path = files("requirements.txt", "six  # small\n-r more/all.txt\n--constraint=https://a/b.txt\n")
    files("more/all.txt", "-c bounds.txt\n-f ./wheels\n-f https://w\n-r ../requirements.txt\n")
    files("more/wheels/one.whl", "")
    files("more/bounds.txt", "six<2 \\\n   --hash=sha256:ab\n")
    bounds = files("bounds.txt", "")
    first = asked()
    folder = Path(path).parent
    assert first.lines == (f"-r {path}", f"-c {bounds}")
    assert first.options == (f"--find-links {folder}/more/wheels", "--find-links https://w")
    for name in ("more/bounds.txt", "bounds.txt", "requirements.txt", "more/all.txt"):
        before = asked().digest
        files(name, (folder / name).read_text() + "# a word\n")
        assert asked().digest != before, name


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
    def asked(dependencies: str = '["six"]', more: str = "") -> environment_request.EnvironmentRequest:
        files("pyproject.toml", f"[project]\nname = 'a'\ndependencies = {dependencies}\n{more}")
        return environment_request.read(Environment(pyproject=str(folder)))

    folder = Path(files("pyproject.toml", "")).parent
    assert asked().digest == asked(more="[tool.ruff]\nline-length = 100\n").digest
    assert asked().digest != asked('["six", "tomli"]').digest
    assert (asked().project.pyproject, asked().project.locked) == (f"{folder}/pyproject.toml", "")
    files("uv.lock", "version = 1")
    before = asked()
    assert (before.project.pyproject, before.project.locked) == ("", str(folder))
    files("uv.lock", "version = 2")
    assert asked().digest != before.digest


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
    request = environment_request.read(Environment(pyproject=str(Path(path).parent)))
    links = f"--find-links {Path(path).parent}/wheels"
    assert request.options == ("--index-url https://a", "--extra-index-url https://b", links)
    assert request.project.explicit == ("--extra-index-url https://torch",)


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
        environment_request.read(environment)
    assert str(caught.value).startswith(text)


def test_a_file_that_is_included_and_missing_is_named_with_its_includer(files: Callable[..., str]):
    path = files("requirements.txt", "-r nothing.txt\n")
    with pytest.raises(UsageError, match=r"/requirements.txt includes /.*/nothing.txt: No such file or directory"):
        environment_request.read(Environment(requirements=path))


def test_a_pyproject_that_is_not_toml_is_named(files: Callable[..., str]):
    path = files("pyproject.toml", "[")
    with pytest.raises(UsageError, match=r"pyproject.toml is not TOML: "):
        environment_request.read(Environment(pyproject=str(Path(path).parent)))


HASH = f"sha256:{'a' * 64}"


def required(files: Callable[..., str], text: str) -> requirement_files.Requirements:
    return environment_request.read(Environment(requirements=files("requirements.txt", text))).required


def test_hashes_that_requirements_demand(files: Callable[..., str]):
    text = f"""
    Scikit_Learn[all]==1.5.2 ; python_version > '3' \\
        --hash={HASH} \\
        --hash sha256:b
    six --hash=sha256:c
    six==1 ; python_version < '3' --hash=sha256:d  # each version has its own
    lib @ https://a/lib-1.0-py3-none-any.whl --hash=sha256:e
    ./wheels/my_own-2-py3-none-any.whl --hash=sha256:f
    other==1
    """
    assert required(files, text).hashes == {
        "scikit-learn": [HASH, "sha256:b"],
        "six": ["sha256:c", "sha256:d"],
        "lib": ["sha256:e"],
        "my-own": ["sha256:f"],
    }
    assert environment_request.read(Environment((f"lib==1 --hash={HASH}",))).required.hashes == {"lib": [HASH]}


def test_versions_that_requirements_pin_without_a_condition(files: Callable[..., str]):
    files("bounds.txt", "bound==3\n-r more.txt\n")
    files("more.txt", "deep==4\n")
    found = required(files, "one[all] == 1.0 --hash=sha256:a\nsix==1; python_version<'3'\nany==1.*\n-c bounds.txt\n")
    assert {name: (pin.version, pin.is_asked_for) for name, pin in found.pins.items()} == {
        "one": ("1.0", True),
        "bound": ("3", False),
        "deep": ("4", False),
    }
    assert found.pins["one"].place.endswith("/requirements.txt:1")
    assert required(files, "six\n\n--require-hashes\n--pre\n").requires_hashes.endswith("/requirements.txt:3")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--prefer-binary", "remove it, or put what it says into the requirements themselves"),
        ("--trusted-host a", "set UV_INSECURE_HOST for it"),
        ("-e ./lib", "build a wheel of it, as with `uv build --wheel`, and name the wheel's folder with --find-links"),
        ("--editable=./lib", "build a wheel of it, as with `uv build --wheel`"),
        ("-r https://a/b.txt", "hashes and options on a page would not count: keep a copy of it"),
        ("six --config-settings=a=b", "can't honour --config-settings in"),
        ("six --hash=sha256:a --global-option=x", "can't honour --global-option in"),
    ],
)
def test_a_line_that_can_not_be_honoured_is_refused_with_its_place(files: Callable[..., str], line: str, said: str):
    path = files("more/requirements.txt", f"six\n\n{line}  # a word\n")
    with pytest.raises(UsageError) as caught:
        environment_request.read(Environment(requirements=files("requirements.txt", "-r more/requirements.txt")))
    assert str(caught.value).startswith(f"{path}:3: can't honour ")
    assert said in str(caught.value)


def test_an_option_among_packages_is_refused():
    with pytest.raises(UsageError, match="packages='six --no-deps': can't honour --no-deps"):
        environment_request.read(Environment(("six --no-deps",)))


@pytest.mark.parametrize(
    ("requirement", "name", "version"),
    [
        ("six", "six", ""),
        ("six>=1,==1.2", "six", "1.2"),
        ("six[a,b] === 1.2", "six", "1.2"),
        ("six==1.*", "six", ""),
        ("web @ https://a/web-3.tar.gz#egg=web", "web", "3"),
        ("web @ file:///a%20b/web-3-py3-none-any.whl ; python_version>'3'", "web", "3"),
        ("/wheels/my_lib-1.2-py3-none-any.whl", "my_lib", "1.2"),
        ("a/my_lib-1.2.zip", "my_lib", "1.2"),
        ("https://a/my_lib-1.2-1-py3-none-any.whl", "my_lib", "1.2"),
        ("web @ git+https://a/web@main", "web", "git+https://a/web@main"),
    ],
)
def test_what_a_requirement_names(requirement: str, name: str, version: str):
    assert requirement_files.named(requirement) == (name, version)


@pytest.mark.parametrize(
    ("asked", "found", "another"),
    [
        ("1.0", "1", False), ("v1.0", "1.0.0", False), ("2.1", "2.1+cpu", False), ("1.0", "1.0.1", True),
        ("1.10", "1.1", True), ("1.0rc1", "1.0", False), ("0", "0.0", False),
    ],
)  # fmt: skip
def test_another_version(asked: str, found: str, another: bool):
    assert requirement_files.is_another_version(asked, found) == another


def test_an_archive_that_a_file_names_counts_when_it_is_built_anew(
    files: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    wheel = files("more/wheels/lib-1-py3-none-any.whl", "old")
    monkeypatch.chdir(Path(wheel).parents[1])
    path = files("requirements.txt", "-r more/all.txt\n")
    for line in ("./wheels/lib-1-py3-none-any.whl", f"lib @ file://{wheel}", "wheels/lib-1-py3-none-any.whl ; x"):
        files("more/all.txt", f"{line}\n")
        environment = Environment(requirements=path)
        before = environment_request.read(environment)
        files("more/wheels/lib-1-py3-none-any.whl", Path(wheel).read_text() + "new")
        assert environment_request.read(environment).digest != before.digest, line
        assert environment_request.read(environment).asked == before.asked, "a run that goes on has its own lock"


def test_an_archive_of_the_same_size_and_time_counts(files: Callable[..., str]):
    wheel = Path(files("wheels/lib-1-py3-none-any.whl", "old"))
    environment = Environment(("lib",), find_links=(str(wheel.parent),))
    times = (wheel.stat().st_atime_ns, wheel.stat().st_mtime_ns)
    before = digest(environment)
    wheel.write_text("new")
    os.utime(wheel, ns=times)
    assert digest(environment) != before


def test_two_archives_of_one_name_must_be_the_same(files: Callable[..., str]):
    one, two = (files(f"{place}/lib-1-py3-none-any.whl", "same") for place in "ab")
    environment = Environment(("lib",), find_links=(str(Path(one).parent), str(Path(two).parent)))
    digest(environment)
    files("b/lib-1-py3-none-any.whl", "else")
    with pytest.raises(UsageError, match=f"{one} and {two} have other contents: remove one of them"):
        digest(environment)


def test_settings_of_uv_that_change_what_a_wish_comes_to_count(
    files: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.chdir(Path(files("project/flow.py", "")).parent)
    environment = Environment(("six",))
    seen = [environment_request.read(environment)]

    def another(what: str) -> None:
        seen.append(environment_request.read(environment))
        assert len({request.digest for request in seen}) == len(seen), what
        assert {request.asked for request in seen} == {seen[0].asked}, "a run that goes on has its own lock"

    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2025-01-01")
    another("a variable")
    monkeypatch.setenv("UV_CONSTRAINT", files("bounds.txt", "six<1"))
    another("a file that a variable names")
    files("bounds.txt", "six<2")
    another("its content")
    files("project/pyproject.toml", "[tool.uv]\noverride-dependencies = ['six==1']\n")
    another("a table of the working directory's project")
    files("project/uv.toml", "resolution = 'lowest'\n")
    another("a file of uv's that hides it")
    files("home/uv/uv.toml", "prerelease = 'allow'\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    another("the user's own file")
    monkeypatch.setenv("UV_NO_BINARY_PACKAGE", "six")
    another("which archives are taken")
    assert seen[-1].options == ("--no-binary six",)
    before = environment_request.read(environment).digest
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "99")
    files("project/pyproject.toml", "[tool.ruff]\nline-length = 9\n")
    assert environment_request.read(environment).digest == before


def locked_project(files: Callable[..., str], needs: str) -> Environment:
    """Its uv.lock is of a project that needs `six>=1.15,<2`, `tomli` for older Pythons, and extras."""
    path = files("pyproject.toml", f"[project]\nname = 'My.App'\nversion = '1'\ndependencies = [{needs}]\n")
    files(
        "uv.lock",
        """
        version = 1
        [[package]]
        name = "my-app"
        source = { virtual = "." }
        [package.metadata]
        requires-dist = [
            { name = "six", specifier = ">=1.15,<2" },
            { name = "tomli", extras = ["x"], marker = "python_full_version < '3.11'" },
            { name = "torch", marker = "extra == 'gpu'", specifier = ">=2" },
        ]
        """,
    )
    return Environment(pyproject=str(Path(path).parent))


def test_a_uv_lock_that_is_older_than_its_pyproject_is_refused(files: Callable[..., str]):
    same = '"six < 2, >=1.15", "Tomli[x]; python_version<\'3.11\'"'
    assert environment_request.read(locked_project(files, same)).project.locked
    for edited, word in (
        (same.replace("< 2", "==1.16"), "six==1.16,>=1.15"),
        (f"{same}, 'numpy'", "numpy"),
        ("'six<2,>=1.15'", "tomli"),
    ):
        with pytest.raises(UsageError) as caught:
            environment_request.read(locked_project(files, edited))
        assert f"asks for {word}, and its uv.lock is older: run `uv lock` there" in str(caught.value)


@pytest.mark.parametrize("key", ["build-constraint-dependencies = ['setuptools<70']", "no-build-isolation = true"])
def test_how_a_project_builds_archives_is_refused(files: Callable[..., str], key: str):
    path = files("pyproject.toml", f"[project]\nname = 'a'\n[tool.uv]\n{key}\n")
    with pytest.raises(UsageError, match=f"pyproject.toml: can't honour {key.partition(' ')[0]} of "):
        environment_request.read(Environment(pyproject=str(Path(path).parent)))


def test_which_archives_a_project_takes_is_an_option(files: Callable[..., str]):
    path = files("pyproject.toml", "[tool.uv]\nno-binary-package = ['six', 'lib']\nno-build = true\n")
    request = environment_request.read(Environment(pyproject=str(Path(path).parent)))
    assert request.options == ("--no-binary six", "--no-binary lib", "--only-binary :all:")


@pytest.mark.parametrize(
    ("asked", "python", "allowed"),
    [
        (">=3.9", "3.11.7", True), (">=3.12", "3.11.7", False), ("<3.12,>=3.9", "3.11.7", True),
        ("<3.11", "3.11.0", False), ("<=3.11", "3.11.0", True), (">3.11", "3.11.0", False), ("~=3.11", "3.12.1", True),
        ("~=3.11.2", "3.12.1", False), ("~=3.11.2", "3.11.1", False), ("==3.11.*", "3.11.7", True),
        ("==3.10.*", "3.11.7", False), ("!=3.11.*", "3.11.7", False), ("!=3.11.6", "3.11.7", True),
        ("===3.11.7", "3.11.7", True), ("", "3.11.7", True), (">=3.14rc1", "3.11.7", True), (">=3.9", "3.15.0a1", True),
    ],
)  # fmt: skip
def test_the_python_that_a_project_requires(files: Callable[..., str], asked: str, python: str, allowed: bool):
    path = files("pyproject.toml", f"[project]\nname = 'a'\nrequires-python = '{asked}'\n")
    request = environment_request.read(Environment(pyproject=str(Path(path).parent)))
    assert all(bound.allows(python) for bound in request.project.bounds) == allowed


def test_an_archive_in_an_index_on_this_disk_counts(files: Callable[..., str]):
    wheel = Path(files("simple/lib/lib-1-py3-none-any.whl", "old"))
    environment = Environment(("lib",), indexes=("https://a", f"file://{wheel.parents[1]}"))
    before = environment_request.read(environment)
    wheel.write_text("newer")
    assert environment_request.read(environment).digest != before.digest
    assert environment_request.read(environment).asked == before.asked


def test_a_variable_that_a_requirement_names_counts_by_its_value(
    files: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    environment = Environment(requirements=files("requirements.txt", "lib @ https://a/${RELEASE}/lib-1.0.tar.gz\n"))
    seen = [digest(environment)]
    for value in ("1", "2"):
        monkeypatch.setenv("RELEASE", value)
        seen.append(digest(environment))
    assert len(set(seen)) == 3


def test_a_mark_of_byte_order_is_no_part_of_a_line(tmp_path: Path):
    """As editors of Windows begin a file; uv reads it, too."""
    file, project = tmp_path / "requirements.txt", tmp_path / "pyproject.toml"
    (tmp_path / "wheels").mkdir()
    file.write_text("--find-links wheels\nsix\n", encoding="utf-8-sig")
    project.write_text("[project]\nname = 'a'\nrequires-python = '==3.11.*'\n", encoding="utf-8-sig")
    assert environment_request.read(Environment(requirements=str(file))).options == (
        f"--find-links {tmp_path / 'wheels'}",
    )
    assert environment_request.read(Environment(pyproject=str(tmp_path))).digest
