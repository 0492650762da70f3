"""What is wrong with an expression before anybody answers: names, functions, kinds. Pure.

An expression gives a text, a number, a truth or a time; what gives now one and now another
is of any kind, and is not looked at further.
"""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.questions.expressions import NUMBERS, TIMES
from schemas.questions.form import Question, QuestionKind
from schemas.questions.functions import check_pattern, known
from schemas.questions.grammar import (
    ExpressionError,
    arguments_of,
    parsed,
    part_of,
    word_of,
)

if TYPE_CHECKING:
    from schemas.questions.grammar import Expression

_ANY: Final = "any"


class _Scope(NamedTuple):
    """What an expression may speak of; `own` is what a dot stands for."""

    questions: Mapping[str, Question]
    own: Question | None
    columns: Collection[str]


def check_expression(
    text: str,
    questions: Mapping[str, Question],
    own: Question | None = None,
    columns: Collection[str] = (),
) -> None:
    """Refuse an expression that cannot be worked out for any answers.

    Raises
    ------
    ExpressionError
        With what is wrong, in words.
    """
    _kind(parsed(text), _Scope(questions, own, columns))


def _kind(tree: "Expression", scope: _Scope) -> str:
    return _CHECKED[str(tree.data)](tree, scope)


def _number(_tree: "Expression", _scope: _Scope) -> str:
    return "number"


def _text(tree: "Expression", _scope: _Scope) -> str:
    if "${" in word_of(tree):
        raise ExpressionError("an answer stands in quotes; join texts with concat()")
    return "text"


def _own(_tree: "Expression", scope: _Scope) -> str:
    if scope.own is None:
        raise ExpressionError("a dot stands for an answer, and there is none here")
    return _kind_of(scope.own)


def _answer(tree: "Expression", scope: _Scope) -> str:
    name = word_of(tree)
    question = scope.questions.get(name)
    if question is None:
        raise ExpressionError(f"no question here is called {name}")
    if question.type is QuestionKind.NOTE:
        raise ExpressionError(f"{name} is a note, which has no answer")
    return _kind_of(question)


def _column(tree: "Expression", scope: _Scope) -> str:
    name = word_of(tree)
    if name not in scope.columns:
        of_choices = (
            f"no choice has a value in a column {name}; " if scope.columns else ""
        )
        raise ExpressionError(f"{of_choices}an answer is ${{{name}}}, not {name}")
    return "text"


def _joined(tree: "Expression", scope: _Scope) -> str:
    for place in (0, 1):
        _kind(part_of(tree, place), scope)
    return "truth"


def _negative(tree: "Expression", scope: _Scope) -> str:
    _kind(part_of(tree, 0), scope)
    return "number"


def _compared(tree: "Expression", scope: _Scope) -> str:
    kinds = {_kind(part_of(tree, place), scope) for place in (0, 2)}
    if kinds == {"time", "text"}:
        raise ExpressionError(
            "a day or time beside a text; write date('2026-05-01'), today() or now()"
        )
    return "truth" if tree.data in {"equal", "ordered"} else "number"


def _called(tree: "Expression", scope: _Scope) -> str:
    name, arguments = word_of(tree), arguments_of(tree)
    kinds = [_kind(one, scope) for one in arguments]
    function = known(name)
    if function is None:
        raise ExpressionError(f"the function {name}() is not worked out here")
    if not function.least <= len(kinds) <= function.most:
        raise ExpressionError(f"{name}() takes another number of values")
    if function.is_of_texts and "time" in kinds:
        raise ExpressionError(f"{name}() of a day or time is not worked out here")
    if name == "regex" and arguments[1].data == "text":
        check_pattern(word_of(arguments[1])[1:-1])
    if function.gives != _ANY:
        return function.gives
    given = set(kinds[-2:])
    return given.pop() if len(given) == 1 else _ANY


def _kind_of(question: Question) -> str:
    if question.type is QuestionKind.CALCULATE:
        return _ANY
    if question.type in TIMES:
        return "time"
    return "number" if question.type in NUMBERS else "text"


_CHECKED: Final[Mapping[str, Callable[["Expression", _Scope], str]]] = MappingProxyType(
    {
        "number": _number,
        "text": _text,
        "own": _own,
        "answer": _answer,
        "column": _column,
        "call": _called,
        "either": _joined,
        "both": _joined,
        "negative": _negative,
        "equal": _compared,
        "ordered": _compared,
        "sum": _compared,
        "product": _compared,
    }
)
