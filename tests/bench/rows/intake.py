"""Row (c): webhooks taken in."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bson import ObjectId

from crm.core.clock import utc_now
from tests.bench.figures import Figures, Line, Row
from tests.bench.ground import Ground
from tests.bench.load_requests import FIRST_CHAT
from tests.bench.rivals.running import running_rival
from tests.fakes.telegram_api import SECRET_HEADER

CONNECTIONS = 32
CHATS = 2_000
GOAL = 0.6
TEXT = "Здравствуйте"


async def measure(ground: Ground) -> Row:
    """Measure it."""
    webhooks = await _webhooks(ground)
    load: dict[str, Any] = {
        "text": TEXT,
        "chats": CHATS,
        "connections": CONNECTIONS,
        "seconds": ground.effort.seconds,
    }
    environment = {"MONGODB_URI": ground.mongodb_uri, "DATABASE": "bench_bare"}
    async with running_rival("tests.bench.rivals.intake", environment, folder=ground.folder) as url:

        async def ours() -> Figures:
            return await ground.requests.measure("updates", **webhooks, **load)

        async def bare() -> Figures:
            return await ground.requests.measure(
                "updates", urls=[f"{url}/webhook"], headers=[{}], **load
            )

        async def busy() -> Figures:
            """With the turns that the messages start, which then run on; they are thrown away after."""
            figures = await ours()
            await _forget_messages(ground)
            return figures

        with_turns = await ground.interleaved({"ours": busy, "bare": bare})
        await _hold_conversations(ground, ObjectId(ground.connections[0]["id"]))
        alone = await ground.interleaved({"ours": ours, "bare": bare})
        await _forget_messages(ground)
    return Row(
        key="c",
        title=f"Webhooks taken in, {CONNECTIONS} connections",
        sides="Ours checks the secret, reads the update, stores the message under its unique index (majority, journalled), "
        "answers 200, and then starts the turn. The rival is a bare aiohttp handler with one insert (majority, journalled) "
        "of the update as it came.",
        lines=[
            _line("webhooks/s, the conversations' turns held by somebody else", alone, GOAL),
            _line("webhooks/s while the same process runs the turns they start", with_turns, None),
        ],
    )


def _line(title: str, figures: dict[str, Figures], goal: float | None) -> Line:
    ours, bare = figures["ours"], figures["bare"]
    ratio = ours.rate / bare.rate
    return Line(
        f"{title} (p50, p99 ms)",
        f"{ours.rate:,.0f} ({ours.p50:.1f}, {ours.p99:.1f})",
        f"{bare.rate:,.0f} ({bare.p50:.1f}, {bare.p99:.1f})",
        f"{ratio:.2f}",
        f"at least {goal}" if goal else "",
        met=ratio >= goal if goal else None,
    )


async def _webhooks(ground: Ground) -> dict[str, Sequence[Any]]:
    connection = ground.connections[0]
    stored = await ground.database["connections"].find_one({"_id": ObjectId(connection["id"])})
    assert stored is not None
    address = ground.product.settings.public_url
    return {
        "urls": [f"{address}/webhooks/telegram/{connection['id']}"],
        "headers": [{SECRET_HEADER: stored["webhook_secret"]}],
    }


async def _hold_conversations(ground: Ground, connection_id: ObjectId) -> None:
    """Let another process hold the leases of all chats, so that a webhook's turn finds nothing to do."""
    conversations = ground.database["conversations"]
    lease = {"holder": "bench", "until": utc_now() + timedelta(hours=1)}
    known = await conversations.find_one({"connection_id": connection_id})
    assert known is not None, "the load has made no conversation"
    await conversations.delete_many({"connection_id": connection_id})
    await conversations.insert_many(
        [
            {**known, "_id": ObjectId(), "chat_id": str(chat_id), "lease": lease}
            for chat_id in range(FIRST_CHAT, FIRST_CHAT + CHATS)
        ]
    )


async def _forget_messages(ground: Ground) -> None:
    await ground.database["messages"].delete_many({"state": "received"})
    await ground.quiet()
