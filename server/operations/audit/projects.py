"""What is counted of a project beside its rows: its head, digest, oldest deletion."""

from collections.abc import Iterator

from schemas.digest import Digest, digest_of
from server.operations.audit.findings import Kept, one_of
from server.store.kept_values import DigestItem, KeptProject, LatestNumber
from server.store.values import Fault


def check_projects(kept: Kept) -> Iterator[Fault]:
    """Check the head, digest and oldest deletion of every project."""
    for project in kept.kept(KeptProject):
        latest = one_of(kept, LatestNumber, project.id)
        where = f"project {project.id}"
        for what in miscounted(project, latest.seq if latest else None):
            yield Fault("projects", where, what)
        for what in wrong_digest(project, digest_of(kept.kept(DigestItem, project.id))):
            yield Fault("projects", where, what)


def miscounted(project: KeptProject, latest: int | None) -> Iterator[str]:
    """Return in words which numbers of a project are not those of its rows."""
    if project.head != (latest or 0):
        yield f"its head is {project.head}; its latest row has {latest or 0}"
    if project.gc_floor > project.head:
        yield f"it was purged up to {project.gc_floor}, its head is {project.head}"


def wrong_digest(project: KeptProject, digest: Digest) -> Iterator[str]:
    """Return in words whether the digest of a project is not that of its rows."""
    items, total = project.digest_items, project.digest_total
    if Digest(items, int(total, 16)) != digest:
        yield (
            f"its digest is {items} items {total};"
            f" its rows give {digest.items} items {digest.total:x}"
        )
