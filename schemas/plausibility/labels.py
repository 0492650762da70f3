"""Codes of bags that begin as labels do and are none."""

from collections.abc import Collection, Iterator

from schemas.labels.scans import why_no_label
from schemas.plausibility.records import Records, Warned
from schemas.problems import Problem


def of_labels(records: Records, blocks: Collection[str]) -> Iterator[Warned]:
    """Return codes that begin with a known block and do not fit their check character."""
    if not blocks:
        return
    for sample_id, sample in records.of_type("sample").items():
        code = sample["sample_code"]
        wrong = why_no_label(code, blocks)
        if wrong:
            problem = Problem("label_check", "sample_code", code, wrong)
            yield Warned("sample", sample_id, problem)
