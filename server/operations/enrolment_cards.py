"""Enrolment codes as cards to cut and hand out."""

from collections.abc import Sequence

from server.access.enrolment import IssuedCode
from server.report.enrolment_pdf import EnrolmentCard, draw_cards


def cards_of(
    issued: Sequence[IssuedCode], said: Sequence[str], *, with_qr: bool
) -> bytes:
    """Return the PDF of a card for each code; `said` are the projects in words."""
    cards = [
        EnrolmentCard(
            one.code,
            one.command,
            [
                f"{number} of {len(issued)}{f': {one.name}' if one.name else ''}",
                *said,
                f"for one laptop, until {one.expires_at[:16].replace('T', ' ')} UTC",
                f"server key {one.server_key}",
            ],
        )
        for number, one in enumerate(issued, 1)
    ]
    return draw_cards(cards, with_qr=with_qr)
