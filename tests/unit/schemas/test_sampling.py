"""Points drawn by chance: inside, apart, alike everywhere, and each spot with its chance."""

import math
from collections import Counter
from itertools import combinations, pairwise

import pytest

from schemas.geometry import polygons_of
from schemas.plausibility.planar import distance_m, outside_m
from schemas.sampling.advice import advice_on
from schemas.sampling.draw import DesignWish, DoesNotFitError, boundary_sha256, draw
from schemas.sampling.ground import Ground, Row
from schemas.sampling.parts import GroundPart, area_m2, equal_parts
from schemas.sampling.plane import Plane, cosine

METHODS = ("stratified_random", "simple_random", "systematic")
LON, LAT = 2.35, 48.85
PLANE = Plane((LON, LAT))


def place(x, y):
    """Return the place that is so many metres east and north of the corner."""
    return list(PLANE.place((x, y)))


def ring(*corners):
    return [place(*corner) for corner in (*corners, corners[0])]


def box(x0, y0, x1, y1):
    return ring((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def field(*polygons):
    coordinates = [list(polygon) for polygon in polygons]
    return polygons_of({"type": "MultiPolygon", "coordinates": coordinates})


SQUARE = field([box(0, 0, 200, 200)])
RING = field([box(0, 0, 200, 200), box(40, 40, 160, 160)])
TWO = field([box(0, 0, 100, 100)], [box(400, 50, 550, 150)])
THIN = field([ring((0, 0), (900, 300), (900, 312), (0, 12))])
BEND = field(
    [ring((0, 0), (300, 0), (300, 40), (40, 40), (40, 250), (0, 250))],
)
WELL = field([box(0, 0, 100, 100), box(48, 48, 52, 52)])
SHAPES = {
    "square": SQUARE,
    "ring": RING,
    "two fields": TWO,
    "thin": THIN,
    "bend": BEND,
    "well": WELL,
}


def metres_to_boundary(boundary, at):
    """Return how far a place is from the nearest side, by another road than the drawing."""
    x, y = PLANE.spot(at)
    found = math.inf
    for polygon in boundary["coordinates"]:
        for closed in polygon:
            spots = [PLANE.spot(tuple(corner)) for corner in closed]
            for (ax, ay), (bx, by) in pairwise(spots):
                length = (bx - ax) ** 2 + (by - ay) ** 2
                share = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length
                share = min(1, max(0, share))
                near = ax + share * (bx - ax), ay + share * (by - ay)
                found = min(found, math.dist((x, y), near))
    return found


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", SHAPES)
def test_points_lie_inside_apart_and_away_from_the_boundary(shape, method):
    boundary = SHAPES[shape]
    for seed in range(3):
        wish = DesignWish(method, 8, seed, min_distance_m=9, edge_buffer_m=3)
        found = draw(boundary, wish)
        assert len(found) == 8
        assert [at for at in found if outside_m(boundary, at)] == []
        assert min(metres_to_boundary(boundary, at) for at in found) >= 2.98
        pairs = combinations(found, 2)
        assert min(distance_m(one, other) for one, other in pairs) >= 9 * 0.995


@pytest.mark.parametrize("method", METHODS)
def test_the_same_wish_gives_the_same_points_and_another_seed_others(method):
    one, two = DesignWish(method, 10, 42), DesignWish(method, 10, 43)
    assert draw(SQUARE, one) == draw(SQUARE, one)
    assert set(draw(SQUARE, one)).isdisjoint(draw(SQUARE, two))
    assert draw(SQUARE, one) != draw(WELL, one)


def test_more_random_points_are_the_former_ones_and_some_besides():
    few = draw(SQUARE, DesignWish("simple_random", 6, 5))
    assert draw(SQUARE, DesignWish("simple_random", 9, 5))[:6] == few


#: What the first way of drawing gave when it was published. If these move, DRAWN_BY rises.
GOLDEN = {
    "stratified_random": [
        (2.3511102, 48.8508795),
        (2.3530801, 48.8508248),
        (2.3508868, 48.8510401),
        (2.3518962, 48.8523932),
        (2.3527575, 48.8523638),
    ],
    "simple_random": [
        (2.3528314, 48.8516829),
        (2.3509159, 48.8522099),
        (2.3535249, 48.8510742),
        (2.3529922, 48.8500555),
        (2.3528895, 48.8509589),
    ],
    "systematic": [
        (2.3521516, 48.8506109),
        (2.3522886, 48.8516534),
        (2.3524256, 48.8526959),
        (2.350572, 48.8507013),
        (2.350709, 48.8517438),
    ],
}
PUBLISHED = polygons_of(
    {
        "type": "Polygon",
        "coordinates": [
            [
                [2.3501, 48.8502],
                [2.3535, 48.8498],
                [2.3541, 48.8523],
                [2.3522, 48.8529],
                [2.3503, 48.8521],
                [2.3501, 48.8502],
            ],
            [
                [2.3515, 48.8510],
                [2.3515, 48.8514],
                [2.3521, 48.8514],
                [2.3521, 48.8510],
                [2.3515, 48.8510],
            ],
        ],
    }
)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_drawn_once_is_drawn_again_by_every_later_program(method):
    wish = DesignWish(method, 5, 2026, min_distance_m=20, edge_buffer_m=5)
    found = draw(PUBLISHED, wish)
    flat = [number for at in found for number in at]
    golden = [number for at in GOLDEN[method] for number in at]
    assert flat == pytest.approx(golden, abs=1e-9)


def test_a_boundary_has_one_hash_however_its_numbers_are_written():
    square = [[0, 0], [1, 0], [1, 1], [0, 0]]
    floats = [[[0.0, -0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]]
    one = boundary_sha256({"type": "Polygon", "coordinates": [square]})
    assert one == boundary_sha256({"coordinates": floats, "type": "Polygon"})


def chi_square(boundary, method, points, draws, zone_of, share_of, **more):
    """Return chi-square of how often points fell into zones, and the zones less one."""
    counts = Counter(
        zone_of(*PLANE.spot(at))
        for seed in range(draws)
        for at in draw(boundary, DesignWish(method, points, seed, **more))
    )
    expected = {zone: share * points * draws for zone, share in share_of.items()}
    assert set(counts) <= set(expected)
    found = sum((counts[z] - most) ** 2 / most for z, most in expected.items())
    return found, len(expected) - 1


#: Quantiles of chi-square at 99.9 %, by degrees of freedom: fixed seeds decide for ever.
CHI999 = {4: 18.47, 15: 37.70}


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_each_spot_of_a_square_has_the_same_chance(method):
    def zone(x, y):
        return int(x // 50), int(y // 50)

    shares = {(i, j): 1 / 16 for i in range(4) for j in range(4)}
    found, df = chi_square(SQUARE, method, 7, 120, zone, shares)
    assert found < CHI999[df]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_each_spot_of_a_ring_has_the_same_chance_away_from_its_edges(method):
    """Of the ring 10 m from both boundaries: four sides of 20 m by 120 m, four corners."""

    def zone(x, y):
        if 40 < x < 160:
            return "south" if y < 100 else "north"
        if 40 < y < 160:
            return "west" if x < 100 else "east"
        return "corner"

    side = 120 * 20
    # Around an inner corner what is near it is a quarter of a circle.
    corner = 4 * (30 * 30 - math.pi * 10**2 / 4)
    total = 4 * side + corner
    shares = dict.fromkeys(("south", "north", "west", "east"), side / total)
    shares["corner"] = corner / total
    found, df = chi_square(RING, method, 7, 120, zone, shares, edge_buffer_m=10)
    assert found < CHI999[df]


def test_parts_of_every_shape_have_the_same_area():
    for boundary in SHAPES.values():
        ground = Ground(boundary, 2.0)
        whole = GroundPart(ground.box, ground.rows(400))
        for count in (2, 5, 7, 30):
            parts = equal_parts(whole, count)
            areas = [area_m2(part.rows) for part in parts]
            assert len(parts) == count
            assert areas == pytest.approx([sum(areas) / count] * count, rel=1e-6)


def test_parts_are_compact():
    """Their spread about their middles is within 30 % of that of squares of their area."""
    ground = Ground(SQUARE)
    whole = GroundPart(ground.box, ground.rows(400))
    spreads = []
    for count in range(2, 30):
        sides = [
            (part.box.east_m - part.box.west_m) / (part.box.north_m - part.box.south_m)
            for part in equal_parts(whole, count)
        ]
        spreads.append(sum((side + 1 / side) / 2 for side in sides) / count)
    assert max(spreads) < 1.3
    assert sum(spreads) / len(spreads) < 1.1


def test_stratified_points_lie_more_evenly_than_random_ones():
    def nearest_m(method):
        total = 0
        for seed in range(20):
            found = draw(SQUARE, DesignWish(method, 16, seed))
            total += sum(
                min(distance_m(one, other) for other in found if other != one)
                for one in found
            )
        return total

    assert nearest_m("stratified_random") > 1.1 * nearest_m("simple_random")


def test_a_grid_is_a_grid():
    found = draw(SQUARE, DesignWish("systematic", 16, 7))
    apart = [
        min(distance_m(one, other) for other in found if other != one) for one in found
    ]
    assert apart == pytest.approx([50] * 16, rel=0.01)


@pytest.mark.parametrize("method", METHODS)
def test_what_does_not_fit_is_refused_with_what_does(method):
    with pytest.raises(DoesNotFitError) as caught:
        draw(SQUARE, DesignWish(method, 60, 1, min_distance_m=50))
    most = caught.value.most
    assert 4 <= most <= 25
    assert f"--points {most}" in caught.value.hint
    assert "--min-distance-m" in caught.value.hint
    if method != "systematic":
        wish = DesignWish(method, most, 1, min_distance_m=50)
        assert len(draw(SQUARE, wish)) == most


@pytest.mark.parametrize("method", METHODS)
def test_an_edge_that_leaves_nothing_is_refused(method):
    with pytest.raises(DoesNotFitError) as caught:
        draw(THIN, DesignWish(method, 3, 1, edge_buffer_m=20))
    assert caught.value.most == 0
    assert "--edge-buffer-m" in caught.value.hint


def test_a_plot_across_the_date_line_is_as_any_other():
    far = Plane((179.9995, -17.0))
    corners = [(0, 0), (200, 0), (200, 200), (0, 200), (0, 0)]
    boundary = polygons_of(
        {"type": "Polygon", "coordinates": [[list(far.place(c)) for c in corners]]}
    )
    found = draw(boundary, DesignWish("stratified_random", 9, 1))
    assert {lon > 0 for lon, _ in found} == {True, False}
    assert all(0 <= x <= 200 and 0 <= y <= 200 for x, y in map(far.spot, found))


def test_the_plane_is_that_of_the_ellipsoid():
    pyproj = pytest.importorskip("pyproj")
    geod = pyproj.Geod(ellps="WGS84")
    for lat in (-60.0, -17.0, 0.0, 48.0, 68.0):
        for dlon, dlat in ((0.01, 0.0), (0.0, 0.01), (0.01, 0.01)):
            x, y = Plane((10.0, lat)).spot((10.0 + dlon, lat + dlat))
            _, _, metres = geod.inv(10.0, lat, 10.0 + dlon, lat + dlat)
            assert math.hypot(x, y) == pytest.approx(metres, rel=1e-3)


def test_the_cosine_is_that_of_the_library():
    for tenth in range(-900, 901):
        degrees = tenth / 10
        assert cosine(degrees) == pytest.approx(
            math.cos(math.radians(degrees)), abs=1e-15
        )


def test_rows_of_a_plot_have_its_area():
    for boundary, area in ((SQUARE, 40_000), (RING, 40_000 - 120**2), (TWO, 25_000)):
        assert area_m2(Ground(boundary).rows(500)) == pytest.approx(area, rel=2e-3)
    assert Row(0, 2, [(0, 3), (5, 6)]).area_m2 == 8


def test_few_or_crowded_points_are_advised_against():
    near = [tuple(place(x, y)) for x, y in ((0, 0), (9, 0), (0, 9), (9, 9), (4, 4))]
    assert "tells nothing of how the plot differs" in next(advice_on(near[:1], 1, 4.0))
    assert "t is 4.3" in next(
        advice_on(draw(SQUARE, DesignWish("simple_random", 3, 1)), 3, 4.0)
    )
    assert "close together" in next(advice_on(near, 5, 4.0))
    assert [
        *advice_on(draw(SQUARE, DesignWish("stratified_random", 9, 1)), 9, 4.0)
    ] == []
