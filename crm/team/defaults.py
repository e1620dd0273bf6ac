"""What a new organization begins with."""

from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def default_business_hours() -> dict[str, list[list[str]]]:
    """Return Monday to Friday, nine to six."""
    return {day: [["09:00", "18:00"]] if day not in {"sat", "sun"} else [] for day in WEEKDAYS}


def default_assistant() -> dict[str, Any]:
    """Return the assistant's first persona.

    `disclosure` is said at first contact: people are told in advance that an AI answers (law of Kazakhstan).
    `{organization}` in it stands for the name of the company.
    """
    return {
        "name": "Aitys",
        "tone": "friendly",
        "instructions": "",
        "greeting": {
            "ru": "Здравствуйте! Чем могу помочь?",
            "kk": "Сәлеметсіз бе! Қандай көмек керек?",
            "en": "Hello! How can I help?",
        },
        "disclosure": {
            "ru": "Вам отвечает ИИ-ассистент компании «{organization}». "
            "Если понадобится, позову человека.",
            "kk": "Сізге «{organization}» компаниясының ЖИ-көмекшісі жауап береді. "
            "Қажет болса, адамды шақырамын.",
            "en": "You are talking to the AI assistant of {organization}. "
            "I can call a person whenever you like.",
        },
    }
