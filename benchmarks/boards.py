"""The boards of a programme and of a campaign, where one project has very many plots."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import date
from functools import partial
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from benchmarks.figures import Figure, in_turn, median, timed
from benchmarks.machine import cpu_s
from benchmarks.stage import Serving, World, new_server, server_store, serving
from schemas.records import record_id
from server.access.people import NewPerson, add_person
from server.access.rights import EVERYWHERE, Role
from server.access.sessions import make_link
from server.clock import Clock
from server.config import DataDirectory
from server.figures.campaign_board import CampaignChoices, campaign_board
from server.figures.pages import PageChoice
from server.figures.programme import programme_board
from server.merge.model import Record, Writer
from server.stocks.change import Design, estimate_change
from server.stocks.plot import StockChange
from server.stocks.rows import change_row
from server.stocks.verdicts import ChangeVerdict
from server.store.board_values import NOBODY, PlotBoard, PointGroup, Recorder
from server.store.driver import connect
from server.store.port import Store, Transaction
from server.store.rows import record_row
from server.store.save import put_records
from server.store.values import DerivedPlot, DerivedRow, Job

_TIMES: Final = 20
_AT_ONCE: Final = 250
_POINTS: Final = tuple(str(number) for number in range(1, 11))
_CAMPAIGN: Final = {
    "name": "2026",
    "start_date": "2026-04-01",
    "purpose": "resampling",
}
_TODAY: Final = date(2026, 6, 1)
_PAGES: Final = {
    "page_programme": "/",
    "page_campaign": "/desk/campaign?project=KL&campaign=2026",
}
_STAGES: Final = ("visited", "bagged", "handed over", "at the lab", "measured")

Board = Callable[[Store], Coroutine[Any, Any, Any]]


def boards(world: World) -> Iterator[Figure]:
    """Show boards of a project with 10 points in each plot; as many plots as the run has records."""
    folder = world.folder / "boards"
    project_id = new_server(folder)
    _write_records(folder, project_id, world.n)
    with server_store(folder) as store:
        asyncio.run(_derive(store, project_id))
        for name, board in _boards(project_id, world.n).items():
            yield _figure(store, project_id, world.n, name, board)
        link = asyncio.run(_link(store))
    with serving(folder) as server:
        yield from _pages(server, world.n, link)


def _pages(server: Serving, plots: int, link: str) -> Iterator[Figure]:
    """Return the CPU of the server for whole pages at the desk, with their HTML."""
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    headers = {"Origin": server.url}
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request("POST", "/desk/open", urlencode({"link": link}), form)
    answer = connection.getresponse()
    answer.read()
    cookies = answer.headers.get_all("Set-Cookie") or []
    headers["Cookie"] = "; ".join(one.partition(";")[0] for one in cookies)
    for name, path in _PAGES.items():

        def ask(path: str = path) -> float:
            began_s = cpu_s(server.pid)
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body[:200]
            return cpu_s(server.pid) - began_s

        ask()
        asked = [ask() for _ in range(_TIMES)]
        yield Figure(f"{name}_cpu", plots, median(asked) * 1e3, "ms")


async def _link(store: Store) -> str:
    """Return a link that signs an administrator in."""
    clock = Clock()
    await add_person(store, clock, NewPerson("bench", [Role.ADMIN], [EVERYWHERE]))
    _, secret, _ = await make_link(store, clock, "bench", 60)
    return secret


def _boards(project_id: str, plots: int) -> dict[str, Board]:
    """Return what is shown: the first page of each board, and one far behind."""
    names, far = {project_id: "KL"}, PageChoice(max(plots // 60, 1))

    def campaign(page: PageChoice) -> Board:
        choices = CampaignChoices(today=_TODAY, page=page)
        return lambda store: campaign_board(store, project_id, "2026", choices)

    return {
        "board_programme": lambda store: programme_board(store, names),
        "board_programme_far": lambda store: programme_board(store, names, None, far),
        "board_campaign": campaign(PageChoice()),
        "board_campaign_far": campaign(far),
    }


def _figure(
    store: Store, project_id: str, plots: int, name: str, board: Board
) -> Figure:
    """Return the CPU of a board beside that of reading the changes it tells of."""

    def changes(tx: Transaction) -> int:
        return len(tx.records(project_id, "change"))

    async def read() -> int:
        return await store.read(changes)

    ours, theirs = in_turn(
        lambda: timed(lambda: asyncio.run(board(store))).cpu_s,
        lambda: timed(lambda: asyncio.run(read())).cpu_s,
        _TIMES,
    )
    said = "reading the newest change of every plot"
    return Figure(
        f"{name}_cpu", plots, median(ours) * 1e3, "ms", said, median(theirs) * 1e3
    )


def _write_records(folder: Any, project_id: str, plots: int) -> None:  # noqa: ANN401
    connection = connect(DataDirectory(folder).database)
    connection.execute("BEGIN IMMEDIATE")
    put_records(connection, map(record_row, _records(project_id, plots)))
    connection.execute("UPDATE project SET head = 100000000")
    connection.execute("COMMIT")
    connection.close()


def _records(project_id: str, plots: int) -> Iterator[Record]:
    said: list[tuple[str, dict[str, Any]]] = [("campaign", {**_CAMPAIGN})]
    said += [
        ("plot", {"code": f"P{number}", "land_use": "cropland", "area_ha": 2.0})
        for number in range(plots)
    ]
    for seq, (kind, fields) in enumerate(said, start=10):
        writer = Writer(seq, "bench", seq, seq, "bench")
        name = record_id(project_id, kind, fields)
        yield Record(project_id, kind, name, seq, fields, {"all": (writer,)})


async def _derive(store: Store, project_id: str) -> None:
    """Save figures and boards as a derivation does, of values that are made up."""
    clock = Clock()
    await store.write(lambda tx: tx.ask_for(project_id))
    number = 0
    while jobs := await store.write(lambda tx: tx.claim_jobs(0, 10**15, _AT_ONCE)):
        plots = _derived(jobs, number)
        await store.write(partial(_save, plots=plots, now=clock.stamp()))
        number += len(jobs)


def _save(tx: Transaction, plots: Sequence[DerivedPlot], now: str) -> None:
    tx.save_derived(plots, now)


def _derived(jobs: Sequence[Job], first: int) -> list[DerivedPlot]:
    return [_plot(job, number) for number, job in enumerate(jobs, start=first)]


def _plot(job: Job, number: int) -> DerivedPlot:
    verdict = list(ChangeVerdict)[number % len(ChangeVerdict)]
    row = {**_change(number), "verdict_4permille": verdict.value}
    common = {"method_version": "bench", "settings": {}}
    provisional = {"conflicts": 0, "quarantined": 0}
    fields = {"change": row, "provisional": provisional, "digest": "0" * 64, **common}
    made = DerivedRow("change", f"change-{number:030}", job.plot_id, fields)
    board = PlotBoard(
        f"P{number}",
        (2.0 + number % 100 / 100, 48.0 + number // 100 / 100),
        verdict.value,
        ("METHOD_CHANGED",) if verdict is ChangeVerdict.NOT_ASSESSABLE else (),
        made.id,
        tuple(_groups(record_id(job.project_id, "campaign", _CAMPAIGN), number)),
    )
    return DerivedPlot(job, [made], None, board)


def _change(number: int) -> dict[str, object]:
    before = [50.0 + number % 7 + point / 10 for point in range(10)]
    after = [stock + 1.0 + point % 3 for point, stock in enumerate(before)]
    found = estimate_change(before, after, design=Design.PAIRED, years=10.0)
    fields = {name: getattr(found, name) for name in found.__dataclass_fields__}
    between = {
        "from_campaign": "2016",
        "to_campaign": "2026",
        "from_date": date(2016, 5, 1),
        "to_date": date(2026, 5, 1),
        "depth_cm": 30.0,
    }
    return change_row(f"P{number}", StockChange(**{**fields, **between}))


def _groups(campaign_id: str, number: int) -> Iterator[PointGroup]:
    """Return what one crew has done of a plot: of three plots one is planned."""
    planned = PointGroup("", "planned", "", ended=False, recorder=NOBODY, codes=_POINTS)
    yield planned
    if number % 3:
        crew = Recorder(f"log-{number % 20}", f"person {number % 40}")
        since = f"2026-0{4 + number % 2}-{1 + number % 28:02}"
        done = planned._replace(
            campaign_id=campaign_id,
            stage="derived",
            since=since,
            ended=True,
            recorder=crew,
            codes=_POINTS[:5],
        )
        yield done
        stage = _STAGES[number % len(_STAGES)]
        yield done._replace(stage=stage, ended=False, codes=_POINTS[5:9])
        yield planned._replace(campaign_id=campaign_id, codes=_POINTS[9:])
