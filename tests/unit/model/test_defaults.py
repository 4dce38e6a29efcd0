"""What a step is run with: its own wishes over its flow's, over the project's."""

from __future__ import annotations

from penstock.model.environments import Environment, over, settled

OWN = Environment()
DEFAULT = Environment(
    packages=("pandas",),
    python="3.12",
    requirements="/r.txt",
    constraints=("/c.txt",),
    indexes=("https://i",),
    find_links=("/wheels",),
    env=(("A", "1"), ("B", "2")),
    secrets=("S",),
)


def test_where_nothing_is_said_the_default_holds() -> None:
    assert over(None, None) is None
    assert over(None, DEFAULT) == DEFAULT
    assert over(DEFAULT, None) == DEFAULT


def test_the_flows_own_can_be_asked_for() -> None:
    assert settled(OWN, DEFAULT) is None
    assert settled(OWN, None) is None
    assert settled(None, over(OWN, DEFAULT)) is None


def test_what_is_installed_is_ones_own_or_the_default_as_a_whole() -> None:
    for own in (Environment(("numpy",)), Environment(requirements="/own.txt"), Environment(pyproject="/p")):
        found = over(own, DEFAULT)
        assert found is not None
        assert (found.packages, found.requirements, found.pyproject) == (own.packages, own.requirements, own.pyproject)
        assert found._replace(packages=(), requirements="", pyproject="") == DEFAULT._replace(
            packages=(), requirements=""
        )


def test_the_rest_is_replaced_where_it_is_said() -> None:
    own = Environment(python="3.10", constraints=("/mine.txt",), indexes=("https://mine",), find_links=("/mine",))
    assert over(own, DEFAULT) == DEFAULT._replace(
        python="3.10", constraints=("/mine.txt",), indexes=("https://mine",), find_links=("/mine",)
    )


def test_variables_and_secrets_are_joined() -> None:
    found = over(Environment(env=(("B", "3"), ("C", "4")), secrets=("T", "S")), DEFAULT)
    assert found == DEFAULT._replace(env=(("A", "1"), ("B", "3"), ("C", "4")), secrets=("S", "T"))


def test_three_levels() -> None:
    project, flow, step = Environment(python="3.12"), Environment(packages=("pandas",)), Environment(env=(("A", "1"),))
    assert settled(step, over(flow, project)) == Environment(("pandas",), "3.12", env=(("A", "1"),))
