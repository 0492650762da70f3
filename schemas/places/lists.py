"""The list that both programs print of the places of a file."""

from typing import Final

from schemas.printing import TableForm, prose

PLACES: Final = TableForm("places", "feature", "place", "outcome", prose("why"))
