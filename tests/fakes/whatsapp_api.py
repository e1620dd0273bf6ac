"""The state and the methods of the fake Graph API: apps, accounts, numbers, templates, files.

Shapes and limits: https://developers.facebook.com/documentation/business-messaging/whatsapp/
(messages/send-messages, business-phone-numbers/media, templates, webhooks) and
https://developers.facebook.com/docs/graph-api/reference/debug_token. Names and numbers are invented.
"""

import hashlib
import hmac
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

APP_ID = "671234567890123"
APP_SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "EAAGfakeTokenOfTheFakeGraphApi0123456789"
ACCOUNT_ID = "102290129340398"
NUMBER_ID = "106540352242922"
DISPLAY_NUMBER = "+7 727 355 50 10"
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management")
CONFIG = {
    "app_id": APP_ID,
    "app_secret": APP_SECRET,
    "access_token": TOKEN,
    "waba_id": ACCOUNT_ID,
    "phone_number_id": NUMBER_ID,
}

Json = dict[str, Any]


class GraphError(Exception):
    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        details: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.body: Json = {
            "message": f"(#{code}) {message}",
            "type": "OAuthException",
            "code": code,
            "fbtrace_id": "A-fake-trace",
        }
        if subcode is not None:
            self.body["error_subcode"] = subcode
        if details is not None:
            self.body["error_data"] = {"messaging_product": "whatsapp", "details": details}


@dataclass
class Failure:
    """What the next calls get instead of an answer. ``status`` 0 cuts the connection, -1 never answers."""

    status: int
    error: GraphError | None
    text: str | None
    times: int
    after_doing: bool = False


@dataclass
class FakeNumber:
    id: str
    display: str = DISPLAY_NUMBER
    verified_name: str = "Tau Demo"
    told: Json = field(default_factory=dict)
    """Fields that are otherwise than usual (``quality_rating``)."""
    override: str | None = None
    verify_token: str | None = None
    sent: list[Json] = field(default_factory=list)
    """Messages as they were taken, with the ``id`` they got; oldest first."""
    marks: list[Json] = field(default_factory=list)
    """Read marks and typing indicators."""

    def fields(self, account: "FakeAccount", app_callback: str | None) -> Json:
        addresses = {
            "phone_number": self.override,
            "whatsapp_business_account": account.override,
            "application": app_callback,
        }
        return {
            "id": self.id,
            "display_phone_number": self.display,
            "verified_name": self.verified_name,
            "status": "CONNECTED",
            "quality_rating": "GREEN",
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "is_on_biz_app": False,
            "whatsapp_business_manager_messaging_limit": "TIER_1K",
            "webhook_configuration": {name: url for name, url in addresses.items() if url},
            **self.told,
        }


@dataclass
class FakeAccount:
    id: str
    numbers: dict[str, FakeNumber] = field(default_factory=dict)
    templates: list[Json] = field(default_factory=list)
    subscribed: bool = False
    override: str | None = None
    verify_token: str | None = None


@dataclass
class FakeToken:
    app_id: str = APP_ID
    scopes: tuple[str, ...] = SCOPES
    accounts: tuple[str, ...] | None = None
    """Accounts the permissions are for; None: all."""
    expires_at: int = 0
    valid: bool = True


