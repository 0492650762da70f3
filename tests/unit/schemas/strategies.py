"""What a stranger may send: any JSON value, and what only Python can hold."""

from datetime import date
from unicodedata import normalize

from hypothesis import strategies as st

from schemas import limits
from schemas import vocabulary as v
from schemas.attachments import Attachments
from schemas.explained import Explanations
from schemas.fields import (
    Choice,
    Code,
    Country,
    Day,
    Flag,
    Geometry,
    Id,
    Instant,
    Integer,
    Number,
    Text,
)
from schemas.ids import uuid7
from schemas.lists import Depths, NameSet, StratumAreas
from schemas.questions.field import Questions

# Surrogates and NUL included, which st.text() leaves to be asked for.
any_text = st.text(st.characters(exclude_categories=()), max_size=12)
odd_numbers = st.sampled_from(
    [float("nan"), float("inf"), -0.0, 5e-324, 1e308, 10**400, -(10**4000), 2**53 + 1]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | odd_numbers
    | any_text
    | st.sampled_from(["", " ", "0000-01-01", "2026-05-03", "12", "Polygon", "FR"])
)
any_json = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4)
    ),
    max_leaves=12,
)
ids = st.builds(uuid7, st.integers(0, 2**48 - 1), st.integers(0, 2**74 - 1))
labels = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
days = st.dates(date(1800, 1, 1), date(2200, 12, 31)).map(str)
instants = st.builds(
    "{}T{}{}".format,
    days,
    st.times().map(lambda time: time.isoformat()),
    st.sampled_from(["Z", "+02:00", "-09:30", "+00:00"]),
)


digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
attachments = st.fixed_dictionaries(
    {
        "sha256": digests,
        "size": st.integers(1, limits.ATTACHMENT_BYTES),
        "mime": st.sampled_from(list(v.ATTACHMENT_TYPE.codes)),
        "name": labels,
    },
    optional={"taken_at": instants},
)


choices = st.lists(
    st.fixed_dictionaries(
        {"name": labels.map(lambda text: normalize("NFC", text))},
        optional={
            "label": labels,
            "labels": st.dictionaries(labels, labels, min_size=1),
        },
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one["name"],
)
names = st.from_regex("[a-z][a-z0-9_]{0,9}", fullmatch=True)
questions = st.fixed_dictionaries(
    {"name": names, "type": st.sampled_from(["text", "integer", "date", "note"])},
    optional={"label": labels, "constraint": st.just(". != ''")},
) | st.fixed_dictionaries(
    {"name": names, "type": st.just("select_one"), "choices": choices}
)


def squares():
    """Return small squares anywhere on the Earth."""
    corner = st.tuples(st.floats(-179, 179), st.floats(-89, 89))
    return corner.map(
        lambda at: {
            "type": "Polygon",
            "coordinates": [
                [
                    [at[0] + dx, at[1] + dy]
                    for dx, dy in ((0, 0), (0.5, 0), (0.5, 0.5), (0, 0.5), (0, 0))
                ]
            ],
        }
    )


_GOOD = {
    Text: lambda _: labels,
    Code: lambda _: labels,
    Number: lambda f: st.floats(f.low, f.high, exclude_min=True, exclude_max=True),
    Integer: lambda f: st.integers(f.low, f.high),
    Flag: lambda _: st.booleans(),
    Choice: lambda f: st.sampled_from(list(f.codes.codes)),
    Country: lambda _: st.sampled_from(["FR", "KE", "AU"]),
    Day: lambda _: days,
    Instant: lambda _: instants,
    Id: lambda _: ids,
    Explanations: lambda _: st.lists(labels, unique=True, max_size=4),
    NameSet: lambda _: st.lists(labels, unique=True, max_size=4),
    Depths: lambda _: st.lists(
        st.floats(0.5, 500), unique=True, min_size=1, max_size=4
    ).map(sorted),
    Questions: lambda _: st.lists(
        questions, max_size=3, unique_by=lambda one: one["name"].casefold()
    ),
    StratumAreas: lambda _: st.dictionaries(
        labels, st.floats(0.001, 1e6), min_size=1, max_size=4
    ),
    Geometry: lambda _: squares(),
    Attachments: lambda _: st.lists(
        attachments, unique_by=lambda item: item["sha256"], max_size=4
    ),
}


def good(field):
    """Return good values of a field."""
    return _GOOD[type(field)](field)
