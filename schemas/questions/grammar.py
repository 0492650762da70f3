"""How expressions of XLSForm are written: read into a tree, at most some levels deep. Pure.

The grammar is XPath 1.0 without paths: there is one answer to a question, and it is named.
A bare name is a column of the choices, in a filter of them.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from schemas import limits

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

    Expression = Tree[Token]

_GRAMMAR: Final = r"""
    ?start: either
    ?either: both | either _OR both
    ?both: equal | both _AND equal
    ?equal: ordered | equal /!?=/ ordered
    ?ordered: sum | ordered /[<>]=?/ sum
    ?sum: product | sum /[+-]/ product
    ?product: signed | product /\*|div(?![\w.-])|mod(?![\w.-])/ signed
    ?signed: atom | "-" signed -> negative
    ?atom: number | text | own | answer | column | call | "(" either ")"
    number: /\d+(\.\d*)?|\.\d+/
    text: /'[^']*'|"[^"]*"/
    own: "."
    answer: "${" NAME "}"
    column: NAME
    call: NAME "(" (either ("," either)*)? ")"
    _OR: /or(?![\w.-])/
    _AND: /and(?![\w.-])/
    NAME: /[^\W\d][\w.:-]*/
    %ignore /\s+/
"""
#: What pyxform writes for a question beside the one that is asked.
_BESIDE: Final = re.compile(r"\.\./([^\W\d][\w.-]*)")
_QUOTED: Final = re.compile(r"('[^']*'|\"[^\"]*\")")


class ExpressionError(ValueError):
    """An expression that cannot be read or judged; the text says why."""


@lru_cache(maxsize=2_000)
def parsed(text: str) -> "Expression":
    """Return the tree of an expression.

    Raises
    ------
    ExpressionError
        If it is none, too long or too deep.
    """
    from lark.exceptions import LarkError, UnexpectedInput  # noqa: PLC0415 - 70 ms

    if len(text) > limits.EXPRESSION_CHARS:
        raise ExpressionError(f"longer than {limits.EXPRESSION_CHARS} characters")
    plain = _plain(text)
    try:
        tree = _parser().parse(plain)
    except UnexpectedInput as error:
        at = plain[error.column - 1 :][:20] if error.column > 0 else ""
        raise ExpressionError(f"not understood at: {at or 'its end'}") from None
    except LarkError as error:
        raise ExpressionError(str(error)) from None
    if _depth(tree) > limits.EXPRESSION_DEPTH:
        raise ExpressionError(f"deeper than {limits.EXPRESSION_DEPTH} levels")
    return tree


def word_of(tree: "Expression") -> str:
    """Return the name, number or quoted text that a part of an expression is about."""
    return str(tree.children[0])


def part_of(tree: "Expression", place: int) -> "Expression":
    """Return a part of an expression that is one itself."""
    found: Any = tree.children[place]
    part: Expression = found
    return part


def arguments_of(tree: "Expression") -> list["Expression"]:
    """Return the arguments of a call."""
    return [part_of(tree, place) for place in range(1, len(tree.children))]


@lru_cache(maxsize=1)
def _parser() -> "Lark":
    from lark import Lark  # noqa: PLC0415 - 70 ms, and few projects ask questions

    return Lark(_GRAMMAR, parser="lalr", maybe_placeholders=False)


def _plain(text: str) -> str:
    """Return an expression with the questions beside it by their names, outside of quotes."""
    parts = _QUOTED.split(text)
    parts[::2] = [_BESIDE.sub(r"${\1}", part) for part in parts[::2]]
    return "".join(parts)


def _depth(tree: "Expression") -> int:
    """Return how many levels a tree has; it is not walked by calls within calls."""
    depths: dict[int, int] = {}
    for node in tree.iter_subtrees():
        below = [depths[id(one)] for one in node.children if id(one) in depths]
        depths[id(node)] = max(below, default=0) + 1
    return depths[id(tree)]
