"""The SQL of the store as PostgreSQL reads it: the same text, with other names. Pure.

The text is written for both databases. What they call by different names is replaced
here, one rule for each; tests prepare every statement on both.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

#: What stands for a parameter in the text: `?`, or `?1` where it is used more than once.
_PARAMETER: Final = re.compile(r"\?(\d*)")

_LIST: Final = r"json_array_elements_text(CAST(\1 AS json))"
#: Its values with their places, which SQLite counts from 0.
_NUMBERED: Final = (
    f"(SELECT value, place - 1 AS key FROM {_LIST}"  # noqa: S608 - a constant
    " WITH ORDINALITY AS listed(value, place))"
)

#: What SQLite writes, and what PostgreSQL does.
_RULES: Final = tuple(
    (re.compile(said), meant)
    for said, meant in (
        # Hints for the planner of SQLite.
        (r" INDEXED BY \w+", ""),
        (r"(?<=\s)\+(?=[a-z]+\.)", ""),
        (r"CROSS JOIN (?=\w+ (?:AS )?\w+\s+ON\b)", "JOIN "),
        # Lists of values, as one parameter or in a column.
        (
            r"json_each\(([\w.]+), '\$\.(\w+)'\) (?:AS )?(\w+)",
            r"json_array_elements_text(CAST(\1 AS json) -> '\2') AS \3(value)",
        ),
        (
            r"json_each\((\?\d*)\) AS (\w+)",
            rf"{_NUMBERED} AS \2",
        ),
        (
            r"FROM json_each\((\?\d*)\)",
            rf"FROM {_LIST} AS listed(value)",
        ),
        (
            r"json_group_array\(([\w.]+)\)",
            r"CAST(coalesce(json_agg(\1), '[]') AS text)",
        ),
        # Parts of a JSON text.
        (r"(?<![\w.])([a-z][\w.]*) (->>?) ", r"CAST(\1 AS json) \2 "),
        # Functions.
        (r"\binstr\(", "strpos("),
        (r"\bsubstr\((\w+), -(\d)\)", r"right(\1, \2)"),
        (r"\bchar\((\d+)\)", r"chr(\1)"),
        (r"\bmax\((\w+), \?\)", r"greatest(\1, ?)"),
        (r"\bgroup_concat\(([^()]+)\)", r"string_agg(CAST(\1 AS text), ',')"),
        (r"\bIS (\?\d*)", r"IS NOT DISTINCT FROM \1"),
        # SQLite has one writer, who meets nobody.
        (r"/\* skip locked \*/", "FOR UPDATE SKIP LOCKED"),
        (
            r"\bpage_count \* page_size\s+FROM .*",
            "pg_database_size(current_database())",
        ),
    )
)


@lru_cache(maxsize=1_000)
def in_postgres(sql: str) -> str:
    """Return a statement of the store with the names that PostgreSQL has for them.

    Examples
    --------
    >>> in_postgres("SELECT n FROM log WHERE instr(log_id, ?) = 1")
    'SELECT n FROM log WHERE strpos(log_id, %s) = 1'
    >>> in_postgres("SELECT 1 WHERE ?2 = ?1")
    'SELECT 1 WHERE %(p2)s = %(p1)s'
    """
    for said, meant in _RULES:
        sql = said.sub(meant, sql)
    return _PARAMETER.sub(_placeholder, sql.replace("%", "%%"))


def values_of(sql: str, values: Sequence[Any]) -> Sequence[Any] | Mapping[str, Any]:
    """Return the values of a translated statement as its parameters name them."""
    if "%(p" not in sql:
        return values
    return {f"p{number}": value for number, value in enumerate(values, start=1)}


def _placeholder(found: re.Match[str]) -> str:
    number = found.group(1)
    return f"%(p{number})s" if number else "%s"
