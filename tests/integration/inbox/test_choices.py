"""Choices that are typed instead of tapped."""

from typing import Any

import pytest
from aiohttp import web

from crm.inbox.choices import chosen, offered
from tests.integration.inbox.conftest import Bench

OFFERED = offered(
    [
        {"title": "Доставка", "payload": "/delivery"},
        {"title": "Наш сайт", "payload": "", "url": "https://example.kz"},
        {"title": "Позвать человека!", "payload": "/human"},
    ]
)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("1", "/delivery"),
        ("2.", "/human"),
        ("№ 2", "/human"),
        ("позвать человека", "/human"),
        ("ДОСТАВКА", "/delivery"),
        ("3", None),
        ("0", None),
        ("доставка в Астану?", None),
        ("", None),
    ],
)
def test_a_typed_choice_is_understood(text: str, payload: str | None) -> None:
    assert chosen(text, OFFERED) == payload


async def test_the_engine_gets_the_payload_of_a_typed_choice(bench: Bench) -> None:
    async def offer(_: dict[str, Any]) -> web.Response:
        buttons = [{"title": "Delivery", "payload": "/delivery"}]
        return web.json_response({"replies": [{"text": "What next?", "buttons": buttons}]})

    bench.engine.answer = offer
    await bench.say("1", "hello")
    bench.engine.answer = bench.engine.echo
    await bench.say("2", "1")
    assert bench.engine.turns[-1]["message"]["payload"] == "/delivery"
    await bench.say("3", "1")
    assert bench.engine.turns[-1]["message"]["payload"] is None, "nothing is offered any more"
