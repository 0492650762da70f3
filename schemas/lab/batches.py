"""The batches of laboratories: what their controls say, and what a person decided."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from schemas.additions import Addition
from schemas.lab.judging import quality_here
from schemas.lab.quality import BatchKey, Finding, Level, Mark, batch_of, is_failed
from schemas.plausibility.records import Records
from schemas.validate import errors, load_record


class DecidedAnalyte(NamedTuple):
    """What is decided about one analyte of a batch."""

    analyte: str
    addition: Addition


class DecisionError(ValueError):
    """A decision is about nothing that is here; `hint` says what is."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.text, self.hint = text, hint


def listed(records: Records) -> list[dict[str, Any]]:
    """Return every batch that has results, controls or a decision, one analyte each."""
    quality = quality_here(records)
    drifts: dict[BatchKey, list[Finding]] = {}
    for key, finding in quality.drifts():
        drifts.setdefault(key, []).append(finding)
    results, bags = _results(records)
    rows = []
    for key in sorted({*results, *quality.controls, *quality.decisions}):
        controls = quality.controls.get(key, [])
        found = [*quality.findings.get(key, ()), *drifts.get(key, ())]
        share = quality.too_few_pairs(key, bags[key]) if controls else None
        found += [share] if share else []
        decision = quality.decisions.get(key, {})
        rows.append(
            {
                **key._asdict(),
                "results": results[key],
                "bags": bags[key],
                "controls": dict(Counter(str(one["kind"]) for one in controls)),
                "mean_recovery": quality.mean_recovery(key),
                "verdict": _verdict(found, controls),
                "found": [_as_data(one) for one in found if not one.within],
                "decision": decision.get("decision"),
                "reason": decision.get("reason"),
                "decided_by": decision.get("decided_by"),
                "waits": quality.marks.get(key) is Mark.FAILED,
            }
        )
    return rows


def _results(records: Records) -> tuple[Counter[BatchKey], Counter[BatchKey]]:
    """Count the results of each batch, and the bags that they are of."""
    results, bags = Counter[BatchKey](), dict[BatchKey, set[str]]()
    for fields in records.of_type("result").values():
        key = batch_of(fields)
        if key is not None:
            results[key] += 1
            bags.setdefault(key, set()).add(fields["sample_id"])
    return results, Counter({key: len(own) for key, own in bags.items()})


def _verdict(found: Iterable[Finding], controls: Sequence[object]) -> str:
    if not controls:
        return "no controls"
    if is_failed(found):
        return "failed"
    warns = any(one.level is Level.WARNS for one in found)
    return "to be looked at" if warns else "passed"


def _as_data(one: Finding) -> dict[str, Any]:
    return {"what": one.what, "found": one.found, "level": str(one.level)}


def rows_of(found: Iterable[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    """Return batches as rows of a list."""
    return [
        (
            one["lab"],
            one["lab_batch"],
            one["analyte"],
            one["results"],
            sum(one["controls"].values()),
            one["verdict"],
            one["decision"] or ("waits" if one["waits"] else ""),
            _said(one),
        )
        for one in found
    ]


def _said(one: Mapping[str, Any]) -> str:
    """Return what is beyond its limits, and why a person decided as they did."""
    beyond = [f"{each['what']}: {each['found']}" for each in one["found"]]
    who = f" ({one['decided_by']})" if one["decided_by"] else ""
    reason = [f"{one['decision']}: {one['reason']}{who}"] if one["reason"] else []
    return "; ".join([*reason, *beyond])


def decided(
    records: Records, batch: BatchKey, said: Mapping[str, Any]
) -> list[DecidedAnalyte]:
    """Return what keeps a decision about a batch.

    Without an analyte it is about those that fail, or that were decided on before.

    Raises
    ------
    DecisionError
        If no such batch is here, nothing of it fails, or the reason is none.
    """
    known = [
        one
        for one in listed(records)
        if (one["lab"], one["lab_batch"]) == (batch.lab, batch.lab_batch)
    ]
    if not known:
        raise DecisionError(
            f"no batch {batch.lab_batch} of {batch.lab} is here", "see: lab batches"
        )
    meant = [one["analyte"] for one in known if _is_meant(one, batch.analyte)]
    if not meant:
        analytes = ", ".join(str(one["analyte"]) for one in known)
        raise DecisionError(
            f"batch {batch.lab_batch} of {batch.lab} has nothing to decide",
            f"name what you decide about all the same: --analyte, one of {analytes}",
        )
    here = decisions_here(records)
    keys = [batch._replace(analyte=str(analyte)) for analyte in meant]
    return [
        DecidedAnalyte(key.analyte, decision_about(key, here.get(key), said))
        for key in keys
    ]


def decisions_here(records: Records) -> dict[BatchKey | None, str]:
    """Return the records of decisions by what they are about."""
    return {
        batch_of(fields): name for name, fields in records.of_type("lab_batch").items()
    }


def decision_about(
    key: BatchKey, name: str | None, said: Mapping[str, Any]
) -> Addition:
    """Return what keeps a decision about one analyte of a batch.

    `name` is the record of an earlier decision about it, if there is one.

    Raises
    ------
    DecisionError
        If what is said is none.
    """
    whole = {**key._asdict(), **said}
    problems = errors(load_record("lab_batch", whole)[1])
    if problems:
        raise DecisionError(f"{problems[0].path}: {problems[0].text}", problems[0].hint)
    return Addition("lab_batch", name, whole if name is None else said)


def _is_meant(one: Mapping[str, Any], analyte: str) -> bool:
    if analyte:
        return bool(one["analyte"] == analyte)
    return one["verdict"] == "failed" or one["decision"] is not None
