"""Queries put together from parts, which are constants of our own. Pure."""


def select(*parts: str) -> str:
    """Return a query.

    >>> select("code", "FROM plots")
    'SELECT code FROM plots'
    """
    return " ".join(("SELECT", *parts))
