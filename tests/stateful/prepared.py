"""A season that is under way: two records of each type, which every laptop has.

The first ones have records below them; nothing refers to the second ones.
"""

import atexit
from copy import copy
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from types import SimpleNamespace

from collector.record import entry
from schemas.records import TYPES
from tests.stateful.groups import REFERS, STARTS
from tests.stateful.world import World

#: What tells the second record of each type apart.
SECOND = {
    "organisation": {"code": "T"},
    "plot": {"code": "T"},
    "practice": {"what": "mulch"},
    "design": {"number": 2},
    "point": {"code": "T"},
    "campaign": {"name": "T"},
    "core": {"number": 2},
    "sample": {"sample_code": "T"},
    "question_form": {"number": 2},
    "answer": {"question": "stones"},
    "skip": {},
    "custody_event": {"step": "boxed"},
    "result": {"replicate": 2},
    "lab_control": {"number": 2},
    "lab_batch": {"analyte": "total_carbon"},
}


@cache
def season_of(laptops):
    """Return the template of a season for so many laptops; it is made once."""
    folder = Path(mkdtemp(prefix="season-"))
    atexit.register(rmtree, folder, ignore_errors=True)
    world = World(folder, laptops)
    project_id = world.project_ids[0]
    for name in world.names:
        world.sync(name)
    made = {"project": project_id}
    for kind in TYPES:
        if kind not in made:
            fields = STARTS[kind] | references(kind, made)
            laptop = world.laptop(world.names[0])
            made[kind] = entry.add(laptop, kind, fields, project_id).view.id
            second = fields | SECOND[kind]
            if kind == "skip":
                # Its key is where and when: the second one has a campaign of its own.
                own = STARTS["campaign"] | {"name": "U"}
                campaign = entry.add(laptop, "campaign", own, project_id)
                second |= {"campaign_id": campaign.view.id}
            entry.add(laptop, kind, second, project_id)
    world.settle()
    world.shut()
    return SimpleNamespace(
        folder=folder, project_ids=world.project_ids, ticks=copy(world.ticks)
    )


def references(kind, made):
    """Return what a new record has to refer to, out of one record of each."""
    fields = TYPES[kind].fields
    return {
        name: made[target]
        for name, target in TYPES[kind].references.items()
        if fields[name].required or name in REFERS.get(kind, ())
    }
