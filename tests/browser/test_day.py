"""A whole day on the page: without a network, then with a real server."""

import json
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe

from schemas.labels.codes import label_code
from tests.browser.conftest import Looking, page_of
from tests.faults.homes import Laptop
from tests.processes import PERMILLE_SERVER, run, server_process
from tests.receivers import plugged, second
from tests.tile_files import picture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PLOTS, POINTS = ("GM", "HF", "LF"), ("1", "2", "3")
MASSES = ("261", "262", "270")


class Technician:
    """Somebody at the page, who types and scans; every key and scan is counted."""

    def __init__(self, looking, base):
        self.looking, self.tab, self.base = looking, looking.tab, base
        self.keys = self.scans = 0

    def press(self, key):
        self.tab.keyboard.press(key)
        self.keys += 1 + key.count("+")

    def type(self, text):
        self.tab.keyboard.type(text)
        self.keys += len(text)

    def scan(self, code):
        """A scanner types a label and ends it with Enter."""
        self.tab.keyboard.type(code)
        self.tab.keyboard.press("Enter")
        self.scans += 1

    def layers(self, prefix):
        for number, mass in enumerate(MASSES, start=1):
            self.scan(f"{prefix}-{number}")
            self.type(mass)
            if number < len(MASSES):
                self.press("Enter")

    def save(self):
        self.press("Control+Enter")
        self.tab.wait_for_selector(".done, .refusal")

    def go(self, path):
        self.tab.goto(self.base + path)

    def said(self, selector):
        return self.tab.inner_text(selector)


@contextmanager
def at_work(chromium, home, **options):
    with page_of(home) as address:
        looking = Looking(chromium, viewport={"width": 1024, "height": 600}, **options)
        looking.tab.goto(address)
        yield Technician(looking, address.partition("/open")[0])
        assert not looking.went_elsewhere()
        assert not looking.complaints
        looking.close()


def planned(laptop):
    laptop("project", "add", "--code", "P", "--title", "Valley", *TEMPLATE)
    plan(laptop)


TEMPLATE = (
    *("--layer-depths-cm", "10 20 30"),
    *("--usual-tool", "probe", "--usual-diameter-mm", "40"),
)


def plan(laptop):
    laptop(
        "campaign",
        "add",
        "--name",
        "now",
        "--start-date",
        "2020-01-01",
        *("--purpose", "baseline"),
    )
    for plot in PLOTS:
        laptop("plot", "add", "--code", plot)
        for point in POINTS:
            laptop("point", "add", "--plot", plot, "--code", point)


def test_a_day_of_nine_cores_without_a_network(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home) as ada:
        ada.tab.click("a.main")
        ada.tab.wait_for_selector("#core")
        for plot in PLOTS:
            for point in POINTS:
                before = ada.keys, ada.scans
                assert ada.tab.input_value("#point") == f"{plot}/{point}"
                ada.tab.wait_for_function("document.activeElement.name === 'code-1'")
                ada.layers(f"{plot}{point}")
                ada.save()
                assert f"{plot}/{point}/now/1, 3 bags" in ada.said(".done")
                assert ada.keys - before[0] <= 15
                assert ada.scans - before[1] == 3
        ada.go("/")
        assert "No planned point is left." in ada.said("main")
    samples = laptop.json("sample", "list")
    assert len(samples) == 27
    assert {one["fields"]["field_mass_g"] for one in samples} == {261.0, 262.0, 270.0}
    core = laptop.json("core", "show", "HF/2/now/1")["fields"]
    assert (core["tool"], core["inner_diameter_mm"]) == ("probe", 40.0)


def test_a_label_that_is_taken_holds_nothing_else_and_stays_as_a_draft(
    chromium, tmp_path
):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home) as ada:
        ada.go("/core?point=HF/1")
        ada.layers("A")
        ada.save()
        ada.go("/core?point=HF/2")
        ada.scan("A-1")
        ada.type("261")
        ada.press("Enter")
        ada.scan("B-2")
        ada.type("262")
        ada.save()
        said = ada.said(".done")
        assert "A-1" in said
        assert "HF/1/now/1" in said
        assert "draft 1" in said
        ada.go("/")
        assert "Draft 1" in ada.said("main")
    assert [one["fields"]["sample_code"] for one in laptop.json("sample", "list")] == [
        *("A-1", "A-2", "A-3"),
        "B-2",
    ]


def test_what_is_refused_stays_in_its_fields(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home) as ada:
        ada.go("/core?point=HF/9")
        ada.scan("A-1")
        ada.type("261")
        ada.save()
        assert "HF/9" in ada.said(".refusal")
        assert ada.tab.input_value("[name=code-1]") == "A-1"
        assert ada.tab.input_value("[name=mass-1]") == "261"
        assert ada.tab.input_value("#point") == "HF/9"
    assert laptop.json("sample", "list") == []


def test_the_last_core_is_taken_back(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home) as ada:
        ada.go("/core?point=HF/1")
        ada.layers("A")
        ada.save()
        ada.go("/")
        ada.tab.click("text=Take the last core back")
        ada.tab.wait_for_selector(".said:has-text('HF/1/now/1')")
    assert laptop.json("core", "list") == []
    assert laptop.json("sample", "list") == []


