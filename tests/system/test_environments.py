"""Steps with packages, an interpreter and variables of their own, in real runs."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import Project
from tests.wheels import sdist, wheel

LIB = """
from penstock import Environment

@step(packages=["lib"], find_links=["wheels"])
def there(n):
    import lib
    note("there", n)
    return lib.VERSION, n

@flow
def main(n: int = 1):
    return there(n)
"""


@pytest.fixture
def lib(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a wheel of `lib` 1.0; no index is asked."""
    monkeypatch.setenv("UV_OFFLINE", "1")
    wheel(project.folder / "wheels", "lib", "1.0")
    project.write(LIB)
    return project


def test_a_resume_has_the_versions_of_its_run_and_a_new_run_the_newest(lib: Project) -> None:
    lib.write(LIB.replace("return there(n)", "there(n)\n    await_file('go')\n    return there(n + 1)"))
    first = lib.spawn()
    lib.await_note("there 1")
    first.kill()
    wheel(lib.folder / "wheels", "lib", "2.0")
    lib.touch("go")
    assert lib.run().value() == ["2.0", 2]
    # What asks for the same has the same; the folder of wheels is another one now.
    assert lib.rows("SELECT count(DISTINCT digest) FROM run_environment") == [(2,)]


PROGRAM = """
import subprocess

@step(packages=["lib"], find_links=["wheels"])
def asked(n):
    words = (["lib-where"], ["python", "-c", "import lib, sys; print(sys.prefix)"])
    return [subprocess.run(one, capture_output=True, text=True, check=True).stdout.strip() for one in words]

@flow
def main(n: int = 1):
    return asked(n)
"""


@pytest.mark.parametrize(
    "name", ["-two words", 'it\'s "$HOME"', "größe", "x" * 200], ids=["dash", "quotes", "ö", "long"]
)
def test_an_environment_s_programs_are_its_own_wherever_the_project_is(
    tmp_path: Path, lib: Project, clean_project: Any, name: str
) -> None:
    """Its folder has any name, and is moved and copied."""
    body = "def main():\n    import sys\n    print(sys.prefix)\n"
    with clean_project(tmp_path / name) as project:
        wheel(project.folder / "wheels", "lib", "1.0", body=body, program="lib-where")
        project.write(PROGRAM)
        assert set(project.run().value()) == {_environment(project)}
        shutil.copytree(project.folder, tmp_path / "copy", symlinks=True)
        project.folder.rename(tmp_path / "moved")
    for place in ("copy", "moved"):
        with clean_project(tmp_path / place) as project:
            assert set(project.run(n=2).value()) == {_environment(project)}


def _environment(project: Project) -> str:
    (mark,) = (project.folder / ".penstock" / "environments").glob("*/penstock.json")
    return str(mark.parent)


def test_what_can_not_be_resumed_builds_nothing(lib: Project) -> None:
    lib.write(LIB.replace("    return there(n)", "    there(n)\n    await_file('go')"))
    driven = lib.spawn()
    lib.await_note("there 1")
    shelf = lib.folder / ".penstock" / "environments"
    shelf.rename(lib.folder / "before")
    code, output = lib.penstock("resume", "main/1")
    assert (code, "main/1 is driven by process" in output) == (2, True), output
    lib.touch("go")
    driven.join()
    for words in (("resume", "main/1"), ("resume", "--dry-run", "main/1")):
        code, output = lib.penstock(*words)
        assert (code, "main/1 is done: there is nothing to resume" in output) == (2, True), output
    assert not shelf.exists()


def test_a_fork_has_the_versions_of_its_origin(lib: Project) -> None:
    assert lib.run().value() == ["1.0", 1]
    (lib.folder / ".penstock" / "environments" / "locks").rename(lib.folder / "forgotten")
    code, output = lib.penstock("fork", "main/1", "--n", "5")
    assert code == 0, output
    assert lib.rows("SELECT count(*), count(DISTINCT digest) FROM run_environment") == [(2, 1)]


def test_an_edited_version_runs_again_and_why_names_it(lib: Project) -> None:
    wheel(lib.folder / "wheels", "lib", "2.0")
    lib.write(LIB.replace('["lib"]', '["lib==1.0"]'))
    lib.penstock("run", "mine.py")
    lib.write(LIB.replace('["lib"]', '["lib==2.0"]'))
    assert lib.penstock("fork", "main/1")[0] == 0
    assert lib.trace() == ["there 1", "there 1"]
    said = lib.penstock("why", "main/2/there/1")[1]
    assert "lib" in said
    assert "2.0" in said
    assert "1.0" in said


