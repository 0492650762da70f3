"""Which type a file has, told by its first bytes: names and endings do not count."""

from typing import Final

#: How many bytes tell the type.
HEAD_BYTES: Final = 16
#: Brands of the HEIF family that hold still images as phones write them.
_HEIC_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
)


def sniff(head: bytes) -> str | None:
    """Return the media type of a file that may be attached, or None.

    Examples
    --------
    >>> sniff(b"%PDF-1.7")
    'application/pdf'
    >>> sniff(b"MZ") is None
    True
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return "application/pdf" if head.startswith(b"%PDF-") else None
