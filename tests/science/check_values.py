"""Reads the published check values; numbers stay text until a test wants them."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from server.stocks.profiles import Profiles, arrange

FOLDER = Path(__file__).parents[2] / "fixtures" / "check_values"


@cache
def rows(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def number(text):
    return float(text) if text else np.nan


def profile(case, campaign, point) -> Profiles:
    """One profile of the cases, SOC turned from percent into g/kg."""
    layers = [
        row
        for row in rows("cases_layers.csv")
        if (row["case"], row["campaign"], row["point"]) == (case, campaign, point)
    ]
    assert layers, f"no layers of {case} {campaign} {point}"
    profiles, _ = arrange(
        [0] * len(layers),
        [number(row["top_cm"]) for row in layers],
        [number(row["bottom_cm"]) for row in layers],
        [10 * number(row["soc_pct"]) for row in layers],
        [number(row["bd_fine_g_cm3"]) for row in layers],
    )
    return profiles


def example_profiles(name) -> tuple[list[tuple[str, str]], Profiles]:
    """Profiles of an example that was published with a tool, and whose they are."""
    inputs = rows(f"vonhaden_example_{name}_input.csv")
    cores = [(row["ID"], row["Rep"]) for row in inputs]
    order = list(dict.fromkeys(cores))
    profiles, mask = arrange(
        [order.index(core) for core in cores],
        *([float(row[key]) for row in inputs] for key in ("Upper_cm", "Lower_cm")),
        [10 * float(row["SOC_pct"]) for row in inputs],
        [float(row["BD_g_cm3"]) for row in inputs],
    )
    assert not mask.any()
    return order, profiles
