"""The state and the calls of the fake Graph API: accounts, what they sent, how they are to fail.

Texts of errors are Meta's own: https://developers.facebook.com/docs/messenger-platform/error-codes.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

APP_ID = "905511223344556"
APP_SECRET = "0123456789abcdef0123456789abcdef"
IG_ID = "17841400000000001"
PAGE_ID = "104400000000001"
TOKEN = "IGAAfakeTokenOfTheFakeGraphApi0123456789"
PAGE_TOKEN = "EAAfakePageTokenOfTheFakeGraphApi0123456789"
SCOPES = [
    "instagram_basic",
    "instagram_manage_messages",
    "pages_manage_metadata",
    "pages_messaging",
]
KNOWN_FIELDS = {
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "messaging_referral",
    "message_edit",
    "messaging_handover",
    "standby",
    "comments",
    "feed",
}

Json = dict[str, Any]


class ApiError(Exception):
    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.subcode, self.headers = subcode, headers or {}

    def body(self) -> Json:
        error: Json = {
            "message": self.message,
            "type": "OAuthException" if self.code in {10, 190, 200} else "IGApiException",
            "code": self.code,
            "fbtrace_id": "AbCdEfGhIjK",
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error}


@dataclass
class Failure:
    """What the next calls of an edge get. ``status`` 0 cuts the connection, -1 never answers."""

    error: ApiError
    times: int
    after_doing: bool


@dataclass
class FakeAccount:
    """A professional account, and the app through which it is connected."""

    ig_id: str = IG_ID
    username: str = "tau_demo"
    token: str = TOKEN
    login: str = "instagram"
    page_id: str = PAGE_ID
    app_id: str = APP_ID
    app_secret: str = APP_SECRET
    account_type: str = "BUSINESS"
    may_message: bool = True
    scopes: list[str] = field(default_factory=lambda: list(SCOPES))
    token_expires_at: int = 0
    token_age_hours: float = 48.0
    fields: list[str] = field(default_factory=list)
    """What the account is subscribed to."""
    profile: Json = field(default_factory=dict)
    """Opening questions and menu."""
    people: dict[str, str] = field(default_factory=dict)
    """Names of customers who are not called as all others are."""
    sent: list[Json] = field(default_factory=list)
    """Bodies of messages that were taken, with the ``message_id`` they got."""
    first_id: int = 0
    actions: list[tuple[str, str]] = field(default_factory=list)
    """Typing and seen, by customer."""
    calls: list[tuple[str, str, Json]] = field(default_factory=list)
    """Every call in order: method, edge, what was given; also those that failed."""
    failures: dict[str, list[Failure]] = field(default_factory=lambda: defaultdict(list))
    last_inbound: dict[str, float] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every answer."""

    @property
    def node(self) -> str:
        return self.page_id if self.login == "facebook" else self.ig_id

    def fail(
        self,
        edge: str,
        status: int,
        code: int = 2,
        message: str = "An unexpected error has occurred. Please retry your request later.",
        *,
        subcode: int | None = None,
        headers: dict[str, str] | None = None,
        times: int = 1,
        after_doing: bool = False,
    ) -> None:
        """Let the next calls fail. With ``after_doing`` the work is done, and only its answer lost."""
        error = ApiError(status, code, message, subcode=subcode, headers=headers)
        self.failures[edge].append(Failure(error, times, after_doing))

    def next_failure(self, edge: str) -> Failure | None:
        waiting = self.failures[edge]
        if not waiting:
            return None
        waiting[0].times -= 1
        return waiting.pop(0) if waiting[0].times <= 0 else waiting[0]


ADDRESSES = ("https://", "http://127.0.0.1", "http://localhost")
"""Where files may be fetched from: Meta wants TLS; these fakes are on the product's own machine."""


def person(igsid: str) -> Json:
    """A customer as Instagram tells of them."""
    return {"id": igsid, "name": "Айгүл Серікқызы", "username": f"aigul_{igsid[-3:]}"}


def call(account: FakeAccount, method: str, edge: str, node: str, given: Json) -> Json:
    """Do what an edge does."""
    if edge == "me":
        return _me(account, given)
    if edge == "conversations" and method == "GET":
        _check_permission(account)
        return {"data": []}
    if edge == "subscribed_apps":
        return _subscribed_apps(account, method, given)
    if edge == "messenger_profile":
        return _messenger_profile(account, method, given)
    if edge == "messages" and method == "POST":
        _check_permission(account)
        return _messages(account, given)
    if edge == "profile" and method == "GET":
        named = {"name": account.people[node]} if node in account.people else {}
        return {**person(node), **named, "profile_pic": "PICTURE"}
    raise ApiError(400, 100, "Unsupported request - method type")


def renewed(account: FakeAccount) -> Json:
    if account.token_age_hours < 24:
        raise ApiError(400, 100, "Session key invalid: the token is younger than 24 hours.")
    account.token = f"{TOKEN}R{len(account.calls)}"
    account.token_age_hours = 0.0
    return {"access_token": account.token, "token_type": "bearer", "expires_in": 5_183_944}


def token_facts(account: FakeAccount) -> Json:
    return {
        "data": {
            "app_id": account.app_id,
            "type": "PAGE",
            "is_valid": True,
            "expires_at": account.token_expires_at,
            "data_access_expires_at": 0,
            "scopes": account.scopes,
        }
    }