def test_another_python_takes_and_gives_objects(
    project: Project, interpreter: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter("python3.9")
    monkeypatch.setenv("UV_OFFLINE", "1")
    project.write(
        """
        import dataclasses
        import sys
        import absent_there

        @dataclasses.dataclass
        class Point:
            x: int

        @step(python="3.9")
        def older(point):
            return sys.version_info[:2], Point(point.x + 1)

        @step
        def here(point):
            return absent_there.double(point.x)

        @flow
        def main():
            version, point = older(Point(1))
            return [*version, here(point)]
        """
    )
    wheels = project.folder / "site"
    wheels.mkdir()
    (wheels / "absent_there.py").write_text("import tomllib\n\ndef double(x):\n    return 2 * x\n")
    environ = {"PYTHONPATH": str(wheels)}
    assert project.run(environ=environ).value() == [3, 9, 4]


def test_what_can_not_be_read_elsewhere_names_both_environments_and_how_to_mend_it(
    lib: Project, interpreter: Callable[[str], Path]
) -> None:
    interpreter("python3.9")
    wheel(lib.folder / "wheels", "lib", "1.0", body="class Thing:\n    pass\n")
    lib.write(
        """
        @step(python="3.9", packages=["lib"], find_links=["wheels"])
        def make():
            import lib
            return lib.Thing()

        @step
        def take(first, things):
            return 1

        @flow
        def main(how: str):
            thing = make.submit()
            if how == "step":
                take(0, [0, thing])
            elif how == "body":
                thing.result()
        """
    )
    made = "It comes from main/{0}/make/1 in Python 3.9 with lib 1.0; the same here: {1}"
    code, output = lib.penstock("run", "mine.py", "--how", "step")
    assert code == 1
    here = "can't be read in this environment, Python 3."
    assert f"the input things of main/1/take/1 {here}" in output
    assert "it needs lib, which is not installed here" in output
    assert made.format(1, '@step(packages=["lib==1.0"])\n') in output
    assert made.format(1, '@step(packages=["lib==1.0"])\n') in lib.penstock("show", "main/1/take/1")[1]
    for words in (("run", "mine.py", "--how", "body"), ("get", "main/2/make")):
        code, output = lib.penstock(*words)
        assert (code, f"the result of main/2/make/1 {here}" in output) == (1, True), output
        assert made.format(2, "pip install 'lib==1.0'\n") in output


def test_a_parameter_that_can_not_be_unpickled_is_told_before_a_resume(project: Project) -> None:
    (project.folder / "things.py").write_text("class Thing:\n    pass\n")
    project.write(
        """
        @flow
        def main(x):
            raise ValueError

        if __name__ == "__main__":
            import things
            try:
                main(things.Thing())
            except ValueError:
                pass
        """
    )
    project.python("mine.py")
    (project.folder / "things.py").unlink()
    for verb in ("resume", "fork"):
        code, output = project.penstock(verb, "main/1")
        assert code == 2
        assert "the parameters of main/1 can't be unpickled here: ModuleNotFoundError: No module named" in output
        assert "the parameter x of main/1 can't be read in this environment" in output
        assert "it needs things, which is not installed here" in output


def test_a_flow_in_newer_python_has_steps_of_older_ones_in_a_module_of_their_own(
    project: Project, interpreter: Callable[[str], Path]
) -> None:
    interpreter("python3.9")
    project.write(
        """
        import sys
        from penstock import step

        @step(python="3.9")
        def older(x):
            return [x, sys.version_info[1]]
        """,
        "steps.py",
    )
    project.write(
        """
        from steps import older

        @step(python="3.9")
        def beside(x):
            return x

        @flow
        def main(where: str = "apart"):
            match where:
                case "apart":
                    return older(3)
                case _:
                    return beside(3)
        """
    )
    assert project.run().value() == [3, 9]
    code, output = project.penstock("run", "mine.py", "--where", "beside")
    assert code == 1
    assert "SyntaxError: invalid syntax" in output
    assert "mine.py can't be imported in the environment of this step, Python 3.9" in output
    assert "put the step into a module of its own that does not import this one" in output


def test_variables_and_secrets_reach_the_step_alone_and_a_secret_is_masked(project: Project) -> None:
    (project.folder / ".env").write_text('export TOKEN="s3cr3t-value"  # mine\n')
    project.write(
        """
        import logging
        import os

        @step(env={"MODE": "fast"}, secrets=["TOKEN"])
        def uses():
            print("printed", os.environ["TOKEN"])
            logging.warning("logged %s", os.environ["TOKEN"])
            return os.environ["MODE"], len(os.environ["TOKEN"])

        @step(secrets=["TOKEN"])
        def fails():
            raise ValueError("told " + os.environ["TOKEN"])

        @step
        def neither():
            return "TOKEN" in os.environ, "MODE" in os.environ

        @flow
        def main():
            print(uses(), neither())
            fails()
        """
    )
    code, output = project.penstock("run", "mine.py")
    assert code == 1
    assert "('fast', 12) (False, False)" in output
    assert "ValueError: told ***" in output
    code, printed = project.penstock("logs", "main/1")
    assert "printed ***" in printed
    assert "logged ***" in printed
    files = [path for path in (project.folder / ".penstock").rglob("*") if path.is_file()]
    assert [path for path in files if b"s3cr3t-value" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ('packages=["nothing-of-the-kind"], find_links=["wheels"]', "nothing-of-the-kind"),
        ('packages=["lib==1.0", "lib==2.0"], find_links=["wheels"]', "lib"),
        ('python="3.99"', "3.99"),
        ('python="three"', "python='three'"),
        ('requirements="nowhere.txt"', "nowhere.txt"),
        ('secrets=["NOT_SET"]', "the secret NOT_SET is not set"),
        ('env={"A": 1}', "A is 1"),
        ("environment=3", "environment=3"),
    ],
)
def test_what_can_not_be_had_is_told_before_anything_runs(lib: Project, keywords: str, said: str) -> None:
    lib.write(LIB.replace('packages=["lib"], find_links=["wheels"]', keywords))
    code, output = lib.penstock("run", "mine.py")
    assert code == 2, output
    assert said in output
    assert "there" in output
    assert lib.rows("SELECT count(*) FROM run") in ([], [(0,)])


