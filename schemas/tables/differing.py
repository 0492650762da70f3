"""What becomes of records that are here with other values than a table has."""

from enum import StrEnum


class Differing(StrEnum):
    """The choice of a person, for all rows of a file."""

    KEEP = "keep"  # they stay; the rows come back
    REPLACE = "replace"  # the values of the file stand
    REPLICATE = "replicate"  # results of the file are further replicates
