"""Clustering of points against hulls of scipy, random designs, grids and corners."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import spatial, stats

from server.stocks import clustering as clusters
from server.stocks.clustering import clustering
from server.stocks.planar import METRES_DEGREE, outline_of

# Corners in units of 0.004 degrees, about 290 by 440 m; 10 degrees east, 50 north.
UNIT, EAST, NORTH = 0.004, 10.0, 50.0
SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
SHAPES = {
    "square": [[SQUARE]],
    "strip": [[[(0, 0), (3, 0), (3, 0.5), (0, 0.5), (0, 0)]]],
    "l": [[[(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2), (0, 0)]]],
    "field": [
        [[(0, 0), (2, -0.3), (2.6, 0.8), (1.5, 1.8), (0.4, 1.5), (-0.4, 0.8), (0, 0)]]
    ],
    "hole": [
        [
            [(0, 0), (2, 0), (2, 2), (0, 2), (0, 0)],
            [(0.6, 0.6), (1.4, 0.6), (1.4, 1.4), (0.6, 1.4), (0.6, 0.6)],
        ]
    ],
    "two parts": [[SQUARE], [[(x + 2, y) for x, y in SQUARE]]],
}


def geometry(shape):
    parts = [
        [[[EAST + UNIT * x, NORTH + UNIT * y] for x, y in ring] for ring in polygon]
        for polygon in SHAPES[shape]
    ]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def inside(shape, points):
    """Return which points, in units, lie inside: crossings of a ray, ring by ring."""
    crossed = np.zeros(len(points), dtype=int)
    x, y = points.T
    for ring in (ring for polygon in SHAPES[shape] for ring in polygon):
        for (x0, y0), (x1, y1) in pairwise(ring):
            if y0 != y1:
                meets = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
                crossed += ((y0 > y) != (y1 > y)) & (x < meets)
    return crossed % 2 == 1


def anywhere(shape, count, seed):
    """Return random points inside, in units, by rejection."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(-0.5, 3.1, (count, 2))
    return points[inside(shape, points)]


def degrees(points):
    return np.array([EAST, NORTH]) + UNIT * np.asarray(points)


def quarter(points):
    """Return the points of the lower left quarter of the area."""
    left = points[points[:, 0] < np.median(points[:, 0])]
    return left[left[:, 1] < np.median(left[:, 1])]


def flagged(shape, pool, n, trials, seed):
    generator = np.random.default_rng(seed)
    found = [
        clustering(geometry(shape), degrees(generator.choice(pool, n))).clustered
        for _ in range(trials)
    ]
    return np.mean(found)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_outline_has_the_area_centre_and_spread_of_its_rings(shape):
    outline = outline_of(geometry(shape))
    points = anywhere(shape, 400_000, 1)
    metres = outline.plane(degrees(points))
    share = len(points) / 400_000
    box = 3.6**2 * UNIT**2 * METRES_DEGREE * outline.metres[0]
    assert outline.area_m2 == pytest.approx(share * box, rel=0.01)
    centre, covariance = outline.moments()
    size = np.sqrt(outline.area_m2)
    np.testing.assert_allclose(centre, metres.mean(axis=0), atol=0.01 * size)
    np.testing.assert_allclose(covariance, np.cov(metres.T), atol=0.01 * size**2)


@pytest.mark.parametrize("shape", SHAPES)
def test_filled_points_lie_inside_and_everywhere_alike(shape):
    outline = outline_of(geometry(shape))
    generator = np.random.default_rng(2)
    metres = outline.fill(generator.random((20_000, 2)))
    points = (metres / outline.metres + outline.corner - [EAST, NORTH]) / UNIT
    # Strips are straight at their ends, so that a few lie just beyond a slanted edge.
    assert inside(shape, points).mean() > 0.98
    other = anywhere(shape, 100_000, 3)
    for along in ([1.0, 0.0], [0.0, 1.0], [0.6, 0.8]):
        assert stats.ks_2samp(points @ along, other @ along).pvalue > 1e-3


def test_a_square_kilometre_is_a_square_kilometre():
    side = 1000.0 / METRES_DEGREE
    wide = side / np.cos(np.radians(60.0 + side / 2))
    ring = [[0, 60], [wide, 60], [wide, 60 + side], [0, 60 + side], [0, 60]]
    outline = outline_of({"type": "Polygon", "coordinates": [ring]})
    assert outline.area_m2 == pytest.approx(1e6, rel=1e-6)


def test_the_hull_is_that_of_scipy():
    generator = np.random.default_rng(4)
    for n in (3, 5, 12, 40):
        sets = generator.normal(0, 100, (50, n, 2))
        wanted = [
            [getattr(spatial.ConvexHull(each), name) for each in sets]
            for name in ("volume", "area")
        ]
        np.testing.assert_allclose(clusters._hulls(sets), wanted, rtol=1e-9)


@pytest.mark.parametrize(
    ("points", "area"),
    [
        ([(x, y) for x in range(4) for y in range(3)], 6.0),  # many on one line
        ([(x, 2 * x) for x in range(6)], 0.0),
        ([(1, 1)] * 5, 0.0),
        ([(0, 0), (0, 0), (2, 0), (2, 2), (2, 2), (0, 2)], 4.0),
    ],
)
def test_a_hull_of_points_in_line_or_in_one_place(points, area):
    sets = np.array([points], dtype=float)
    assert clusters._hulls(sets)[0][0] == pytest.approx(area, abs=1e-9)