def test_an_environment_of_a_step_that_the_flow_never_names_is_not_asked_for(lib: Project) -> None:
    lib.write(LIB + '\n@step(packages=["nothing-of-the-kind"])\ndef other():\n    pass\n')
    assert lib.run().value() == ["1.0", 1]


def test_each_task_of_an_isolated_step_has_a_process_of_its_own(project: Project) -> None:
    project.write(
        """
        import os

        @step(isolation="process")
        def alone(n):
            return os.getpid()

        @flow
        def main():
            return alone.map(range(4)).result()
        """
    )
    assert len(set(project.run().value())) == 4


def test_environments_are_built_locked_listed_and_removed_by_the_command_line(lib: Project) -> None:
    assert "has an environment of its own" in lib.penstock("env", "build", _without(lib))[1]
    code, output = lib.penstock("env", "lock", "mine.py")
    assert (code, "lib==1.0" in output or "lib-1.0" in output) == (0, True)
    assert "no environment is built" in lib.penstock("env", "ls")[1]
    code, output = lib.penstock("env", "build", "mine.py")
    assert code == 0, output
    digest = output.partition("environment ")[2][:12]
    assert digest in lib.penstock("env", "ls")[1]
    (entry,) = json.loads(lib.penstock("env", "ls", "--json")[1])
    assert (entry["packages"], entry["is_whole"], entry["in_use"]) == ({"lib": "1.0"}, True, False)
    assert "builds" not in lib.penstock("run", "mine.py")[1]
    assert lib.penstock("env", "rm", "nothing")[0] == 2
    assert lib.penstock("env", "rm", digest)[0] == 0
    assert "no environment is built" in lib.penstock("env", "ls")[1]


def test_an_environment_that_a_run_uses_is_not_removed(lib: Project) -> None:
    lib.write(LIB.replace("    return lib", "    await_file('go')\n    return lib"))
    first = lib.spawn()
    lib.await_note("there 1")
    digest = json.loads(lib.penstock("env", "ls", "--json")[1])[0]["digest"]
    code, output = lib.penstock("env", "rm", digest)
    assert (code, "is in use" in output) == (2, True)
    lib.touch("go")
    assert first.join().value() == ["1.0", 1]


def test_a_damaged_environment_is_built_anew_with_a_word(lib: Project) -> None:
    assert lib.run().value() == ["1.0", 1]
    (place,) = (lib.folder / ".penstock" / "environments").glob("*-py*-Linux-*[!k]")
    shutil.rmtree(next(place.glob("lib/python*/site-packages/lib")))
    code, output = lib.penstock("run", "mine.py")
    assert (code, "builds it anew" in output) == (0, True), output


