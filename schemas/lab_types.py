"""Record types of a laboratory's quality control: what it analysed, what a person decided."""

from schemas import limits
from schemas import vocabulary as v
from schemas.common_fields import (
    MEASURED,
    analyte,
    censored,
    detection_limit,
    explained,
    found_value,
    note,
    unit,
)
from schemas.fields import Choice, Code, Day, Integer, Number, Text


def _lab() -> Text:
    return Text(required=True, field_class=MEASURED, help="laboratory")


def _lab_batch() -> Code:
    return Code(required=True, field_class=MEASURED, help="batch of the laboratory")


class LabControl:
    """One control of a laboratory's batch: a blank, a reference material, a second reading."""

    lab = _lab()
    lab_batch = _lab_batch()
    analyte = analyte()
    kind = Choice(
        v.CONTROL_KIND,
        required=True,
        field_class=MEASURED,
        help="blank, reference material or second reading of one soil",
    )
    code = Code(
        required=True,
        field_class=MEASURED,
        help="its label; of a duplicate that of the second reading",
    )
    number = Integer(
        1,
        limits.CONTROLS_MAX,
        required=True,
        field_class=MEASURED,
        help="1 for the first of this label in the batch, in the order of analysis",
    )
    value = found_value("what was found")
    unit = unit("unit of all its values")
    censored = censored()
    detection_limit = detection_limit("detection limit of the laboratory, same unit")
    certified_value = Number(
        0,
        limits.RESULT_MAX,
        low_open=True,
        field_class=MEASURED,
        group="value",
        help="certified value of a reference material, same unit",
    )
    first_value = Number(
        0,
        limits.RESULT_MAX,
        field_class=MEASURED,
        group="value",
        help="of a duplicate: what the first reading found, same unit",
    )
    duplicate_of = Code(
        field_class=MEASURED, help="of a duplicate: label of the bag of the same soil"
    )
    analysed_on = Day(help="day of analysis")
    note = note()
    explained = explained()


class LabBatch:
    """What a person decided about a batch whose quality control failed."""

    lab = _lab()
    lab_batch = _lab_batch()
    analyte = analyte()
    decision = Choice(
        v.BATCH_DECISION,
        required=True,
        field_class=MEASURED,
        group="decision",
        help="accepted: results count; rejected: they do not",
    )
    reason = Text(required=True, field_class=MEASURED, group="decision", help="why")
    decided_by = Text(field_class=MEASURED, group="decision", help="who decided")
    note = note()
    explained = explained()
