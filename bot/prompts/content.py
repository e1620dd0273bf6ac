"""All that an assistant version says of an assistant, its knowledge apart."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

type Language = Literal["ru", "kk", "en"]
type LeadFieldName = Literal["product", "name", "phone", "email", "quantity", "city", "comment"]
type SkillName = Literal["answer", "order", "callback", "status", "complaint", "feedback", "human"]

LANGUAGES: Final[tuple[Language, ...]] = ("ru", "kk", "en")
MAX_INSTRUCTIONS: Final = 10_000
MAX_SAID: Final = 1_000
MAX_WORDS: Final = 50

type Said = Annotated[str, StringConstraints(min_length=1, max_length=MAX_SAID)]
type Word = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=2, max_length=60)
]


class _Part(BaseModel):
    """Read from what is stored: names of other times are passed over, missing ones have their defaults."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", json_schema_serialization_defaults_required=True
    )


class Texts(_Part):
    """What the assistant says, in the three languages; may hold variables."""

    ru: Said
    kk: Said
    en: Said

    def in_language(self, language: str) -> str:
        """Return the text in `language`, in Russian when that is an unknown one."""
        texts = self.model_dump()
        return str(texts.get(language, self.ru))


class Skills(_Part):
    """What the assistant does by itself. What is off is left to people, if `human` is on."""

    answer: bool = True
    order: bool = True
    callback: bool = True
    status: bool = True
    complaint: bool = True
    feedback: bool = True
    human: bool = True


class LeadField(_Part):
    """A detail that is asked for when an order is taken. One that is not required may be left out."""

    field: LeadFieldName
    required: bool = True


class Handoff(_Part):
    """When the assistant calls a person without being asked to.

    Attributes:
        after_failures: how many messages in a row may stay not understood or unanswered.
        words: lower-case words or phrases that call a person at once.
        on_dissatisfaction: whether a complaint, the same question again in anger, and a very low rating call a person;
            else one is offered.
        outside_hours: what is done when nobody is there: the conversation waits for the opening; `callback` also offers
            to book a call.
    """

    after_failures: Annotated[int, Field(ge=1, le=5)] = 2
    words: Annotated[tuple[Word, ...], Field(max_length=MAX_WORDS)] = ()
    on_dissatisfaction: bool = True
    outside_hours: Literal["queue", "callback"] = "queue"

    @field_validator("words", mode="after")
    @classmethod
    def _once(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(words))


class ModelChoice(_Part):
    """Which language model writes the answers, and how they are checked.

    Attributes:
        enabled: whether a model is asked at all. Else answers are quoted from the documents.
        name: None for the organization's.
        temperature: 0 to 2.
        max_tokens: the longest answer.
        judge: whether a model also judges if the passages answer the question.
        ground: whether a sentence that no passage supports is cut.
    """

    enabled: bool = True
    name: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
        | None
    ) = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.1
    max_tokens: Annotated[int, Field(ge=50, le=4_000)] = 400
    judge: bool = True
    ground: bool = True


_GREETING: Final = Texts(
    ru="Здравствуйте! Чем могу помочь?",
    kk="Сәлеметсіз бе! Қандай көмек керек?",
    en="Hello! How can I help?",
)
_DISCLOSURE: Final = Texts(
    ru="Вам отвечает ИИ-ассистент компании «{company}». Если понадобится, позову человека.",
    kk="Сізге «{company}» компаниясының ЖИ-көмекшісі жауап береді. Қажет болса, адамды шақырамын.",
    en="You are talking to the AI assistant of {company}. I can call a person whenever you like.",
)
# What stands for it where no people answer in the chat: nobody chose the promise of calling one.
_DISCLOSURE_ALONE: Final = Texts(
    ru="Вам отвечает ИИ-ассистент компании «{company}».",
    kk="Сізге «{company}» компаниясының ЖИ-көмекшісі жауап береді.",
    en="You are talking to the AI assistant of {company}.",
)
_LEAD_FORM: Final = (
    LeadField(field="product"),
    LeadField(field="name"),
    LeadField(field="phone"),
)


class AssistantContent(_Part):
    """A version's content. Each field has a default, so what older releases stored can be read.

    Attributes:
        name: what the assistant is called.
        tone: how it speaks, in words for a language model.
        instructions: the company's own; may hold variables, see `bot.prompts.variables`.
        greeting: the answer to who only greets.
        disclosure: said at first contact: people are told in advance that an AI answers (law of Kazakhstan).
        languages: in which it answers.
        default_language: for who writes in another one; one of `languages`.
        skills: what it does by itself.
        lead_form: what is asked for when an order is taken, in this order.
        handoff: when it calls a person.
        model: what writes its answers.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = "Aitys"
    tone: Annotated[str, StringConstraints(max_length=500)] = ""
    instructions: Annotated[str, StringConstraints(max_length=MAX_INSTRUCTIONS)] = ""
    greeting: Texts = _GREETING
    disclosure: Texts = _DISCLOSURE
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = LANGUAGES
    default_language: Language = "ru"
    skills: Skills = Skills()
    lead_form: tuple[LeadField, ...] = _LEAD_FORM
    handoff: Handoff = Handoff()
    model: ModelChoice = ModelChoice()

    @field_validator("languages", mode="after")
    @classmethod
    def _each_once(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        return tuple(language for language in LANGUAGES if language in languages)

    @field_validator("lead_form", mode="after")
    @classmethod
    def _reachable(cls, form: tuple[LeadField, ...]) -> tuple[LeadField, ...]:
        names = [field.field for field in form]
        if len(set(names)) < len(names):
            raise PydanticCustomError("lead_field_repeated", "Each field is asked for once.")
        if not {"phone", "email"}.intersection(names):
            raise PydanticCustomError(
                "lead_form_unreachable", "Ask for a phone or an e-mail, or nobody can be reached."
            )
        return form

    @model_validator(mode="after")
    def _speaks_its_default(self) -> Self:
        if self.default_language not in self.languages:
            raise PydanticCustomError(
                "default_language_off", "The default language is one of the assistant's languages."
            )
        return self

    def document(self) -> dict[str, Any]:
        """Return it as it is stored and sent: plain JSON values."""
        return self.model_dump(mode="json")

    def with_changes(self, values: Mapping[str, Any]) -> Self:
        """Return the content with what is given changed; parts (`skills`, `handoff`, ...) change by their fields.

        Raises:
            pydantic.ValidationError: a value does not fit.
        """
        merged = self.document()
        for name, value in values.items():
            before = merged.get(name)
            if isinstance(before, dict) and isinstance(value, Mapping):
                merged[name] = {**before, **value}
            else:
                merged[name] = value
        return type(self).model_validate(merged)

    def disclosure_in(self, language: str) -> str:
        """Return what is said at first contact: the tenant's words, or the usual ones without a promise that cannot be kept."""
        text = self.disclosure.in_language(language)
        if not self.skills.human and text == _DISCLOSURE.in_language(language):
            return _DISCLOSURE_ALONE.in_language(language)
        return text

    def language_for(self, language: str | None) -> Language:
        """Return the language to answer in to who writes in `language`."""
        return next((own for own in self.languages if own == language), self.default_language)


def digest(content: AssistantContent, knowledge_version: int) -> str:
    """Return what a test run was about, as 16 hexadecimal digits: equal for equal content and knowledge."""
    return sha256(f"{knowledge_version}:{content.model_dump_json()}".encode()).hexdigest()[:16]
