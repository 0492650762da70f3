"""Codes that look the same: case, blanks, zeros in front, letters of other scripts."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from schemas.plausibility.records import Fields, Records, Warned
from schemas.plausibility.skeletons import CODES, skeleton
from schemas.problems import Problem

#: Names that records share, so that one spelled otherwise is another one.
_SHARED: Final = (
    ("plot", "stratum"),
    ("plot", "farm"),
    ("result", "lab"),
    ("result", "lab_batch"),
)


def of_codes(records: Records) -> Iterator[Warned]:
    """Return codes and shared names that look like another one."""
    for record_type, (field, within) in CODES.items():
        kept = records.of_type(record_type)
        yield from _alike(record_type, field, within, kept)
    for record_type, field in _SHARED:
        yield from _spelled_otherwise(records, record_type, field)


def _alike(
    record_type: str, field: str, within: str, kept: Mapping[str, Fields]
) -> Iterator[Warned]:
    groups: dict[tuple[object, str], list[tuple[str, str]]] = defaultdict(list)
    for record_id, fields in kept.items():
        code = fields[field]
        groups[fields.get(within), skeleton(code)].append((code, record_id))
    for group in groups.values():
        # The same code twice is a clash that people settle; here it must look so only.
        first, first_id = min(group)
        for code, record_id in sorted(group):
            if code != first:
                detail = f"there is {record_type} {first} already"
                problem = Problem("looks_alike", field, code, detail)
                yield Warned(record_type, record_id, problem, (first_id,))


def _spelled_otherwise(
    records: Records, record_type: str, field: str
) -> Iterator[Warned]:
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for record_id, fields in records.of_type(record_type).items():
        if fields.get(field):
            groups[skeleton(fields[field])][fields[field]].append(record_id)
    for spellings in groups.values():
        # What most records say is how it is spelled.
        usual = max(spellings, key=lambda text: (len(spellings[text]), text))
        for text, ids in spellings.items():
            for record_id in ids if text != usual else ():
                detail = f"others say {usual}"
                problem = Problem("looks_alike", field, text, detail)
                yield Warned(record_type, record_id, problem, (spellings[usual][0],))
