"""The equations beside bare numpy on the same numbers, in the same run."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.stocks.change import estimate_changes
from server.stocks.equivalent_mass import equivalent_mass
from server.stocks.fixed_depth import fixed_depth
from server.stocks.plot import derive_plots
from server.stocks.points import Layer
from server.stocks.profiles import Profiles, arrange
from server.stocks.samples import Compared, Samples
from server.stocks.settings import choose_settings

Floats = NDArray[np.float64]

_TIMES: Final = 5
_DEPTH_CM: Final = 30.0
_TOPS: Final = (0.0, 10.0, 25.0)
_BOTTOMS: Final = (10.0, 25.0, 45.0)
_POINTS: Final = 5
_DAYS: Final = (date(2018, 9, 3), date(2025, 9, 8))


def fixed_depth_profiles(*, quick: bool = False) -> Iterator[dict[str, Any]]:
    """Stocks to 30 cm of profiles of three layers."""
    n = 100_000 if quick else 1_000_000
    columns = _columns(n)
    profiles = _profiles(columns)
    ours, bare = _in_turn(
        lambda: fixed_depth(profiles, _DEPTH_CM), lambda: _bare_stock(*columns)
    )
    yield _figure(
        "science_fixed_depth", n, ours, "one numpy expression of the formula", bare
    )


def hyman_curves(*, quick: bool = False) -> Iterator[dict[str, Any]]:
    """Stocks in an equal mineral mass, by the monotone spline."""
    n = 10_000 if quick else 100_000
    columns = _columns(n)
    profiles = _profiles(columns)
    mass = np.full(n, 3800.0)
    ours, bare = _in_turn(
        lambda: equivalent_mass(profiles, mass), lambda: _bare_linear(*columns, mass)
    )
    yield _figure(
        "science_equal_mass_hyman", n, ours, "bare numpy, straight lines", bare
    )


def derivation(*, quick: bool = False) -> Iterator[dict[str, Any]]:
    """Plots of five points in two campaigns: the kernels, then the whole path."""
    n = 1_000 if quick else 10_000
    columns = _columns(n * _POINTS * 2)
    plots = _plots(n, columns)
    works: dict[str, Callable[[], object]] = {
        "science_kernels": lambda: _kernels(n, columns),
        "science_derive_fixed_depth": lambda: derive_plots(plots),
        "science_derive_equal_mass": lambda: derive_plots(
            plots, choose_settings("permille")
        ),
    }
    for bench, work in works.items():
        ours, bare = _in_turn(work, lambda: _bare_changes(n, columns), times=3)
        yield _figure(bench, n, ours, "bare numpy: stock, paired change and t", bare)


def _columns(n: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Tops, bottoms, SOC and density of n profiles, shape (n, layers)."""
    generator = np.random.default_rng(1)
    shape = (n, len(_TOPS))
    level = generator.normal(19.0, 3.0, (n, 1)) * np.array([1.2, 0.9, 0.5])
    return (
        np.broadcast_to(_TOPS, shape).copy(),
        np.broadcast_to(_BOTTOMS, shape).copy(),
        level,
        generator.normal(1.35, 0.05, shape),
    )


def _profiles(columns: tuple[Floats, Floats, Floats, Floats]) -> Profiles:
    n, layers = columns[0].shape
    return Profiles(np.arange(n + 1) * layers, *(column.ravel() for column in columns))


def _plots(
    n: int, columns: tuple[Floats, Floats, Floats, Floats]
) -> dict[int, list[Layer]]:
    """Layers as the path takes them; profiles of a plot stand next to each other."""
    plots: dict[int, list[Layer]] = {number: [] for number in range(n)}
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for profile, (tops, bottoms, soc, density) in enumerate(rows):
        plot, place = divmod(profile, 2 * _POINTS)
        campaign, point = divmod(place, _POINTS)
        plots[plot] += [
            Layer(
                campaign=f"c{campaign}",
                point=f"p{point}",
                date=_DAYS[campaign],
                top_cm=top,
                bottom_cm=bottom,
                soc_g_kg=c,
                bd_fine_g_cm3=b,
                core="1",
                soc_method="dry_combustion",
                bd_method="core",
            )
            for top, bottom, c, b in zip(tops, bottoms, soc, density, strict=True)
        ]
    return plots


def _kernels(n: int, columns: tuple[Floats, Floats, Floats, Floats]) -> object:
    """Both kinds of stock, changes, tests and intervals, as arrays from end to end."""
    count, layers = columns[0].shape
    owner = np.repeat(np.arange(count), layers)
    profiles, _ = arrange(owner, *(column.ravel() for column in columns))
    fixed = fixed_depth(profiles, _DEPTH_CM)
    mass = fixed.fine_mass_t_ha - fixed.soc_stock_t_ha / 0.58
    reference = mass.reshape(n, 2, _POINTS)[:, 0].mean(axis=1)
    equal = equivalent_mass(profiles, np.repeat(reference, 2 * _POINTS))
    stocks = equal.soc_stock_t_ha.reshape(n, 2, _POINTS)
    plot = np.repeat(np.arange(n), _POINTS)
    early, late = (Samples(stocks[:, i].ravel(), plot, n) for i in (0, 1))
    compared = Compared(early, late, np.ones(n, dtype=np.bool_))
    years = np.full(n, (_DAYS[1] - _DAYS[0]).days / 365.25)
    return estimate_changes(compared, years, np.zeros(n, dtype=np.int64))


def _bare_stock(top: Floats, bottom: Floats, soc: Floats, density: Floats) -> Floats:
    above = np.maximum(np.minimum(bottom, _DEPTH_CM) - top, 0.0)
    stock: Floats = (above * density * soc).sum(axis=1) / 10.0
    return stock


def _bare_linear(
    top: Floats, bottom: Floats, soc: Floats, density: Floats, mass: Floats
) -> Floats:
    fine = density * (bottom - top) * 100.0
    mineral = np.cumsum(fine * (1.0 - soc / 580.0), axis=1)
    stock = np.cumsum(fine * soc / 1000.0, axis=1)
    x, y = (np.pad(column, ((0, 0), (1, 0))) for column in (mineral, stock))
    row = np.arange(mass.size)
    piece = (x[:, 1:-1] < mass[:, np.newaxis]).sum(axis=1)
    rise = (y[row, piece + 1] - y[row, piece]) / (x[row, piece + 1] - x[row, piece])
    values: Floats = y[row, piece] + rise * (mass - x[row, piece])
    return values


def _bare_changes(
    n: int, columns: tuple[Floats, Floats, Floats, Floats]
) -> tuple[Floats, Floats]:
    stocks = _bare_stock(*columns).reshape(n, 2, _POINTS)
    apart = stocks[:, 1] - stocks[:, 0]
    change = apart.mean(axis=1)
    return change, change / (apart.std(axis=1, ddof=1) / _POINTS**0.5)


def _in_turn(
    ours: Callable[[], object], bare: Callable[[], object], times: int = _TIMES
) -> tuple[float, float]:
    """Time both in turn, so that a busy moment meets both; return the medians, s."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for seconds, work in zip(spent, (ours, bare), strict=True):
            began_s = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began_s)
    return statistics.median(spent[0]), statistics.median(spent[1])


def _figure(
    bench: str, n: int, value: float, yardstick: str, yardstick_value: float
) -> dict[str, Any]:
    return {
        "bench": bench,
        "n": n,
        "value": round(value, 6),
        "unit": "s",
        "yardstick": yardstick,
        "yardstick_value": round(yardstick_value, 6),
        "ratio": round(value / yardstick_value, 3),
    }
