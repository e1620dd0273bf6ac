"""`make run DEMO=channels`: a customer of each messenger is answered, also after a restart."""

import asyncio
import base64
import re
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.ops.test_run import aitys, free_port, processes_of, until_ready

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CHANNELS = ["telegram", "whatsapp", "instagram", "email"]


class Page:
    """The phones' page, by its calls."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url, self._session = url, session

    async def get(self, path: str, **query: str) -> Any:
        async with self._session.get(f"{self.url}{path}", params=query) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def act(self, deed: str, **given: Any) -> None:
        async with self._session.post(f"{self.url}/api/{deed}", json=given) as answer:
            assert answer.status == 200, await answer.text()

    async def answers(self, who: dict[str, str], words: str) -> list[Any]:
        """What the company wrote, once these words stand in it."""
        async with asyncio.timeout(60):
            while True:
                lines = await self.get("/api/thread", **who)
                found = [line for line in lines if not line["mine"]]
                if any(words in line["text"] for line in found):
                    return found
                await asyncio.sleep(0.3)


def people(messengers: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {"messenger": one["name"], "person": one["people"][0]["id"]}
        for one in messengers
        if not one["missing"]
    ]


def page_of(said: str) -> str:
    found = re.search(r"Demo phones +(http://127\.0\.0\.1:\d+)", said)
    assert found, said
    return found[1]


@pytest.mark.timeout(300)
async def test_every_messenger_is_answered_and_again_after_a_restart(tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        async with aitys("run", "--demo-channels", data=tmp_path, port=free_port()) as process:
            page = Page(page_of(await until_ready(process)), session)
            messengers = await page.get("/api/messengers")
            assert [one["name"] for one in messengers if not one["missing"]] == CHANNELS
            second = {"messenger": "telegram", "person": messengers[0]["people"][1]["id"]}
            await page.act("say", **second, text="Здравствуйте")
            greeting = (await page.answers(second, "Чем могу помочь"))[-1]
            for who in people(messengers):
                await page.act("say", **who, text="Есть ли доставка в Астану?")
            for who in people(messengers):
                found = await page.answers(who, "1 500 ₸")
                if who["messenger"] != "email":
                    await page.act("react", **who, id=found[-1]["id"], emoji="❤")
                picture = base64.b64encode(PIXEL).decode()
                given = {"name": "шатыр.png", "mime": "image/png", "content": picture}
                await page.act("picture", **who, **given)
            # Each chat counts its messages by itself: the tap is of this one's, not of a neighbour's.
            await page.act("tap", **second, id=greeting["id"], title="Позвать человека")
            await page.answers(second, "сотрудник")
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), 60) == 0
        assert not processes_of(tmp_path)
        # Other ports, and fakes that know nothing: the connections work all the same.
        async with aitys("run", "--demo-channels", data=tmp_path, port=free_port()) as process:
            page = Page(page_of(await until_ready(process)), session)
            for who in people(messengers):
                await page.act("say", **who, text="Сколько стоит доставка в Шымкент?")
            for who in people(messengers):
                await page.answers(who, "Шымкент")
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), 60) == 0


async def test_other_sites_cannot_write_as_a_customer(tmp_path: Path) -> None:
    async with (
        aiohttp.ClientSession() as session,
        aitys("run", "--demo-channels", data=tmp_path, port=free_port()) as process,
    ):
        url = page_of(await until_ready(process))
        form = {"messenger": "telegram", "person": "501", "text": "x"}
        async with session.post(f"{url}/api/say", data=form) as answer:
            assert answer.status == 403
        named = {"Host": "phones.evil.example"}
        async with session.get(f"{url}/api/accounts", headers=named) as answer:
            assert answer.status == 403
