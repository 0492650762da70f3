"""The way on foot: as far as a geodesic says, and no longer than it need be."""

import json
import random
from itertools import pairwise

import pytest

from schemas.places.gpx import read_gpx
from schemas.places.safe_xml import read_xml
from schemas.places.writing import Waypoint, geojson_of, gpx_of
from schemas.sampling.walk import leg, walking_order


@pytest.mark.parametrize("lat", [-55.0, -17.0, 0.0, 48.0, 66.0])
@pytest.mark.parametrize("km", [0.01, 1.0, 30.0, 100.0])
def test_distance_and_bearing_are_those_of_a_geodesic(lat, km):
    pyproj = pytest.importorskip("pyproj")
    geod = pyproj.Geod(ellps="WGS84")
    for bearing in range(0, 360, 15):
        lon2, lat2, _ = geod.fwd(179.95, lat, bearing, km * 1000)
        way = leg((179.95, lat), (lon2, lat2))
        assert way.distance_m == pytest.approx(km * 1000, rel=5e-3)
        # A geodesic turns on its way; the walker is told the mean direction.
        off = (way.bearing_deg - bearing + 180) % 360 - 180
        assert abs(off) < 0.3 + 0.012 * km


def scattered(seed, count):
    chance = random.Random(seed)
    return [(chance.random() / 50, 48 + chance.random() / 50) for _ in range(count)]


def length_m(places, order):
    return sum(
        leg(places[one], places[other]).distance_m for one, other in pairwise(order)
    )


def test_every_place_is_visited_once_and_the_same_way_each_time():
    for seed in range(10):
        places = scattered(seed, 40)
        order = walking_order(places)
        assert sorted(order) == list(range(40))
        assert order[0] == 0
        assert walking_order(places) == order


def test_the_walk_begins_at_the_place_that_is_nearest():
    places = scattered(3, 20)
    order = walking_order(places, places[7])
    assert order[0] == 7


def test_no_two_stretches_of_the_walk_cross():
    """Where two cross, turning what lies between round is shorter."""
    for seed in range(10):
        places = scattered(seed, 30)
        order = walking_order(places)
        known = length_m(places, order)
        for i in range(1, 29):
            for j in range(i + 1, 30):
                turned = order[:i] + order[i : j + 1][::-1] + order[j + 1 :]
                assert length_m(places, turned) > known - 0.5


def test_no_places_are_no_walk():
    assert walking_order([]) == []
    assert walking_order([(2.0, 48.0)]) == [0]


NAMES = ("HF/1", "<&> ü", 'say "no"')


def test_a_phone_reads_back_what_was_written_for_it():
    waypoints = [
        Waypoint(name, 2.3512345 + n, -48.8512345, "by the oak")
        for n, name in enumerate(NAMES)
    ]
    found = read_gpx(read_xml(gpx_of("2026", waypoints)))
    assert [each.properties["name"] for each in found.features] == list(NAMES)
    assert found.features[0].shape["coordinates"][:2] == [2.3512345, -48.8512345]
    assert found.not_read == ["1 route"]
    assert b'version="1.1"' in gpx_of("2026", waypoints)
    said = json.loads(geojson_of(waypoints))
    assert [each["properties"]["order"] for each in said["features"]] == [1, 2, 3]