def test_the_nearest_neighbours_are_those_of_a_tree():
    points = np.random.default_rng(5).normal(0, 100, (12, 2))
    nearest = spatial.KDTree(points).query(points, k=2)[0][:, 1]
    found = -clusters._nearness(points[np.newaxis], None)[0]
    assert found == pytest.approx(nearest.mean(), rel=1e-12)


def test_five_points_in_a_corner_are_clustered_and_five_about_the_field_are_not():
    spread = np.array([(0.2, 0.2), (0.8, 0.3), (0.5, 0.5), (0.3, 0.8), (0.9, 0.9)])
    about = clustering(geometry("square"), degrees(spread))
    corner = clustering(geometry("square"), degrees(0.3 * spread))
    assert (about.clustered, corner.clustered) == (False, True)
    assert corner.hull_share == pytest.approx(0.09 * about.hull_share, rel=1e-6)
    assert corner.neighbour_ratio == pytest.approx(0.3 * about.neighbour_ratio, rel=0.1)
    assert about.off_centre < 0.1
    assert corner.off_centre > 5.0


def test_points_in_two_heaps_are_clustered_though_their_centre_is_that_of_the_plot():
    heap = np.array([(0.0, 0.0), (0.02, 0.01), (0.0, 0.02), (0.02, 0.03)])
    found = clustering(geometry("square"), degrees([*(heap + 0.2), *(heap + 0.78)]))
    assert found.clustered
    assert found.p_off_centre > 0.1
    assert found.p_neighbour <= 0.0015
    middle = clustering(geometry("square"), degrees([*(heap + 0.48), *(heap + 0.5)]))
    assert middle.clustered
    assert middle.p_off_centre > 0.1
    assert middle.p_hull <= 0.0015


def test_a_transect_along_the_plot_or_its_diagonal_is_not_clustered():
    steps = np.linspace(0.05, 0.95, 10)
    for shape, across in (
        ("square", np.stack((steps, steps), axis=1)),
        ("strip", np.stack((3 * steps, 0.25 + 0 * steps), axis=1)),
    ):
        found = clustering(geometry(shape), degrees(across))
        assert not found.clustered
        assert found.hull_share == pytest.approx(0.0, abs=1e-9)


def test_points_in_one_place_are_clustered():
    found = clustering(geometry("field"), degrees([(0.5, 0.5)] * 6))
    assert found.clustered
    assert (found.neighbour_ratio, found.hull_share) == (0.0, 0.0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("space", [0.3, 0.24, 0.1])
def test_a_grid_is_never_clustered(shape, space):
    steps = space * (np.arange(-40, 40) + 0.5)
    grid = np.array([(x, y) for x in steps for y in steps])
    grid = grid[inside(shape, grid)]
    assert len(grid) >= 5
    assert not clustering(geometry(shape), degrees(grid)).clustered


def test_nothing_is_said_without_an_outline_or_of_few_points():
    points = degrees([(0.1, 0.1)] * 5)
    assert clustering(None, points) is None
    assert clustering(geometry("square"), points[:4]) is None
    assert clustering(geometry("square"), []) is None
    # The same part twice leaves nothing inside.
    part = geometry("square")["coordinates"]
    twice = {"type": "MultiPolygon", "coordinates": [part, part]}
    assert clustering(twice, points) is None
    with pytest.raises(ValueError, match="finite"):
        clustering(geometry("square"), [[10.0, np.nan]] * 5)


def test_order_altitude_and_the_date_line_change_nothing():
    generator = np.random.default_rng(6)
    pool = anywhere("field", 5000, 7)
    for n in (5, 20):
        points = generator.choice(pool, n)
        plain = clustering(geometry("field"), degrees(points))
        assert plain == clustering(geometry("field"), degrees(points[::-1]))
        ring = [[x, y, 312.0] for x, y in geometry("field")["coordinates"][0]]
        high = {"type": "Polygon", "coordinates": [ring]}
        assert plain == clustering(high, degrees(points))
        east = 180.0 - EAST - UNIT
        over = [[(x + east + 180) % 360 - 180, y] for x, y, _ in ring]
        moved = degrees(points) + np.array([east, 0.0])
        moved[:, 0] = (moved[:, 0] + 180) % 360 - 180
        assert {np.sign(x) for x, _ in over} == {-1.0, 1.0}
        again = clustering({"type": "Polygon", "coordinates": [over]}, moved)
        assert again.hull_share == pytest.approx(plain.hull_share, rel=1e-6)
        assert again.clustered == plain.clustered


@pytest.mark.slow
@pytest.mark.parametrize("n", [5, 10])
def test_random_designs_are_seldom_flagged(n):
    shares = [
        flagged(shape, anywhere(shape, 60_000, 8), n, 150, seed=n) for shape in SHAPES
    ]
    # 0.02 and two standard errors of 900 trials.
    assert np.mean(shares) < 0.029


@pytest.mark.slow
@pytest.mark.parametrize(("n", "least"), [(5, 0.8), (7, 0.95)])
def test_designs_in_one_quarter_are_flagged(n, least):
    shares = [
        flagged(shape, quarter(anywhere(shape, 60_000, 9)), n, 30, seed=n)
        for shape in SHAPES
    ]
    assert np.mean(shares) > least
