"""From merged records to numbers that travel down: the whole way on a real server."""

import asyncio

import pytest
from click.testing import CliRunner

from server.cli import main
from server.clock import Clock
from server.custody.own_log import edit_project
from server.custody.review import discard
from server.derivation.derive import derive_waiting, derived_plots
from server.derivation.explain import explain, prov_document
from server.errors import NotFoundError
from server.figures.queries import change_between, stocks_document

SOC = {"2010": (16.0, 17.0, 18.5), "2020": (18.0, 19.25, 20.25)}


def record_campaign(laptop, plot, name, values, *, method="dry_combustion", **sample):
    """Record a campaign of one 0-30 cm layer per point; return the ids."""
    first = name == min(SOC)
    campaign = laptop.add(
        "campaign",
        {
            "name": name,
            "start_date": f"{name}-09-01",
            "purpose": "baseline" if first else "resampling",
        },
    )
    ids = []
    for number, soc in enumerate(values, start=1):
        point = laptop.add("point", {"plot_id": plot, "code": str(number)})
        core = laptop.add(
            "core",
            {
                "point_id": point,
                "campaign_id": campaign,
                "number": 1,
                "sampled_at": f"{name}-09-01T12:00:00Z",
            },
        )
        layer = {
            "core_id": core,
            "sample_code": f"{plot[:4]}-{name}-{number}",
            "depth_top_cm": 0.0,
            "depth_bottom_cm": 30.0,
            "bulk_density_g_cm3": 1.25,
            "bulk_density_definition": "fine_in_total",
            "bulk_density_method": "ring",
        }
        bag = laptop.add("sample", layer | sample)
        result = laptop.add(
            "result",
            {
                "sample_id": bag,
                "analyte": "soc",
                "replicate": 1,
                "value": soc,
                "unit": "g_kg",
                "method": method,
            },
        )
        ids.append({"point": point, "core": core, "sample": bag, "result": result})
    return ids


@pytest.fixture
async def recorded(server):
    """A server with one plot of three points in two campaigns; gives the laptop too."""
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    ids = {n: record_campaign(laptop, plot, n, values) for n, values in SOC.items()}
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    return server, laptop, plot, ids


async def change_of(server, plot="P1"):
    rows = await server.report("records", server.project_id, "change")
    return next(r.fields for r in rows if r.fields["change"]["plot"] == plot)


async def test_stocks_and_change_follow_from_the_records(recorded):
    server, _laptop, _plot, _ids = recorded
    stocks = await server.report("records", server.project_id, "stock")
    found = {
        (p["campaign"], p["point"]): p["soc_stock_t_ha"]
        for row in stocks
        for p in row.fields["points"]
    }
    # 100 * 1.25 g/cm3 * 30 cm = 3750 t/ha of fine soil.
    assert found == pytest.approx(
        {
            (name, str(n)): 3.75 * soc
            for name, values in SOC.items()
            for n, soc in enumerate(values, start=1)
        }
    )
    change = (await change_of(server))["change"]
    assert change["design"] == "paired"
    assert change["change_t_ha"] == pytest.approx(3.75 * (2.0 + 2.25 + 1.75) / 3)
    assert change["verdict_4permille"] == "above"
    assert change["reasons"] == []


async def test_the_numbers_travel_down_as_ordinary_rows(recorded):
    _server, laptop, _plot, _ids = recorded
    kinds = [row["t"] for row in (await laptop.sync()).rows]
    assert sorted(kinds) == ["change", "stock", "stock"]
    assert (await laptop.sync()).rows == []


async def test_only_the_touched_plot_is_derived_again(recorded):
    server, laptop, _plot, _ids = recorded
    other = laptop.add("plot", {"code": "P2"})
    record_campaign(laptop, other, "2010", SOC["2010"])
    await laptop.sync()
    await server.derived()
    before = {
        row.id: row.seq
        for row in await server.report("records", server.project_id, "stock")
    }
    laptop.add(
        "result",
        {
            "sample_id": _ids["2010"][0]["sample"],
            "analyte": "soc",
            "replicate": 2,
            "value": 18.0,
            "unit": "g_kg",
            "method": "dry_combustion",
        },
    )
    await laptop.sync()
    await server.derived()
    after = {
        row.id: row.seq
        for row in await server.report("records", server.project_id, "stock")
    }
    assert len(before) == len(after) == 3
    assert sum(after[name] != seq for name, seq in before.items()) == 1


async def test_nothing_changes_when_nothing_that_counts_changed(recorded):
    server, laptop, plot, _ids = recorded
    before = await server.report("records", server.project_id, "change")
    laptop.draft("plot", plot, {"note": "a hedge"})
    await laptop.sync()
    await server.derived()
    assert await server.report("records", server.project_id, "change") == before


