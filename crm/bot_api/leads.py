"""What people read of an order: the deal's title, the task's title and text."""

from __future__ import annotations

from typing import Final

from crm.bot_api.schemas import LeadWrite

MAX_TITLE: Final = 200
_TASK_TITLES: Final = {
    "ru": "Новая заявка: {}",
    "kk": "Жаңа өтінім: {}",
    "en": "New lead: {}",
}
_UNNAMED: Final = {"ru": "Заявка из чата", "kk": "Чаттан келген өтінім", "en": "Lead from the chat"}
_LABELS: Final = {
    "ru": {"city": "Город", "comment": "Комментарий"},
    "kk": {"city": "Қала", "comment": "Түсініктеме"},
    "en": {"city": "City", "comment": "Comment"},
}
_ELLIPSIS: Final = "…"


def deal_title(lead: LeadWrite, language: str) -> str:
    """What is wanted in the customer's own words, and how many: `палатку × 2`.

    The words stay in the case they were said in: a guess at another one would put words into the customer's mouth.
    """
    number = f" × {lead.quantity}" if lead.quantity else ""
    wanted = lead.product or _known(_UNNAMED, language)
    return shortened(wanted, MAX_TITLE - len(number)) + number


def task_title(lead: LeadWrite, language: str) -> str:
    """The same as a thing to do."""
    frame = _known(_TASK_TITLES, language)
    wanted = deal_title(lead, language)
    return frame.format(shortened(wanted, MAX_TITLE - len(frame)))


def task_text(lead: LeadWrite, phone: str | None, language: str) -> str:
    """All that was said, a line each; `phone` in its normal form."""
    labels = _known(_LABELS, language)
    who = ", ".join(filter(None, (lead.name, phone, lead.email)))
    what = f"{lead.product or ''}{f' × {lead.quantity}' if lead.quantity else ''}".strip()
    lines = [who, what]
    lines += [
        f"{labels[name]}: {value}"
        for name, value in (("city", lead.city), ("comment", lead.comment))
        if value
    ]
    return "\n".join(filter(None, lines))


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` letters, cut between words."""
    if len(text) <= most:
        return text
    head = text[: most - len(_ELLIPSIS)]
    words, space, _ = head.rpartition(" ")
    return (words if space else head).rstrip(" ,.;:-") + _ELLIPSIS


def _known[T](texts: dict[str, T], language: str) -> T:
    return texts.get(language, texts["ru"])
