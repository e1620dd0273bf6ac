"""Types for request and response schemas."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from bson import ObjectId
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class _IdSchema:
    """Reads a hex string as an ObjectId, and shows it so in JSON Schema."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        from_text = core_schema.no_info_after_validator_function(
            _object_id, core_schema.str_schema()
        )
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema(
                [core_schema.is_instance_schema(ObjectId), from_text]
            ),
            serialization=core_schema.plain_serializer_function_ser_schema(str, when_used="json"),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": "^[0-9a-f]{24}$",
            "examples": ["6560f0a1b2c3d4e5f6a7b8c9"],
        }


def _object_id(value: str) -> ObjectId:
    if len(value) != 24 or not ObjectId.is_valid(value):
        raise PydanticCustomError("id_invalid", "An id has 24 hexadecimal digits.")
    return ObjectId(value)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise PydanticCustomError("timezone_missing", "Give the time with its zone, for example Z.")
    if not 1970 <= value.year <= 2200:
        raise PydanticCustomError("time_out_of_range", "Give a time between 1970 and 2200.")
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


Id = Annotated[ObjectId, _IdSchema()]
"""An id: ObjectId in Python, 24 hex digits in JSON."""

Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A moment given by a client: must name its zone; UTC in milliseconds afterwards."""

Language = Literal["ru", "kk", "en"]
"""A language the product speaks."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A short text for people."""

LongText = Annotated[str, StringConstraints(max_length=10_000)]
"""A long text for people."""

Email = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        max_length=254,
        # One address without comments or quoting; that it exists only a message to it can tell.
        pattern=r"^[^\s@<>(),;:\\\"\[\]]{1,64}@([^\s@<>(),;:\\\"\[\].]+\.)+[^\s@<>(),;:\\\"\[\].]{2,}$",
    ),
]
"""An e-mail address, in lower case afterwards."""


class RequestModel(BaseModel):
    """The base of request bodies: unknown fields are refused, white space around texts goes."""

    model_config = ConfigDict(
        extra="forbid", str_strip_whitespace=True, allow_inf_nan=False, hide_input_in_errors=True
    )


def not_given() -> Any:
    """Return the default of a `ChangeModel` field that the client may leave out but not set to null."""
    return Field(default=None)


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


class ChangeModel(RequestModel):
    """The base of partial changes (PATCH): what the client leaves out stays as it is."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def given(self) -> dict[str, Any]:
        """Return the fields the client gave, in Python types."""
        return self.model_dump(exclude_unset=True)


class ResponseModel(BaseModel):
    """The base of what is answered: what is declared and nothing else."""

    model_config = ConfigDict(extra="forbid")


class Problem(ResponseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list["ProblemField"]


class ProblemField(ResponseModel):
    """What is wrong with one field."""

    field: str
    code: str
    detail: str


class LocalizedText(RequestModel):
    """A text in the three languages."""

    ru: Name
    kk: Name
    en: Name
