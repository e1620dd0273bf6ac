"""Keeping personal identifiers out of logs, error reports and traces.

Log lines quote what went wrong, and with it what somebody wrote. Here identifiers and addresses become `<PHONE>`, without
numbers: a log is read by people and never restored. Names are left: telling them from the names of our own parts takes the
context of a sentence. It needs no Presidio, so every process can afford it.
"""

import logging
import re
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from bot.privacy import addresses, documents, emails, national, payments, phones
from bot.privacy.spans import Span, without_overlaps

# In the order in which overlapping finds win.
_FINDERS = {
    "IBAN": payments.find_accounts,
    "EMAIL": emails.find_emails,
    "CARD": payments.find_cards,
    "IIN": national.find_iins,
    "BIN": national.find_bins,
    "PHONE": phones.find_phones,
    "PASSPORT": documents.find_documents,
    "ADDRESS": addresses.find_addresses,
}
_ORDER = tuple(_FINDERS)
# Words of addresses in Latin letters; a text without them and in plain ASCII is searched for none.
_PLACE_WORDS = r"(?i:\b(?:ave|avenue|street|str|st|apt|apartment|flat|block|entrance|ul|kv|dom|mkr|prospekt|koshesi)\b)"
# Most lines of ours hold nothing of this, and are not looked at further.
_SUSPICIOUS = re.compile(
    rf"@|[^\x00-\x7f]|\d(?:[\s\-./()_]{{0,3}}\d){{8}}|\bN\s?\d{{8}}|(?i:\b(?:phone|tel|passport|dot com)\b)|{_PLACE_WORDS}"
)
_MAY_HOLD_ADDRESS = re.compile(rf"[^\x00-\x7f]|{_PLACE_WORDS}")
# Numbers of our own making: identifiers of records, moments, durations, addresses of machines.
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_OURS = re.compile(
    r"(?<![0-9A-Za-z.])(?:(?=\d*[a-f])[0-9a-f]{24,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\d{1,3}\.\d{3,6}|1[67]\d{8}\.\d{3,7}"
    r"|(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
    rf"|{_OCTET}(?:\.{_OCTET}){{3}}(?::\d{{1,5}})?)(?![0-9A-Za-z]|[.\-]\d)"
)
_LONGEST = 20_000
_TELLS_ADDRESSES = ("httpx", "httpcore")
FAILED = "<a log message that could not be masked>"


def mask_identifiers(text: str) -> str:
    """Return `text` with identifiers and addresses replaced by their kind in angle brackets. Never raises."""
    try:
        if not _SUSPICIOUS.search(text):
            return text
        shown = text[:_LONGEST]
        searched = _OURS.sub(lambda match: "\0" * len(match.group()), shown)
        if len(text) <= _LONGEST and not _SUSPICIOUS.search(searched):
            return text
        finders = dict(_FINDERS)
        if not _MAY_HOLD_ADDRESS.search(searched):
            del finders["ADDRESS"]
        found = [
            Span(start, end, kind)
            for kind, find in finders.items()
            for start, end in find(searched)
        ]
        pieces: list[str] = []
        end = 0
        for span in without_overlaps(shown, found, _ORDER):
            pieces += (shown[end : span.start], f"<{span.kind}>")
            end = span.end
        return "".join((*pieces, shown[end:], " <cut>" if len(text) > _LONGEST else ""))
    except Exception:
        return FAILED


class _Record(logging.LogRecord):
    """A log record whose message and traces are masked when it is made: before any handler, ours or a library's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        try:
            message = super().getMessage()
        except Exception:
            # A handler would print the arguments to say that they do not fit.
            message = f"{self.msg} (arguments do not fit)"
        self.msg, self.args = mask_identifiers(message), ()
        if self.exc_info and not self.exc_text:
            self.exc_text = _trace(*self.exc_info)
        if self.stack_info:
            self.stack_info = mask_identifiers(self.stack_info)


def _trace(
    kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> str:
    try:
        return mask_identifiers(
            "".join(traceback.format_exception(kind, error, trace)).rstrip("\n")
        )
    except Exception:
        return FAILED


def install_log_masking() -> None:
    """Mask all that this process logs from now on, and the traces of errors that end it or a thread of it.

    Libraries that log every address they ask are held to warnings: addresses hold keys, tokens and what was searched for.
    """
    logging.setLogRecordFactory(_Record)
    for library in _TELLS_ADDRESSES:
        logging.getLogger(library).setLevel(logging.WARNING)
    sys.excepthook = _on_error
    threading.excepthook = _on_thread_error


def _on_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        sys.stderr.write(_trace(kind, error, trace) + "\n")


def _on_thread_error(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        name = args.thread.name if args.thread else "?"
        trace = _trace(args.exc_type, args.exc_value, args.exc_traceback)
        sys.stderr.write(f"Exception in thread {name}:\n{trace}\n")
