"""The receivers of this laptop, by the names that people gave them."""

import json
from typing import Final

from collector.errors import RefusedError
from collector.laptop import settings
from collector.laptop.laptop import Laptop
from collector.position.address import ReceiverAddress, read_address
from schemas.phrases import _

#: The name of the one that is meant when none is named.
USUAL: Final = "default"


def remember(laptop: Laptop, name: str, address: str) -> None:
    """Keep an address under a name; one that was there under it goes."""
    kept = {**receivers(laptop), name: address}
    laptop.store.set_settings({settings.RECEIVERS: json.dumps(kept)})


def receivers(laptop: Laptop) -> dict[str, str]:
    """Return the addresses that are kept, by name."""
    found: dict[str, str] = json.loads(laptop.store.setting(settings.RECEIVERS) or "{}")
    return found


def receiver(laptop: Laptop, said: str | None) -> ReceiverAddress:
    """Return the receiver that a name or an address means; the usual one without.

    Raises
    ------
    RefusedError
        If none was named, and none is kept.
    UsageError
        If it is neither a name nor an address.
    """
    kept = receivers(laptop)
    if said is None and USUAL not in kept:
        raise RefusedError(
            _("this laptop knows no receiver yet"),
            "permille position --from serial:/dev/ttyACM0 --save-as default",
            code="no_receiver",
        )
    name = said or USUAL
    return read_address(kept.get(name, name))
