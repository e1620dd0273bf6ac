"""How jobs travel: MongoDB by default, RabbitMQ at scale. One setting, `AITYS_BROKER_URL`."""

from __future__ import annotations

from taskiq import AsyncBroker
from taskiq_aio_pika import AioPikaBroker
from taskiq_mongodb.broker import MongoBroker
from taskiq_mongodb.types import MongoQueue

from crm.core.settings import Settings

QUEUE = "jobs"
VISIBILITY_SECONDS = 600.0
"""A job that was claimed so long ago and is not done belonged to a dead worker."""


def build_broker(settings: Settings) -> AsyncBroker:
    """The broker the settings name.

    Raises:
        ValueError: there is neither a broker's nor a database's address.
    """
    address = settings.broker_url or settings.mongodb_uri
    if address is None:
        raise ValueError("AITYS_BROKER_URL and AITYS_MONGODB_URI are both absent")
    url = address.get_secret_value()
    if url.startswith("amqp"):
        return AioPikaBroker(url)
    queue: MongoQueue = {
        "name": QUEUE,
        "poll_interval": 0.5,
        "visibility_timeout": VISIBILITY_SECONDS,
        "max_retries": 3,
    }
    return MongoBroker(url, settings.mongodb_database, queues=queue, collection_name="jobs")
