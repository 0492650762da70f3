"""Values of the shapes of the document, and values that are twisted."""

from functools import cache

from hypothesis import strategies as st

from server.http.description.document import openapi

#: Texts that programs trip over.
ODD = (
    *("", " ", "0", "-1", "1e999", "nan", "9" * 5_000, "0" * 4_999 + "1", "٣", "½"),
    *("\x00", "\r\n", "\u202e", "\x1b[31m", "💥", "e\u0301", "x" * 3_000, "'", "''"),
    *('"', "%", "%00", "\\", "../../etc/passwd", "<script>1</script>", "{{7*7}}"),
    *("=1+1", "a b", "2026-13-45", "0000-00-00", "true", "null", "[]", "*", "id desc"),
)
_FINITE = {"allow_nan": False, "allow_infinity": False}
VALUES = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from([None, True, False, 0, -1, 2**31, 2**63, 2**70, 1e308, [], {}]),
    st.text(max_size=20),
    st.integers(),
    st.floats(**_FINITE),
)
_DEEP = 4


def of_shape(shape, depth=0):
    """Return a strategy of values that a shape of the document allows."""
    if "$ref" in shape:
        return _named(shape["$ref"].rpartition("/")[2], depth)
    either = shape.get("anyOf") or shape.get("oneOf")
    if either:
        return st.one_of([of_shape(one, depth) for one in either])
    fixed = shape.get("enum") or ([shape["const"]] if "const" in shape else [])
    if fixed:
        return st.sampled_from(fixed)
    kinds = shape.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return (
        st.one_of([_of_type(one, shape, depth) for one in kinds]) if kinds else VALUES
    )


@cache
def _named(name, depth):
    return st.deferred(
        lambda: of_shape(openapi()["components"]["schemas"][name], depth)
    )


def _of_type(kind, shape, depth):
    if kind in {"integer", "number"}:
        ends = shape.get("minimum"), shape.get("maximum")
        is_whole = kind == "integer"
        return st.integers(*ends) if is_whole else st.floats(*ends, **_FINITE)
    if kind in {"array", "object"}:
        return (_lists if kind == "array" else _objects)(shape, depth)
    if kind == "string":
        return _texts(shape)
    return st.booleans() if kind == "boolean" else st.none()


def _texts(shape):
    if "pattern" in shape:
        return st.from_regex(shape["pattern"], fullmatch=True)
    match shape.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date":
            return st.dates().map(str)
        case "date-time":
            return st.datetimes().map(lambda one: f"{one.isoformat()}Z")
    least = shape.get("minLength", 0)
    most = min(shape.get("maxLength", 20), least + 20)
    return st.one_of(st.text(min_size=least, max_size=most), st.sampled_from(ODD))


def _lists(shape, depth):
    if "prefixItems" in shape:
        return st.tuples(*[of_shape(one, depth + 1) for one in shape["prefixItems"]])
    if depth > _DEEP:
        return st.just([])
    return st.lists(of_shape(shape.get("items", {}), depth + 1), max_size=3)


def _objects(shape, depth):
    known = shape.get("properties", {})
    if not known or depth > _DEEP:
        return st.dictionaries(st.sampled_from(ODD[:8]), VALUES, max_size=2)
    found = {name: of_shape(one, depth + 1) for name, one in known.items()}
    required = {
        name: found.pop(name) for name in shape.get("required", ()) if name in found
    }
    return st.fixed_dictionaries(required, optional=found)


@st.composite
def twisted(draw, values):
    """Draw an object; mostly one field of it is missing, added or of another type."""
    found = draw(values)
    if not isinstance(found, dict):
        return found
    name = draw(st.sampled_from([*found, "nothing"]))
    match draw(st.sampled_from(["as it is", "missing", "other"])):
        case "missing":
            return {key: one for key, one in found.items() if key != name}
        case "other":
            return {**found, name: draw(VALUES)}
    return found