async def test_a_change_that_no_soil_makes_waits_until_the_plot_says_why(server):
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    for name, divisor in (("2010", 1), ("2020", 10)):
        record_campaign(laptop, plot, name, [soc / divisor for soc in SOC["2010"]])
    await laptop.sync()
    await server.derived()
    change = (await change_of(server))["change"]
    assert change["reasons"] == ["CHANGE_IMPLAUSIBLE"]
    assert change["verdict_zero"] == "not assessable"
    laptop.draft("plot", plot, {"change_confirmed": "peat burnt in 2015"})
    await laptop.sync()
    await server.derived()
    change = (await change_of(server))["change"]
    assert change["reasons"] == ["CHANGE_CONFIRMED"]
    assert change["change_confirmed"] == "peat burnt in 2015"
    assert change["verdict_zero"] == "loss"
    asked = await server.ask(
        lambda store: change_between(store, "HF", "P1", "2010", "2020")
    )
    assert asked["reasons"] == ["CHANGE_CONFIRMED"]


async def test_a_contested_input_makes_the_number_say_so(recorded):
    server, laptop, _plot, ids = recorded
    other = await server.laptop("south")
    seen = next(
        row for row in (await other.sync()).rows if row["r"] == ids["2020"][0]["result"]
    )
    epoch = other.cursors[server.project_id][0]
    for one, value in ((laptop, 21.0), (other, 25.0)):
        one.draft("result", seen["r"], {"value": value}, base=[epoch, seen["q"]])
        await one.sync()
    await server.derived()
    row = await change_of(server)
    assert row["provisional"]["conflicts"] == 1
    assert "CONTESTED" in row["change"]["reasons"]


async def waiting_sample(recorded):
    """Put a counted sample in quarantine; return its record and change."""
    server, laptop, _plot, ids = recorded
    core = {"core_id": ids["2010"][0]["core"], "sample_code": "deep"}
    name = laptop.add("sample", core | {"depth_top_cm": 30.0, "depth_bottom_cm": 20.0})
    assert (await laptop.sync()).outcomes == ["quarantined"]
    await server.derived()
    assert (await change_of(server))["provisional"]["quarantined"] == 1
    (found,) = await server.report("quarantine", None)
    return name, found["change"]


async def test_a_quarantined_input_is_counted_beside_the_number(recorded):
    await waiting_sample(recorded)


async def test_what_an_administrator_gives_up_is_no_longer_counted(recorded):
    server = recorded[0]
    _, change = await waiting_sample(recorded)
    give_up = (server.project_id, [change], "typed twice")
    assert await server.ask(lambda store: discard(store, Clock(), *give_up)) == 1
    await server.derived()
    assert (await change_of(server))["provisional"]["quarantined"] == 0


async def test_what_its_author_gives_up_is_no_longer_counted(recorded):
    server, laptop, _plot, _ids = recorded
    name, change = await waiting_sample(recorded)
    laptop.draft("sample", name, {}, op="del", x=change)
    assert (await laptop.sync()).outcomes == ["accepted"]
    await server.derived()
    assert (await change_of(server))["provisional"]["quarantined"] == 0


async def test_what_is_given_up_while_its_plot_is_derived_is_not_missed(recorded):
    """A discard takes no number of a row, but its asking has one of its own."""
    server = recorded[0]
    _, change = await waiting_sample(recorded)

    def begin(tx):
        tx.ask_for(server.project_id)
        return tx.claim_jobs(0, 10**15, 1)

    async def interrupted(store):
        jobs = await store.write(begin)
        plots = [job.plot_id for job in jobs]
        trees = await store.read(lambda tx: tx.plot_trees(server.project_id, plots))
        await discard(store, Clock(), server.project_id, [change], "typed twice")
        rows = derived_plots(jobs, trees)
        await store.write(lambda tx: tx.save_derived(rows, Clock().stamp()))

    await server.ask(interrupted)
    await server.derived()
    assert (await change_of(server))["provisional"]["quarantined"] == 0


async def test_a_deleted_result_takes_its_point_out(recorded):
    server, laptop, _plot, ids = recorded
    laptop.draft("result", ids["2020"][0]["result"], {}, op="del")
    await laptop.sync()
    await server.derived()
    change = (await change_of(server))["change"]
    assert (change["n0"], change["n1"]) in {(2, 2), (3, 2)}
    assert "MISSING_SOC" in change["reasons"]


async def test_a_moved_core_touches_the_plot_it_left_and_the_one_it_joined(recorded):
    server, laptop, _plot, ids = recorded
    other = laptop.add("plot", {"code": "P2"})
    point = laptop.add("point", {"plot_id": other, "code": "1"})
    laptop.draft("core", ids["2020"][0]["core"], {"point_id": point})
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    stocks = await server.report("records", server.project_id, "stock")
    counts = {
        (row.fields["points"][0]["plot"], row.fields["points"][0]["campaign"]): len(
            row.fields["points"]
        )
        for row in stocks
    }
    assert counts == {("P1", "2010"): 3, ("P1", "2020"): 2, ("P2", "2020"): 1}


