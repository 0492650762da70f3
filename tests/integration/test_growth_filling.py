"""What the measurements of growth fill is what a server would hold: counted and verified."""

import asyncio

import pytest

from benchmarks.growth.filling import growing_server
from benchmarks.soil import CAMPAIGNS, PER_PLOT, POINTS
from benchmarks.stage import server_store
from tests.processes import typed

BAGS = 1_000


def stats(server):
    with server_store(server.folder) as store:
        return asyncio.run(store.read(lambda tx: tx.stats()))


@pytest.mark.timeout(180)
def test_a_server_that_grew_holds_what_it_should_and_passes_verify(tmp_path):
    server = growing_server(tmp_path / "server")
    server.grow(PER_PLOT)
    server.grow(BAGS)
    found, plots = stats(server), BAGS // PER_PLOT
    points, cores = plots * POINTS, plots * POINTS * len(CAMPAIGNS)
    kinds = ("sample", "plot", "point", "core", "campaign", "project")
    expected = [BAGS, plots, points, cores, len(CAMPAIGNS), 1]
    assert [found.records[kind] for kind in kinds] == expected
    assert found.changes == sum(expected)
    assert (found.plots_to_derive, found.held, found.open_quarantine) == (0, 0, 0)
    typed(server.folder, "verify")


def test_spare_bags_are_planned_and_not_recorded(tmp_path):
    server = growing_server(tmp_path / "server")
    first, second = server.spare_bags(PER_PLOT + 1), server.spare_bags(1)
    assert len(first) == PER_PLOT + 1
    assert len({bag.id for bag in [*first, *second]}) == PER_PLOT + 2
    found = stats(server)
    assert found.records["plot"] == 3
    assert "sample" not in found.records


def test_a_plot_is_the_same_whatever_was_made_with_it(tmp_path):
    server = growing_server(tmp_path / "server")
    assert server.bags_of(3) == server.bags_of(3)
    assert server.bags_of(3)[0].fields["sample_code"] == "KL-00120-1"
    assert server.bags_of(3)[0].id != server.bags_of(4)[0].id


@pytest.mark.parametrize("bags", [PER_PLOT + 1, 0])
def test_a_server_grows_by_whole_plots_only(tmp_path, bags):
    server = growing_server(tmp_path / "server")
    server.plots = 1
    with pytest.raises(ValueError, match="plots of 200"):
        server.grow(bags)
