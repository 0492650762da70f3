"""What the server asks of a database about boards: a part of the port."""

from collections.abc import Sequence
from typing import Protocol

from server.store.board_values import (
    CampaignQuestion,
    Handling,
    PlotBoard,
    PlotPlace,
    PlotVerdict,
    PointsInStage,
    ProgressPage,
    StageCount,
    VerdictCount,
)


class Boards(Protocol):
    """What boards say of plots, kept when they are derived; counted where it is kept."""

    def handling(
        self,
        project_id: str,
        points: Sequence[str],
        cores: Sequence[str],
        bags: Sequence[str],
    ) -> Handling:
        """Return how points, cores and bags of one project were handled, by their ids."""

    def plot_boards(
        self, project_id: str, plots: Sequence[str]
    ) -> dict[str, PlotBoard]:
        """Return what boards say of plots, by plot; those that are on them."""

    def verdict_counts(self, project_ids: Sequence[str]) -> list[VerdictCount]:
        """Count the plots of projects by verdict and reasons."""

    def plot_verdicts(
        self, project_ids: Sequence[str], verdict: str | None, skip: int, most: int
    ) -> list[PlotVerdict]:
        """Return plots of projects by their codes, those of one verdict where it is named."""

    def plot_places(self, project_ids: Sequence[str]) -> list[PlotPlace]:
        """Return the plots of projects whose place is known."""

    def waiting_counts(self, project_ids: Sequence[str]) -> dict[str, int]:
        """Return how many plots of projects wait to be derived, of those where any does."""

    def stage_counts(self, asked: CampaignQuestion) -> list[StageCount]:
        """Count the points of a campaign by stage, laptop and person."""

    def plot_progress(
        self, asked: CampaignQuestion, skip: int, most: int
    ) -> ProgressPage:
        """Return plots of a campaign: those with late points, the longest wait first."""

    def points_in_stages(
        self, asked: CampaignQuestion, plots: Sequence[str]
    ) -> list[PointsInStage]:
        """Return how far the points of some plots have come in a campaign."""
