"""What is written to a visitor who has left, and the conversation by mail that it begins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crm.core.clock import utc_now
from crm.files.attachments import STORED
from crm.inbox import texts
from crm.inbox.first_contact import new_conversation
from crm.inbox.models import Document
from crm.inbox.store import ConversationStore

MOST_FILES: Final = 20
_SYSTEM: Final = {"kind": "system"}


def continued(conversation: Document, chat: Document, *, title: str) -> Document:
    """The conversation by mail in this chat: the same contact's, in the same hands.

    ``title`` is what the visitor knows the chat of the site by.
    """
    language = conversation["language"]
    return new_conversation(
        chat,
        {"_id": conversation["contact_id"], "name": conversation["contact_name"]},
        language=language,
        contact_name=conversation["contact_name"],
        owner=conversation["owner"],
        assignee_id=conversation["assignee_id"],
        operator_active_at=utc_now() if conversation["owner"] == "operator" else None,
        disclosed_at=conversation["disclosed_at"],
        thread={"subject": texts.say(texts.MAIL_SUBJECT, language, name=title)},
    )


def origin(store: ConversationStore, thread: Document, conversation: Document) -> Document:
    """The line that says where the conversation by mail comes from."""
    told = {"event": "from_webchat", "conversation_id": str(conversation["_id"])}
    return store.inside(thread, "", kind="event", author=_SYSTEM, data=told)


def written(
    store: ConversationStore,
    conversation: Document,
    thread: Document,
    answers: Sequence[Document],
    *,
    address: str,
    page: str | None,
    earlier: Sequence[str],
) -> Document:
    """All answers as one message of the conversation by mail.

    Nothing in it is the visitor's own: anybody may have typed this address.

    Args:
        store: makes messages.
        conversation: the site's, in whose language it is written.
        thread: the conversation by mail.
        answers: what was not seen, oldest first.
        address: where it goes.
        page: the company's page that the visitor was on.
        earlier: the ids of mails that went to them before.
    """
    language = conversation["language"]
    person = next((one for one in reversed(answers) if one["author"]["kind"] == "operator"), None)
    words = [texts.say(texts.MAIL_BEGINS, language)]
    words += [answer["text"] for answer in answers if answer["text"]]
    words.append(texts.say(texts.MAIL_ENDS, language))
    if page is not None:
        words.append(texts.say(texts.MAIL_PAGE, language, page=page))
    files = [row for answer in answers for row in answer.get("attachments") or ()]
    return (
        store.outbound(thread, "\n\n".join(words), author=person["author"] if person else _SYSTEM)
        | {
            "language": language,
            "unrecorded": True,  # whoever answers there knows what was said
            "thread": {
                "references": earlier,
                **(thread.get("thread") or {}),
                "begins": not earlier,
            },
            "attachments": [row for row in files if row["state"] == STORED][:MOST_FILES],
            "data": {
                "follows": {
                    "address": address,
                    "conversation_id": str(conversation["_id"]),
                    "message_ids": [str(answer["_id"]) for answer in answers],
                }
            },
        }
    )
