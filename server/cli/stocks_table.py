"""Stocks and changes as tables of text, with what their reasons mean."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from schemas.printing import TableForm, lines_of, prose, wrapped
from schemas.stock_words import compared_text, notes
from schemas.told import counted, told

Document = dict[str, Any]
_Row = Mapping[str, Any]
_Columns = Callable[[TableForm, Iterable[Sequence[object]]], str]

# A person reads this many problems and mends them; --json has them all.
_PROBLEMS_SHOWN: Final = 50
_NONE: Final = "-"


def render_table(document: Document, width: int | None = None) -> str:
    """Render stocks and changes for a terminal, with what their reason codes mean.

    Takes any document with rows of `stocks` and `changes`, also one that a server
    stored; problems and unused columns are shown where there are any. Nothing is wider
    than the screen, where its width is given.
    """

    def columns(form: TableForm, rows: Iterable[Sequence[object]]) -> str:
        return "".join(f"{line}\n" for line in lines_of(form, rows, width))

    problems = rows_of(document, "problems")
    if problems:
        return _render_problems(problems, width)
    stocks, changes = rows_of(document, "stocks"), rows_of(document, "changes")
    parts = [
        _title(stocks),
        columns(STOCKS, [_stock_cells(row) for row in stocks]),
        *_equal_mass(stocks, columns),
    ]
    if changes:
        parts += [
            "Changes",
            columns(CHANGES, [_change_cells(r) for r in changes]),
        ]
        parts += [
            "Against 4 permille a year",
            columns(VERDICTS, map(_verdict_cells, changes)),
        ]
        parts += _notes(changes, width)
    trends = rows_of(document, "trends")
    if trends:
        parts += ["Trends", columns(TRENDS, [_trend_cells(r) for r in trends])]
    parts += _render_reasons([*stocks, *changes, *trends], width)
    ignored = cast("Sequence[str]", document.get("ignored_columns", ()))
    if ignored:
        parts.append(f"Columns not used: {', '.join(ignored)}\n")
    return "\n".join(parts)


def _notes(changes: Sequence[_Row], width: int | None) -> list[str]:
    lines = [
        f"{line}\n"
        for row in changes
        for note in notes(row)
        for line in wrapped(
            f"{row['plot']}, {row['from_campaign']} to {row['to_campaign']}: {note}.",
            width,
            "  ",
        )
    ]
    return ["Beside the changes", "".join(lines)] if lines else []


def _title(stocks: Iterable[_Row]) -> str:
    depths = sorted({cast("float", row["depth_cm"]) for row in stocks})
    ends = " or ".join(f"{depth:g}" for depth in depths)
    return f"SOC stocks, 0 to {ends} cm" if ends else "SOC stocks: none"


def _equal_mass(stocks: Sequence[_Row], columns: _Columns) -> list[str]:
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
    return ["Stocks in an equal soil mass", columns(MASSES, cells)]


STOCKS: Final = TableForm(
    "stocks",
    "plot",
    "campaign",
    "point",
    "stock t/ha",
    "fine soil t/ha",
    "sound to cm",
    "stock to there",
    prose("reasons"),
)
MASSES: Final = TableForm(
    "stocks in an equal mass",
    "plot",
    "campaign",
    "point",
    "stock t/ha",
    "reference t/ha",
    "sampled t/ha",
    "extrapolated",
)
CHANGES: Final = TableForm(
    "stock changes",
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
TRENDS: Final = TableForm(
    "trends",
    "plot",
    "from",
    "to",
    "campaigns",
    "n",
    "t/ha/year",
    "95 % interval",
    "p",
    prose("all visits (REML)"),
    prose("reasons"),
)
VERDICTS: Final = TableForm(
    "verdicts",
    "plot",
    "from",
    "to",
    "permille/year",
    "95 % interval",
    "t CO2e/ha/year",
    "4 permille",
    prose("reasons"),
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


def _verdict_cells(row: _Row) -> tuple[str, ...]:
    beyond = " and beyond" if row["rate_ci95_shape"] == "disjoint" else ""
    return (
        *(str(row[key]) for key in ("plot", "from_campaign", "to_campaign")),
        _number(row["rate_permille_year"], 2),
        _interval(row["rate_ci95_permille_year"]) + beyond,
        _number(row["co2e_t_ha_year"], 2),
        str(row["verdict_4permille"]),
        _codes(row),
    )


def _render_reasons(rows: Iterable[_Row], width: int | None) -> list[str]:
    from server.stocks.reasons import EXPLANATIONS

    present = {code for row in rows for code in cast("Sequence[str]", row["reasons"])}
    if not present:
        return []
    lines = [
        f"{line}\n"
        for reason, why in EXPLANATIONS.items()
        if reason.value in present
        for text in (f"{reason.value}: {why.meaning}.", f"  {why.what_to_do}.")
        for line in wrapped(text, width, "  ")
    ]
    return ["Reasons", "".join(lines)]


def _render_problems(problems: Sequence[_Row], width: int | None) -> str:
    count = len(problems)
    lines = [
        f"The file was refused: {counted(count, 'problem')}. Nothing was computed.\n"
    ]
    lines += [
        f"{line}\n"
        for problem in problems[:_PROBLEMS_SHOWN]
        for text in _problem(problem)
        for line in wrapped(text, width, "  ")
    ]
    if count > _PROBLEMS_SHOWN:
        lines.append(f"and {count - _PROBLEMS_SHOWN} more; --json lists them all\n")
    return "".join(lines)


def _problem(problem: _Row) -> tuple[str, str]:
    places = []
    if problem["line"] is not None:
        places.append(f"line {problem['line']}")
    if problem["column"] is not None:
        places.append(f"column {problem['column']}")
    if problem["value"] is not None:
        places.append(f"'{told(problem['value'])}'")
    where = ", ".join(places) or "file"
    return f"  {where}: {problem['reason']}", f"    {problem['hint']}"


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
