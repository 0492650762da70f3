"""The generated references leave nothing out."""

import click
import pytest

from docs import commands, pages
from schemas import vocabulary
from schemas.problem_kinds import KINDS
from schemas.records import TYPES


def test_every_problem_code_is_in_the_reference():
    page = pages.problems()
    assert all(f"| `{code}` |" in page for code in KINDS)


def test_every_field_list_and_concept_is_in_the_reference():
    page = pages.records()
    for kind in TYPES.values():
        assert f"## {kind.name}\n" in page
        assert all(f"| `{field}` |" in page for field in kind.fields)
    for codes in vocabulary.ALL:
        for code, iri in codes.codes.items():
            assert f"| `{code}` | {iri or 'none'} |" in page


def test_every_field_says_what_it_means_and_takes():
    for kind in TYPES.values():
        for name, field in kind.fields.items():
            assert field.help, f"{kind.name}.{name}"
            assert pages.takes(field), f"{kind.name}.{name}"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (None, "no help text"),
        ("Weigh a bag.", "no example"),
        ("Weigh a bag.\n\n\\b\nExample: prog weigh", "a literal"),
    ],
)
def test_a_command_without_help_or_example_is_named(words, missing):
    root = click.Group("root", help="A program.")
    root.add_command(click.Command("weigh", help=words))
    with pytest.raises(commands.UndocumentedError, match=f"prog weigh: .*{missing}"):
        list(commands.program("prog", root))


def test_the_reference_shows_the_help_of_every_command_that_is_not_hidden():
    root = click.Group("root", help="A program.")
    root.add_command(click.Command("weigh", help="Weigh.\n\nExample: prog weigh"))
    root.add_command(click.Command("secret", hidden=True))
    page = "".join(commands.program("prog", root))
    assert "### prog weigh" in page
    assert "Usage: prog weigh" in page
    assert "secret" not in page