def administer(data, *words):
    """Type an administrator's command in a process of its own: the browser has this loop."""
    return run([*PERMILLE_SERVER, "--data", data], *words, check=0).stdout


def joined(home, data, url):
    laptop = Laptop(home)
    code = administer(data, "device", "code", "--project", "P", "--json")
    laptop.run("enrol", url, json.loads(code)["code"], check=0)
    laptop.run("sync", check=0)
    return laptop


@contextmanager
def two_joined(folder):
    """A server, and two laptops that have its plan."""
    data = folder / "server"
    administer(data, "init")
    administer(data, "project", "add", "--code", "P", "--title", "Valley")
    with server_process(data) as url:
        one, two = (joined(folder / name, data, url) for name in ("one", "two"))
        plan(one)
        one.run("sync", check=0)
        two.run("sync", check=0)
        yield data, one, two


def test_a_conflict_is_decided_by_its_author_on_the_page(chromium, tmp_path):
    with two_joined(tmp_path) as (data, one, two):
        one("plot", "edit", "HF", "--area-ha", "2")
        two("plot", "edit", "HF", "--area-ha", "3")
        one.run("sync", check=0)
        two.run("sync", check=1)
        with at_work(chromium, two.home) as bo:
            bo.go("/sync")
            bo.tab.fill("form.question [name=reason]", "measured again")
            bo.tab.click("form.question .side:has-text('area-ha 3') button")
            bo.tab.wait_for_selector("text=Decided here, not yet sent.")
            bo.tab.click("text=Sync now")
            bo.tab.wait_for_selector("#sync[data-running=no] :text('sent')")
            assert "None." in bo.said("section:has(#conflicts)")
        one.run("sync", check=0)
        assert one.json("plot", "show", "HF")["fields"]["area_ha"] == 3.0
        assert json.loads(administer(data, "conflict", "list", "--json")) == []


def test_two_bags_of_one_label_are_settled_on_the_page(chromium, tmp_path):
    with two_joined(tmp_path) as (_, one, two):
        one("core", "add", "HF/1", "10=A12:261")
        two("core", "add", "HF/2", "10=A12:300")
        one.run("sync", check=0)
        two.run("sync", check=1)
        with at_work(chromium, two.home) as bo:
            bo.go("/sync")
            assert Axe().run(bo.tab).violations_count == 0
            assert "≠ differs\t300\t261" in bo.said("table.two")
            bo.tab.fill("[name=code]", "A21")
            bo.tab.fill("form[action='/sync/relabel'] [name=reason]", "scanned twice")
            bo.tab.click("text=Relabel this one")
            bo.tab.wait_for_selector(".said:has-text('sample A21')")
            bo.tab.click("text=Sync now")
            bo.tab.wait_for_selector("#sync[data-running=no] :text('sent')")
            assert "Nothing." in bo.said("section:has(#fix)")
        one.run("sync", check=0)
        assert one.json("sample", "show", "A21")["fields"]["field_mass_g"] == 300.0
        assert one.json("sample", "show", "A12")["fields"]["field_mass_g"] == 261.0


