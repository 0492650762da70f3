"""Words at the command line of the laptop: names in and out, lists, wrong input."""

import shlex

import pytest

from collector.cli.lists import LIST_LIMIT
from collector.cli.record_examples import EXAMPLES
from collector.cli.review import read_settings
from collector.errors import NotFoundError
from collector.laptop.open import opened
from schemas.records import TYPES
from schemas.told import option_name
from tests.unit.collector.test_records import ADDED_OTHERWISE, SAMPLE, sample

pytestmark = pytest.mark.slow

NAMES = {
    "organisation": "INRAE",
    "plot": "HF",
    "point": "HF/1",
    "campaign": "2026",
    "core": "HF/1/2026/1",
    "sample": "HF-1",
    "question_form": "core/1",
}
REFERENCES = [
    (kind.name, field, target)
    for kind in TYPES.values()
    for field, target in kind.references.items()
]
REQUIRED = [
    (kind.name, field)
    for kind in TYPES.values()
    if kind.name not in ADDED_OTHERWISE
    for field, told in kind.fields.items()
    # The laptop fills in what goes without saying.
    if told.required and field not in {"number", "replicate", "sampled_precision"}
]


@pytest.fixture
def named(field):
    """A laptop with a record of each type that others refer to."""
    words = ["--code", "INRAE", "--name", "INRAE", "--kind", "member"]
    field("organisation", "add", *words)
    sample(field, "HF-1")
    # With two campaigns none goes without saying.
    given = ["--name", "2027", "--purpose", "resampling", "--start-date", "2027-05-01"]
    field("campaign", "add", *given)
    form = field.home.parent / "form.md"
    form.write_text("| survey |\n| | type | name | label |\n| | text | a | A |\n")
    field("question_form", "add", form, "--write")
    return field


@pytest.mark.parametrize(("record_type", "reference", "target"), REFERENCES)
def test_every_reference_is_typed_as_the_name_of_a_record(
    named, record_type, reference, target
):
    wanted = named.json(target, "show", NAMES[target])["id"]
    with opened(named.app.at(str(named.home)).home, named.app.clock, str, print) as lap:
        project = lap.store.records("project")[0].id
        for name in (reference, reference.replace("_", "-"), option_name(reference)):
            typed = [f"{name}={NAMES[target]}"]
            assert read_settings(lap, record_type, typed, project) == {
                reference: wanted
            }
        with pytest.raises(NotFoundError, match=f"no {target} NONE"):
            read_settings(lap, record_type, [f"{reference}=NONE"], project)


@pytest.mark.parametrize(("record_type", "lacking"), REQUIRED)
def test_a_required_field_that_is_missing_is_wrong_usage(named, record_type, lacking):
    words = dict(_pairs(EXAMPLES[record_type]))
    parts = {"core_id": ("plot", "point", "campaign"), "point_id": ("plot", "point")}
    for name in parts.get(lacking, (option_name(lacking),)):
        words.pop(f"--{name}")
    typed = [word for pair in words.items() for word in pair]
    found = named(record_type, "add", *typed, code=2)
    assert option_name(lacking) in found.err, found.err


def test_a_value_that_cannot_be_read_is_not_missing_too(named):
    words = ["--sample", "HF-1", "--analyte", "soc", "--unit", "g_kg"]
    words += ["--method", "tinsley"]
    found = named("result", "add", *words, "--value", "much", code=4)
    assert "--value much: a number was expected" in found.err
    assert "1 problem" in found.err
    assert "--value: a result needs" in named("result", "add", *words, code=2).err


def test_what_is_not_here_is_named_with_its_plot(field):
    found = field("core", "add", "--plot", "HF", "--point", "9", code=4)
    assert "there is no point HF/9" in found.err


def _pairs(example):
    words = shlex.split(example)
    return zip(words[::2], words[1::2], strict=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--depth-top-cm", "x"], "--depth-top-cm x: a number was expected"),
        (["--depth-bottom-cm", "700"], "--depth-bottom-cm 700: "),
        (["--carbonate-class", "lots"], "--carbonate-class lots: "),
    ],
)
def test_a_refusal_names_fields_as_they_were_typed(field, words, told):
    given = {"--depth-top-cm": "0", "--depth-bottom-cm": "30", words[0]: words[1]}
    typed = [word for pair in given.items() for word in pair]
    found = field(*SAMPLE, "--sample-code", "HF-1", *typed, code=4)
    assert told in found.err
    assert "1 problem" in found.err


def test_a_list_that_is_cut_says_so_and_json_is_complete(permille):
    for number in range(LIST_LIMIT + 7):
        permille("plot", "add", "--code", f"P{number}")
    total = LIST_LIMIT + 7
    found = permille("plot", "list")
    assert len(found.out.splitlines()) == LIST_LIMIT + 1
    assert found.err == f"{LIST_LIMIT} of {total} plots; --limit N or --all\n"
    assert len(permille("plot", "list", "--all").out.splitlines()) == total + 1
    assert permille("plot", "list", "--all").err == ""
    assert len(permille.json("plot", "list")) == total
    some = permille("plot", "list", "--limit", 5, "--json")
    assert len(some.data) == 5
    assert some.err.startswith(f"5 of {total} plots")
    assert permille("plot", "list", "--limit", 5, "--all", code=2).err
    for number in range(total):
        permille("plot", "delete", f"P{number}", "--yes")
    assert permille("plot", "list", "--deleted").err.startswith(f"{LIST_LIMIT} of")
    assert len(permille.json("plot", "list", "--deleted")) == total


def test_a_list_of_samples_shows_where_and_how_deep(named):
    head, row = named("sample", "list").out.splitlines()
    assert head.split()[:5] == ["sample", "plot", "point", "campaign", "core"]
    assert row.split()[:6] == ["HF-1", "HF", "1", "2026", "1", "0-30"]


def test_a_practice_is_named_by_its_plot_and_what_was_done(named):
    words = ["--plot", "HF", "--family", "agroforestry", "--what", "hedges planted"]
    named("practice", "add", *words)
    assert named("practice", "show", "HF/hedges planted").out.startswith("practice HF/")
    named("practice", "edit", "HF/hedges planted", "--note", "young")
    named("practice", "delete", "HF/hedges planted", "--yes")
    named("practice", "restore", "HF/hedges planted")


def test_all_that_belongs_to_a_record_is_counted_and_the_rest_is_named(permille):
    permille("plot", "add", "--code", "A")
    for number in range(13):
        permille("point", "add", "--plot", "A", "--code", number)
    said = permille("plot", "delete", "A", "--yes", code=4).err
    assert "13 records belong to this plot" in said
    assert "and 3 more" in said
