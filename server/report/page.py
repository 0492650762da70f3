"""The page: the sections in their order, laid out by the templates beside this file."""

import hashlib
import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from server.report.findings import find
from server.report.layout import TEMPLATES
from server.report.model import Command, ReportPage
from server.report.quality import quality_of
from server.report.sections import Fact, depth_of, forest_of, heading, map_of, series_of
from server.report.tables import reason_table, tables_of
from server.report.values import clean, plain
from server.report.visits import visits

_TEMPLATE: Final = TEMPLATES.get_template("page.html.j2")


@dataclass(frozen=True, slots=True)
class MethodView:
    """How the figures came to be, and what to type to derive them again."""

    facts: Sequence[Fact]
    typed: Sequence[str]
    digest: str


def render(report: ReportPage) -> str:
    """Return the page as one HTML document; the same report gives the same bytes."""
    findings = find(report)
    found = visits(report)
    page = _TEMPLATE.render(
        project=report.project,
        heading=heading(report, findings),
        depth=depth_of(report, findings),
        map=map_of(findings),
        series=series_of(report, findings, found),
        forest=forest_of(report, findings),
        quality=quality_of(report),
        tables=tables_of(report, findings, found),
        reasons=reason_table(report),
        method=_method(report),
    )
    return clean(page)


def digest(report: ReportPage) -> str:
    """Return the SHA-256 of the rows below the page, to tell two reports apart."""
    rows = {
        name: [dict(row) for row in getattr(report, name)]
        for name in ("stocks", "layers", "changes", "trends", "aggregates")
    }
    # A project without laboratory controls has the digest that it had before there were any.
    for name in ("lab_controls", "lab_decisions") if report.lab_controls else ():
        rows[name] = [dict(row) for row in getattr(report, name)]
    written = json.dumps(rows, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def _method(report: ReportPage) -> MethodView:
    project = report.project
    facts = [
        ("Profile", plain(project.method_profile)),
        ("Method version", project.method_version),
        ("Reference depth", f"{project.depth_cm:g} cm"),
    ]
    settings = [(k, v) for k, v in project.settings.items() if k != "depth_cm"]
    facts += [(plain(key), plain(value)) for key, value in settings]
    return MethodView(facts, [*_typed(report)], digest(report))


def _typed(report: ReportPage) -> Iterator[str]:
    code = shlex.quote(report.project.code)
    usual = Command(
        f"permille-server stocks show --project {code} --json",
        "print every stock and change",
    )
    for command in report.commands or (usual,):
        yield f"# {command.does}"
        yield command.line