class FakeGraph:
    def __init__(self) -> None:
        self.apps: dict[str, str] = {APP_ID: APP_SECRET}
        self.app_callback: str | None = None
        self.tokens: dict[str, FakeToken] = {TOKEN: FakeToken()}
        self.accounts: dict[str, FakeAccount] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        """What customers sent, by media id, with its type."""
        self.uploads: dict[str, tuple[bytes, str, str]] = {}
        """What the number sent, by media id: content, type, name."""
        self.calls: list[tuple[str, Json]] = []
        self.failures: dict[str, list[Failure]] = defaultdict(list)
        self.next_id = 1
        self.number = self.add_number(NUMBER_ID, account_id=ACCOUNT_ID)

    def add_number(self, number_id: str, *, account_id: str, **values: Any) -> FakeNumber:
        account = self.accounts.setdefault(account_id, FakeAccount(account_id))
        account.numbers[number_id] = FakeNumber(number_id, **values)
        return account.numbers[number_id]

    def account_of(self, number_id: str) -> FakeAccount:
        for account in self.accounts.values():
            if number_id in account.numbers:
                return account
        raise unknown(number_id)

    def fail(
        self,
        operation: str,
        status: int,
        code: int = 1,
        message: str = "An unknown error occurred",
        *,
        subcode: int | None = None,
        details: str | None = None,
        headers: dict[str, str] | None = None,
        text: str | None = None,
        times: int = 1,
        after_doing: bool = False,
    ) -> None:
        """Let the next calls fail. With ``after_doing`` the work is done, and only its answer lost.

        Operations: messages, media, media_url, download, message_templates, debug_token,
        phone_numbers, subscribed_apps, number.
        """
        error = GraphError(status, code, message, subcode=subcode, details=details, headers=headers)
        self.failures[operation].append(
            Failure(status, None if text is not None else error, text, times, after_doing)
        )

    def next_failure(self, operation: str) -> Failure | None:
        waiting = self.failures[operation]
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]

    def new_id(self, prefix: str = "wamid.FAKE") -> str:
        self.next_id += 1
        return f"{prefix}{self.next_id:06d}"

    # What the API does

    def check_token(self, token: str, proof: str | None) -> None:
        """The apps of this server require the proof of their secret with every call."""
        known = self.tokens.get(token)
        if known is None or not known.valid:
            raise GraphError(401, 190, "Invalid OAuth access token - Cannot parse access token")
        secret = self.apps.get(known.app_id, APP_SECRET)
        if proof != hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest():
            raise GraphError(400, 100, "Invalid appsecret_proof provided in the API argument")

    def debug(self, asked: str, token: str) -> Json:
        app_id, _, secret = token.partition("|")
        if self.apps.get(app_id) != secret:
            raise GraphError(400, 190, "Invalid OAuth access token signature.")
        known = self.tokens.get(asked)
        if known is None:
            return {"data": {"is_valid": False, "error": {"code": 190, "message": "Malformed"}}}
        scopes: list[Json] = [{"scope": scope} for scope in known.scopes]
        if known.accounts is not None:
            scopes = [{**scope, "target_ids": list(known.accounts)} for scope in scopes]
        return {
            "data": {
                "app_id": known.app_id,
                "type": "SYSTEM_USER",
                "application": "Tau",
                "expires_at": known.expires_at,
                "is_valid": known.valid,
                "scopes": list(known.scopes),
                "granular_scopes": scopes,
                "user_id": "122100000000000000",
            }
        }

    def subscriptions(self, account: FakeAccount) -> Json:
        if not account.subscribed:
            return {"data": []}
        app: Json = {
            "whatsapp_business_api_data": {
                "id": APP_ID,
                "link": f"https://www.facebook.com/games/?app_id={APP_ID}",
                "name": "Tau",
            }
        }
        return {
            "data": [
                {**app, **({"override_callback_uri": account.override} if account.override else {})}
            ]
        }

    def templates(self, account: FakeAccount, query: Json) -> Json:
        found = [t for t in account.templates if query.get("name", "") in t["name"]]
        start, limit = int(query.get("after", 0)), int(query.get("limit", 25))
        page = found[start : start + limit]
        paging: Json = {"cursors": {"before": str(start), "after": str(start + len(page))}}
        if start + limit < len(found):
            paging["next"] = "https://graph.facebook.com/next"
        return {"data": page, "paging": paging}

    def upload(self, content: bytes, mime: str, name: str) -> Json:
        limit = _UPLOADS.get(mime)
        if limit is None:
            raise GraphError(400, 100, "Param file must be a file with one of the following types")
        if not content or len(content) > limit:
            raise GraphError(400, 131053, "Media upload error", details="File is too large")
        media_id = f"{1_000_000_000_000_000 + len(self.uploads)}"
        self.uploads[media_id] = (content, mime, name)
        return {"id": media_id}

    def message(self, number: FakeNumber, given: Json) -> Json:
        if given.get("messaging_product") != "whatsapp":
            raise GraphError(400, 100, "The parameter messaging_product is required.")
        if given.get("status") == "read":
            if not str(given.get("message_id", "")).startswith("wamid."):
                raise GraphError(400, 131009, "Parameter value is not valid")
            number.marks.append(given)
            return {"success": True}
        if not given.get("to") and not given.get("recipient"):
            raise GraphError(400, 100, "The parameter to is required.")
        self._check(given)
        message_id = self.new_id()
        number.sent.append({**given, "id": message_id})
        whom = given.get("to") or given.get("recipient")
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": whom, "wa_id": whom}],
            "messages": [{"id": message_id}],
        }

    def _check(self, given: Json) -> None:
        kind = given.get("type", "text")
        content = given.get(kind)
        if not isinstance(content, dict):
            raise GraphError(400, 100, f"Missing parameter {kind}")
        if kind == "text":
            _length(content.get("body", ""), 4096, "text.body")
        elif kind == "interactive":
            _interactive(content)
            header = content.get("header")
            if header:
                self._check_file(header[header["type"]])
        elif kind == "template":
            self._template(content)
        elif kind in {"image", "video", "audio", "document", "sticker"}:
            self._check_file(content)
            _length(content.get("caption", "-"), 1024, "caption")
            if kind in {"audio", "sticker"} and "caption" in content:
                raise GraphError(400, 100, "Unexpected key caption")
        else:
            raise GraphError(400, 131051, "Unsupported message type")

    def _check_file(self, content: Json) -> None:
        if "link" not in content and content.get("id") not in self.uploads:
            raise GraphError(400, 131009, "Parameter value is not valid", details="No such media")

    def _template(self, content: Json) -> None:
        name, language = content.get("name"), content.get("language", {}).get("code")
        known = [t for a in self.accounts.values() for t in a.templates]
        found = next((t for t in known if (t["name"], t["language"]) == (name, language)), None)
        if found is None or found["status"] not in {"APPROVED", "PAUSED"}:
            raise GraphError(404, 132001, "Template name does not exist in the translation")
        if found["status"] == "PAUSED":
            raise GraphError(400, 132015, "Template is paused")
        for component in content["components"]:
            for parameter in component["parameters"]:
                if any(sign in str(parameter.get("text", "")) for sign in "\n\t"):
                    raise GraphError(400, 132018, "Param text cannot have new-line characters")
                kind = parameter["type"]
                if kind in {"image", "video", "document"}:
                    self._check_file(parameter[kind])


