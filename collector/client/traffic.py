"""What goes over the wire, counted."""

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """HTTP requests and bytes with their headers."""

    requests: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
