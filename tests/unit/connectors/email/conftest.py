from pathlib import Path

import pytest

from connectors.email.mail import Mail, read_mail
from connectors.email.threads import our_message_id
from crm.contract import Connection

OURS = "info@shop.test"
CUSTOMER = "aigul@customer.test"
MAILS = Path(__file__).parent / "mails"
CONNECTION = Connection(
    id="6a1b2c3d4e5f60718293a4b5",
    organization_id="6a1b2c3d4e5f60718293a4b0",
    channel="email",
    name="Tau Demo",
    config={
        "address": OURS,
        "password": "x",
        "imap_host": "localhost",
        "smtp_host": "localhost",
    },
    webhook_secret="webhook_secret-0123456789",
)
OUR_ID = our_message_id(
    CONNECTION, "6a1b2c3d4e5f60718293a4c1", 0, f"{'a' * 16}:{CUSTOMER}", "shop.test"
)


def raw_mail(name: str) -> bytes:
    """A fixture as it came over the line; ``OUR-ID`` stands for the id of a mail we sent."""
    return (MAILS / f"{name}.eml").read_bytes().replace(b"OUR-ID", OUR_ID.encode())


def mail(name: str) -> Mail:
    return read_mail(raw_mail(name), own={OURS})


@pytest.fixture
def connection() -> Connection:
    return CONNECTION
