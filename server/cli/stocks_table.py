"""Stocks and changes as tables of text, with what their reasons mean."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from schemas.stock_words import compared_text, notes
from server.cli.common import counted

Document = dict[str, Any]
_Row = Mapping[str, Any]
_Cells = list[tuple[str, ...]]

# A person reads this many problems and mends them; --json has them all.
_PROBLEMS_SHOWN: Final = 50
_NONE: Final = "-"


def render_table(document: Document) -> str:
    """Render stocks and changes for a terminal, with what their reason codes mean.

    Takes any document with rows of `stocks` and `changes`, also one that a server
    stored; problems and unused columns are shown where there are any.
    """
    problems = rows_of(document, "problems")
    if problems:
        return _render_problems(problems)
    stocks, changes = rows_of(document, "stocks"), rows_of(document, "changes")
    parts = [
        _title(stocks),
        _columns(_STOCK_HEAD, [_stock_cells(row) for row in stocks]),
        *_equal_mass(stocks),
    ]
    if changes:
        parts += [
            "Changes",
            _columns(_CHANGE_HEAD, [_change_cells(r) for r in changes]),
        ]
        parts += ["Against 4 permille a year", _verdicts(changes)]
        parts += _notes(changes)
    trends = rows_of(document, "trends")
    if trends:
        parts += ["Trends", _columns(_TREND_HEAD, [_trend_cells(r) for r in trends])]
    parts += _render_reasons([*stocks, *changes, *trends])
    ignored = cast("Sequence[str]", document.get("ignored_columns", ()))
    if ignored:
        parts.append(f"Columns not used: {', '.join(ignored)}\n")
    return "\n".join(parts)


def _notes(changes: Sequence[_Row]) -> list[str]:
    lines = [
        f"{row['plot']}, {row['from_campaign']} to {row['to_campaign']}: {note}.\n"
        for row in changes
        for note in notes(row)
    ]
    return ["Beside the changes", "".join(lines)] if lines else []


def _title(stocks: Iterable[_Row]) -> str:
    depths = sorted({cast("float", row["depth_cm"]) for row in stocks})
    ends = " or ".join(f"{depth:g}" for depth in depths)
    return f"SOC stocks, 0 to {ends} cm" if ends else "SOC stocks: none"


def _equal_mass(stocks: Sequence[_Row]) -> list[str]:
    """Show the stocks in an equal mass, where the method has them."""
    rows = [row for row in stocks if "esm_stock_t_ha" in row]
    if not rows:
        return []
    cells = [
        (
            *(str(row[key]) for key in ("plot", "campaign", "point")),
            _number(row["esm_stock_t_ha"], 2),
            _number(row["reference_mass_t_ha"], 0),
            _number(row["sampled_mass_t_ha"], 0),
            "yes" if row["extrapolated"] else "no",
        )
        for row in rows
    ]
    return ["Stocks in an equal soil mass", _columns(_MASS_HEAD, cells)]


_STOCK_HEAD: Final = (
    "plot",
    "campaign",
    "point",
    "stock t/ha",
    "fine soil t/ha",
    "sound to cm",
    "stock to there",
    "reasons",
)
_MASS_HEAD: Final = (
    "plot",
    "campaign",
    "point",
    "stock t/ha",
    "reference t/ha",
    "sampled t/ha",
    "extrapolated",
)
_CHANGE_HEAD: Final = (
    "plot",
    "from",
    "to",
    "years",
    "design",
    "n of sampled",
    "change t/ha",
    "95 % interval",
    "p",
    "judged on",
    "change",
)
_TREND_HEAD: Final = (
    "plot",
    "from",
    "to",
    "campaigns",
    "n",
    "t/ha/year",
    "95 % interval",
    "p",
    "all visits (REML)",
    "reasons",
)
_VERDICT_HEAD: Final = (
    "plot",
    "from",
    "to",
    "permille/year",
    "95 % interval",
    "t CO2e/ha/year",
    "4 permille",
    "reasons",
)


def _stock_cells(row: _Row) -> tuple[str, ...]:
    return (
        *(str(row[key]) for key in ("plot", "campaign", "point")),
        _number(row["soc_stock_t_ha"], 2),
        _number(row["fine_mass_t_ha"], 0),
        _number(row["covered_to_cm"], 1),
        _number(row["stock_to_covered_t_ha"], 2),
        _codes(row),
    )


def _change_cells(row: _Row) -> tuple[str, ...]:
    return (
        *(str(row[key]) for key in ("plot", "from_campaign", "to_campaign")),
        _number(row["years"], 2),
        str(row["design"]),
        compared_text(row),
        _number(row["change_t_ha"], 2),
        _interval(row["change_ci95_t_ha"]),
        _p_value(row["p_value"]),
        str(row.get("judged_on", "fixed_depth")).replace("_", " "),
        str(row["verdict_zero"]),
    )


def _trend_cells(row: _Row) -> tuple[str, ...]:
    model = cast("_Row | None", row.get("random_slope"))
    beside = _NONE
    if model is not None:
        beside = f"{_number(model['slope_t_ha_year'], 3)}"
        if model["slope_ci95_t_ha_year"] is not None:
            beside += f" ({_interval(model['slope_ci95_t_ha_year'], 3)})"
        elif model["slope_t_ha_year"] is None:
            beside = str(model["fit"]).replace("_", " ")
    return (
        *(str(row[key]) for key in ("plot", "from_campaign", "to_campaign")),
        str(row["campaigns"]),
        str(row["n"]),
        _number(row["slope_t_ha_year"], 3),
        _interval(row["slope_ci95_t_ha_year"], 3),
        _p_value(row["p_value"]),
        beside,
        _codes(row),
    )


def _verdicts(changes: Iterable[_Row]) -> str:
    return _columns(
        _VERDICT_HEAD,
        [
            (
                *(str(row[key]) for key in ("plot", "from_campaign", "to_campaign")),
                _number(row["rate_permille_year"], 2),
                _interval(row["rate_ci95_permille_year"])
                + (" and beyond" if row["rate_ci95_shape"] == "disjoint" else ""),
                _number(row["co2e_t_ha_year"], 2),
                str(row["verdict_4permille"]),
                _codes(row),
            )
            for row in changes
        ],
    )


def _render_reasons(rows: Iterable[_Row]) -> list[str]:
    from server.stocks.reasons import EXPLANATIONS

    present = {code for row in rows for code in cast("Sequence[str]", row["reasons"])}
    if not present:
        return []
    lines = [
        f"{reason.value}: {why.meaning}.\n  {why.what_to_do}.\n"
        for reason, why in EXPLANATIONS.items()
        if reason.value in present
    ]
    return ["Reasons", "".join(lines)]


def _render_problems(problems: Sequence[_Row]) -> str:
    count = len(problems)
    lines = [
        f"The file was refused: {counted(count, 'problem')}. Nothing was computed.\n"
    ]
    lines += [_problem(problem) for problem in problems[:_PROBLEMS_SHOWN]]
    if count > _PROBLEMS_SHOWN:
        lines.append(f"and {count - _PROBLEMS_SHOWN} more; --json lists them all\n")
    return "".join(lines)


def _problem(problem: _Row) -> str:
    places = []
    if problem["line"] is not None:
        places.append(f"line {problem['line']}")
    if problem["column"] is not None:
        places.append(f"column {problem['column']}")
    if problem["value"] is not None:
        places.append(repr(problem["value"]))
    where = ", ".join(places) or "file"
    return f"  {where}: {problem['reason']}\n    {problem['hint']}\n"


def _columns(head: tuple[str, ...], cells: _Cells) -> str:
    lines = [head, *cells]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(
            text.ljust(width) for text, width in zip(line, widths, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def rows_of(document: Document, key: str) -> Sequence[_Row]:
    """Return the rows of one kind; none where the document has none."""
    return cast("Sequence[_Row]", document.get(key, ()))


def _codes(row: _Row) -> str:
    return " ".join(cast("Sequence[str]", row["reasons"])) or _NONE


def _number(value: object, digits: int) -> str:
    if not isinstance(value, int | float):
        return _NONE
    return f"{value:z.{digits}f}"


def _p_value(value: object) -> str:
    return "<0.0001" if isinstance(value, float) and value < 1e-4 else _number(value, 4)


def _interval(ends: object, digits: int = 2) -> str:
    if not isinstance(ends, list):
        return _NONE
    low, high = ("unbounded" if end is None else _number(end, digits) for end in ends)
    return f"{low} to {high}"
