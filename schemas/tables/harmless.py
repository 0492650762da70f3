"""Cells of strangers that are written into a table again."""


def harmless(cell: str) -> str:
    """Keep a cell from being run as a formula when a spreadsheet opens it.

    >>> harmless("=1+1"), harmless("-HYPERLINK()"), harmless("-1.5"), harmless("-")
    ("'=1+1", "'-HYPERLINK()", '-1.5', '-')
    """
    is_sum = cell[:1] in {"+", "-"} and cell[1:2] not in {"", "."}
    if cell[:1] in {"=", "@", "\t", "\r"} or (is_sum and not cell[1:2].isdigit()):
        return f"'{cell}"
    return cell
