"""The rate of a group against the target that its organisation recorded."""

from collections.abc import Sequence
from typing import Any

from server.figures.groups import GroupMember, is_used
from server.stocks.aggregate import Aggregate
from server.stocks.choices import Lonely
from server.stocks.strata import Freedom, Strata
from server.stocks.units import Stratum
from server.stocks.verdicts import ChangeVerdict, ZeroVerdict, rate_verdict


def against_target(
    members: Sequence[GroupMember],
    units: Sequence[Stratum],
    found: Aggregate,
    lonely: Lonely,
) -> dict[str, Any]:
    """Test the rate against the target that the organisation recorded."""
    target = _target(members)
    verdict, p_value = ChangeVerdict.NOT_ASSESSABLE, None
    used = [stratum for stratum in units if is_used(stratum)]
    if target is not None and used:
        strata = Strata(used, lonely, Freedom.SATTERTHWAITE)
        p_value, t = strata.test(target)
        verdict = rate_verdict(p_value, t)
        if found.verdict_zero is ZeroVerdict.NOT_ASSESSABLE:
            verdict = ChangeVerdict.NOT_ASSESSABLE
    return {
        "target_permille_year": target,
        "p_vs_target": p_value,
        "verdict_target": None if target is None else verdict.value,
    }


def _target(members: Sequence[GroupMember]) -> float | None:
    """Return the target of the one organisation whose plots these are."""
    organisations = [member.holding.organisation for member in members]
    codes = {each.get("code") for each in organisations}
    targets = {each.get("target_permille_year") for each in organisations} - {None}
    return targets.pop() if len(codes) == 1 and len(targets) == 1 else None
