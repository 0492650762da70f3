"""The bags of a project by what tables may call them."""

from collections import defaultdict
from itertools import chain

from schemas.plausibility.records import Fields, Records
from schemas.plausibility.skeletons import skeleton


class Bags:
    """The bags of a project by their labels, and what is known of each."""

    def __init__(self, records: Records) -> None:
        self._exact: dict[str, str] = {}
        self._loose: dict[str, list[str]] = defaultdict(list)
        self._layers: dict[tuple[str, float, float], list[str]] = defaultdict(list)
        self.records = records
        for sample_id, sample in records.of_type("sample").items():
            self._exact[sample["sample_code"]] = sample_id
            for form in _loose(sample["sample_code"]):
                self._loose[form].append(sample_id)
            for place in _places(records, sample):
                layer = (place.casefold(), *_layer(sample))
                self._layers[layer].append(sample_id)
        self._named = {place for place, _, _ in self._layers}

    def meant(
        self, code: str, depths_cm: tuple[float, float] | None = None
    ) -> list[str]:
        """Return the bags a code may mean: just this one, else all that read the same.

        With depths the code is that of a place, and the bags are those of a layer there.
        """
        if depths_cm is not None:
            top_cm, bottom_cm = (round(depth, 1) for depth in depths_cm)
            return self._layers.get((code.casefold(), top_cm, bottom_cm), [])
        if code in self._exact:
            return [self._exact[code]]
        found = (self._loose.get(form, ()) for form in _loose(code))
        return list(dict.fromkeys(chain.from_iterable(found)))

    def knows(self, text: str) -> bool:
        """Return whether a text is the label of a bag, or of a place that has bags."""
        return bool(self.meant(text)) or text.casefold() in self._named

    def label(self, sample_id: str) -> str:
        """Return the label of a bag."""
        return str(self.records.of_type("sample")[sample_id]["sample_code"])

    def results(self, sample_id: str, analyte: str) -> list[tuple[str, Fields]]:
        """Return the results of one analyte of a bag, by their replicates."""
        found = [
            each
            for each in self.records.below("result", sample_id)
            if each[1]["analyte"] == analyte
        ]
        return sorted(found, key=lambda each: int(each[1]["replicate"]))


def _loose(code: str) -> set[str]:
    """Return a code as it reads without its dashes: tubes come back without them."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    return {skeleton(code).replace("-", ""), plain}


def _places(records: Records, sample: Fields) -> set[str]:
    """Return how the place of a bag may be called in a table with a column for each layer."""
    if records.get("core", sample["core_id"]) is None:
        return set()
    path = records.name("core", sample["core_id"])
    plot, point, campaign = [*path.split("/"), "", "", ""][:3]
    return {
        path,
        f"{plot}/{point}",
        f"{plot}-{point}",
        f"{plot}/{point}/{campaign}",
        f"{campaign}/{plot}/{point}",
    }


def _layer(sample: Fields) -> tuple[float, float]:
    return round(sample["depth_top_cm"], 1), round(sample["depth_bottom_cm"], 1)
