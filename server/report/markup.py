"""HTML out of values: the one place that writes angle brackets, so all text is escaped."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

# Neither HTML nor XML can hold these, escaped or not.
_UNPRINTABLE: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
)


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def clean(text: str) -> str:
    r"""Replace what no document can hold.

    >>> clean("a\x00b")
    'a\ufffdb'
    """
    return _UNPRINTABLE.sub("\ufffd", text)


def one_line(text: str) -> str:
    r"""Return text for one line of a picture.

    >>> one_line(" a\n b")
    'a b'
    """
    return " ".join(clean(text).split())


def escape(content: str) -> Html:
    """Make text safe as content and inside of quotes.

    >>> escape('<a b="c">')
    '&lt;a b=&quot;c&quot;&gt;'
    """
    if isinstance(content, Html):
        return content
    return Html(html.escape(clean(content)))


def tag(name: str, *content: str, **attributes: str) -> Html:
    """Write an element; a trailing underscore is left off attribute names.

    >>> tag("p", "1 < 2", class_="note")
    '<p class="note">1 &lt; 2</p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{given}>{''.join(map(escape, content))}</{name}>")


def joined(parts: Iterable[str], between: str = "\n") -> Html:
    """Put parts one after another."""
    return Html(between.join(escape(part) for part in parts))


def breakable(code: str) -> Html:
    """Allow a long code to break after an underscore.

    >>> breakable("NO_SURFACE")
    'NO_<wbr>SURFACE'
    """
    return joined(code.split("_"), "_<wbr>")


class Column(NamedTuple):
    """Head of a column, and how its cells are set."""

    head: str
    kind: str = ""  # "number" sets right, "nowrap" keeps one line


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]]
) -> Html:
    """Write a table that scrolls on a phone and repeats its head in print."""
    head = tag(
        "tr",
        *(
            tag("th", column.head, scope="col", class_=column.kind)
            for column in columns
        ),
    )
    body = [
        tag(
            "tr",
            *(
                tag("td", cell, class_=column.kind) if column.kind else tag("td", cell)
                for column, cell in zip(columns, cells, strict=True)
            ),
        )
        for cells in rows
    ]
    inner = tag(
        "table",
        tag("caption", caption),
        tag("thead", head),
        tag("tbody", joined(body)),
    )
    return tag(
        "div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption
    )


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Write names with their values."""
    return tag(
        "dl",
        joined(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs),
    )
