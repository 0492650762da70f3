"""What is asked of the desk: its pages with odd words, its forms as no browser sends them."""

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from server.desk.routes import ROUTES
from tests.collect import BOUNDARY, body_of, part
from tests.desk import browser
from tests.fuzz.asked import Request, callers, known_values, odd_headers
from tests.fuzz.marked import OPEN, SECRET
from tests.fuzz.shapes import ODD

#: Words of the queries of pages, and what they may be.
WORDS = {
    "verdict": ["above", "below", "nonsense"],
    "page": ["1", "2", "0", "9" * 30],
    "campaign": ["2010", SECRET.project, OPEN.project],
    "by": ["device", "person", "Ada"],
    "late": ["0", "14", "9" * 30],
    "kind": ["conflict", "held", "warning", "lab"],
    "device": ["north"],
    "days": ["0", "9" * 6],
    "organisation": ["*", OPEN.project, SECRET.project],
    "year": ["2020", "2025", "000002024" + "0" * 5_000, "1899"],
    "since": ["2026-05-01"],
    "command": ["device"],
    "link": ["x"],
    "project": [],
}
CSV = b"sample_code;SOC %\nOPENMARK-B1;1,41\n"
ORIGINS = ("null", "https://evil.example.org", "http://127.0.0.1", "", "x", "file://")
SITES = ("same-origin", "none", "cross-site", "same-site", "x")
TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=nonsense",
    "application/x-www-form-urlencoded; charset=utf-16",
    f"multipart/form-data; boundary={BOUNDARY}",
    "multipart/form-data",
    "multipart/form-data; boundary=other",
    f"multipart/mixed; boundary={BOUNDARY}",
    "text/plain",
    "application/json",
    "",
)


@dataclass(frozen=True)
class Form:
    """A form as a page offers it: where it is sent, and each field with a value."""

    path: str
    fields: tuple[tuple[str, str], ...]


class _Forms(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self):
        super().__init__()
        self.found, self._action, self._fields, self._also = [], None, [], []
        self._choice = None

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form" and said.get("method") == "post":
            self._action, self._fields, self._also = said["action"], [], []
        elif self._action is None:
            return
        elif tag == "select":
            self._choice = said["name"]
        elif tag == "option" and self._choice:
            self._fields.append((self._choice, said.get("value", "")))
        elif tag in {"input", "textarea", "button"} and said.get("name"):
            self._fields.append((said["name"], said.get("value", "")))
        if said.get("formaction"):
            self._also.append(said["formaction"])

    def handle_endtag(self, tag):
        if tag == "select":
            self._choice = None
        if tag == "form" and self._action is not None:
            for path in (self._action, *self._also):
                self.found.append(Form(path, tuple(dict(self._fields).items())))
            self._action = None


def forms_of(page):
    """Return the forms of a page that are sent by POST."""
    reader = _Forms()
    reader.feed(page)
    return reader.found


async def all_forms(world):
    """Return the forms that the desk offers, but for those that end who speaks."""
    found = [Form(one.path, ()) for one in ROUTES if one.method == "POST"]
    found.append(Form("/desk/open", (("link", "x"),)))
    async with browser(world.server) as one:
        one.session.headers.update(world.callers["desk everywhere"].headers)
        for route in ROUTES:
            if route.method == "GET" and route.name:
                page = await one.get(f"{route.path}?project={world.server.project_id}")
                found += forms_of(page[1])
        found += forms_of(await _looked(world, one))
    return [
        one
        for one in dict.fromkeys(found)
        if one.path != "/desk/leave"
        and world.kept.isdisjoint(dict(one.fields).values())
    ]


async def _looked(world, one):
    """Return the page of a table of a laboratory that was looked at."""
    said = {"project": world.server.project_id, "lab": "LAS"}
    parts = [part(name, text.encode()) for name, text in said.items()]
    parts += [part("methods", b"soc=dry_combustion"), part("file", CSV, "lab.csv")]
    headers = {"Origin": world.server.url, "Content-Type": TYPES[3]}
    async with one.session.post(
        f"{world.server.url}/desk/lab/look", data=body_of(parts), headers=headers
    ) as answer:
        page = await answer.text()
        assert answer.status == 200, page
        return page


