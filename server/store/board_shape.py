"""The shape of the tables of boards: kept with figures, counted in SQL. Pure."""

from typing import Final

from server.store.table_shape import TableShape

BOARD_TABLES: Final = (
    # Where a plot is, and the verdict of its newest change; empty where it has none.
    TableShape(
        "board_plot",
        {
            "project_id": str,
            "plot_id": str,
            "code": str,
            "lon": float,
            "lat": float,
            "verdict": str,
            "reasons": str,
            "change_id": str,
        },
        ("project_id", "plot_id"),
        needs=("code", "verdict", "reasons"),
    ),
    # How far the points of a plot have come in a campaign: those of one stage, one day and
    # one hand together. Without a campaign: those that any campaign is to visit.
    TableShape(
        "board_points",
        {
            "project_id": str,
            "campaign_id": str,
            "plot_id": str,
            "place": int,
            "stage": str,
            "since": str,
            "ended": int,
            "log_id": str,
            "person": str,
            "points": int,
            "codes": str,
        },
        ("project_id", "campaign_id", "plot_id", "place"),
        needs=("stage", "since", "ended", "log_id", "person", "points", "codes"),
        indexes=(("project_id", "plot_id"),),
    ),
)
