"""Words of boards as pages say them: what a verdict and a stage are called."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.phrases import Phrase, _
from server.derivation.stages import PointStage
from server.figures.programme import NO_CHANGE
from server.stocks.verdicts import ChangeVerdict

VERDICTS: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        ChangeVerdict.ABOVE: _("above"),
        ChangeVerdict.BELOW: _("below"),
        ChangeVerdict.NOT_DISTINGUISHABLE: _("not distinguishable"),
        ChangeVerdict.NOT_ASSESSABLE: _("not assessable"),
        NO_CHANGE: _("no change yet"),
    }
)
STAGES: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        PointStage.PLANNED: _("planned"),
        PointStage.SKIPPED: _("skipped"),
        PointStage.VISITED: _("visited"),
        PointStage.BAGGED: _("bagged"),
        PointStage.HANDED_OVER: _("handed over"),
        PointStage.AT_LAB: _("at the lab"),
        PointStage.MEASURED: _("measured"),
        PointStage.DERIVED: _("derived"),
    }
)
