"""The answers to a bundle, as a file for the laptop."""

from dataclasses import replace

from schemas import bundles
from schemas.messages import encode
from schemas.signing import sign
from server.clock import Clock
from server.intake.answer import answer_of
from server.intake.bundles import Answered, TakenIn
from server.intake.receipts import server_key
from server.store.port import Store


async def write_answers(store: Store, clock: Clock, taken: TakenIn) -> bytes:
    """Write what the server answers to each request, signed by it."""
    secret = await store.read(server_key)
    now = clock.stamp()
    head = {"format": bundles.ANSWERS, "device": taken.device.id, "made_at": now}
    parts = [_part(answered, now) for answered in taken.answers]
    return bundles.write(head, parts, lambda text: sign(secret, text))


def _part(answered: Answered, now: str) -> bytes:
    # The laptop that reads this remembers no request: every key is written out.
    push = replace(answered.push, epoch=None)
    asked = {
        "log": push.log_id,
        "from": push.acked_n,
        "to": push.end[0],
        "cursors": {
            project_id: list(cursor) for project_id, cursor in push.cursors.items()
        },
    }
    answer = answer_of(answered.accepted, answered.pulled, push, now)
    return encode(asked) + b"\n" + answer
