"""A server whose records bear marks, and everybody who may ask it something.

Two projects hold one of all that has a name or a place. Whoever may not see a project, a
place or a name has its marks in `Caller.unseen`: no answer to them may hold one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from server.access.contacts import add_contact
from server.access.devices import revoke
from server.access.personal import Personal
from server.access.phones import NewPhone, add_phone
from server.access.rights import EVERYWHERE, Role
from server.access.sessions import sign_in
from server.access.veil import ALL_OF_IT, SIGHTS, Sight
from server.clock import Clock
from server.custody.own_log import add_project
from tests.desk import add, link_for
from tests.integration.test_portfolio import A, record_plot, synced
from tests.laptop import new_id
from tests.reading import token_for


@dataclass(frozen=True)
class Marks:
    """What stands in the records of one project, and nowhere else."""

    project: str
    name: str
    lon: float
    lat: float

    def of_places(self):
        # Ten metres: the square of a place is a hundred times as wide.
        return [
            rf"(?<![\d.]){re.escape(f'{one:.7f}'[:-3])}" for one in (self.lon, self.lat)
        ]


OPEN = Marks("OPENMARK", "OPENNAME", 2.3517713, 48.8567791)
SECRET = Marks("SECRETMARK", "SECRETNAME", 12.4717713, 41.8967791)
CONTACT = "CONTACTNAME"


def unseen(sights: Mapping[Marks, Sight]) -> re.Pattern[str]:
    """Return what nobody with these sights of projects may be shown."""
    found = [CONTACT]
    for marks in (OPEN, SECRET):
        sight = sights.get(marks)
        if sight is None:
            found.append(marks.project)
        if sight is None or not sight.names:
            found.append(marks.name)
        if sight is None or not sight.exact_places:
            found += marks.of_places()
    return re.compile("|".join(found))


@dataclass(frozen=True)
class Caller:
    """Somebody who asks: what they send with each request, and what they may not see.

    `place` fills in addresses that are their own.
    """

    name: str
    unseen: re.Pattern[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    place: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_at_desk(self):
        return self.name.startswith("desk ")


@dataclass(eq=False)
class Marked:
    """The server, its callers by name, and ids that are there."""

    server: object
    callers: dict[str, Caller]
    laptop: object
    projects: dict[Marks, str]
    records: list[str]
    #: What no form may name: who speaks has to stay who they are.
    kept: set[str]


async def marked(server):
    """Fill a server and return it with its callers."""
    other = await server.ask(
        lambda store: add_project(
            store, Clock(), {"code": SECRET.project, "title": SECRET.project}, {}
        )
    )
    projects = {OPEN: server.project_id, SECRET: other}
    records, laptops = [], {}
    for marks, project_id in projects.items():
        laptops[marks], made = await _filled(server, marks, project_id)
        records += made
    callers, kept = await _callers(server, projects, laptops[OPEN])
    await server.derived()
    await _keep_contact(server)
    return Marked(server, callers, laptops[OPEN], projects, records, kept)


async def _keep_contact(server):
    personal = Personal(name=CONTACT, note=CONTACT)
    await server.ask(
        lambda store: store.write(
            lambda tx: add_contact(tx, Clock(), server.project_id, personal)
        )
    )


async def _filled(server, marks, project_id):
    """Record one of all that bears a mark, as a laptop does; return it and the ids."""
    laptop = await server.laptop(f"{marks.name} north", [project_id])
    laptop.project_id = project_id
    made = [*await _plots(server, laptop, marks), *await _visit(laptop, marks)]
    south = await server.laptop(f"{marks.name} south", [project_id])
    south.project_id = project_id
    await _disagree(laptop, south, made[0], marks)
    return laptop, made


async def _plots(server, laptop, marks):
    ring = [
        [marks.lon + x, marks.lat + y] for x, y in ((0, 0), (0.01, 0), (0.01, 0.01))
    ]
    fields = {
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "farm": f"{marks.name} farm",
        "name": f"{marks.name} field",
        "note": f"{marks.name} said so",
    }
    runs = laptop.add(
        "organisation",
        {"code": marks.project, "name": marks.project, "kind": "member"},
    )
    base = await _seen(server, laptop)
    laptop.draft("project", laptop.project_id, {"organisation_id": runs}, base=base)
    title = {"title": marks.project}
    laptop.draft("project", laptop.project_id, title, base=base)
    plot = record_plot(laptop, f"{marks.project}-P1", A, **fields)
    record_plot(laptop, f"{marks.project}-P2", {"2010": A["2010"]}, note=marks.name)
    await synced(server, laptop)
    return [plot, runs]


async def _seen(server, laptop):
    """Return the base of a change to the project whose author has just seen it."""
    rows = (await laptop.sync()).rows
    seq = next(row["q"] for row in rows if row["r"] == laptop.project_id)
    return [await server.report("epoch"), seq]


async def _visit(laptop, marks):
    place = {"lon": marks.lon, "lat": marks.lat}
    plot = laptop.add("plot", {"code": f"{marks.project}-P3", "area_ha": 1.0})
    point = laptop.add("point", {"plot_id": plot, "code": "9", **place})
    when = {"name": marks.project, "start_date": "2026-05-01", "purpose": "baseline"}
    campaign = laptop.add("campaign", when | {"crew": [f"{marks.name} crew"]})
    hole = {"point_id": point, "campaign_id": campaign, "number": 1, **place}
    said = {
        "receiver": f"{marks.name} phone",
        "moved_because": f"too wet for {marks.name}",
    }
    hole |= {"sampled_at": "2026-05-04T09:30:00+02:00", **said}
    core = laptop.add("core", hole, u=f"{marks.name} person")
    bag = {"core_id": core, "sample_code": f"{marks.project}-B1", "note": marks.name}
    bag |= {"depth_top_cm": 0.0, "depth_bottom_cm": 30.0}
    sample = laptop.add("sample", bag, u=f"{marks.name} person")
    handed = {"sample_id": sample, "step": "handed_over", "at": "2026-05-05T09:30:00Z"}
    people = {"who": f"{marks.name} who", "to_whom": f"{marks.name} whom"}
    event = laptop.add("custody_event", handed | people)
    decided = {"lab": "LAS", "lab_batch": marks.project, "analyte": "soc"}
    # Who is of a laboratory reads at the desk why a batch was accepted.
    why = {"decision": "accepted", "reason": "weighed again", "decided_by": marks.name}
    batch = laptop.add("lab_batch", decided | why)
    assert {*(await laptop.sync()).outcomes} == {"accepted"}
    return [plot, point, campaign, core, sample, event, batch]


async def _disagree(laptop, south, plot, marks):
    """Leave a conflict, a quarantined change and a held one, each of somebody."""
    laptop.draft("plot", plot, {"area_ha": 1.0}, u=f"{marks.name} one")
    await laptop.sync()
    south.draft("plot", plot, {"area_ha": 2.0}, u=f"{marks.name} two")
    bad = {"core_id": new_id(), "sample_code": marks.project, "depth_top_cm": 900.0}
    bag = south.add("sample", bad, u=f"{marks.name} three")
    value = {"sample_id": bag, "analyte": "soc", "value": 1.5, "unit": "pct"}
    south.add(
        "result", value | {"method": "dry_combustion", "replicate": 1}, u=marks.name
    )
    assert "conflict" in (await south.sync()).outcomes


async def _callers(server, projects, laptop):
    """Make somebody of each kind who may ask; return them and the ids that they go by."""
    made = [
        Caller("nobody", unseen({})),
        Caller("laptop", unseen({OPEN: ALL_OF_IT}), _bearer(laptop.token)),
    ]
    gone = await server.laptop("gone")
    await server.ask(lambda store: revoke(store, Clock(), "gone"))
    made.append(Caller("revoked laptop", unseen({}), _bearer(gone.token)))
    for role in Role:
        token = await token_for(server, name=f"reads as {role}", role=role)
        made.append(
            Caller(f"reader {role}", unseen({OPEN: SIGHTS[role]}), _bearer(token))
        )
    made += await _phones(server, projects)
    for role in Role:
        made.append(await _at_desk(server, f"desk {role}", role, {OPEN: SIGHTS[role]}))
    everything = {OPEN: ALL_OF_IT, SECRET: ALL_OF_IT}
    made.append(
        await _at_desk(server, "desk everywhere", Role.ADMIN, everything, [EVERYWHERE])
    )
    made.append(
        await _at_desk(
            server,
            "desk elsewhere",
            Role.ADMIN,
            {SECRET: ALL_OF_IT},
            [projects[SECRET]],
        )
    )
    await add(server, "spare", Role.VIEWER)
    await server.laptop("spare")
    await token_for(server, name="spare")
    return {one.name: one for one in made}, await _ids_of(server)


async def _ids_of(server):
    def job(tx):
        found = [*tx.people(), *tx.devices(), *tx.read_tokens()]
        return {one.id for one in found if one.name != "spare"}

    return await server.ask(lambda store: store.read(job))


async def _phones(server, projects):
    asked = NewPhone(projects[OPEN], "ada", None, server.url)
    _, token = await server.ask(lambda store: add_phone(store, Clock(), asked))
    place = {"token": token, "project": projects[OPEN]}
    # A form lists plots as people call them; it has no place and no person.
    coded = {OPEN: Sight(exact_places=False, names=True)}
    return [Caller("phone", unseen(coded), {}, place)]


async def _at_desk(server, name, role, sights, where=None):
    await add(server, name, role, where=where)
    return Caller(name, unseen(sights), await session_of(server, name))


async def session_of(server, name):
    """Sign somebody in; return the header that says so."""
    link = await link_for(server, name)
    secret = await server.ask(lambda store: sign_in(store, Clock(), link, "a browser"))
    return {"Cookie": f"permille-desk={secret}"}


def _bearer(token):
    return {"Authorization": f"Bearer {token}"}
