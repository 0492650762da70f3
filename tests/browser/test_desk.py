"""The desk in a real browser: each page for all, at any size, hostile names, nothing elsewhere."""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Looking
from tests.integration.test_laptop_sync import Served
from tests.processes import PERMILLE_SERVER, run, server_process, typed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PAGES = (
    *("/", "/desk/inbox", "/desk/lab?project=HF", "/desk/devices"),
    "/desk/people",
    "/desk/exports",
    "/desk/audit",
)
SIZES = ((1024, 600), (390, 844))
#: Ways by which text becomes a script where a page does not escape it.
TRICKS = (
    "<script>alert({})</script>",
    "<img src=x onerror=alert({})>",
    '"><svg onload=alert({})>',
    "'-alert({})-'",
    "javascript:alert({})",
    "{{{{ {} }}}}",
    "<a href='javascript:alert({})'>x</a>",
    "</title><script>alert({})</script>",
)
HOSTILE = [TRICKS[n % len(TRICKS)].format(n) for n in range(200)]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A server whose projects and people have hostile names."""
    data = tmp_path_factory.mktemp("desk") / "data"
    typed(data, "init")
    typed(data, "project", "add", "--code", "HF", "--title", HOSTILE[0])
    for number, text in enumerate(HOSTILE[1:40]):
        typed(data, "project", "add", "--code", f"P{number}", "--title", text)
    for text in HOSTILE[40:]:
        typed(data, "person", "add", text, "--role", "viewer", "--project", "HF")
    typed(data, *("person", "add", "Ada", "--role", "admin", "--everywhere"))
    typed(data, *("token", "create", HOSTILE[3], "--project", "HF"))
    with server_process(data) as url:
        yield Served(data, url)


def said(served, *words):
    """Type a command in a process of its own: the browser has a loop in this thread."""
    return run([*PERMILLE_SERVER, "--data", served.data], *words, check=0)


def link_to(served, name="Ada"):
    made = said(served, "person", "link", name, "--address", served.url, "--json")
    return json.loads(made.stdout)["link"]


@pytest.fixture(scope="module")
def looking(served, chromium):
    """A tab in which Ada signed in."""
    found = Looking(chromium, viewport={"width": 1024, "height": 600})
    found.tab.goto(link_to(served))
    found.tab.get_by_role("button", name="Sign in").click()
    found.tab.wait_for_url(f"{served.url}/")
    yield found
    found.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_fault_that_axe_finds(looking, served, path):
    looking.tab.goto(served.url + path)
    found = Axe().run(looking.tab)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", SIZES)
def test_a_page_fits_a_screen(looking, served, path, size):
    looking.tab.set_viewport_size({"width": size[0], "height": size[1]})
    looking.tab.goto(f"{served.url}{path}")
    wide = looking.tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= size[0]


def test_names_that_are_scripts_do_nothing_and_nothing_comes_from_elsewhere(
    looking, served
):
    looking.complaints.clear()
    for path in PAGES:
        looking.tab.goto(served.url + path)
        shown = looking.tab.content()
        assert "<script>alert" not in shown
    assert looking.complaints == []
    assert looking.went_elsewhere() == []


def test_a_link_that_was_used_is_refused_in_another_browser(looking, chromium, served):
    address = link_to(served)
    for is_first in (True, False):
        one = Looking(chromium)
        one.tab.goto(address)
        one.tab.get_by_role("button", name="Sign in").click()
        one.tab.wait_for_load_state()
        has_entered = one.tab.get_by_role("button", name="Sign out").count() == 1
        assert has_entered == is_first
        one.close()


def test_a_page_of_another_origin_cannot_send_a_form(looking, served):
    other = served.url.replace("127.0.0.1", "localhost")
    tab = looking.context.new_page()
    tab.goto(f"{other}/desk/open")
    # The browser names the page that a form is on, and sends no cookie of the other host.
    tab.evaluate(
        """address => {
            const form = document.createElement('form');
            form.method = 'post';
            form.action = address;
            document.body.append(form);
            form.submit();
        }""",
        f"{served.url}/desk/people/add",
    )
    tab.wait_for_timeout(1_000)
    assert "Eve" not in tab.content()
    tab.close()
    looking.tab.goto(f"{served.url}/desk/people")
    assert looking.tab.get_by_role("heading", name="People").count() >= 1


def test_ten_codes_are_downloaded(looking, served):
    looking.tab.goto(f"{served.url}/desk/devices")
    with looking.tab.expect_download() as waiting:
        looking.tab.get_by_role("button", name=re.compile("cards")).click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF")


def test_a_person_is_added_by_keyboard_alone(looking, served):
    looking.tab.goto(f"{served.url}/desk/people")
    looking.tab.locator("#name").focus()
    looking.tab.keyboard.type("Zoë Ümit")
    looking.tab.keyboard.press("Enter")
    looking.tab.wait_for_selector(".said:not(:empty)")
    assert "Zoë Ümit was added" in looking.tab.content()


def test_an_expired_session_is_refused(looking, chromium, served):
    one = Looking(chromium)
    one.tab.goto(link_to(served))
    one.tab.get_by_role("button", name="Sign in").click()
    one.tab.wait_for_url(f"{served.url}/")
    said(served, "person", "sign-out", "Ada")
    one.tab.goto(f"{served.url}/desk/people")
    assert "person link" in one.tab.content()
    assert "Zoë" not in one.tab.content()
    one.close()
