from __future__ import annotations

import pytest

from penstock.environments import indexes
from penstock.errors import UsageError


def test_what_an_environment_names_becomes_option_lines():
    assert indexes.lines(("https://a/simple", "https://b"), ("/wheels",)) == [
        "--index-url https://a/simple",
        "--extra-index-url https://b",
        "--find-links /wheels",
    ]
    assert indexes.lines((), ()) == []


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("-i https://a", "--index-url https://a"),
        ("--index-url=https://a/?x=1", "--index-url https://a/?x=1"),
        ("--extra-index-url  https://a", "--extra-index-url https://a"),
        ("-f ./wheels", "--find-links ./wheels"),
        ("--no-index", "--no-index"),
        ("--no-binary :all:", "--no-binary :all:"),
        ("--trusted-host a", None),
        ("-e ./lib", None),
        ("six", None),
    ],
)
def test_option_lines_of_a_requirements_file(line: str, kept: str | None):
    assert indexes.option(line) == kept


@pytest.mark.parametrize(
    "line",
    ["https://a/simple", "https://${USER}:${TOKEN}@a/", "https://__token__:${T}@a/", "x @ git+ssh://git@a/x", "six"],
)
def test_addresses_without_secrets_pass(line: str):
    indexes.refuse_secrets(line)


@pytest.mark.parametrize("line", ["--index-url https://me:abc@host/simple", "x @ https://abc@host/simple # word"])
def test_a_secret_is_refused_and_not_repeated(line: str):
    with pytest.raises(UsageError) as caught:
        indexes.refuse_secrets(line)
    assert str(caught.value) == (
        "the address of host/simple holds a password, which would be stored with each run: "
        "write ${NAME} in its place, the name of an environment variable"
    )


def test_settings_put_the_environment_s_places_before_the_user_s():
    options = indexes.lines(("https://${T}@a", "https://b"), ("/wheels",))
    environ = {"T": "secret", "UV_INDEX": "https://mine", "UV_FIND_LINKS": "/mine", "UV_DEFAULT_INDEX": "https://c"}
    assert indexes.settings(options, environ) == {
        "UV_DEFAULT_INDEX": "https://secret@a",
        "UV_INDEX": "https://b https://mine",
        "UV_FIND_LINKS": "/wheels,/mine",
    }
    assert indexes.settings((), environ) == {}


def test_a_variable_that_is_not_set_is_named():
    with pytest.raises(UsageError, match=r"https://\$\{T\}@a names the environment variable T, which is not set"):
        indexes.settings(["--index-url https://${T}@a"], {})
