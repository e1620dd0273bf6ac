"""Telling an organization's owners that a connection, or the room for its files, needs them: a task, made once for each cause."""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Final, Protocol

from bson import ObjectId

from crm.core.database import Database, RawDocument
from crm.core.events import SYSTEM, Actor

FAILING: Final = "failing"
TOKEN_EXPIRES: Final = "token_expires"  # noqa: S105 - a cause, not a token

_TEXTS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    FAILING: {
        "ru": (
            "Канал «{name}» не работает",
            "Платформа отказывает: {error}. Откройте канал и введите данные для входа заново.",
        ),
        "kk": (
            "«{name}» арнасы жұмыс істемейді",
            "Платформа бас тартты: {error}. Арнаны ашып, кіру деректерін қайта енгізіңіз.",
        ),
        "en": (
            "The channel “{name}” does not work",
            "The platform refuses: {error}. Open the channel and enter its credentials anew.",
        ),
    },
    TOKEN_EXPIRES: {
        "ru": (
            "Срок доступа канала «{name}» скоро истечёт",
            "Токен действует до {until}. Выпустите новый и введите его на странице канала.",
        ),
        "kk": (
            "«{name}» арнасының рұқсат мерзімі жақында аяқталады",
            "Токен {until} дейін жарамды. Жаңасын шығарып, арна бетіне енгізіңіз.",
        ),
        "en": (
            "The access of the channel “{name}” runs out soon",
            "The token is good until {until}. Issue a new one and enter it on the channel's page.",
        ),
    },
}

_MEGABYTE: Final = 1024 * 1024
_ROOM: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "bytes": {
        "ru": (
            "Место для файлов заканчивается",
            (
                "Занято {taken} из {room} МБ. Когда место кончится, новые фото и документы клиентов "
                "перестанут сохраняться. Попросите администратора сервера увеличить AITYS_FILES_QUOTA_MB."
            ),
        ),
        "kk": (
            "Файлдарға арналған орын таусылып барады",
            (
                "{room} МБ-тың {taken} МБ-ы толды. Орын біткенде клиенттердің жаңа фотолары мен құжаттары "
                "сақталмайды. Сервер әкімшісінен AITYS_FILES_QUOTA_MB мәнін арттыруды сұраңыз."
            ),
        ),
        "en": (
            "The room for files runs out",
            (
                "{taken} of {room} MB are taken. When it is full, customers' new pictures and documents are no "
                "longer kept. Ask the server's administrator for a larger AITYS_FILES_QUOTA_MB."
            ),
        ),
    },
    "strange_bytes": {
        "ru": (
            "Место для файлов из чата на сайте заканчивается",
            (
                "Занято {taken} из {room} МБ. Когда место кончится, посетители сайта не смогут отправлять файлы; "
                "остальные каналы это не затронет. Проверьте, не забивает ли кто-то чат, или попросите "
                "администратора сервера увеличить AITYS_VISITOR_FILES_PERCENT."
            ),
        ),
        "kk": (
            "Сайттағы чат файлдарына арналған орын таусылып барады",
            (
                "{room} МБ-тың {taken} МБ-ы толды. Орын біткенде сайтқа кірушілер файл жібере алмайды; басқа "
                "арналарға әсері жоқ. Чатты біреу әдейі толтырып жатқан жоқ па, тексеріңіз немесе сервер "
                "әкімшісінен AITYS_VISITOR_FILES_PERCENT мәнін арттыруды сұраңыз."
            ),
        ),
        "en": (
            "The room for files of the site's chat runs out",
            (
                "{taken} of {room} MB are taken. When it is full, visitors of the site can send no files; other "
                "channels are not touched. See whether somebody floods the chat, or ask the server's "
                "administrator for a larger AITYS_VISITOR_FILES_PERCENT."
            ),
        ),
    },
}


class MakesTasks(Protocol):
    """Where tasks are made. A second call with the same source key changes nothing."""

    def create(
        self,
        organization_id: ObjectId,
        values: RawDocument,
        *,
        actor: Actor,
        source_key: str | None = None,
    ) -> Awaitable[RawDocument]:
        """Make a task."""
        ...


class Alerts:
    """Makes an urgent task for the owner."""

    def __init__(self, *, database: Database, tasks: MakesTasks) -> None:
        self._organizations = database.collection("organizations")
        self._memberships = database.collection("memberships")
        self._tasks = tasks

    async def alert(self, connection: RawDocument, why: str) -> None:
        """Make the task, unless this cause made one already."""
        expires: datetime | None = (connection.get("health") or {}).get("token_expires_at")
        error = connection.get("last_error") or {"detail": "", "at": None}
        # One trouble is one task, however often the platform refused meanwhile.
        began = (connection.get("refusals") or {}).get("since") or error["at"]
        cause = f"{expires:%Y%m%d}" if why == TOKEN_EXPIRES else f"{began:%Y%m%dT%H%M%S}"
        words = {
            "name": connection["name"],
            "error": error["detail"].rstrip("."),
            "until": f"{expires:%d.%m.%Y}" if expires else "",
        }
        key = f"connection:{connection['_id']}:{why}:{cause}"
        await self._tell(connection["organization_id"], _TEXTS[why], words, key)

    async def alert_of_room(
        self, organization_id: ObjectId, what: str, taken: int, room: int, now: datetime
    ) -> None:
        """Say that room for files runs out (`crm.files.usage.TellOwners`)."""
        words = {"taken": str(taken // _MEGABYTE), "room": str(room // _MEGABYTE)}
        await self._tell(organization_id, _ROOM[what], words, f"files:{what}:{now:%Y%m%d}")

    async def _tell(
        self,
        organization_id: ObjectId,
        texts: Mapping[str, tuple[str, str]],
        words: Mapping[str, str],
        source_key: str,
    ) -> None:
        organization = await self._organizations.find_one({"_id": organization_id}, {"language": 1})
        owner = await self._memberships.find_one(
            {"organization_id": organization_id, "role": "owner"}, {"user_id": 1}
        )
        title, text = texts[organization["language"] if organization else "ru"]
        await self._tasks.create(
            organization_id,
            {
                "title": title.format_map(words)[:200],
                "description": text.format_map(words),
                "priority": "urgent",
                "assignee_id": owner["user_id"] if owner else None,
            },
            actor=SYSTEM,
            source_key=source_key,
        )