async def test_a_plot_without_samples_left_has_no_numbers_left(recorded):
    server, laptop, _plot, ids = recorded
    for campaign in ids.values():
        for one in campaign:
            laptop.draft("result", one["result"], {}, op="del")
            laptop.draft("sample", one["sample"], {}, op="del")
    await laptop.sync()
    await server.derived()
    assert await server.report("records", server.project_id, "stock") == []
    reader = await server.laptop("reader")
    rows = (await reader.sync()).rows
    assert not {"stock", "change"} & {row["t"] for row in rows}


async def test_a_new_laboratory_method_withholds_the_verdict(server):
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    record_campaign(laptop, plot, "2010", SOC["2010"], method="tinsley")
    record_campaign(laptop, plot, "2020", SOC["2020"])
    await laptop.sync()
    await server.derived()
    change = (await change_of(server))["change"]
    assert change["verdict_4permille"] == "not assessable"
    assert "METHOD_CHANGED" in change["reasons"]
    assert change["rate_permille_year"] is not None


async def test_a_depth_below_the_samples_is_never_reached_by_scaling(recorded):
    server, laptop, _plot, _ids = recorded
    base = await server.seen(server.project_id)
    laptop.draft("project", server.project_id, {"reference_depth_cm": 40.0}, base=base)
    assert (await laptop.sync()).outcomes == ["accepted"]
    await server.derived()
    change = (await change_of(server))["change"]
    assert change["change_t_ha"] is None
    assert "TOO_SHALLOW" in change["reasons"]


async def test_another_method_derives_all_again_and_keeps_the_old_numbers(recorded):
    server, _laptop, plot, _ids = recorded
    (before,) = await server.report("records", server.project_id, "change")
    await server.ask(
        lambda store: edit_project(
            store, Clock(), "HF", {"stock_method_profile": "permille"}
        )
    )
    await server.derived()
    (after,) = await server.report("records", server.project_id, "change")
    assert before.fields["method_version"] == "fixed-depth-2"
    assert after.fields["method_version"] == "equivalent-mass-2"
    versions = await server.report("versions", server.project_id, after.id)
    assert [version.fields for version in versions] == [before.fields, after.fields]
    assert plot in {name for name, _seq in map(tuple, versions[0].inputs)}


async def test_the_reference_mass_is_frozen_and_no_later_point_moves_it(server):
    await server.ask(
        lambda store: edit_project(
            store, Clock(), "HF", {"stock_method_profile": "permille"}
        )
    )
    laptop = await server.laptop("north")
    plot = laptop.add("plot", {"code": "P1"})
    record_campaign(laptop, plot, "2010", SOC["2010"])
    await laptop.sync()
    await server.derived()
    (first,) = await server.report("records", server.project_id, "stock")
    mass = {p["reference_mass_t_ha"] for p in first.fields["points"]}
    record_campaign(laptop, plot, "2020", SOC["2020"], bulk_density_g_cm3=1.5)
    point = laptop.add("point", {"plot_id": plot, "code": "late"})
    assert point
    await laptop.sync()
    await server.derived()
    rows = await server.report("records", server.project_id, "stock")
    assert {
        p["reference_mass_t_ha"] for row in rows for p in row.fields["points"]
    } == mass


async def test_deriving_again_from_the_stored_records_gives_the_same_bytes(recorded):
    server, _laptop, _plot, _ids = recorded
    before = await server.report("records", server.project_id, "change")
    changed = await server.ask(
        lambda store: derive_all(store, server.project_id),
    )
    assert changed == 0
    assert await server.report("records", server.project_id, "change") == before


async def derive_all(store, project_id):
    await store.write(lambda tx: tx.ask_for(project_id))
    return await derive_waiting(store, Clock())


async def test_a_figure_is_traced_to_its_bags_results_and_people(recorded):
    server, _laptop, _plot, ids = recorded
    lineage = await server.ask(lambda store: explain(store, "HF", "P1", "2010", "2020"))
    assert lineage.same
    layer = lineage.campaigns[0]["points"][0]["layers"][0]
    assert layer["soc_stock_t_ha"] == pytest.approx(
        layer["fine_mass_t_ha"] * layer["soc_g_kg"] / 1000
    )
    assert layer["bd_routes"] == ["density as given"]
    assert [bag["id"] for bag in layer["bags"]] == [ids["2010"][0]["sample"]]
    assert layer["results"][0]["device"] == "north"
    document = prov_document(lineage)
    used = {row["prov:entity"] for row in document["used"].values()}
    assert len(used) == 12
    assert used <= set(document["entity"])
    assert len(document["wasDerivedFrom"]) == 12