def _check_permission(account: FakeAccount) -> None:
    if not account.may_message:
        raise ApiError(403, 10, "(#10) Application does not have permission for this action")


def _me(account: FakeAccount, given: Json) -> Json:
    if account.login == "facebook":
        if account.page_id == "":
            raise ApiError(
                400,
                100,
                "(#100) Tried accessing nonexisting field (instagram_business_account) on node type (User)",
            )
        linked = {"id": account.ig_id, "username": account.username}
        told = {"id": account.page_id, "name": "Tau Demo"}
        return {**told, "instagram_business_account": linked} if account.ig_id else told
    return {
        "id": f"2{account.ig_id[1:]}",
        "user_id": account.ig_id,
        "username": account.username,
        "name": "Tau Demo",
        "account_type": account.account_type,
    }


def _subscribed_apps(account: FakeAccount, method: str, given: Json) -> Json:
    if method == "GET":
        fields = account.fields
        return {"data": [{"id": account.app_id, "subscribed_fields": fields}] if fields else []}
    if method == "DELETE":
        account.fields = []
        return {"success": True}
    fields = str(given.get("subscribed_fields", "")).split(",")
    unknown = [name for name in fields if name not in KNOWN_FIELDS]
    if unknown:
        raise ApiError(400, 100, f"(#100) Param subscribed_fields must be one of {KNOWN_FIELDS}")
    account.fields = fields
    return {"success": True}


def _messenger_profile(account: FakeAccount, method: str, given: Json) -> Json:
    if given.get("platform") != "instagram":
        raise ApiError(400, 100, "(#100) platform must be instagram")
    if method == "DELETE":
        for name in given["fields"]:
            account.profile.pop(name, None)
        return {"result": "success"}
    for opening in given.get("ice_breakers", []):
        questions = [one["question"] for one in opening["call_to_actions"]]
        if len(questions) > 4 or any(len(question) > 80 for question in questions):
            raise ApiError(400, 100, "(#100) Too many or too long ice breakers")
    for menu in given.get("persistent_menu", []):
        titles = [one["title"] for one in menu["call_to_actions"]]
        if len(titles) > 5 or any(len(title) > 30 for title in titles):
            raise ApiError(400, 100, "(#100) Too many or too long menu items")
    for name in ("ice_breakers", "persistent_menu"):
        if not any(one["locale"] == "default" for one in given.get(name, [])):
            raise ApiError(400, 100, "(#100) The default locale is required")
        account.profile[name] = given[name]
    return {"result": "success"}


def _messages(account: FakeAccount, given: Json) -> Json:
    igsid = str((given.get("recipient") or {}).get("id", ""))
    if not igsid.isdecimal():
        raise ApiError(400, 100, "(#100) The requested user cannot be found.", subcode=2534014)
    if "sender_action" in given:
        account.actions.append((igsid, given["sender_action"]))
        return {"recipient_id": igsid}
    tagged = given.get("messaging_type") == "MESSAGE_TAG" and given.get("tag") == "HUMAN_AGENT"
    age = time.time() - account.last_inbound.get(igsid, time.time())
    if age > (7 * 86_400 if tagged else 86_400):
        raise ApiError(
            400, 10, "(#10) This message is sent outside of allowed window.", subcode=2534022
        )
    _check_message(given.get("message") or {})
    mid = f"aWdfZAG1fb3V0{account.ig_id[-3:]}{account.first_id + len(account.sent):06d}"
    account.sent.append({**given, "message_id": mid})
    return {"recipient_id": igsid, "message_id": mid}


def _check_message(message: Json) -> None:
    attachment = message.get("attachment")
    if attachment is None:
        _check_text(message)
    elif attachment["type"] == "template":
        _check_card(attachment["payload"])
    elif not str(attachment["payload"].get("url", "")).startswith(ADDRESSES):
        raise ApiError(400, 100, "(#100) Upload attachment failure.", subcode=2018047)


def _check_card(card: Json) -> None:
    if card["template_type"] == "generic":
        for element in card["elements"]:
            if not 1 <= len(element["title"]) <= 80 or not 1 <= len(element["buttons"]) <= 3:
                raise ApiError(400, 100, "(#100) Invalid element")
        return
    if len(card["text"]) > 640 or not 1 <= len(card["buttons"]) <= 3:
        raise ApiError(400, 100, "(#100) Invalid template")
    if any(len(button["title"]) > 20 for button in card["buttons"]):
        raise ApiError(400, 100, "(#100) Title is too long")


def _check_text(message: Json) -> None:
    if not str(message.get("text", "")).strip():
        raise ApiError(400, 100, "(#100) Param message[text] must be a non-empty UTF-8 string")
    if len(message["text"].encode()) > 1000:
        raise ApiError(400, 100, "(#100) Length of param message[text] must be at most 1000")
    replies = message.get("quick_replies", [])
    if len(replies) > 13:
        raise ApiError(400, 100, "(#100) Too many quick replies")
    for reply in replies:
        if reply["content_type"] == "text" and not (
            1 <= len(reply["title"]) <= 20 and 1 <= len(reply["payload"]) <= 1000
        ):
            raise ApiError(400, 100, "(#100) Invalid quick reply")
