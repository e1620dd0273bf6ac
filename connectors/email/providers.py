"""The servers of the mail providers that small companies use, by the address's domain.

Sources, as of 2026:
Gmail: https://developers.google.com/workspace/gmail/imap/imap-smtp
Yandex: https://yandex.com/support/yandex-360/customers/mail/en/mail-clients/others
Mail.ru: https://help.mail.ru/mail/mailer/popsmtp
Outlook: https://support.microsoft.com/office/d088b986-291d-42b8-9564-9c414e2aa040
Microsoft 365: https://learn.microsoft.com/exchange/mail-flow-best-practices
iCloud: https://support.apple.com/102525
"""

from __future__ import annotations

from typing import Any, Final

_GMAIL: Final = {
    "imap_host": "imap.gmail.com",
    "imap_port": 993,
    "imap_security": "tls",
    "smtp_host": "smtp.gmail.com",
    "smtp_port": 465,
    "smtp_security": "tls",
}
_YANDEX: Final = {
    "imap_host": "imap.yandex.ru",
    "imap_port": 993,
    "imap_security": "tls",
    "smtp_host": "smtp.yandex.ru",
    "smtp_port": 465,
    "smtp_security": "tls",
}
_MAIL_RU: Final = {
    "imap_host": "imap.mail.ru",
    "imap_port": 993,
    "imap_security": "tls",
    "smtp_host": "smtp.mail.ru",
    "smtp_port": 465,
    "smtp_security": "tls",
}
_OUTLOOK: Final = {
    "imap_host": "outlook.office365.com",
    "imap_port": 993,
    "imap_security": "tls",
    "smtp_host": "smtp-mail.outlook.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
}
_ICLOUD: Final = {
    "imap_host": "imap.mail.me.com",
    "imap_port": 993,
    "imap_security": "tls",
    "smtp_host": "smtp.mail.me.com",
    "smtp_port": 587,
    "smtp_security": "starttls",
}
_RAMBLER: Final = {
    "imap_host": "imap.rambler.ru",
    "imap_port": 993,
    "imap_security": "tls",
    "smtp_host": "smtp.rambler.ru",
    "smtp_port": 465,
    "smtp_security": "tls",
}

PRESETS: Final[dict[str, dict[str, Any]]] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), _GMAIL),
    **dict.fromkeys(
        ("yandex.ru", "yandex.kz", "yandex.com", "yandex.by", "yandex.uz", "ya.ru", "narod.ru"),
        _YANDEX,
    ),
    **dict.fromkeys(
        ("mail.ru", "bk.ru", "list.ru", "inbox.ru", "internet.ru", "xmail.ru"), _MAIL_RU
    ),
    **dict.fromkeys(("outlook.com", "hotmail.com", "live.com", "msn.com", "outlook.kz"), _OUTLOOK),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), _ICLOUD),
    **dict.fromkeys(("rambler.ru", "lenta.ru", "autorambler.ru", "ro.ru"), _RAMBLER),
}
"""Settings by domain; the console fills them in when the address is typed, the model as well."""

OFFICE: Final[dict[str, Any]] = {**_OUTLOOK, "smtp_host": "smtp.office365.com"}
"""A company's own domain at Microsoft 365: known only by the way it logs in."""
WORKSPACE: Final[dict[str, Any]] = _GMAIL
"""A company's own domain at Google Workspace, the same."""


def preset_of(address: str, auth: str) -> dict[str, Any]:
    """The settings that an address's provider is known to want; empty when it is not known."""
    domain = address.rpartition("@")[2].lower()
    if domain in PRESETS:
        return PRESETS[domain]
    return {"google": WORKSPACE, "microsoft": OFFICE}.get(auth, {})
