"""Start the action server: `python -m actions.server`. Loopback and a bearer token."""

import hmac
import logging
import sys
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from rasa_sdk.endpoint import create_app  # type: ignore[import-untyped, unused-ignore]
from rasa_sdk.executor import ActionExecutor  # type: ignore[import-untyped, unused-ignore]
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse, json

from actions.answers import AnswerQuestion, Fallback
from actions.asking import Answers
from actions.callback import SubmitCallback, ValidateCallbackForm
from actions.cancel import Cancel
from actions.complaint import Complaint
from actions.consents import OptIn, OptOut
from actions.contact import GiveContact
from actions.crm_client import CrmClient
from actions.feedback import GiveFeedback
from actions.handoff import AskHuman, LeaveMessage
from actions.languages import ChangeLanguage
from actions.order import SubmitOrder, ValidateOrderForm
from actions.privacy import PrivacyRequest
from actions.settings import ActionSettings, SettingsError, load_settings
from actions.skill import Clock, Skill, system_clock
from actions.status import CheckStatus
from actions.warming import Warms, warm_where_used
from bot.privacy.logs import install_log_masking

logger = logging.getLogger(__name__)

OPEN_PATHS = {"/health"}
# A tracker of 60 events is some 100 kB.
MAX_BODY_BYTES = 4_000_000


def skills(crm: CrmClient, answers: Answers, *, clock: Clock = system_clock) -> Iterable[Skill]:
    """Return every skill, wired. A new skill is one more line here and its file."""
    kinds: Sequence[type[Skill]] = (
        AnswerQuestion,
        AskHuman,
        LeaveMessage,
        CheckStatus,
        Complaint,
        OptOut,
        OptIn,
        PrivacyRequest,
        ChangeLanguage,
        GiveContact,
        GiveFeedback,
        Cancel,
        ValidateOrderForm,
        SubmitOrder,
        ValidateCallbackForm,
        SubmitCallback,
        Fallback,
    )
    return [kind(crm, answers, clock=clock) for kind in kinds]


def make_app(
    settings: ActionSettings, answers: Answers, *, clock: Clock = system_clock
) -> Sanic[Any, Any]:
    """Return the action server's application."""
    crm = CrmClient(settings.crm_url, settings.token)
    executor = ActionExecutor()
    for skill in skills(crm, answers, clock=clock):
        executor.register_action(skill)
    app: Sanic[Any, Any] = create_app(executor, cors_origins=[])
    app.config.REQUEST_MAX_SIZE = MAX_BODY_BYTES
    app.config.KEEP_ALIVE_TIMEOUT = 75
    token = settings.token.encode()

    async def check_token(request: Request) -> HTTPResponse | None:
        if request.path in OPEN_PATHS:
            return None
        if hmac.compare_digest((request.token or "").encode(), token):
            return None
        return json({"error": "a bearer token is required"}, status=401)

    async def warm(running: Sanic[Any, Any]) -> None:
        if isinstance(answers, Warms):
            running.add_task(warm_where_used(crm, answers), name="warm")

    async def stop(_: Sanic[Any, Any]) -> None:
        await crm.close()

    app.register_middleware(check_token, "request")
    app.after_server_start(warm)
    app.after_server_stop(stop)
    return app


def main() -> int:
    """Run until stopped; return the exit status."""
    install_log_masking()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("sanic", "rasa_sdk"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # The engine is 3.6 and the SDK 3.21 on purpose; it warns at every call.
    warnings.simplefilter("ignore")
    try:
        settings = load_settings()
    except SettingsError as error:
        print(f"actions: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        return 2
    from bot.answering import Answerer  # noqa: PLC0415 - takes a second; a wrong setting is said first

    app = make_app(settings, Answerer(http_deadline_seconds=8))
    logger.info("actions ready: address=%s:%d", settings.host, settings.port)
    app.run(
        host=settings.host,
        port=settings.port,
        single_process=True,
        access_log=False,
        motd=False,
        debug=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
