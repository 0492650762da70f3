"""Rings that stand for a plot: which layers take their density, and with what error."""

import pytest

from server.stocks.reasons import Reason
from tests.unit.server.derivation.trees import Tree


@pytest.fixture
def tree():
    """Two points with carbon and no density, layers 0-10 and 10-30."""
    built = Tree()
    for code in ("a", "b"):
        core = built.core(built.add("point", code=code))
        built.bag(core, 0.0, 10.0, soc=20.0)
        built.bag(core, 10.0, 30.0, soc=12.0)
    return built


def ring(tree, *layers, **core):
    """Add a ring at a place of its own."""
    place = tree.add("point", code=f"ring {len(tree.records['point'])}")
    name = tree.core(place, represents="plot", **core)
    for top, bottom, density in layers:
        tree.bag(name, top, bottom, density)
    return name


def densities(layers):
    return [(one.top_cm, pytest.approx(one.bd_fine_g_cm3)) for one in layers]


def test_layers_without_a_density_have_that_of_the_ring_and_share_its_error(tree):
    ring(tree, (0.0, 10.0, 1.2), (10.0, 30.0, 1.4))
    layers = tree.layers()
    assert densities(layers) == [(0.0, 1.2), (10.0, 1.4)] * 2
    error = layers[0].shared_density
    assert (error.cv, error.rings, error.assumed) == (0.05, 1, True)
    assert {one.shared_density for one in layers} == {error}
    assert {one.bd_method for one in layers} == {"ring"}


def test_rings_that_repeat_a_layer_are_averaged_and_tell_their_error(tree):
    for factor in (0.96, 1.0, 1.04):
        ring(tree, (0.0, 10.0, 1.2 * factor), (10.0, 30.0, 1.4 * factor))
    layers = tree.layers()
    assert densities(layers) == [(0.0, 1.2), (10.0, 1.4)] * 2
    error = layers[0].shared_density
    assert (error.rings, error.df, error.assumed) == (3, 2.0, False)
    assert error.cv == pytest.approx(0.04)


def test_a_ring_that_was_cut_otherwise_counts_by_its_share(tree):
    ring(tree, (0.0, 20.0, 1.2), (20.0, 30.0, 1.5))
    assert densities(tree.layers())[:2] == [(0.0, 1.2), (10.0, 1.35)]


def test_a_ring_says_nothing_of_what_lies_below_it(tree):
    ring(tree, (0.0, 20.0, 1.2))
    found = tree.layers()
    assert [one.bd_fine_g_cm3 for one in found] == [1.2, None] * 2
    assert found[1].shared_density is None


def test_a_density_of_ones_own_stays(tree):
    ring(tree, (0.0, 30.0, 1.2))
    core = tree.core(tree.add("point", code="c"))
    tree.bag(core, 0.0, 30.0, 1.31, soc=15.0)
    own = tree.layers()[-1]
    assert (own.bd_fine_g_cm3, own.shared_density) == (1.31, None)


def test_a_density_that_cannot_be_used_is_not_made_up_for(tree):
    ring(tree, (0.0, 30.0, 1.2))
    core = tree.core(tree.add("point", code="c"))
    tree.bag(core, 0.0, 30.0, 1.31, soc=15.0, bulk_density_definition=None)
    odd = tree.layers()[-1]
    assert odd.bd_fine_g_cm3 is None
    assert Reason.BD_DEFINITION_UNKNOWN in odd.reasons


def test_a_ring_with_carbon_is_a_core_of_its_point_too(tree):
    name = ring(tree, (0.0, 10.0, 1.2), (10.0, 30.0, 1.4))
    assert name not in {one.core for one in tree.layers()}
    tree.add(
        "result",
        sample_id=tree.records["sample"][-1].id,
        analyte="soc",
        value=11.0,
        unit="g_kg",
        method="dry_combustion",
    )
    own = [one for one in tree.layers() if one.core == name]
    assert [one.soc_g_kg for one in own] == [None, 11.0]
    assert all(one.shared_density is not None for one in own)


def test_a_plot_without_rings_is_read_as_it_stands(tree):
    assert [one.bd_fine_g_cm3 for one in tree.layers()] == [None] * 4
