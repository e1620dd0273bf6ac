"""Prompts are masked in threads: none may get its names from another's words."""

from concurrent.futures import ThreadPoolExecutor

from bot.privacy.names import find_people

TEXTS = (
    "Это Гульжан Ахметова, перезвоните",
    "сколько стоит доставка",
    "Тимур ждёт вас завтра в пять",
)


def test_threads_do_not_mix_up_their_messages() -> None:
    alone = {text: find_people(text) for text in TEXTS}
    with ThreadPoolExecutor(8) as pool:
        asked = TEXTS * 400
        assert list(pool.map(find_people, asked)) == [alone[text] for text in asked]