@st.composite
def pages(draw, world):
    """Draw a request for a page or a file of the desk."""
    paths = [one.path for one in ROUTES if one.method == "GET"]
    others = ["/desk/open", "/desk/style.css", "/desk/nothing", "/desk/leave"]
    path = draw(st.one_of(*[st.sampled_from(paths)] * 4, st.sampled_from(others)))
    projects = st.sampled_from([*world.projects.values(), OPEN.project, SECRET.project])
    said = []
    for name in draw(st.lists(st.sampled_from(sorted(WORDS)), max_size=3)):
        known = st.sampled_from(WORDS[name]) if WORDS[name] else projects
        said.append((name, draw(st.one_of(known, known, st.sampled_from(ODD)))))
    query = urlencode(said, quote_via=quote)
    method = draw(st.sampled_from(["GET", "GET", "GET", "HEAD"]))
    headers = draw(odd_headers()) | draw(_site())
    return Request("page", draw(_at_desk(world)), method, f"{path}?{query}", headers)


@st.composite
def sent_forms(draw, world, forms):
    """Draw a form: fields missing, repeated, huge, of another type; the body cut."""
    form = draw(st.sampled_from(forms))
    said = [each for one in form.fields for each in draw(_field(world, *one))]
    if draw(st.integers(0, 4)) == 0:
        said += [(name, draw(st.sampled_from(ODD))) for name in draw(_names(forms))]
    is_file = draw(st.booleans()) and form.path.startswith("/desk/lab")
    parts = [part(_plain(name), text.encode()) for name, text in said]
    parts += [part("file", draw(_tables()), "lab.csv")] if is_file else []
    kind = draw(st.sampled_from([TYPES[0], TYPES[3]] * 4 + [*TYPES]))
    is_parts = is_file or kind.startswith("multipart")
    body = body_of(parts) if is_parts else urlencode(said).encode()
    kind = TYPES[3] if is_file else kind
    if draw(st.integers(0, 5)) == 0:
        body = body[: draw(st.integers(0, 999)) * len(body) // 1_000]
    headers = {"Origin": world.server.url, "Sec-Fetch-Site": "same-origin"}
    headers |= {"Content-Type": kind} if kind else {}
    headers |= draw(odd_headers()) | draw(_site())
    # Most may send few forms: those who may send any are drawn more often.
    may = st.sampled_from(["desk everywhere", "desk admin", "desk manager", "desk lab"])
    caller = draw(st.one_of(may, may, _at_desk(world)))
    return Request("form", caller, "POST", form.path, headers, body)


def _field(world, name, value):
    """Return a strategy of what is sent of a field: mostly what a browser would."""
    as_it_is = st.just([(name, value or "x")])
    known = known_values(world)[""]
    # What is written is shown to others later: it holds no mark.
    harmless = [
        one for one in known if not one.startswith((OPEN.project, SECRET.project))
    ]
    other = st.one_of(st.sampled_from(ODD), st.sampled_from(harmless))
    return st.one_of(
        *[as_it_is] * 8,
        st.just([]),
        st.just([(name, value)] * 3),
        st.just([(name, "x" * 100_000)]),
        *[other.map(lambda text: [(name, text)])] * 3,
    )


def _names(forms):
    known = sorted({name for form in forms for name, _ in form.fields})
    return st.lists(st.sampled_from(known), max_size=2)


def _tables():
    """Return a strategy of files: a table, a table cut or garbled, no table at all."""
    return st.one_of(
        st.just(CSV),
        st.integers(0, len(CSV)).map(lambda end: CSV[:end]),
        st.tuples(st.integers(0, len(CSV)), st.binary(max_size=9)).map(
            lambda cut: CSV[: cut[0]] + cut[1] + CSV[cut[0] :]
        ),
        st.sampled_from([b"PK\x03\x04", b"\xff\xfe", b"\x00" * 99, b";" * 5_000]),
    )


def _plain(name):
    return name.replace('"', "").replace("\r", "").replace("\n", "")


def _at_desk(world):
    names = sorted(name for name, one in world.callers.items() if one.is_at_desk)
    return st.one_of(*[st.sampled_from(names)] * 8, callers(world))


def _site():
    """Return a strategy of what a browser says of where a request is from; mostly nothing."""
    return st.one_of(
        *[st.just({})] * 12,
        st.sampled_from(ORIGINS).map(lambda one: {"Origin": one}),
        st.sampled_from(SITES).map(lambda one: {"Sec-Fetch-Site": one}),
        st.just({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}),
    )
