"""What the team's endpoints take and answer."""

from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from crm.core.api import ChangeModel, Id, RequestModel, ResponseModel, Role, not_given
from crm.core.api.fields import Email, Language, Name
from crm.core.listing import ListQuery, Page


def _password(value: SecretStr) -> SecretStr:
    length = len(value.get_secret_value())
    if not 10 <= length <= 200:
        raise PydanticCustomError("password_length", "A password has 10 to 200 characters.")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "timezone_unknown", "Name a time zone such as Asia/Almaty."
        ) from None
    return value


NewPassword = Annotated[SecretStr, AfterValidator(_password)]
TimeZone = Annotated[
    str,
    StringConstraints(max_length=60),
    AfterValidator(_timezone),
    Field(examples=["Asia/Almaty"]),
]
TimeOfDay = Annotated[
    str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"), Field(examples=["09:00"])
]
Interval = tuple[TimeOfDay, TimeOfDay]
Day = Annotated[list[Interval], Field(max_length=6)]


class SignUp(RequestModel):
    """A new person with a new organization."""

    email: Email = Field(examples=["aigul@example.kz"])
    password: NewPassword = Field(examples=["correct horse battery"])
    name: Name
    organization_name: Name
    language: Language = "ru"


class SignIn(RequestModel):
    """Who signs in."""

    email: Annotated[str, StringConstraints(to_lower=True, max_length=254)]
    password: Annotated[SecretStr, Field(max_length=200)]


class UserRead(ResponseModel):
    """A person as they see themselves."""

    id: Id
    email: str
    name: str
    language: Language


class OrganizationChoice(ResponseModel):
    """An organization the person may act in."""

    id: Id
    name: str
    role: Role


class BusinessHours(RequestModel):
    """Opening times of each weekday, in the organization's time zone; an empty day is closed."""

    mon: Day = Field(default_factory=list)
    tue: Day = Field(default_factory=list)
    wed: Day = Field(default_factory=list)
    thu: Day = Field(default_factory=list)
    fri: Day = Field(default_factory=list)
    sat: Day = Field(default_factory=list)
    sun: Day = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for day in type(self).model_fields:
            times = [moment for interval in getattr(self, day) for moment in interval]
            if any(earlier >= later for earlier, later in pairwise(times)):
                raise PydanticCustomError(
                    "hours_out_of_order", "Opening times of a day must follow one another."
                )
        return self


class HandoffSettings(RequestModel):
    """When a conversation left alone returns to the bot."""

    return_after_minutes: int = Field(ge=1, le=7 * 24 * 60)


GoesLive = Annotated[
    Literal["at_once", "with_publishing"],
    Field(
        description="Whether a change of the knowledge base answers customers at once, or waits for the next "
        "publishing of the assistant."
    ),
]


class OrganizationRead(ResponseModel):
    """The organization's settings."""

    id: Id
    name: str
    slug: str
    timezone: str
    language: Language
    currency: str
    business_hours: BusinessHours
    holidays: list[date]
    handoff: HandoffSettings
    knowledge_goes_live: GoesLive
    created_at: datetime
    updated_at: datetime


class OrganizationUpdate(ChangeModel):
    """A partial change of the organization's settings."""

    name: Name = not_given()
    timezone: TimeZone = not_given()
    language: Language = not_given()
    business_hours: BusinessHours = not_given()
    holidays: Annotated[list[date], Field(max_length=200)] = not_given()
    handoff: HandoffSettings = not_given()
    knowledge_goes_live: GoesLive = not_given()


class SessionRead(ResponseModel):
    """Who is signed in, where, and the token that changes must carry."""

    user: UserRead
    organization: OrganizationRead
    role: Role
    organizations: list[OrganizationChoice]
    csrf_token: str


class SwitchOrganization(RequestModel):
    """The organization to act in from now on."""

    organization_id: Id


class MeUpdate(ChangeModel):
    """A partial change of the person's own data. A new password needs the present one."""

    name: Name = not_given()
    language: Language = not_given()
    current_password: Annotated[SecretStr, Field(max_length=200)] | None = None
    new_password: NewPassword | None = None


class MemberRead(ResponseModel):
    """A person's place in the organization. `user_id` is what tasks and conversations are assigned to."""

    id: Id
    user_id: Id
    email: str
    name: str
    role: Role
    created_at: datetime


class MemberPage(Page[MemberRead]):
    """A page of members."""


class MemberQuery(ListQuery):
    """How to list members."""


class MemberCreate(RequestModel):
    """A person to add. The password is the first one of a new person, and unused when the e-mail is known."""

    email: Email = Field(examples=["daniyar@example.kz"])
    name: Name
    role: Role = Role.OPERATOR
    password: NewPassword | None = Field(default=None, examples=["correct horse battery"])


class MemberUpdate(ChangeModel):
    """A new role."""

    role: Role
