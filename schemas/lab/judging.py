"""What the controls of a delivery say, beside those that are here."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schemas.additions import Addition
from schemas.lab.check import LabCheck
from schemas.lab.matching import LabLine
from schemas.lab.quality import (
    BatchKey,
    Finding,
    Mark,
    Quality,
    batch_of,
    limits_of,
)
from schemas.lab.readings import Standing
from schemas.lab.replicates import FieldReplicate, field_replicates
from schemas.plausibility.records import Fields, Records
from schemas.told import counted


def quality_here(records: Records) -> Quality:
    """Return the controls that are here, and what people decided."""
    return _quality(records, records.of_type("lab_control").values())


def _quality(records: Records, controls: Any) -> Quality:  # noqa: ANN401 - fields of any kind
    project: Fields = next(iter(records.of_type("project").values()), {})
    decisions = records.of_type("lab_batch").values()
    return Quality(limits_of(project), controls, decisions)


def quality_with(found: LabCheck) -> Quality:
    """Return the controls that are here with those of the delivery, as it says them."""
    here = dict(found.records.of_type("lab_control"))
    new = []
    for control in found.controls:
        if control.standing in {Standing.NEW, Standing.EQUAL, Standing.DIFFERS}:
            if control.record_id is None:
                new.append(control.fields)
            else:
                here[control.record_id] = control.fields
    return _quality(found.records, [*here.values(), *new])


def judged(found: LabCheck, lab: str) -> list[dict[str, Any]]:
    """Return what was found of each batch of the delivery, as plain JSON."""
    quality = quality_with(found)
    drifts = defaultdict(list)
    for key, finding in quality.drifts():
        drifts[key].append(finding)
    rows = []
    for key, bags in _bags(found, lab).items():
        of_batch = [*quality.findings.get(key, ()), *drifts[key]]
        share = quality.too_few_pairs(key, bags)
        every = [*of_batch, share] if share else of_batch
        rows += [_row(key, one) for one in every]
    return rows


def _row(key: BatchKey, one: Finding) -> dict[str, Any]:
    return {
        "batch": key.lab_batch,
        "analyte": key.analyte,
        "what": one.what,
        "found": one.found,
        "within": one.within,
        "fails": str(one.level) == "fails",
    }


def _bags(found: LabCheck, lab: str) -> dict[BatchKey, int]:
    """Return the batches that the delivery is of, with the number of bags of each.

    Where nothing names a batch it is called by its sheet.
    """
    bags: dict[BatchKey, set[str]] = defaultdict(set)
    for line in found.every_line:
        reading = line.reading
        key = BatchKey(lab, reading.batch or reading.sheet, reading.analyte)
        if line.bag and reading.value is not None:
            bags[key].add(line.bag)
        elif line.standing is Standing.CONTROL:
            bags.setdefault(key, set())
    for control in found.controls:
        own = batch_of(control.fields)
        if own is not None:
            bags.setdefault(own, set())
    return {key: len(own) for key, own in bags.items()}


def unused(found: LabCheck) -> list[str]:
    """Return the labels of controls that say nothing: second readings of nobody knows what."""
    used = {id(control.line) for control in found.controls}
    labels = [
        line.reading.code or line.reading.number
        for line in found.every_line
        if line.standing is Standing.CONTROL
        and line.reading.value is not None
        and id(line) not in used
    ]
    return list(dict.fromkeys(labels))


def waiting(found: LabCheck, lab: str) -> list[BatchKey]:
    """Return the batches of the delivery that fail and that nobody has decided on."""
    quality = quality_with(found)
    return [key for key in _bags(found, lab) if quality.marks.get(key) is Mark.FAILED]


def replicates_of(
    found: LabCheck, wanted: Sequence[tuple[LabLine, Addition]]
) -> list[FieldReplicate]:
    """Return the cores of one point that the delivery has values of, as they differ."""
    added = [
        ("result", f"new {n}", one.fields)
        for n, (_, one) in enumerate(wanted)
        if one.record_type == "result" and one.record_id is None
    ]
    bags = {line.bag for line in found.every_line if line.bag}
    every = Records([*found.records.every(), *added])
    return [one for one in field_replicates(every) if not bags.isdisjoint(one.bags)]


def sentences(said: Mapping[str, Any]) -> Iterator[str]:
    """Return in words what the controls of a delivery say."""
    found = said["quality"]
    beyond = [one for one in found if not one["within"]]
    if found:
        within = len(found) - len(beyond)
        yield f"quality control: {within} of {len(found)} within limits"
    for one in beyond:
        place = f"{one['batch']}, {one['analyte']}, {one['what']}"
        begins = "fails" if one["fails"] else "to be looked at"
        yield f"  {begins}: {place}: {one['found']}"
    if said["unused_controls"]:
        labels = ", ".join(said["unused_controls"])
        yield f"  not used: {labels}; if they are second readings, say of what: --duplicates"
    replicates = said["field_replicates"]
    if replicates:
        most = max(replicates, key=lambda one: float(one["apart_pct"]))
        yield (
            f"{counted(len(replicates), 'field replicate')}, up to"
            f" {most['apart_pct']:.0f}% apart: {', '.join(most['bags'])}"
        )
