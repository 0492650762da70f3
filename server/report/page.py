"""The page: the sections in their order, and what stands behind the numbers."""

import hashlib
import json
import shlex
from collections.abc import Iterator
from typing import Final

from server.report.findings import Findings, find
from server.report.markup import Column, Html, facts, joined, table, tag
from server.report.model import Command, ReportPage
from server.report.sections import (
    forest_section,
    heading,
    map_section,
    series_section,
)
from server.report.style import STYLE
from server.report.tables import (
    area_table,
    change_table,
    detection_table,
    measure_table,
    plot_table,
    rate_table,
    stock_table,
    trend_table,
)
from server.report.values import codes, plain
from server.report.visits import PlotVisit, visits

# The page asks for nothing from anywhere, and a reader's browser holds it to that.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


def render(report: ReportPage) -> str:
    """Return the page as one HTML document; the same report gives the same bytes."""
    findings = find(report)
    found = visits(report)
    parts = [
        *heading(report, findings),
        *map_section(findings),
        *series_section(report, findings, found),
        *forest_section(report, findings),
        *_tables(report, findings, found),
        *_reasons(report),
        *_method(report),
    ]
    title = f"{report.project.code}: soil organic carbon"
    head = (
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"{tag('title', title)}\n<style>{STYLE}</style>"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n{head}\n</head>\n'
        f"<body>\n{tag('main', joined(parts))}\n</body>\n</html>\n"
    )


def digest(report: ReportPage) -> str:
    """Return the SHA-256 of the rows below the page, to tell two reports apart."""
    rows = {
        name: [dict(row) for row in getattr(report, name)]
        for name in ("stocks", "changes", "trends", "aggregates")
    }
    written = json.dumps(rows, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def _tables(
    report: ReportPage, findings: Findings, found: list[PlotVisit]
) -> Iterator[Html]:
    yield tag("h2", "Tables", class_="tables")
    if not findings.plots:
        yield tag("p", "There are no rows yet.")
        return
    yield tag(
        "p",
        "Stocks are tonnes of organic carbon per hectare. A dash is a value that is not"
        " known or not computable; the reasons beside it say why. A plot in bold: the"
        " change that it is judged by.",
        class_="note lead",
    )
    if report.changes:
        yield rate_table(report, findings)
        yield change_table(report)
    further = (measure_table, detection_table, trend_table, area_table)
    yield from (each for write in further if (each := write(report)) is not None)
    if found:
        yield stock_table(found)
    yield plot_table(findings)


def _reasons(report: ReportPage) -> Iterator[Html]:
    rows = (*report.stocks, *report.changes, *report.trends, *report.aggregates)
    present = {code for row in rows for code in codes(row)}
    yield tag("h2", "Reasons")
    if not present:
        yield tag("p", "No figure of this report carries a reason code.")
        return
    order = [code for code in report.reasons if code in present]
    order += sorted(present.difference(order))
    unknown = ("not explained by this version", "ask for a newer report")
    yield table(
        "What the reason codes beside the figures say",
        (Column("code"), Column("meaning"), Column("what to do")),
        [
            (tag("span", code, id=f"reason-{code}"), *report.reasons.get(code, unknown))
            for code in order
        ],
    )


def _method(report: ReportPage) -> Iterator[Html]:
    project = report.project
    yield tag("h2", "Method and how to derive it again")
    yield facts(
        (
            ("Profile", plain(project.method_profile)),
            ("Method version", project.method_version),
            ("Reference depth", f"{project.depth_cm:g} cm"),
            *(
                (plain(key), plain(value))
                for key, value in project.settings.items()
                if key != "depth_cm"
            ),
        )
    )
    yield tag(
        "p",
        "Changes are tested by a paired t test where points were revisited and by Welch's"
        " test otherwise, at 5 %. The rate is the change per year over the baseline"
        " stock; its interval holds every rate that the same test does not reject"
        " (Fieller), so it may lack an end where the baseline is badly known. Plots that"
        " were not measured are never filled in.",
    )
    yield tag("p", "The same numbers again, from the stored records:", class_="lead")
    yield tag("pre", tag("code", "\n".join(_typed(report))))
    yield tag(
        "p",
        "SHA-256 of the rows behind this page: ",
        tag("code", digest(report)),
        class_="note digest",
    )


def _typed(report: ReportPage) -> Iterator[str]:
    code = shlex.quote(report.project.code)
    usual = Command(
        f"permille-server stocks show --project {code} --json",
        "print every stock and change",
    )
    for command in report.commands or (usual,):
        yield f"# {command.does}"
        yield command.line
