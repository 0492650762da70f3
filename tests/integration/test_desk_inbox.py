"""The inbox at the desk: what waits is listed, decided on in bulk, and taken back."""

import re

import pytest

from tests.desk import ALL, add, browser, words
from tests.integration.test_inbox import (
    asked,
    contested,
    listed,
    odd,
    standing,
    waiting,
)
from tests.integration.test_undo import bags

WHY = {"reason": "seen in the field"}


@pytest.fixture
async def north(server):
    """A laptop that recorded a plot with four bags; Ada manages the project."""
    await add(server, "Ada", "manager")
    return await bags(server, await server.laptop("north"), codes="ABCD")


def operation_in(page):
    return re.search(r'name="operation" value="(\w{8})"', page)[1]


async def test_what_waits_is_listed_and_narrowed(server, north):
    await contested(server, north)
    await waiting(server, north)
    async with browser(server, "Ada") as ada:
        status, page = await ada.get("/desk/inbox")
        said = words(page)
        assert status == 200
        assert "3 things wait" in said
        assert "stands: area-ha 1 also recorded: area-ha 2" in said
        assert "HF, in quarantine" in said
        _, page = await ada.get("/desk/inbox?kind=held&by=cy&days=0")
        assert "1 thing waits" in words(page)
        _, page = await ada.get("/desk/inbox?days=3&kind=nothing&page=x")
        assert "Nothing waits." in words(page)


async def test_those_marked_are_decided_on_and_taken_back(server, north):
    await contested(server, north)
    await odd(server, north)
    before = await standing(server)
    (row,) = await listed(server, "--kind", "conflict")
    async with browser(server, "Ada") as ada:
        form = {"id": row["id"], "choice": "other", **WHY}
        status, page = await ada.send("/desk/inbox/decide", **form)
        assert status == 200
        assert "1 row decided" in words(page)
        assert await listed(server, "--kind", "conflict") == []
        back = {"project": "HF", "operation": operation_in(page), "reason": "too early"}
        _, page = await ada.send("/desk/inbox/undo", **back)
        assert "Taken back: all is as before." in words(page)
        _, page = await ada.send("/desk/inbox/undo", **(back | {"operation": "0" * 8}))
        assert "nothing to take back" in words(page)
    assert await standing(server) == before


async def test_all_that_was_listed_is_decided_on_and_no_more(server, north):
    await waiting(server, north)
    rows = await listed(server)
    ids = " ".join(row["id"] for row in rows)
    await contested(server, north)
    await odd(server, north)
    async with browser(server, "Ada") as ada:
        form = {"listed": ids, "all": "yes", "choice": "discard", **WHY}
        _, page = await ada.send("/desk/inbox/decide", **form)
        assert "2 rows decided" in words(page)
        # Sent again, as a browser does that loads the page anew.
        status, page = await ada.send("/desk/inbox/decide", **form)
        assert status == 422
        assert "nothing of this waits" in words(page)
    assert {row["kind"] for row in await listed(server)} == {"conflict", "warning"}


async def test_what_does_not_fit_is_left_and_told(server, north):
    await contested(server, north)
    await odd(server, north)
    ids = " ".join(row["id"] for row in await listed(server))
    async with browser(server, "Ada") as ada:
        form = {"listed": ids, "all": "yes", "choice": "keep", **WHY}
        _, page = await ada.send("/desk/inbox/decide", **form)
        said = words(page)
        assert "1 row decided" in said
        assert "of a warning you may choose explain" in said


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"choice": "keep", **WHY}, "no row is marked"),
        ({"id": "3f9a2c1b04de", **WHY}, "nothing is chosen"),
        ({"id": "3f9a2c1b04de", "choice": "keep"}, "the reason: it is blank"),
        ({"id": "3f9a2c1b04de", "choice": "keep", **WHY}, "nothing of this waits"),
        ({"id": "\ud7ff' OR 1", "choice": "burn", **WHY}, "nothing is chosen"),
    ],
)
async def test_a_form_that_says_too_little_is_refused(server, north, form, said):
    async with browser(server, "Ada") as ada:
        status, page = await ada.send("/desk/inbox/decide", **form)
        assert status == 422
        assert said in words(page)


async def test_nobody_decides_in_a_project_that_is_not_theirs(server, north):
    await contested(server, north)
    (row,) = await listed(server)
    words_of = ["project", "add", "--code", "OTHER", "--title", "Other"]
    other = (await asked(server, *words_of))["id"]
    await add(server, "Cy", "manager", where=[other])
    await add(server, "Vi", "viewer", where=ALL)
    async with browser(server, "Cy") as cy, browser(server, "Vi") as vi:
        _, page = await cy.get("/desk/inbox")
        assert "Nothing waits." in words(page)
        form = {"id": row["id"], "choice": "keep", **WHY}
        status, page = await cy.send("/desk/inbox/decide", **form)
        assert (status, "nothing of this waits" in words(page)) == (422, True)
        back = {"project": server.project_id, "operation": "0" * 8, **WHY}
        assert (await cy.send("/desk/inbox/undo", **back))[0] == 404
        assert (await vi.get("/desk/inbox"))[0] == 403
        assert (await vi.send("/desk/inbox/decide", **form))[0] == 403
    assert await listed(server) == [row]
