"""A chat that was called by its number goes on under the person's user id, once Meta tells both."""

from collections.abc import Collection

from crm.contract import ChatMove, Connection
from tests.contract.conftest import WhatsApp
from tests.contract.whatsapp_bodies import USER_ID
from tests.fakes.whatsapp_api import body, customer, message, said, value

NUMBER = "77010000501"
BY_NUMBER = {"wa_id": NUMBER}


async def move_of(whatsapp: WhatsApp) -> ChatMove:
    (move,) = whatsapp.inbox.events
    assert isinstance(move, ChatMove)
    return move


async def write(whatsapp: WhatsApp, number: int, person: dict[str, str] | None = None) -> None:
    told = said(message(f"wamid.{number}", person or customer(), text={"body": str(number)}))
    assert await whatsapp.server.deliver(told) == 200


async def test_the_move_comes_before_the_first_message_that_tells_both(whatsapp: WhatsApp) -> None:
    told = body(
        value(
            contacts=[{"profile": {"name": "Айгүл"}, "wa_id": NUMBER}],
            messages=[message("wamid.1", BY_NUMBER, text={"body": "1"})],
        )
    )
    assert await whatsapp.server.deliver(told) == 200
    assert whatsapp.inbox.received[-1].chat_id == NUMBER
    order: list[object] = []
    receive = whatsapp.inbox.receive

    async def noted(connection: object, events: object) -> int:
        order.extend(events)  # type: ignore[arg-type]
        return await receive(connection, events)  # type: ignore[arg-type]

    whatsapp.inbox.receive = noted  # type: ignore[method-assign]
    await write(whatsapp, 2)
    move = await move_of(whatsapp)
    assert (move.chat_id, move.new_chat_id) == (NUMBER, USER_ID)
    assert move.sender.phone == f"+{NUMBER}"
    assert order[0] == move
    assert whatsapp.inbox.received[-1].chat_id == USER_ID
    await write(whatsapp, 3)
    assert len(whatsapp.inbox.events) == 1


async def test_what_our_side_writes_moves_it_too(whatsapp: WhatsApp) -> None:
    whatsapp.inbox.chats[whatsapp.connection.id, NUMBER] = []
    echo = {"to": NUMBER, "to_user_id": USER_ID, "id": "wamid.E", "type": "text", "text": {}}
    told = body(value(message_echoes=[echo]), field="smb_message_echoes")
    assert await whatsapp.server.deliver(told) == 200
    assert isinstance(whatsapp.inbox.events[0], ChatMove)


async def test_who_is_settled_is_asked_for_no_more(whatsapp: WhatsApp) -> None:
    asked: list[set[str]] = []
    known_chats = whatsapp.inbox.known_chats

    async def noted(connection: Connection, chat_ids: Collection[str]) -> Collection[str]:
        asked.append(set(chat_ids))
        return await known_chats(connection, chat_ids)

    whatsapp.inbox.known_chats = noted  # type: ignore[method-assign]
    for number in range(3):
        await write(whatsapp, number)
    assert asked == [{USER_ID, NUMBER}]
    await write(whatsapp, 4, {"user_id": "KZ.2"})  # hides the number
    grouped = message("wamid.5", customer("KZ.3", "77010000503"), text={"body": "5"}, group_id="G")
    assert await whatsapp.server.deliver(said(grouped)) == 200
    assert len(asked) == 1


async def test_where_both_are_known_or_neither_nothing_moves(whatsapp: WhatsApp) -> None:
    await write(whatsapp, 1)
    assert whatsapp.inbox.events == []
    whatsapp.inbox.chats[whatsapp.connection.id, "77010000502"] = []
    whatsapp.inbox.chats[whatsapp.connection.id, "KZ.2"] = []
    await write(whatsapp, 2, customer("KZ.2", "77010000502"))
    assert whatsapp.inbox.events == []


async def test_a_move_that_was_not_stored_is_told_again(whatsapp: WhatsApp) -> None:
    whatsapp.inbox.chats[whatsapp.connection.id, NUMBER] = []
    whatsapp.inbox.unavailable = True
    told = said(message("wamid.1", text={"body": "1"}))
    assert await whatsapp.server.deliver(told) == 503
    whatsapp.inbox.unavailable = False
    assert await whatsapp.server.deliver(told) == 200
    assert (await move_of(whatsapp)).chat_id == NUMBER
