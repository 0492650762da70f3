"""The figures of a run beside peers as tables of docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.peers.facts import DONE
from benchmarks.peers.words import short
from benchmarks.performance_page import Part, head, row, words_of

PART: Final = Part("peers")
_OURS: Final = "permille"
#: The peer whose ratio has a column.
_PEER: Final = "pouchdb"
_BOTH_WAYS: Final = "pouchdb, both ways"
_NONE: Final = ""

Figure = Mapping[str, Any]


def text(document: Mapping[str, Any]) -> str:
    """Return what a run found, of its JSON document."""
    taken = (
        f"{words_of(document['began'])} {document['bags']:,} bags; medians of"
        f" {document['rounds']} rounds, after them the least and the most."
    )
    parts = [
        taken,
        "\n".join(_table(document["figures"])),
        _bad_link(document["bad_link"]),
        "\n".join(_facts(document["does"])),
        _versions(document["versions"]),
        *(f"Not measured: {n}: {why}." for n, why in document["not_measured"].items()),
    ]
    return "\n\n".join(parts)


def _table(figures: Sequence[Figure]) -> Iterator[str]:
    found = {side for figure in figures for side in figure["sides"]}
    others = [side for side in ("kinto", "executemany") if side in found]
    names = ["", "unit", _OURS, _PEER, f"{_OURS} by {_PEER}", *others]
    yield from head(names, words=2)
    for figure in figures:
        yield row(_cells(figure, figure["title"], _PEER, others))
        if _BOTH_WAYS in figure["sides"]:
            title = f"{figure['title']}, {_PEER} both ways"
            yield row(_cells(figure, title, _BOTH_WAYS, [_NONE] * len(others)))


def _cells(
    figure: Figure, title: str, peer: str, others: Sequence[str]
) -> Iterator[str]:
    sides = figure["sides"]
    yield title
    yield figure["unit"]
    yield _spread(sides.get(_OURS))
    yield _spread(sides.get(peer))
    yield _spread(sides.get(peer, {}).get("ours_by_theirs"))
    yield from (_spread(sides.get(side)) for side in others)


def _spread(found: Mapping[str, float] | None) -> str:
    if not found:
        return _NONE
    middle = short(found["median"])
    if found["min"] == found["max"]:
        return middle
    return f"{middle} ({short(found['min'])} to {short(found['max'])})"


def _bad_link(link: Mapping[str, float]) -> str:
    return (
        f"The bad link has {link['bits_s'] / 1000:.0f} kbit/s, a round trip of"
        f" {link['round_trip_s'] * 1000:.0f} ms, and loses {link['loss']:.0%}. With"
        f" nothing lost, {link['floor_s']:.2f} s are what a handshake, one request, and the"
        f" {link['floor_bytes']:,} bytes that zstd alone makes of the bags take on it."
    )


def _facts(does: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield from head(["what is done with a record", *does], words=1 + len(does))
    for thing in DONE:
        yield row([thing, *(said[thing] for said in does.values())])


def _versions(versions: Mapping[str, str]) -> str:
    found = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"Versions: {found}." if found else "No peer was installed."
