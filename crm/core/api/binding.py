"""Reading a request into a handler's arguments."""

from typing import Any

from aiohttp import hdrs, web
from bson import ObjectId
from pydantic import BaseModel, ValidationError

from crm.core.api.endpoints import Endpoint
from crm.core.api.uploads import open_upload
from crm.core.errors import (
    FieldError,
    Invalid,
    Malformed,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)


async def bind(spec: Endpoint, request: web.Request) -> dict[str, Any]:
    """Return the arguments that come from the path, the query and the body, in this order.

    Raises:
        NotFound: an id in the path cannot be one.
        Invalid: a parameter or a field is unknown, missing or wrong.
        Malformed, PayloadTooLarge, UnsupportedMediaType: as they say.
    """
    arguments: dict[str, Any] = {}
    for name, kind in spec.path_parameters.items():
        arguments[name] = _path_parameter(request.match_info[name], kind)
    if spec.query is not None:
        arguments["query"] = _query(request, spec.query)
    elif request.query_string:
        unknown = [
            FieldError(name, "extra_forbidden", "Unknown parameter.") for name in request.query
        ]
        raise Invalid(fields=unknown)
    if spec.upload:
        arguments["upload"], fields = await open_upload(request, spec.body, spec.max_body)
        if spec.body is not None:
            arguments["body"] = _fields(spec.body, fields)
    elif spec.body is not None:
        arguments["body"] = await _body(request, spec.body, spec.max_body)
    return arguments


def _path_parameter(text: str, kind: type) -> Any:
    if kind is ObjectId:
        if len(text) != 24 or not ObjectId.is_valid(text):
            raise NotFound
        return ObjectId(text)
    try:
        return kind(text)
    except ValueError:
        raise NotFound from None


def _query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    values = request.query
    if len(values) != len(set(values)):
        repeated = sorted({name for name in values if len(values.getall(name)) > 1})
        raise Invalid(
            fields=[FieldError(name, "repeated", "Give this parameter once.") for name in repeated]
        )
    try:
        return model.model_validate_strings(dict(values))
    except ValidationError as error:
        raise Invalid(fields=field_errors(error)) from None


def _fields(model: type[BaseModel], fields: dict[str, str]) -> BaseModel:
    try:
        return model.model_validate_strings(fields)
    except ValidationError as error:
        raise Invalid(fields=field_errors(error)) from None


async def _body(request: web.Request, model: type[BaseModel], limit: int) -> BaseModel:
    if request.content_type != "application/json":
        raise UnsupportedMediaType
    body = await read_body(request, limit)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors(include_url=False)):
            raise Malformed from None
        raise Invalid(fields=field_errors(error)) from None


async def read_body(request: web.Request, limit: int) -> bytes:
    """Return the raw body.

    Raises:
        PayloadTooLarge: it has more than `limit` bytes; the rest is not read.
    """
    if (request.content_length or 0) > limit:
        raise PayloadTooLarge(f"The body may have {limit} bytes.")
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        raise UnsupportedMediaType("The body must not be compressed.")
    chunks = bytearray()
    async for chunk in request.content.iter_any():
        chunks += chunk
        if len(chunks) > limit:
            raise PayloadTooLarge(f"The body may have {limit} bytes.")
    return bytes(chunks)


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return pydantic's findings as field errors; pydantic's error types are the stable codes."""
    found = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(str(part) for part in item["loc"]) or "body"
        found.append(FieldError(place, item["type"], item["msg"].removeprefix("Value error, ")))
    return found