_MEGABYTE = 1024 * 1024
_UPLOADS = {
    "image/jpeg": 5 * _MEGABYTE,
    "image/png": 5 * _MEGABYTE,
    "image/webp": 500 * 1024,
    "video/mp4": 16 * _MEGABYTE,
    "video/3gpp": 16 * _MEGABYTE,
    **dict.fromkeys(
        ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MEGABYTE
    ),
    "application/pdf": 100 * _MEGABYTE,
    "text/plain": 100 * _MEGABYTE,
}


def unknown(object_id: str) -> GraphError:
    return GraphError(
        400,
        100,
        f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation.",
        subcode=33,
    )


def _length(text: object, longest: int, name: str) -> None:
    if not isinstance(text, str) or not text.strip():
        raise GraphError(400, 131008, "Required parameter is missing", details=name)
    if len(text) > longest:
        raise GraphError(400, 131009, "Parameter value is not valid", details=f"{name} is too long")


def _interactive(content: Json) -> None:
    _length(content.get("body", {}).get("text"), 1024, "body")
    action, kind = content.get("action", {}), content["type"]
    choices: list[Json] = []
    if kind == "button":
        choices = _replies(action)
    elif kind == "list":
        choices = _rows(action, content.get("header"))
    elif kind == "cta_url":
        assert action["name"] == "cta_url"
        _length(action["parameters"]["display_text"], 20, "display_text")
    elif action != _REQUESTS.get(kind):
        raise GraphError(400, 131009, "Parameter value is not valid", details="interactive.type")
    for name in ("id", "title"):
        if len({choice[name] for choice in choices}) != len(choices):
            raise GraphError(400, 131009, "Parameter value is not valid", details="Duplicated")


_REQUESTS = {
    "location_request_message": {"name": "send_location"},
    "request_contact_info": {"name": "request_contact_info"},
}


def _replies(action: Json) -> list[Json]:
    replies: list[Json] = [button["reply"] for button in action["buttons"]]
    if not 1 <= len(replies) <= 3:
        raise GraphError(400, 131009, "Parameter value is not valid", details="buttons")
    for reply in replies:
        _length(reply["title"], 20, "title")
        _length(reply["id"], 256, "id")
    return replies


def _rows(action: Json, header: Json | None) -> list[Json]:
    _length(action.get("button"), 20, "button")
    rows: list[Json] = [row for section in action["sections"] for row in section["rows"]]
    if not 1 <= len(rows) <= 10 or (header or {"type": "text"})["type"] != "text":
        raise GraphError(400, 131009, "Parameter value is not valid", details="rows")
    for row in rows:
        _length(row["title"], 24, "title")
        _length(row["id"], 200, "id")
        _length(row.get("description", "-"), 72, "description")
    return rows


# What customers do, as webhooks tell it


def customer(user_id: str = "KZ.13491208655302741918", wa_id: str | None = "77010000501") -> Json:
    """A person as a webhook tells of them. Without ``wa_id``: one who hides the number."""
    profile: Json = {"name": "Айгүл Серікқызы"}
    if wa_id is None:
        return {"profile": {**profile, "username": "aigul_s"}, "user_id": user_id}
    return {"profile": profile, "wa_id": wa_id, "user_id": user_id}


def body(*values: Json, field: str = "messages", account_id: str = ACCOUNT_ID) -> Json:
    """A webhook's body of one entry, a change for each value."""
    return {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": account_id,
                "time": int(time.time()),
                "changes": [{"value": value, "field": field} for value in values],
            }
        ],
    }


def value(number_id: str = NUMBER_ID, **content: Any) -> Json:
    """The value of a change about a number."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "77273555010", "phone_number_id": number_id},
        **content,
    }


def message(message_id: str = "wamid.A", person: Json | None = None, **content: Any) -> Json:
    """A customer's message; its type is the name of its only object unless it is given."""
    person = person or customer()
    kind = content.pop("type", None) or next(
        (n for n in content if n not in {"context", "referral", "timestamp"}), "text"
    )
    return {
        **({"from": person["wa_id"]} if "wa_id" in person else {}),
        **({"from_user_id": person["user_id"]} if "user_id" in person else {}),
        "id": message_id,
        "timestamp": str(int(time.time())),
        "type": kind,
        **content,
    }


def said(*messages: Json, person: Json | None = None, number_id: str = NUMBER_ID) -> Json:
    """A body with messages of one person to one number."""
    return body(value(number_id, contacts=[person or customer()], messages=list(messages)))


def status(message_id: str, state: str, **content: Any) -> Json:
    """How far a message of ours has come."""
    return {
        "id": message_id,
        "status": state,
        "timestamp": str(int(time.time())),
        "recipient_id": "77010000501",
        **content,
    }
