"""The reference of exports: every table, its columns, units and meanings."""

import tempfile
from pathlib import Path

from pages import table

from schemas.export.meanings import meaning_of
from schemas.export.shape import TYPE_OF, kinds_of
from schemas.export.views import FILES
from schemas.version import SCHEMA_VERSION

#: What a table holds, and who reads it.
_HOLDS = {
    "stocks": "SOC of each point in each campaign.",
    "changes": "Change of each plot between two campaigns.",
    "trends": "Trend of each plot over its campaigns.",
    "conflicts": "Two values of one field, and what was decided. Server only.",
    "quarantine": "Changes that wait for a person, and why. Server only.",
    "attachments": "Files that records name. `file` and `state` are in a folder of"
    " attachments alone.",
    "deleted": "What was deleted since the export that `--since` names; else empty.",
    "reference_masses": "Soil masses that were found once and never move. Server only.",
    "codes": "Codes of the closed lists with their concepts.",
    "layers": "One row for each bag: `aqp::depths(layers) <- profile_id ~ top_cm +"
    " bottom_cm`.",
    "layers_vonhaden": "For the script of von Haden et al. 2020 (ESM-R-script): whole"
    " profiles from the surface.",
    "layers_simpleesm": "For SimpleESM (Ferchaud et al. 2023); a workbook has it twice, as"
    " the sheets `Concentrations` and `BD`.",
    "layers_left_out": "Layers that these two do not get, and why.",
    "glosis": "One row for each observation, in the shape of WoSIS, with concepts of"
    " GloSIS. No licence is held.",
    "annex_vm0042": "What VM0042 v2.2 asks of each sampled layer.",
    "annex_gold_standard": "What Gold Standard 402 asks of each unit and period.",
    "annex_gsoc_mrv": "What the FAO GSOC-MRV protocol asks of each place and campaign.",
}
#: Tables that have a column for each question of a project.
_ASKED = {"cores", "samples", "plots", "points"}
_QUESTIONS = (
    "Then one column `q_NAME` for each question that a project asks about them"
    " ([questions](../questions.md)): text, number or whole number, as it was asked.\n"
)
_HEAD = (
    f"Schema version {SCHEMA_VERSION}. How to make and read them: [exports](../export.md)."
    " New columns come behind the others; none is renamed or taken away.\n"
)
_TYPES = {str: "text", float: "number", int: "whole number"}


def exports() -> str:
    """Return the page of every table of an export."""
    parts = [
        "# Tables of exports\n",
        _HEAD,
    ]
    for name, columns in _columns().items():
        parts.append(f"## {name}\n")
        holds = _HOLDS.get(name) or f"Records of type {TYPE_OF[name]}."
        parts.append(f"{holds}\n")
        kinds = kinds_of(name)
        rows = (
            (f"`{column}`", _TYPES[kinds.get(column, str)], meaning_of(name, column))
            for column in columns
        )
        parts.append(table(("column", "type", "what it is"), rows))
        parts += [_QUESTIONS] if name in _ASKED else []
    return "\n".join(parts)


def _columns() -> dict[str, list[str]]:
    """Return the columns of every table, as an empty export has them."""
    from schemas.export.database import columns_of, fill  # noqa: PLC0415
    from server.data import plain_database  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory() as folder,
        plain_database(Path(folder) / "empty.db") as db,
    ):
        fill(db, [])
        return {name: columns_of(db, name) for name in FILES}
