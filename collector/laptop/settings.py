"""The settings of a laptop, as named in its database."""

from typing import Final

NAME: Final = "name"
PERSON: Final = "person"
PEOPLE: Final = "people"
LANGUAGE: Final = "language"
SERVER: Final = "server"
SERVER_NAME: Final = "server_name"
TOKEN: Final = "token"  # noqa: S105 - the name of a setting
INSECURE: Final = "insecure"
DEVICE: Final = "device"
LAST_SYNC: Final = "last_sync_at"
LAST_CHECK: Final = "last_check_at"
SIGNING_KEY: Final = "signing_key"
SERVER_KEY: Final = "server_key"
#: The public half of the signing key, as it was enrolled: to show without computing it.
PUBLIC_KEY: Final = "public_key"
LATE: Final = "late"
CLOCK_OFFSET: Final = "clock_offset_ms"
#: The newest protocol that both speak, where the server said more than the first.
PROTOCOL: Final = "protocol"
PLACE: Final = "place"
COPY: Final = "copy"
#: What a proxy on the way takes at once, where it refused more: changes, and files.
BATCH_BYTES: Final = "batch_bytes"
PIECE_BYTES: Final = "piece_bytes"
#: The addresses of receivers by their names, as JSON.
RECEIVERS: Final = "receivers"
#: The id of the project that the page is about, where there are several.
PAGE_PROJECT: Final = "page_project"
#: The file of map tiles that lies under the plan.
TILES: Final = "tiles"

#: What a setting that is on says.
YES: Final = "yes"
