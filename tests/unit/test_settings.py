from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.errors import UsageError
from penstock.model.environments import Environment
from penstock.setting_values import HostSettings
from penstock.settings import ExecutorSettings, GcSettings, Settings


def load(folder: Path, text: str = "", **env: str) -> Settings:
    (folder / "penstock.toml").write_text(text, encoding="utf-8")
    return Settings.load(folder, env)


def test_an_empty_folder_has_the_defaults_and_stays_empty(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path, {})
    assert settings == Settings(root=str(tmp_path))
    assert (settings.platform_retries, settings.grace_s, settings.max_workers) == (3, 5.0, None)
    assert settings.executors == {"process": ExecutorSettings(), "inline": ExecutorSettings(kind="inline")}
    assert settings.folder == str(tmp_path / ".penstock")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mark", ["penstock.toml", ".penstock"])
def test_the_root_is_the_nearest_project_upwards(tmp_path: Path, mark: str) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "outer"):
        (folder / ".penstock").mkdir() if mark == ".penstock" else (folder / mark).touch()
    assert Settings.load(inner, {}).root == str(tmp_path / "outer")


def test_everything_can_be_set(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        max_workers = 4
        platform_retries = 0
        grace = "1m"
        log_limit = "2KiB"

        [limits]
        db = 3

        [executors.process]
        max_workers = 2

        [executors.big]
        kind = "process"
        cpu = 1.5
        memory = "2GiB"
        gpus = 2

        [executors.other]
        gpus = ["GPU-a", 3]
        """,
    )
    assert (settings.max_workers, settings.platform_retries, settings.grace_s) == (4, 0, 60.0)
    assert settings.log_limit_bytes == 2048
    assert settings.limits == {"db": 3}
    assert settings.executors == {
        "process": ExecutorSettings(max_workers=2),
        "inline": ExecutorSettings(kind="inline"),
        "big": ExecutorSettings(cpu=1.5, memory_bytes=2 * 2**30, gpus=("0", "1")),
        "other": ExecutorSettings(gpus=("GPU-a", "3")),
    }


def test_a_changed_built_in_executor_keeps_its_kind(tmp_path: Path) -> None:
    settings = load(tmp_path, "[executors.inline]\ncpu = 2\n")
    assert settings.executors["inline"] == ExecutorSettings(kind="inline", cpu=2.0)


def test_files_that_go_with_a_run_are_named_by_patterns(tmp_path: Path) -> None:
    settings = load(tmp_path, '[project]\ninclude = ["data/*.csv", "words.txt"]')
    assert settings.project.include == ("data/*.csv", "words.txt")


def test_what_gc_keeps_is_set_for_all_flows_and_for_one(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
        [gc]
        keep_last = 3
        older_than = "30d"

        [gc.flows.digits]
        keep_last = 0
        keep_tags = ["best", "paper"]
        """,
    )
    assert settings.gc_of("other") == settings.gc == GcSettings(3, 30 * 86_400.0)
    assert settings.gc_of("digits") == GcSettings(0, 30 * 86_400.0, ("best", "paper"))
    assert load(tmp_path).gc_of("digits") == GcSettings()


def test_the_environment_wins(tmp_path: Path) -> None:
    settings = load(tmp_path, "max_workers = 4", PENSTOCK_MAX_WORKERS="7", PENSTOCK_GRACE="2s", HOME="/nowhere")
    assert (settings.max_workers, settings.grace_s) == (7, 2.0)


