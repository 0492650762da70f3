"""Whether derived rows follow from the records of today, to the last digit."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import orjson

from server.derivation.boards import board_of, with_handling
from server.derivation.derive import BATCH, Derived, derive_trees, digest, rows_of
from server.store.port import Transaction
from server.store.values import DerivationInput, Fault, Job, Progress

_CHECK: Final = "derived rows"
#: What a row says besides its numbers: neither moves a number.
_BESIDE: Final = ("digest", "provisional")


def check_derived(tx: Transaction, progress: Progress) -> Iterator[Fault]:
    """Derive every plot again, but those that wait to be derived.

    Rows of an older method are left: a server of that version derives them.
    """
    for project in tx.projects():
        project_id = project.id
        waiting = set(tx.waiting_jobs(project_id))
        known = [record.id for record in tx.records(project_id, "plot")]
        derived_ids = [plot for plot in known if plot not in waiting]
        plots, done, total = iter(derived_ids), 0, len(derived_ids)
        while batch := list(islice(plots, BATCH)):
            jobs = [Job(project_id, plot, 0) for plot in batch]
            standing: dict[str, list[DerivationInput]] = {plot: [] for plot in batch}
            for row in tx.figures(project_id, batch):
                standing[row.fields["plot_id"]].append(row)
            trees = with_handling(tx, project_id, tx.plot_trees(project_id, batch))
            boards = tx.plot_boards(project_id, batch)
            for derived in derive_trees(jobs, trees):
                plot_id = derived.job.plot_id
                yield from _check_plot(derived, standing[plot_id])
                if board_of(derived.tree, standing[plot_id]) != boards.get(plot_id):
                    where = f"project {project_id}, plot {plot_id}"
                    yield Fault(_CHECK, where, "boards say something else of it")
            done += len(batch)
            progress(f"plots of {project.fields.get('code')}", done, total)


def _check_plot(
    derived: Derived, standing: Sequence[DerivationInput]
) -> Iterator[Fault]:
    project_id = derived.job.project_id
    present = {row.id: row for row in standing}
    for row in rows_of(derived):
        where = f"project {project_id}, {row.type} {row.id}"
        stored = present.pop(row.id, None)
        if stored is None:
            yield Fault(_CHECK, where, "it follows from the records and is not here")
        elif stored.fields.get("method_version") == row.fields["method_version"]:
            made = orjson.loads(orjson.dumps(row.whole))
            for what in _differences(derived, stored, made):
                yield Fault(_CHECK, where, what)
    for left in present.values():
        if left.fields.get("method_version") == derived.settings.version:
            where = f"project {project_id}, {left.type} {left.id}"
            yield Fault(_CHECK, where, "it follows from no record")


def _differences(
    derived: Derived, stored: DerivationInput, made: Mapping[str, Any]
) -> Iterator[str]:
    differ = [
        name
        for name in sorted({*made, *stored.fields})
        if name not in _BESIDE and made.get(name) != stored.fields.get(name)
    ]
    if differ:
        yield f"derived again it has other values in: {', '.join(differ)}"
    said = {n: v for n, v in stored.fields.items() if n not in {"digest", "plot_id"}}
    layers = [derived.said[campaign] for campaign in _campaigns(derived, stored)]
    if digest(layers, said) != stored.fields["digest"]:
        yield "its digest is not that of its fields and layers"


def _campaigns(derived: Derived, row: DerivationInput) -> list[str]:
    """Return the campaigns that a row rests on, in the order of its digest."""
    match row.type:
        case "stock":
            return [row.fields["campaign_id"]]
        case "change":
            return [row.fields["from_campaign_id"], row.fields["to_campaign_id"]]
        case _:
            return list(dict.fromkeys(s.campaign for s in derived.result.stocks))