def test_a_plot_gets_its_boundary_a_photo_and_what_was_done(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    photo = tmp_path / "hole.png"
    photo.write_bytes(picture("brown"))
    with at_work(chromium, laptop.home) as ada:
        ada.go("/plot?code=HF")
        ada.tab.click("text=Give a boundary")
        ada.tab.fill("#text", "2.349 48.799\n2.351 48.799\n2.351 48.801")
        ada.tab.click("text=Keep the boundary")
        ada.tab.wait_for_selector("polygon.outline")
        ada.tab.click("text=Add photos or sheets")
        ada.tab.set_input_files("#files", photo)
        ada.tab.click("button:text('Attach')")
        ada.tab.wait_for_selector(".photos img")
        ada.tab.locator(".photos img").scroll_into_view_if_needed()
        ada.tab.wait_for_function(
            "document.querySelector('.photos img').naturalWidth > 0"
        )
        ada.tab.click("text=Add what was done")
        ada.tab.fill("#what-new", "hedges")
        ada.tab.select_option("#family-new", "agroforestry")
        ada.tab.fill("#from-new", "3.5.2021")
        ada.tab.click("section:has(#practices) button:text('Save')")
        ada.tab.wait_for_selector(".said:has-text('hedges')")
        assert "May 3, 2021: hedges" in ada.said("main")
    fields = laptop.json("plot", "show", "HF")["fields"]
    assert fields["geometry"]["type"] == "Polygon"
    assert [file["name"] for file in fields["attachments"]] == ["hole.png"]


def test_why_an_odd_core_is_right_is_said_at_once_and_stays_with_it(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home) as ada:
        ada.go("/core?point=HF/1")
        ada.scan("A-1")
        ada.type("20")
        ada.save()
        odd = ada.tab.locator(".done .odd > li")
        before = odd.count()
        assert before
        while odd.count():
            odd.first.locator("summary").click()
            odd.first.locator("[name=why]").fill("mostly roots")
            odd.first.locator("[name=why]").press("Enter")
            ada.tab.wait_for_selector(".said:has-text('mostly roots')")
            ada.go("/")
            odd = ada.tab.locator(".odd > li:has(form)")
        ada.go("/plot?code=HF")
        assert ada.said("main").count("It is right: mostly roots") == before
    left = laptop.json("warnings", code=1)
    assert {one["type"] for one in left} == {"project"}


def test_texts_that_are_programs_stay_texts(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    evil = "<img src=x onerror=alert(1)>"
    laptop("project", "add", "--code", "P", "--title", evil, *TEMPLATE)
    laptop("plot", "add", "--code", evil)
    laptop("point", "add", "--plot", evil, "--code", "<svg/onload=alert(2)>")
    laptop(
        "campaign",
        "add",
        "--name",
        evil,
        "--start-date",
        "2020-01-01",
        *("--purpose", "baseline"),
    )
    with at_work(chromium, laptop.home) as ada:
        for path in ("/", "/core", "/bags?q=<script>alert(3)</script>", "/sync"):
            ada.go(path)


def test_the_page_speaks_four_languages_and_remembers_which(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home, locale="fr-FR") as ada:
        assert "points restent" in ada.said("main")
        ada.tab.select_option("#language", "pt")
        ada.tab.wait_for_selector("html[lang=pt]")
        ada.go("/core?point=HF/1")
        assert "Guardar o testemunho" in ada.said("main")
        ada.scan("A-1")
        ada.type("261,5")
        ada.save()
    (bag,) = laptop.json("sample", "list")
    assert bag["fields"]["field_mass_g"] == 261.5


def test_what_was_found_before_stands_beside_the_layers(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    old = ("--name", "2016", "--start-date", "2016-05-01", "--end-date", "2016-05-31")
    laptop("campaign", "add", *old, "--purpose", "baseline")
    visit = ("--plot", "HF", "--point", "1", "--campaign", "2016")
    laptop("core", "add", *visit, "--sampled-at", "2016-05-03")
    depth = ("--depth-top-cm", "0", "--depth-bottom-cm", "10")
    density = ("--bulk-density-g-cm3", "1.32", "--bulk-density-definition", "whole")
    laptop("sample", "add", *visit, "--sample-code", "OLD", *depth, *density)
    reading = ("--value", "1.42", "--unit", "pct", "--method", "dry_combustion")
    laptop("result", "add", "--sample", "OLD", "--analyte", "soc", *reading)
    with at_work(chromium, laptop.home) as ada:
        ada.go("/core?point=HF/1&campaign=now")
        said = ada.said("details")
    assert "2016" in said
    assert "1.32" in said
    assert "14.2" in said


def test_the_density_of_a_layer_stands_beside_its_mass_at_once(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    with at_work(chromium, laptop.home, locale="fr-FR") as ada:
        ada.go("/core?point=HF/1")
        ada.layers("A")
        shown = ada.tab.locator(".layers output").all_inner_texts()
        # 10 cm of a probe of 40 mm are 125.66 cm3.
        assert shown[:4] == ["2,08", "2,08", "2,15", ""]
        ada.tab.fill("#holes", "2")
        assert ada.tab.locator(".layers output").first.inner_text() == "1,04"


def test_enter_takes_the_next_label_that_was_printed(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    first, *others = [label_code("K7F", number) for number in range(421, 427)]
    with at_work(chromium, laptop.home) as ada:
        ada.go("/core?point=HF/1")
        ada.scan(first)
        ada.type("261")
        ada.save()
        for mass in MASSES:
            ada.press("Enter")
            ada.type(mass)
            ada.press("Enter")
        ada.save()
        assert "3 bags" in ada.said(".done")
    codes = [one["fields"]["sample_code"] for one in laptop.json("sample", "list")]
    assert sorted(codes) == [first, *others[:3]]


def test_a_receiver_on_a_cable_gives_a_core_its_place(chromium, tmp_path):
    laptop = Laptop(tmp_path / "lap")
    planned(laptop)
    steps = [second(n % 60, 48.85 + n * 1e-5, 2.35) for n in range(600)]
    with plugged(b"".join(steps)) as device:
        named = ("--from", f"serial:{device}", "--save-as", "default")
        # Its clock is not that of this laptop, which is told.
        laptop("position", *named, code=1)
        with at_work(chromium, laptop.home) as ada:
            ada.go("/core?point=HF/1")
            ada.tab.click("#listen")
            ada.tab.wait_for_selector("#position output:has-text('satellites')")
            before = ada.said("#position output")
            ada.tab.wait_for_function(
                "before => document.querySelector('#position output').innerText !== before",
                arg=before,
            )
            ada.tab.click("[name=code-1]")
            ada.layers("A")
            ada.save()
            assert "HF/1/now/1" in ada.said(".done")
    core = laptop.json("core", "show", "HF/1/now/1")["fields"]
    assert core["position_source"] == "receiver"
    assert core["satellites"] > 3
    assert core["fixes_averaged"] >= 1
