"""Expressions of XLSForm worked out: what they come to, and what is wrong with them. Pure.

They hold as XPath 1.0 has it: numbers and texts are compared as numbers, an answer that is
missing is an empty text, and what is no number is smaller and larger than nothing.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.questions.form import QuestionKind
from schemas.questions.functions import (
    NOW,
    Value,
    as_number,
    as_text,
    as_truth,
    days_of,
    known,
)
from schemas.questions.grammar import (
    ExpressionError,
    arguments_of,
    parsed,
    part_of,
    word_of,
)

if TYPE_CHECKING:
    from schemas.questions.grammar import Expression

#: The answer of a question by its name.
Answer = Callable[[str], Value]
NUMBERS: Final = frozenset({QuestionKind.INTEGER, QuestionKind.DECIMAL})
TIMES: Final = frozenset({QuestionKind.DATE, QuestionKind.TIME, QuestionKind.DATETIME})

NO_COLUMNS: Final[Mapping[str, str]] = MappingProxyType({})


class Circumstances(NamedTuple):
    """What an expression is worked out from: answers, its own one, and when that is.

    Without a moment nothing follows from today. `columns` are the values of a choice.
    """

    answer: Answer
    own: Value
    moment: datetime | None
    columns: Mapping[str, str] = NO_COLUMNS


def typed_value(kind: QuestionKind, kept: str) -> Value:
    """Return an answer as expressions take it: numbers and times as numbers."""
    if not kept:
        return ""
    if kind in TIMES:
        return days_of(kept)
    return as_number(kept) if kind in NUMBERS else kept


def evaluate(text: str, given: Circumstances) -> Value:
    """Return what an expression comes to.

    Raises
    ------
    ExpressionError
        If it cannot be worked out.
    """
    return _value(parsed(text), given)


def holds(text: str, given: Circumstances) -> bool:
    """Return whether an expression holds.

    Raises
    ------
    ExpressionError
        If it cannot be worked out.
    """
    return as_truth(evaluate(text, given))


def names_in(text: str) -> set[str]:
    """Return the questions that an expression speaks of.

    Raises
    ------
    ExpressionError
        If it cannot be read.
    """
    return {
        str(one.children[0])
        for one in parsed(text).iter_subtrees()
        if one.data == "answer"
    }


def _value(tree: "Expression", given: Circumstances) -> Value:
    return _WORKED[str(tree.data)](tree, given)


def _number(tree: "Expression", _given: Circumstances) -> Value:
    return float(word_of(tree))


def _text(tree: "Expression", _given: Circumstances) -> Value:
    return word_of(tree)[1:-1]


def _own(_tree: "Expression", given: Circumstances) -> Value:
    return given.own


def _answer(tree: "Expression", given: Circumstances) -> Value:
    return given.answer(word_of(tree))


def _column(tree: "Expression", given: Circumstances) -> Value:
    return given.columns.get(word_of(tree), "")


def _negative(tree: "Expression", given: Circumstances) -> Value:
    return -as_number(_value(part_of(tree, 0), given))


def _called(tree: "Expression", given: Circumstances) -> Value:
    name = word_of(tree)
    if name in NOW:
        if given.moment is None:
            raise ExpressionError(f"{name}() is not known here")
        return NOW[name](given.moment)
    function = known(name)
    if function is None:
        raise ExpressionError(f"the function {name} is not known")
    values = [_value(one, given) for one in arguments_of(tree)]
    if not function.least <= len(values) <= function.most:
        raise ExpressionError(f"{name}() takes another number of values")
    return function.call(*values)


def _joined(tree: "Expression", given: Circumstances) -> bool:
    first = as_truth(_value(part_of(tree, 0), given))
    if first == (tree.data == "either"):
        return first
    return as_truth(_value(part_of(tree, 1), given))


def _compared(tree: "Expression", given: Circumstances) -> Value:
    first, second = (_value(part_of(tree, place), given) for place in (0, 2))
    return _OPERATORS[str(tree.children[1])](as_number(first), as_number(second))


def _equal(tree: "Expression", given: Circumstances) -> Value:
    first, second = (_value(part_of(tree, place), given) for place in (0, 2))
    return _is_equal(first, second) == (str(tree.children[1]) == "=")


def _is_equal(first: Value, second: Value) -> bool:
    if isinstance(first, bool) or isinstance(second, bool):
        return as_truth(first) == as_truth(second)
    if isinstance(first, float) or isinstance(second, float):
        return as_number(first) == as_number(second)
    return as_text(first) == as_text(second)


def _quotient(first: float, second: float) -> float:
    if second == 0:
        return (
            math.nan
            if first == 0 or math.isnan(first)
            else math.copysign(math.inf, first)
        )
    return first / second


def _rest(first: float, second: float) -> float:
    is_number = math.isfinite(first) and second != 0 and not math.isnan(second)
    return math.fmod(first, second) if is_number else math.nan


_OPERATORS: Final[Mapping[str, Callable[[float, float], float | bool]]] = (
    MappingProxyType(
        {
            "<": operator.lt,
            "<=": operator.le,
            ">": operator.gt,
            ">=": operator.ge,
            "+": operator.add,
            "-": operator.sub,
            "*": operator.mul,
            "div": _quotient,
            "mod": _rest,
        }
    )
)

_WORKED: Final[Mapping[str, Callable[["Expression", Circumstances], Value]]] = (
    MappingProxyType(
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
            "equal": _equal,
            "ordered": _compared,
            "sum": _compared,
            "product": _compared,
        }
    )
)
