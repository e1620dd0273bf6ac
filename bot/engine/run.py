"""Start the engine: `python -m bot.engine.run`.

Serves our channel under `/webhooks/aitys/` and `POST /model/parse`, nothing else of Rasa's HTTP API.
"""

import logging
import os
import sys
import warnings

# Before Rasa is imported: it reads these at import, and its old libraries warn about each other at length.
warnings.simplefilter("ignore")
os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import structlog
from rasa.core.channels import channel as rasa_channels
from rasa.exceptions import ModelNotFound
from sanic import Sanic
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.engine.agent import ActionEndpoint, TurnAgent
from bot.engine.channel import TurnChannel
from bot.engine.messages import clean_text
from bot.engine.settings import EngineSettings, SettingsError, load_settings
from bot.engine.tracker_store import MotorTrackerStore
from bot.engine.train import find_model

logger = logging.getLogger(__name__)
MAX_BODY_BYTES = 1_000_000


def make_app(settings: EngineSettings) -> Sanic:
    """Return the engine's application; the model is loaded when the server starts.

    Raises:
        ValueError: There is no token.
    """
    app = Sanic("aitys_engine", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    # A turn that waits for a language model is slow; the CRM's own deadline is shorter.
    app.config.RESPONSE_TIMEOUT = 60
    app.config.KEEP_ALIVE_TIMEOUT = 75
    channel = TurnChannel(settings.token)
    rasa_channels.register([channel], app, route="/webhooks/")

    async def start(app: Sanic, _: object) -> None:
        store = MotorTrackerStore(None, host=settings.mongodb_uri, db=settings.mongodb_database)
        endpoint = ActionEndpoint(f"{settings.actions_url}/webhook", settings.actions_token)
        app.ctx.agent = TurnAgent(
            tracker_store=store, action_endpoint=endpoint, model=find_model(settings.model)
        )
        logger.info(
            "engine ready: model=%s address=%s:%d",
            app.ctx.agent.model_name,
            settings.host,
            settings.port,
        )

    async def stop(app: Sanic, _: object) -> None:
        agent = getattr(app.ctx, "agent", None)
        if agent is not None:
            await agent.action_endpoint.close()
            agent.tracker_store.close()

    async def parse(request: Request) -> HTTPResponse:
        """`{"text"}` -> intent, ranking and entities, without a conversation."""
        if not channel.authorised(request):
            return json({"code": "unauthenticated", "detail": "a token is required"}, status=401)
        text = (request.json or {}).get("text") if isinstance(request.json, dict) else None
        if not isinstance(text, str):
            return json({"code": "invalid", "detail": "text must be a string"}, status=400)
        return json(await app.ctx.agent.processor.parse(clean_text(text)))

    async def fail(_: Request, error: Exception) -> HTTPResponse:
        status = error.status_code if isinstance(error, SanicException) else 500
        if status >= 500:
            logger.error("request failed", exc_info=error)
        return json(
            {"code": "invalid" if status < 500 else "internal", "detail": type(error).__name__},
            status=status,
        )

    app.register_listener(start, "before_server_start")
    app.register_listener(stop, "after_server_stop")
    app.add_route(parse, "/model/parse", methods=["POST"])
    app.error_handler.add(Exception, fail)
    return app


def main() -> int:
    """Run until stopped; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("rasa", "sanic", "matplotlib", "apscheduler"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Rasa logs every message and slot at debug level through structlog, which unconfigured prints them all.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        settings = load_settings()
        if not settings.mongodb_uri:
            raise SettingsError(
                "AITYS_MONGODB_URI is not set: the engine keeps conversations in MongoDB."
            )
        app = make_app(settings)
        app.run(
            host=settings.host,
            port=settings.port,
            access_log=False,
            motd=False,
            debug=False,
            workers=1,
        )
    except (SettingsError, ModelNotFound) as error:
        print(f"engine: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