def test_variables_of_others_are_let_pass(tmp_path: Path) -> None:
    assert load(tmp_path, PENSTOCK_REQUIRE_ALL="1", PENSTOCK_="x") == Settings(root=str(tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_worker = 4", "penstock.toml: there is no setting max_worker; did you mean max_workers?"),
        ("zzz = 4", "penstock.toml: there is no setting zzz; valid here: environment, executors, gc, grace, "),
        ("[executors.a]\nmemroy = 1", "there is no setting executors.a.memroy; did you mean executors.a.memory?"),
        ("[executors.a]\nkind = 'k8s'", "executors.a.kind: 'k8s' is not a kind of executor; write 'process' or"),
        ("[executors.a]\nmemory = '2 pints'", "executors.a.memory: '2 pints' is not a size; write bytes, or"),
        ("[executors.a]\ncpu = 0", "executors.a.cpu: 0 is not a number above 0"),
        ("[executors.a]\ncpu = true", "executors.a.cpu: True is not a number above 0"),
        ("[limits]\ndb = 0", "limits.db: 0 is not a whole number from 1 on"),
        ("limits = 3", "limits is not a table; write it as `[limits]`"),
        ("executors = {a = 3}", "executors.a is not a table; write it as `[executors.a]`"),
        ("max_workers = 1.5", "max_workers: 1.5 is not a whole number from 1 on"),
        ("project = 3", "project is not a table; write it as `[project]`"),
        ("[project]\ninclude = 'a.csv'", "project.include: 'a.csv' is not a list of patterns; write it as [\"data/*"),
        ("[project]\ninclude = ['']", "project.include: [''] is not a list of patterns"),
        ("[project]\nincludes = []", "there is no setting project.includes; did you mean project.include?"),
        ("gc = 3", "gc is not a table; write it as `[gc]`"),
        ("[gc]\nkeep-last = 3", "there is no setting gc.keep-last; did you mean gc.keep_last?"),
        ("[gc]\nkeep_last = -1", "gc.keep_last: -1 is not a whole number from 0 on"),
        ("[gc]\nolder_than = 'soon'", "gc.older_than: 'soon' is not an age; write a text such as \"30d\""),
        ("[gc]\nolder_than = 30", 'gc.older_than: 30 is an age without a unit; write a text such as "30d"'),
        ("[gc]\nolder_than = '30'", "gc.older_than: '30' is an age without a unit"),
        ("[gc]\nolder_than = ['30d']", "gc.older_than: ['30d'] is not an age"),
        ("[gc]\nkeep_tags = 'best'", "gc.keep_tags: 'best' is not a list of tags; write it as [\"best\"]"),
        ("[gc]\nkeep_tags = [3]", "gc.keep_tags: [3] is not a list of tags"),
        ("[gc]\nflows = 3", "gc.flows is not a table; write it as `[gc.flows]`"),
        ("[gc.flows]\ndigits = 3", "gc.flows.digits is not a table; write it as `[gc.flows.digits]`"),
        (
            "[gc.flows.digits]\nkeep_tag = []",
            "no setting gc.flows.digits.keep_tag; did you mean gc.flows.digits.keep_t",
        ),
        ("environment = 3", "environment is not a table; write it as `[environment]`"),
        ("[environment]\npakages = []", "no setting environment.pakages; did you mean environment.packages?"),
        ("[environment]\npython = 3.12", "[environment]: python=3.12: expected a version as a text"),
        ("[environment]\nenv = 'A=1'", "[environment]: env='A=1': expected names and values"),
        ("[executors.process]\npython = 3.12", "[executors.process]: python=3.12: expected a version as a text"),
        ("[executors.a]\npakages = []", "no setting executors.a.pakages; did you mean executors.a.packages?"),
        ("[executors.inline]\npackages = ['x']", "executors.inline.packages: of kind 'inline' it is the flow's own"),
        ("grace = 'soon'", "grace: 'soon' is not a duration"),
        ("max_workers =", "penstock.toml is not TOML: "),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert words in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "PENSTOCK_MAX_WORKER",
            "4",
            "PENSTOCK_MAX_WORKER: there is no such setting; did you mean PENSTOCK_MAX_WORKERS?",
        ),
        ("PENSTOCK_MAX_WORKERS", "four", "PENSTOCK_MAX_WORKERS: 'four' is not a whole number"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.load(tmp_path, {variable: value})
    assert words in str(caught.value)


def test_settings_can_not_be_changed(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        Settings.load(tmp_path, {}).max_workers = 3  # type: ignore[misc]


def test_an_environment_for_all_steps(tmp_path: Path) -> None:
    text = """
    [environment]
    packages = ["pandas<3"]
    python = "3.12"
    constraints = "bounds.txt"
    find_links = ["wheels", "https://example.org/links"]
    env = {MODE = "fast"}
    secrets = ["TOKEN"]
    """
    assert load(tmp_path, text).environment == Environment(
        packages=("pandas<3",),
        python="3.12",
        constraints=(str(tmp_path / "bounds.txt"),),
        find_links=(str(tmp_path / "wheels"), "https://example.org/links"),
        env=(("MODE", "fast"),),
        secrets=("TOKEN",),
    )
    assert load(tmp_path, "").environment is None


def test_an_environment_for_the_steps_of_an_executor(tmp_path: Path) -> None:
    text = """
    [executors.process]
    max_workers = 2
    env = {MODE = "here"}

    [executors.inline]
    env = {MODE = "inside"}

    [executors.gpus]
    kind = "agent"
    here = true
    packages = ["torch"]
    find_links = "wheels"

    [executors.cluster]
    kind = "slurm"
    store = "file:///shared"
    image = "python:3.12-slim"
    containers = "docker"
    """
    settings = load(tmp_path, text)
    assert settings.executors["cluster"].containers == "docker"
    assert settings.environments == {
        "cluster": Environment(image="python:3.12-slim"),
        "process": Environment(env={"MODE": "here"}),
        "inline": Environment(env={"MODE": "inside"}),
        "gpus": Environment(packages=["torch"], find_links=[str(tmp_path / "wheels")]),
    }
    assert settings.executors["process"].max_workers == 2
    assert load(tmp_path, "").environments == {}


def test_how_much_is_kept_of_a_log(tmp_path: Path) -> None:
    assert load(tmp_path).log_limit_bytes == 100 << 20
    assert load(tmp_path, 'log_limit = "1MB"', PENSTOCK_LOG_LIMIT="3000").log_limit_bytes == 3000
    with pytest.raises(UsageError, match=r"log_limit: 0 is no size above 0"):
        load(tmp_path, "log_limit = 0")
    with pytest.raises(UsageError, match=r"PENSTOCK_LOG_LIMIT: 'much' is not a size"):
        load(tmp_path, PENSTOCK_LOG_LIMIT="much")


def test_a_mark_of_byte_order_is_no_part_of_the_file(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeffmax_workers = 3\n").max_workers == 3


def test_a_far_tier_is_a_url(tmp_path: Path):
    (tmp_path / "penstock.toml").write_text(
        '[store]\nurl = "ssh://me@host:22/scratch//me"\nmirror = true\n[executors.big]\nkind = "slurm"\nstore = "file:///big/"\n'
    )
    settings = Settings.load(tmp_path, {})
    assert settings.store == ("ssh://me@host:22/scratch/me", True)
    assert settings.tiers == ("ssh://me@host:22/scratch/me", "file:///big")
    assert Settings().tiers == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[store]\nurl = "s3://x"', "store.url: 's3://x' names no far tier"),
        ("[store]\nmirror = true", "store.mirror needs a place"),
        ('[store]\nurl = "file:///x"\nmirror = 1', "store.mirror: 1 is neither true nor false"),
        ('[store]\nurls = "file:///x"', "did you mean store.url?"),
    ],
)
def test_a_far_tier_that_is_none_is_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "penstock.toml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(message)):
        Settings.load(tmp_path, {})


FAR = '[store]\nurl = "file:///shared"\n[executors.far]\n'


def test_agents_have_a_size_bounds_and_a_site(tmp_path: Path):
    (tmp_path / "penstock.toml").write_text(
        f"""{FAR}kind = "ssh"
        hosts = ["me@gpu1", {{ host = "gpu2", cpu = 16, memory = "64GiB", gpus = 2, home = "/scratch/me/" }}]
        cpu = 4
        gpus = 1
        max_agents = 3
        linger = "5m"
        lost_after = "10m"
        max_agent_hours = 1.5
        wheels = true
        """
    )
    far = Settings.load(tmp_path, {}).executors["far"]
    assert far.is_far
    assert far.wheels
    assert far.hosts == (
        HostSettings("me@gpu1"),
        HostSettings("gpu2", 16.0, 64 << 30, 2, "/scratch/me"),
    )
    assert (far.cpu, far.gpus, far.max_agents) == (4.0, ("0",), 3)
    assert (far.linger_s, far.lost_after_s, far.max_agent_hours) == (300.0, 600.0, 1.5)


def test_slurm_and_ray_have_keys_of_their_own(tmp_path: Path):
    (tmp_path / "penstock.toml").write_text(
        f"""{FAR}kind = "slurm"
        via = "me@login"
        partition = "gpu"
        time_limit = "2h"
        lines = ["#SBATCH --constraint=a100"]
        [executors.ray]
        kind = "ray"
        address = "http://head:8265"
        resources = {{ special = 1 }}
        """
    )
    executors = Settings.load(tmp_path, {}).executors
    slurm, ray = executors["far"], executors["ray"]
    assert (slurm.via, slurm.partition, slurm.time_limit_s) == ("me@login", "gpu", 7200.0)
    assert slurm.lines == ("#SBATCH --constraint=a100",)
    assert (ray.address, ray.resources) == ("http://head:8265", (("special", 1.0),))


def test_agents_of_this_machine_need_no_tier_but_the_project_s_own(tmp_path: Path):
    (tmp_path / "penstock.toml").write_text("[executors.here]\nkind = 'agent'\nhere = true\n")
    settings = Settings.load(tmp_path, {})
    assert settings.executors["here"].store == f"file://{tmp_path}/.penstock/far"
    assert settings.tiers == (settings.own_tier,)


def test_agents_of_this_machine_use_the_tier_that_is_named(tmp_path: Path):
    (tmp_path / "penstock.toml").write_text(
        "[store]\nurl = 'file:///shared'\n[executors.here]\nkind = 'agent'\nhere = true\n"
    )
    assert Settings.load(tmp_path, {}).tiers == ("file:///shared",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{FAR}kind = 'ssh'\nhosts = ['a']\nhere = true",
            "executors.far.here is for kind 'agent', and this one is of",
        ),
        ("[executors.a]\nkind = 'agent'", "[executors.a] of kind 'agent' needs a far tier: add `[store]` with"),
        ("[executors.a]\nkind = 'slurm'", "[executors.a] of kind 'slurm' needs a far tier: add `[store]` with"),
        (f"{FAR}kind = 'ssh'", '[executors.far] of kind \'ssh\' needs `hosts = ["gpu1", "gpu2"]`'),
        (f"{FAR}kind = 'ray'", "[executors.far] of kind 'ray' needs `address = \"http://head:8265\"`"),
        (f"{FAR}kind = 'ssh'\nhosts = []", "executors.far.hosts: [] is no list of hosts; write it as"),
        (f"{FAR}kind = 'ssh'\nhosts = ['-oProxyCommand=x']", "'-oProxyCommand=x' is no name: it has spaces, or"),
        (f"{FAR}kind = 'ssh'\nhosts = [{{ host = 'a', gpu = 1 }}]", "a host has no gpu; valid are host, cpu,"),
        (f"{FAR}kind = 'ssh'\nhosts = [{{ cpu = 1 }}]", "names no host; write it as"),
        (f"{FAR}kind = 'ssh'\nhosts = ['a', 'a']", "executors.far.hosts: a host stands there twice"),
        (f"{FAR}kind = 'slurm'\nhosts = ['a']", "executors.far.hosts is for kind 'ssh', and this one is of kind"),
        (f"{FAR}kind = 'slurm'\nlines = [\"a\\nb\"]", "is no text of one line"),
        (f"{FAR}kind = 'slurm'\nlost_after = '5s'", "executors.far.lost_after: '5s' is too short for a busy machine"),
        (f"{FAR}kind = 'slurm'\ntime_limit = 0", "executors.far.time_limit: 0 is no time above 0"),
        (f"{FAR}kind = 'slurm'\nhome = 'here'", "'here' is no absolute folder; write it as \"/scratch/me\""),
        (f"{FAR}kind = 'ray'\naddress = 'head'", "'head' is no address of a dashboard; write it as"),
        (f"{FAR}kind = 'ray'\naddress = 'http://h'\nresources = {{ a = 'b' }}", "are no amounts of resources; write"),
        (f"{FAR}max_agents = 3", "executors.far.max_agents is for kind 'agent' or 'ssh' or 'slurm' or 'ray', and"),
        (f"{FAR}kind = 'slurm'\nmax_agents = 0", "executors.far.max_agents: 0 is not a whole number from 1 on"),
    ],
)
def test_what_is_wrong_with_agents_is_named_with_its_mend(tmp_path: Path, text: str, words: str):
    (tmp_path / "penstock.toml").write_text(text)
    with pytest.raises(UsageError, match=re.escape(words)):
        Settings.load(tmp_path, {})
