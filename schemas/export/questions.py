"""A project's own questions as columns of what they are asked of: one for each question.

`db` is the `sqlite_utils.Database` of an export, whose tables are filled.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.export.select import select
from schemas.questions.form import Question, QuestionKind, question_of

#: The view that has the columns of what is asked, by what it is asked of.
_VIEWS: Final = {
    "core": ("cores", "cores_named"),
    "sample": ("samples", "samples_named"),
    "plot": ("plots", "plots_named"),
    "point": ("points", "points_named"),
}
#: SQLite has 2,000 columns; the answers to more questions are in the table of answers.
_MOST: Final = 1_000
_CASTS: Final = {int: "CAST(a.value AS INTEGER)", float: "CAST(a.value AS REAL)"}
_NUMBERS: Final = {QuestionKind.INTEGER: int, QuestionKind.DECIMAL: float}
_ALSO: Final = {
    QuestionKind.SELECT_ONE: "; the name of the choice",
    QuestionKind.SELECT_MULTIPLE: "; names of choices with blanks between them",
    QuestionKind.GEOPOINT: "; latitude and longitude in degrees, WGS84",
    QuestionKind.ACKNOWLEDGE: "; OK or empty",
}


class QuestionColumn(NamedTuple):
    """The column of a question, whatever versions asked it: its type and what it means."""

    name: str
    asked_of: str
    questions: tuple[str, ...]
    kind: type
    says: str


def question_columns(db: Any) -> dict[str, list[QuestionColumn]]:  # noqa: ANN401 - of sqlite-utils
    """Return the columns of questions by table; those of the newest version come first."""
    forms = db.execute(
        "SELECT asked_of, questions FROM question_forms"
        " ORDER BY number DESC, fingerprint DESC, id"
    )
    asked: dict[str, dict[str, list[Question]]] = {}
    for asked_of, text in forms:
        known = asked.setdefault(str(asked_of), {})
        for question in map(question_of, json.loads(text)):
            if question.is_answered:
                known.setdefault(_column_name(question.name), []).append(question)
    return {
        _VIEWS[asked_of][0]: [
            _column(name, asked_of, every)
            for name, every in list(known.items())[:_MOST]
        ]
        for asked_of, known in asked.items()
    }


def with_questions(
    views: Mapping[str, str], columns: Mapping[str, Sequence[QuestionColumn]]
) -> Iterator[tuple[str, str]]:
    """Yield views by their names, those of what is asked with a column for each question."""
    tables = {view: table for table, view in _VIEWS.values()}
    for name, query in views.items():
        asked = columns.get(tables.get(name, ""), ())
        yield name, _wider(query, asked) if asked else query


def _wider(query: str, columns: Iterable[QuestionColumn]) -> str:
    answers = (f'{_answer(one)} AS "{one.name}"' for one in columns)
    return select("n.*,", ", ".join(answers), f"FROM ({query}) AS n")


def _answer(one: QuestionColumn) -> str:
    """Return the query of the answer to a question about a row."""
    names = ", ".join(_text(name) for name in one.questions)
    value = _CASTS.get(one.kind, "a.value")
    # The plus keeps the index of projects, where one may have all answers, out of it.
    query = select(
        f"{value} FROM answers AS a WHERE a.{one.asked_of}_id = n.id",
        f"AND +a.project_id = n.project_id AND a.question IN ({names})",
    )
    return f"({query})"


def _column(name: str, asked_of: str, every: Sequence[Question]) -> QuestionColumn:
    newest = every[0]
    says = f"{newest.label or newest.name}{_ALSO.get(newest.type, '')}"
    spelt = tuple(dict.fromkeys(one.name for one in every))
    return QuestionColumn(name, asked_of, spelt, _kind(every), says)


def _kind(every: Sequence[Question]) -> type:
    """Return the type of all answers: text where a question was once of another one."""
    kinds: set[type] = {_NUMBERS.get(one.type, str) for one in every}
    if str in kinds:
        return str
    return float if float in kinds else int


def _column_name(question: str) -> str:
    """Return the name of a column: capitals are the same to a database.

    >>> _column_name("Slope_pct")
    'q_slope_pct'
    """
    return f"q_{question.lower()}"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
