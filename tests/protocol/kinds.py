"""The kinds of values of docs/protocol.md: for each some that it takes, some that it does not."""

import re

from tests.protocol.page import plain

ID, HASH = "0190a000-0000-7000-8000-000000000001", "0f" * 32
MOST = 2**63 - 1
PLACES = ([ID, 0], [ID, MOST])
NO_PLACES = ([ID], [ID, -1], [ID, 1, 2], [1, ID], ID, {}, True)
#: What each kind of value takes, and what it does not.
VALUES = {
    "id": ([ID], [ID.upper(), "x", f"{ID}0", 7, True]),
    "hash": ([HASH], [HASH.upper(), HASH[1:], f"{HASH}0", 7]),
    "count": ([0, 1, MOST], [-1, 1.0, 1.5, "1", True, MOST + 1]),
    "count from 1": ([1, MOST], [-1, 1.0, "1", True, MOST + 1]),
    "flag": ([True, False], [0, 1, "true", "yes"]),
    "place": (PLACES, [*NO_PLACES, 7]),
    "map": ([{}, {"x": None}], [[], "x", 1]),
    "list of count": ([[], [0, 7, MOST]], [[-1], [1.0], ["x"], [True], {}, 7]),
    "block": (["K7F", "C00", "XX9"], ["KFF", "7KF", "k7f", "K7", "K7FF", "KQ1", 7]),
    "list of block": (
        [["K7F"], ["K7F", "C00"]],
        [["KFF"], "K7F", {}, [7]],
    ),
    "list of id": ([[ID], [ID] * 2], [["x"], ID, {}, [None]]),
    "list of text": ([[], ["x"]], ["x", {}, [1]]),
    "list of map": ([[], [{}]], ["x", {}, [1]]),
    "map of id to position": (
        [{}, {ID: 0}, {ID: [ID, MOST]}],
        [{"x": 0}, {ID: -1}, {ID: None}, [], {ID: [ID]}],
    ),
    "map of id to count": ([{ID: 0}, {ID: MOST}], [{"x": 0}, {ID: -1}, {ID: [ID, 0]}]),
    "map of id to digest": ([{ID: [1, "0" * 16]}], [[], 1]),
    "map of group name to count": ([{}, {"place": 1}], [[], 1]),
    "map of group name (text 1-64) to place": (
        [{"x" * 64: place} for place in (*PLACES, None)],
        [
            {"x": 7},
            {"": [ID, 0]},
            {"x" * 65: [ID, 0]},
            [],
            *({"x": n} for n in NO_PLACES),
        ],
    ),
    "map of text 1-20 to list of place": (
        [{"1": [place] * 20, "x" * 20: [place]} for place in PLACES],
        [
            *({name: [[ID, 0]]} for name in ("", "x" * 21)),
            *({"1": value} for value in ([], [[ID, 0]] * 21, [7], [ID, 0], 7)),
            {str(n): [[ID, 0]] for n in range(501)},
            {},
        ],
    ),
    "map of n, hash": ([{"n": 1, "hash": HASH}], [{"n": 1}, [], {"n": 1, "hash": "x"}]),
    "position": ([0, MOST, *PLACES], [-1, 1.0, "1", *NO_PLACES]),
}
UNSAFE = ["a\nb", "\x00", "\x1f", "\x7f", "\x85", "\ud800"]


def values_of(kind, meaning):
    """Return values that a kind takes and that it does not, as the page words it."""
    kind = plain(kind).removesuffix(", or null").removesuffix(" or null")
    if found := re.fullmatch(r"(list of )?text (\d+)-(\d+)", kind):
        least, most = int(found[2]), int(found[3])
        good = ["x" * least, "é" * most]
        bad = ["x" * (most + 1), *UNSAFE, 7, *([""] if least else [])]
        if not found[1]:
            return good, bad
        good, bad = [[value] for value in good], [*([value] for value in bad), "x", {}]
    elif kind in VALUES:
        good, bad = VALUES[kind]
    else:
        return kind.replace(" or ", ", ").split(", "), ["other", "", 7]
    found = re.search(r"; (\d+) to (\d+)$|; (\d+) at most", meaning)
    if found and kind.startswith(("list", "map")):
        good, bad = _counted(good[0], found), [*bad, *_miscounted(good[0], found)]
    return good, bad


def _sized(one, size):
    if isinstance(one, list):
        return one * size
    names = (f"{ID[:-3]}{number:03}" for number in range(size))
    return {name: [ID, 0] for name in names}


def _counted(one, found):
    least, most = int(found[1] or 0), int(found[2] or found[3] or 0)
    return [_sized(one, least), _sized(one, most)]


def _miscounted(one, found):
    least, most = int(found[1] or 0), int(found[2] or found[3] or 0)
    return [_sized(one, most + 1), *([_sized(one, 0)] if least else [])]
