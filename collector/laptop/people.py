"""Who works on this laptop: several people may, and each change carries one of them."""

import json

from collector.errors import NotFoundError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from schemas.names import listed


def people(laptop: Laptop) -> list[str]:
    """Return everybody who was at work here, who is now among them, in order of the letters."""
    kept: list[str] = json.loads(laptop.store.setting(settings.PEOPLE) or "[]")
    now = laptop.store.setting(settings.PERSON)
    return sorted({*kept, *([now] if now else [])}, key=str.casefold)


def switch(laptop: Laptop, name: str) -> str:
    """Keep who is at work from now on; return their name as it was kept first."""
    known = {each.casefold(): each for each in people(laptop)}
    person = known.get(name.casefold(), name)
    kept = sorted({*people(laptop), person}, key=str.casefold)
    laptop.store.set_settings(
        {settings.PERSON: person, settings.PEOPLE: json.dumps(kept)}
    )
    return person


def forget(laptop: Laptop, name: str) -> None:
    """Take a person off the list; what they recorded keeps their name.

    Raises
    ------
    NotFoundError
        If nobody of that name is on it, or they are at work.
    """
    kept = people(laptop)
    if name not in kept or name == laptop.store.setting(settings.PERSON):
        raise NotFoundError(
            f"{name} is at work now"
            if name in kept
            else f"nobody is called {name} here",
            f"known: {listed(kept)}",
        )
    kept.remove(name)
    laptop.store.set_settings({settings.PEOPLE: json.dumps(kept)})
