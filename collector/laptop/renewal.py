"""Another token for this laptop, where the answer to a sync asked for that."""

from collector.client.sync import SyncClient
from collector.errors import RefusedError, UnreachableError
from collector.laptop import settings
from collector.laptop.keys import public_key, sign
from collector.laptop.laptop import Laptop


async def renew_token(laptop: Laptop, client: SyncClient, code: str) -> None:
    """Trade the code for another token, by the key that this laptop has already.

    The token of now counts on the server until the new one was used. So a lost answer
    loses nothing: the next sync is told the code again. What was synced stays in any case.
    """
    from schemas.signing import enrolment_text  # noqa: PLC0415 - only who renews

    store = laptop.store
    request = {
        "code": code,
        "name": store.setting(settings.NAME),
        "log": store.head().id,
        "public_key": public_key(laptop),
        "proof": sign(laptop, enrolment_text(code)),
    }
    try:
        answer = await client.enrol(request)
    except (RefusedError, UnreachableError) as error:
        laptop.tell(f"no new token as yet: {error.text}; the next sync asks again")
        return
    store.set_settings({settings.TOKEN: answer["token"]})
