"""What `penstock run FILE --help` shows."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from penstock.cli.flow_help import flow_help
from penstock.launch.docstrings import words_of
from penstock.launch.parameters import Parameters


def google(rows, depths):
    """Train on digits.

    In two paragraphs: note the colon.

    Args:
        rows: how many images
            to take
        depths (list[int]): of the trees

    Returns:
        The best model.
    """


def numpy_style(rows, depths):
    """Train on digits.

    In two paragraphs: note the colon.

    Parameters
    ----------
    rows : int
        how many images
        to take
    depths : list of int
        of the trees

    Returns
    -------
    Trained
        The best model.
    """


def plain(rows, depths):
    """Train on digits.

    In two paragraphs: note the colon.

    rows: how many images
        to take
    depths: of the trees
    """


def sphinx(rows, depths):
    """Train on digits.

    In two paragraphs: note the colon.

    :param rows: how many images
        to take
    :param list depths: of the trees
    :returns: The best model.
    """


@pytest.mark.parametrize("fn", [google, numpy_style, sphinx, plain])
def test_the_styles_of_docstrings(fn: Any):
    words = words_of(fn)
    assert words.text == "Train on digits.\n\nIn two paragraphs: note the colon."
    assert words.parameters == {"rows": "how many images to take", "depths": "of the trees"}


def test_no_docstring_has_no_words():
    def flow(rows): ...

    assert words_of(flow) == ("", {})


def test_prose_after_the_arguments_is_kept():
    def flow(rows):
        """Train.

        Args:
            rows: how many

        Slow on a laptop.
        """

    assert words_of(flow).text == "Train.\n\nSlow on a laptop."


def digits(target: float, rows: int = 1797, depths: list[int] = [2, 4], shuffle: bool = True, note: str = "") -> None:  # noqa: B006
    """Train on digits.

    Args:
        target: accuracy to reach
        rows: how many images to take
    """


def test_the_help_of_a_flow():
    shown = flow_help(Parameters(digits, "digits"), digits, "penstock run digits.py")
    assert shown == inspect.cleandoc(
        """
        Usage: penstock run digits.py [PARAMETERS]

        Train on digits.

        Parameters:
          --target float          accuracy to reach  [required]
          --rows int              how many images to take  [default: 1797]
          --depths list[int]      [default: [2, 4]]
          --shuffle/--no-shuffle  [default: true]
          --note str              [default: ]

        Example:
          penstock run digits.py --target 0.5

        A value can be read from a file: --name @FILE. Lists, dicts and dataclasses are written as JSON.
        """
    )


def test_the_example_can_be_pasted_into_a_shell():
    def flow(config: dict[str, list[int]]): ...

    shown = flow_help(Parameters(flow, "flow"), flow, "penstock run f.py")
    assert """penstock run f.py --config '{"name": [1]}'""" in shown


def test_a_flow_without_parameters():
    def flow(): ...

    assert flow_help(Parameters(flow, "flow"), flow, "penstock run f.py") == (
        "Usage: penstock run f.py\n\nExample:\n  penstock run f.py"
    )
