"""The model of the tables as OData describes it (CSDL as XML). Pure."""

from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import quoteattr

from server.reading.collections import (
    COLLECTIONS,
    TABLES,
    Collection,
    ColumnKind,
    ReadColumn,
)

#: The name of our types.
NAMESPACE: Final = "Permille"
_EDM: Final = "http://docs.oasis-open.org/odata/ns/edm"
_EDMX: Final = "http://docs.oasis-open.org/odata/ns/edmx"
_WORDS: Final = "https://oasis-tcs.github.io/odata-vocabularies/vocabularies"
_TYPES: Final[Mapping[ColumnKind, str]] = {
    ColumnKind.TEXT: "Edm.String",
    ColumnKind.NUMBER: "Edm.Double",
    ColumnKind.WHOLE: "Edm.Int64",
    ColumnKind.FLAG: "Edm.Boolean",
    ColumnKind.DAY: "Edm.Date",
    ColumnKind.INSTANT: "Edm.DateTimeOffset",
}
#: What is not done, in the words that programs read: they do it themselves then.
_NOT_DONE: Final = (
    ("FilterRestrictions", "Filterable"),
    ("SortRestrictions", "Sortable"),
    ("ExpandRestrictions", "Expandable"),
    ("SearchRestrictions", "Searchable"),
    ("InsertRestrictions", "Insertable"),
    ("UpdateRestrictions", "Updatable"),
    ("DeleteRestrictions", "Deletable"),
)
_READ_ONLY: Final = "".join(
    f'<Annotation Term="Org.OData.Capabilities.V1.{term}"><Record>'
    f'<PropertyValue Property="{name}" Bool="false"/></Record></Annotation>'
    for term, name in _NOT_DONE
)


def metadata() -> str:
    """Return the document of the model."""
    return "".join(
        (
            '<?xml version="1.0" encoding="utf-8"?>\n',
            f'<edmx:Edmx xmlns:edmx="{_EDMX}" Version="4.0">',
            *(_reference(name) for name in ("Core", "Capabilities")),
            f'<edmx:DataServices><Schema xmlns="{_EDM}" Namespace="{NAMESPACE}">',
            *(part for one in COLLECTIONS.values() for part in _entity(one)),
            '<EntityContainer Name="Container">',
            *(
                f'<EntitySet Name="{one.name}" EntityType="{NAMESPACE}.{_type(one)}">'
                f"{_READ_ONLY}</EntitySet>"
                for one in COLLECTIONS.values()
            ),
            "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>\n",
        )
    )


def _reference(name: str) -> str:
    full = f"Org.OData.{name}.V1"
    return (
        f'<edmx:Reference Uri="{_WORDS}/{full}.xml">'
        f'<edmx:Include Namespace="{full}"/></edmx:Reference>'
    )


def _type(one: Collection) -> str:
    known = {table.name: table.record_type for table in TABLES}
    return known.get(one.name, one.name.removesuffix("s"))


def _entity(one: Collection) -> Iterator[str]:
    yield f'<EntityType Name="{_type(one)}"><Key><PropertyRef Name="id"/></Key>'
    yield from map(_property, one.columns)
    yield "</EntityType>"


def _property(column: ReadColumn) -> str:
    known = ' Nullable="false"' if column.name == "id" else ""
    head = f'<Property Name="{column.name}" Type="{_TYPES[column.kind]}"{known}'
    if not column.says:
        return f"{head}/>"
    return (
        f'{head}><Annotation Term="Org.OData.Core.V1.Description"'
        f" String={quoteattr(column.says)}/></Property>"
    )
