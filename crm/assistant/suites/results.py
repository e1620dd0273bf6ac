"""Results of cases and conversations as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm.core.database import RawDocument
from crm.inbox.models import preview


def blank(item: RawDocument, kind: str) -> RawDocument:
    """Return a result without anything found."""
    is_case = kind == "suite"
    return {
        "title": (item.get("name") or preview(item["turns"][-1], 80)) if is_case else "",
        "state": "error",
        "case_id": item["_id"] if is_case else None,
        "conversation_id": None if is_case else item["_id"],
        "verdict": None,
        "failures": [],
        "error": None,
        "error_reasons": [],
        "error_detail": None,
        "turns": [],
        "cost": None,
    }


def error_result(
    item: RawDocument, kind: str, code: str, detail: str, reasons: Sequence[str] = ()
) -> RawDocument:
    """Return the result of what could not be tried."""
    return {
        **blank(item, kind),
        "verdict": "error" if kind == "replay" else None,
        "error": code,
        "error_reasons": list(reasons),
        "error_detail": detail,
    }


def turn_result(turn: dict[str, Any]) -> RawDocument:
    """Return a message with what a trial shows of it."""
    return {"text": turn["text"], "before": None, "after": None, "verdict": None, "turn": turn}


def cost(turns: list[dict[str, Any]]) -> float | None:
    """Return what messages cost together, as far as it is known."""
    known = [turn["cost"] for turn in turns if turn["cost"] is not None]
    return round(sum(known), 6) if known else None