def record_rings_beside_an_auger(laptop):
    """Record SOC at 0-30 cm and densities at 0-10 and 10-30 cm, in two campaigns."""
    plot = laptop.add("plot", {"code": "P1"})
    point = laptop.add("point", {"plot_id": plot, "code": "1"})
    density = {
        "bulk_density_definition": "fine_in_total",
        "bulk_density_method": "ring",
    }
    for name, soc in (("2010", 20.0), ("2020", 22.0)):
        period = {"start_date": f"{name}-09-01", "purpose": "resampling"}
        campaign = laptop.add("campaign", {"name": name} | period)
        hole = {"point_id": point, "campaign_id": campaign, "number": 1}
        core = laptop.add("core", hole | {"sampled_at": f"{name}-09-01T12:00:00Z"})
        for top, bottom, bd in ((0, 10, 1.2), (10, 30, 1.5), (0, 30, None)):
            bag = {"core_id": core, "sample_code": f"{name}-{top}-{bottom}"}
            bag |= {"depth_top_cm": top, "depth_bottom_cm": bottom}
            bag |= {} if bd is None else {"bulk_density_g_cm3": bd} | density
            sample = laptop.add("sample", bag)
            if bd is None:
                value = {"analyte": "soc", "replicate": 1, "value": soc}
                value |= {"unit": "g_kg", "method": "dry_combustion"}
                laptop.add("result", {"sample_id": sample} | value)


async def test_a_density_of_other_layers_is_traced_to_them(server):
    laptop = await server.laptop("north")
    record_rings_beside_an_auger(laptop)
    assert set((await laptop.sync()).outcomes) == {"accepted"}
    await server.derived()
    lineage = await server.ask(lambda store: explain(store, "HF", "P1", "2010", "2020"))
    (found,) = lineage.campaigns[0]["points"]
    ring, auger, lower = found["layers"]
    if auger["soc_g_kg"] is None:
        ring, auger = auger, ring
    # 100 * (1.2 * 10 + 1.5 * 20) t/ha of fine soil, 20 g/kg.
    assert auger["fine_mass_t_ha"] == pytest.approx(4200.0)
    assert auger["soc_stock_t_ha"] == pytest.approx(84.0)
    assert found["soc_stock_t_ha"] == pytest.approx(84.0)
    assert auger["bd_fine_g_cm3"] == pytest.approx(1.4)
    assert auger["bd_from_layers_cm"] == [[0.0, 10.0], [10.0, 30.0]]
    assert "BD_OTHER_LAYERS" in found["reasons"]
    assert ring["bd_from_layers_cm"] == lower["bd_from_layers_cm"] == []
    words = ["--data", str(server.data.path), "stocks", "explain", "P1", "2010", "2020"]
    done = await asyncio.to_thread(
        lambda: CliRunner().invoke(main, [*words, "--project", "HF"])
    )
    assert done.exit_code == 0, done.output
    said = (
        "x 4200 t/ha fine soil (1.4 g/cm3, read off the density layers 0-10, 10-30 cm)"
    )
    assert said in done.output


async def test_a_change_between_any_two_campaigns_is_derived_as_asked(recorded):
    server, laptop, plot, _ids = recorded
    record_campaign(laptop, plot, "2030", (20.0, 21.0, 22.5))
    record_campaign(laptop, plot, "2040", (20.0, 21.0, 22.5))
    await laptop.sync()
    await server.derived()
    row = await server.ask(
        lambda store: change_between(store, "HF", "P1", "2010", "2030")
    )
    assert row["change_t_ha"] == pytest.approx(3.75 * 4.0)
    with pytest.raises(NotFoundError, match="no campaign 1999"):
        await server.ask(
            lambda store: change_between(store, "HF", "P1", "1999", "2030")
        )


async def test_a_point_with_the_name_of_a_campaign_is_not_taken_for_it(recorded):
    server, laptop, plot, _ids = recorded
    record_campaign(laptop, plot, "2030", (20.0, 21.0, 22.5))
    laptop.add("point", {"plot_id": plot, "code": "2040"})
    await laptop.sync()
    await server.derived()
    with pytest.raises(NotFoundError, match="no campaign 2040") as told:
        await server.ask(
            lambda store: change_between(store, "HF", "P1", "2010", "2040")
        )
    assert told.value.hint == "it has: 2010, 2020, 2030"


async def test_a_plot_that_is_not_there_has_no_empty_table(recorded):
    server, *_ = recorded
    with pytest.raises(NotFoundError, match="no plot NOPE"):
        await server.ask(lambda store: stocks_document(store, "HF", "NOPE"))