def _without(project: Project) -> str:
    project.write("@flow\ndef main():\n    pass\n", "without.py")
    return "without.py"


DEFAULTS = """
from penstock import Environment

def version():
    import lib
    return lib.VERSION

@step
def plain():
    return version()

@step(packages=["lib==1.0"])
def older():
    return version()

@step(env={"MODE": "fast"})
def with_variables():
    return version(), os.environ.get("MODE"), os.environ.get("LEVEL")

@step(environment=Environment())
def at_home():
    try:
        return version()
    except ImportError:
        return "not there"

@flow(packages=["lib==3.0"])
def inner():
    return plain()

@flow
def bare():
    return plain()

@flow(packages=["lib==2.0"], env={"LEVEL": "2"}, on_failure=plain)
def main():
    return [plain(), older(), with_variables(), at_home(), inner(), bare()]
"""


def test_a_default_of_the_flow_and_one_of_the_project(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    for version in ("1.0", "2.0", "3.0", "4.0"):
        wheel(project.folder / "wheels", "lib", version)
    project.settings('[environment]\npackages = ["lib==4.0"]\nfind_links = ["wheels"]')
    project.write(DEFAULTS)
    assert project.run().value() == ["2.0", "1.0", ["2.0", "fast", "2"], "not there", "3.0", "2.0"]
    code, output = project.penstock("run", "mine.py:bare")
    assert code == 0, output
    assert project.penstock("get", "bare/1")[1].splitlines()[0] == "4.0"
    code, output = project.penstock("env", "build", "mine.py:main")
    assert code == 0, output
    assert output.count("step plain: environment") == 2  # main's and inner's
    locks = json.loads(project.penstock("env", "lock", "--json", "mine.py:main")[1])
    assert sorted(lock["step"] for lock in locks) == ["older", "plain", "plain", "with_variables"]
    assert len({lock["digest"] for lock in locks}) == 3
    assert "step at_home" not in output
    assert project.penstock("run", "--dry-run", "mine.py:main")[0] == 0


PLACES = """
def told():
    import lib
    return lib.VERSION, os.environ.get("MODE")

@step(cache=True)
def here():
    note("here")
    return told()

@step(on="other", packages=["lib==1.0"])
def own():
    return told()

@step(on="other")
def there():
    return told()

@step(on="inline")
def inside():
    return os.environ.get("MODE")

@flow(env={"MODE": "flow"})
def main():
    return [here(), own(), there(), inside()]
"""
OF_EXECUTORS = """
[executors.process]
packages = ["lib==2.0"]
find_links = ["wheels"]
[executors.other]
packages = ["lib==3.0"]
find_links = ["wheels"]
env = { MODE = "other" }
[executors.inline]
env = { MODE = "inline" }
"""


def test_a_default_of_an_executor_wins_over_the_flow_s(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    for version in ("1.0", "2.0", "3.0", "4.0"):
        wheel(project.folder / "wheels", "lib", version)
    project.settings(OF_EXECUTORS)
    project.write(PLACES)
    expected = [["2.0", "flow"], ["1.0", "other"], ["3.0", "other"], "inline"]
    assert project.run().value() == expected
    project.settings(OF_EXECUTORS.replace("lib==2.0", "lib==4.0"))
    assert project.penstock("run", "mine.py")[0] == 0
    assert project.trace() == ["here", "here"]
    assert "lib 2.0 became 4.0" in project.penstock("why", "main/2/here/1")[1]
    project.settings(OF_EXECUTORS)
    assert project.penstock("run", "mine.py")[0] == 0
    assert project.trace() == ["here", "here"]
    locks = json.loads(project.penstock("env", "lock", "--json", "mine.py")[1])
    assert sorted(lock["step"] for lock in locks) == ["here", "own", "there"]


def test_a_wrong_default_is_refused_before_there_is_a_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    wheel(project.folder / "wheels", "lib", "2.0")
    project.write(DEFAULTS)
    project.settings('[environment]\nfind_links = ["wheels"]\npython = "3.1x"')
    code, output = project.penstock("run", "mine.py:bare")
    assert code == 2
    assert "penstock.toml: [environment]: python='3.1x': expected a version" in output
    project.settings('[environment]\nfind_links = ["wheels"]\npackages = ["lib==9"]')
    code, output = project.penstock("run", "mine.py:bare")
    assert code == 2
    assert "step plain can't run" in output
    assert "lib" in output
    project.write(DEFAULTS.replace('@flow(packages=["lib==3.0"])', "@flow(pakages=[])"))
    code, output = project.penstock("run", "mine.py:bare")
    assert code == 2
    assert "flow inner has no option 'pakages'; did you mean 'packages'?" in output


def test_what_is_damaged_inside_a_package_is_told_where_a_step_fails_and_mended_by_the_resume(lib: Project) -> None:
    assert lib.run().value() == ["1.0", 1]
    module = next((lib.folder / ".penstock").glob("environments/*/lib/*/site-packages/lib/__init__.py"))
    module.write_text("")
    code, output = lib.penstock("run", "mine.py")
    assert code == 1
    assert "has no attribute 'VERSION'" in output
    assert "is damaged, lib/__init__.py has changed: the next run builds it anew" in output
    code, output = lib.penstock("resume")
    assert code == 0, output
    assert "lib/__init__.py has changed: builds it anew" in output


def test_a_resume_and_a_fork_take_no_newer_archive_that_came_into_a_folder(lib: Project) -> None:
    lib.write(
        LIB.replace(
            "return there(n)",
            "there(n)\n    if not os.path.exists('go'):\n        raise ValueError\n    return there(n + 1)",
        )
    )
    assert lib.penstock("run", "mine.py")[0] == 1
    wheel(lib.folder / "wheels", "lib", "2.0")
    lib.touch("go")
    assert lib.penstock("resume")[0] == 0
    assert '"1.0"' in lib.penstock("get", "main/1")[1]
    assert lib.penstock("fork", "main/1", "--n", "7")[0] == 0
    assert '"1.0"' in lib.penstock("get", "main/2")[1]


def test_a_damaged_kit_is_unpacked_anew(lib: Project) -> None:
    assert lib.run().value() == ["1.0", 1]
    for name in ("__init__.py", "worker/zygote.py"):
        (kit,) = (lib.folder / ".penstock/environments/kits").glob("kit-*")
        (kit / "penstock" / name).unlink()
        assert lib.run().value() == ["1.0", 1]


RATES = LIB.replace('find_links=["wheels"])', 'find_links=["wheels"], cache=True)').replace(
    "return lib.VERSION, n", "return lib.RATE"
)


def rated(lib: Project, run: str, *command: str) -> int:
    """What a run, started by that command, gives."""
    code, output = lib.penstock(*command)
    assert code == 0, output
    return int(lib.penstock("get", run)[1].split()[0])


def test_a_wheel_that_was_built_anew_under_its_version_runs_again_and_why_says_so(lib: Project) -> None:
    lib.write(RATES)
    wheel(lib.folder / "wheels", "lib", "1.0")
    built: dict[int, bytes] = {}
    code, output = lib.penstock("run", "--dry-run", "mine.py")
    assert (code, "there is no module lib" in output) == (0, False), output
    for number, rate in enumerate((1, 1, 2, 1), 1):
        if rate not in built:
            built[rate] = wheel(lib.folder / "wheels", "lib", "1.0", body=f"RATE = {rate}\n").read_bytes()
        (lib.folder / "wheels" / "lib-1.0-py3-none-any.whl").write_bytes(built[rate])
        assert rated(lib, f"main/{number}", "run", "mine.py") == rate
    assert lib.trace() == ["there 1", "there 1"], "the first build is known"
    assert (
        "ran because lib 1.0 was built anew under its old version since main/1"
        in lib.penstock("why", "main/3/there")[1]
    )


def test_a_resume_and_a_fork_keep_the_build_of_their_run(lib: Project) -> None:
    guard = "if os.path.exists('broken'):\n        raise ValueError\n    return there(n + 1)"
    lib.write(RATES.replace("return there(n)", f"there(n)\n    {guard}"))
    wheel(lib.folder / "wheels", "lib", "1.0", body="RATE = 1\n")
    lib.touch("broken")
    assert lib.penstock("run", "mine.py")[0] == 1
    wheel(lib.folder / "wheels", "lib", "1.0", body="RATE = 2\n")
    (lib.folder / "broken").unlink()
    assert rated(lib, "main/1", "resume") == 1
    assert rated(lib, "main/2", "fork", "main/1", "--n", "7") == 1
    assert rated(lib, "main/3", "run", "mine.py", "--n", "7") == 2


def test_which_archives_are_taken_is_part_of_what_an_environment_is(lib: Project) -> None:
    """The same version with the same hashes, once from its wheel and once from its sources."""
    lib.write(RATES.replace('packages=["lib"]', 'requirements="requirements.txt"'))
    wheel(lib.folder / "wheels", "lib", "1.0", body="RATE = 1\n")
    sdist(lib.folder / "wheels", "lib", "1.0", body="RATE = 2\n")
    requirements = lib.folder / "requirements.txt"
    for number, (options, rate) in enumerate((("", 1), ("--no-binary lib\n", 2), ("", 1)), 1):
        requirements.write_text(f"{options}lib\n")
        assert rated(lib, f"main/{number}", "run", "mine.py") == rate
    assert lib.trace() == ["there 1", "there 1"]
    said = lib.penstock("why", "main/2/there")[1]
    assert (
        "ran because which archives its environment takes (--no-binary, --only-binary) changed, and 1 more since main/1"
        in said
    )


def test_a_package_of_the_flow_that_was_installed_anew_under_its_version_runs_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed by hand, as from a path, into a folder that is on the path."""
    site = project.folder.parent / "site-packages"
    monkeypatch.setenv("PYTHONPATH", str(site))
    project.write(RATES.replace('packages=["lib"], find_links=["wheels"], ', ""))
    for number, rate in enumerate((1, 1, 2), 1):
        with zipfile.ZipFile(wheel(project.folder / "wheels", "lib", "1.0", body=f"RATE = {rate}\n")) as archive:
            shutil.rmtree(site, ignore_errors=True)
            archive.extractall(site)
        assert rated(project, f"main/{number}", "run", "mine.py") == rate
    assert project.trace() == ["there 1", "there 1"]
    assert "because lib 1.0 was built anew under its old version since" in project.penstock("why", "main/3/there")[1]


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ('requirements="requirements.txt"', "requirements.txt:2: can't honour '--prefer-binary': remove it"),
        ('constraints="requirements.txt"', "requirements.txt:2: can't honour '--prefer-binary': remove it"),
        ('packages=["lib"], on="inline"', "the flow's own process with on=, and for packages or a Python of its own"),
        ('packages=["lib --no-deps"]', "packages='lib --no-deps': can't honour --no-deps in"),
        ('packages=["lib"], find_links=["wheels", "other"]', "have other contents: remove one of them, or rename it"),
    ],
)
def test_what_can_not_be_honoured_is_refused_before_there_is_a_run(lib: Project, keywords: str, said: str) -> None:
    (lib.folder / "requirements.txt").write_text("lib==1.0\n--prefer-binary\n")
    wheel(lib.folder / "other", "lib", "1.0", body="RATE = 3\n")
    lib.write(LIB.replace('packages=["lib"], find_links=["wheels"]', keywords))
    code, output = lib.penstock("run", "mine.py")
    assert (code, said in output, "step there can't run" in output) == (2, True, True), output
    assert lib.penstock("run", "--dry-run", "mine.py")[0] == 2
    assert not lib.rows("SELECT 1 FROM run")


def test_what_ran_with_the_flow_s_packages_is_not_taken_for_what_ran_with_the_lock_s(lib: Project) -> None:
    lib.write(
        RATES.replace("    import lib\n", "").replace(
            "return lib.RATE", "from importlib.util import find_spec\n    return int(find_spec('lib') is not None)"
        )
    )
    assert rated(lib, "main/1", "run", "mine.py") == 1
    assert "Python 3." in lib.penstock("run", "--inline", "--dry-run", "mine.py")[1]
    assert rated(lib, "main/2", "run", "--inline", "mine.py") == 0
    assert rated(lib, "main/3", "run", "mine.py") == 1


def test_an_archive_that_is_another_one_is_told_with_a_command_that_locks_it_anew(
    lib: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where uv looks by the user's own settings, nobody looks for changes."""
    lib.write(RATES.replace(', find_links=["wheels"]', ""))
    monkeypatch.setenv("UV_FIND_LINKS", str(lib.folder / "wheels"))
    wheel(lib.folder / "wheels", "lib", "1.0", body="RATE = 1\n")
    assert lib.penstock("env", "lock", "mine.py")[0] == 0
    wheel(lib.folder / "wheels", "lib", "1.0", body="RATE = 2\n")
    monkeypatch.setenv("UV_CACHE_DIR", str(lib.folder / "cache"))
    code, output = lib.penstock("run", "mine.py")
    assert (code, "`penstock env lock --upgrade FILE` locks anew for new runs" in output) == (2, True), output
    assert lib.penstock("env", "lock", "--upgrade", "mine.py")[0] == 0
    assert rated(lib, "main/1", "run", "mine.py") == 2
