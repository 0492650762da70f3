"""What a person may choose about a portfolio, in words."""

from enum import StrEnum


class By(StrEnum):
    """What plots are gathered by."""

    PLOT = "plot"
    FARM = "farm"
    STRATUM = "stratum"
    PROJECT = "project"
    ORGANISATION = "organisation"
    LAND_USE = "land_use"
    PRACTICE = "practice"
    COLLEGE = "college"
    KIND = "kind"
    COUNTRY = "country"


class CampaignSpan(StrEnum):
    """Which change stands for a plot; all of them end in its last compared campaign."""

    LONGEST = "longest"  # the longest with a verdict, else first to last
    FIRST_LAST = "first_last"
    METHOD = "method"  # the longest whose laboratory method did not change
    LATEST = "latest"  # the last campaign and the one before
