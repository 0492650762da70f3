"""A plot goes with all that belongs to it, whatever was derived from it."""

from tests.integration.test_portfolio import record_plot, synced

YEARS = {"2010": (16.0, 17.0), "2015": (17.0, 18.0), "2020": (18.0, 19.25)}
CHILDREN_FIRST = ("result", "sample", "core", "point", "plot")


async def test_a_plot_with_a_trend_is_deleted_with_its_points_in_one_sync(server):
    laptop = await server.laptop()
    plot = record_plot(laptop, "A", YEARS)
    await synced(server, laptop)
    rows = (await (await server.laptop("reader")).sync()).rows
    assert {row["t"] for row in rows} >= {"stock", "change", "trend"}
    epoch = await server.report("epoch")
    for kind in CHILDREN_FIRST:
        for row in rows:
            if row["t"] == kind:
                base = [epoch, row["q"]]
                laptop.draft(kind, row["r"], {}, o="del", base=base)
    answer = await laptop.sync()
    assert set(answer.outcomes) == {"accepted"}
    await server.derived()
    left = (await (await server.laptop("late")).sync()).rows
    assert plot not in {row["r"] for row in left if row["k"] == "row"}
    live = {row["t"] for row in left if row["k"] == "row"}
    assert not live & {"stock", "change", "trend", "point"}
