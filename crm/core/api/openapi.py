"""The OpenAPI 3.1 document, made from what the endpoints declare."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from bson import ObjectId
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from crm.core.api.endpoints import Endpoint
from crm.core.api.fields import Problem
from crm.core.api.principal import Access
from crm.core.api.uploads import FILE_FIELD
from crm.core.errors import DomainError

_REF = "#/components/schemas/{model}"
_ID = {"type": "string", "pattern": "^[0-9a-f]{24}$"}
_BINARY = {"type": "string", "format": "binary"}
_SESSION: list[dict[str, list[str]]] = [{"session": []}]
_SESSION_CSRF: list[dict[str, list[str]]] = [{"session": [], "csrf": []}]


def openapi_document(endpoints: Sequence[Endpoint], *, version: str) -> dict[str, Any]:
    """Return the document of all endpoints for people's clients; the internal ones are left out."""
    shown = [spec for spec in endpoints if spec.access is not Access.INTERNAL]
    keys: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = []
    for spec in shown:
        if spec.body is not None:
            keys.append((spec.body, "validation", TypeAdapter(spec.body)))
        if spec.response is not None and spec.response is not bytes:
            keys.append((spec.response, "serialization", TypeAdapter(spec.response)))
    keys.append((Problem, "serialization", TypeAdapter(Problem)))
    schemas, definitions = TypeAdapter.json_schemas(keys, ref_template=_REF)

    paths: dict[str, dict[str, Any]] = {}
    for spec in shown:
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aitys",
            "version": version,
            "description": "The API of the operator console. Ids are strings of 24 hexadecimal "
            "digits, times RFC 3339 in UTC, phones E.164, amounts whole tenge.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(spec.tag for spec in shown)],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "aitys_session"},
                "csrf": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-CSRF-Token",
                    "description": "`csrf_token` of GET /api/session.",
                },
            },
        },
    }


def _operation(spec: Endpoint, schemas: dict[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{spec.tag}_{spec.name}".replace("-", "_"),
        "summary": spec.summary,
        "tags": [spec.tag],
        "security": _security(spec),
        "parameters": [*_path_parameters(spec), *_query_parameters(spec)],
        "responses": {},
    }
    if spec.access.role is not None:
        operation["description"] = f"Needs at least the role `{spec.access.value}`."
    if spec.upload:
        operation["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": _form(spec, schemas)}},
        }
    elif spec.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[spec.body, "validation"]}},
        }
    success: dict[str, Any] = {"description": HTTPStatus(spec.status).phrase}
    if spec.response is bytes:
        success["content"] = {"application/octet-stream": {"schema": _BINARY}}
    elif spec.response is not None:
        success["content"] = {
            "application/json": {"schema": schemas[spec.response, "serialization"]}
        }
    operation["responses"][str(spec.status)] = success
    by_status: dict[int, list[type[DomainError]]] = {}
    for error in spec.all_errors():
        by_status.setdefault(error.status, []).append(error)
    for status, errors in sorted(by_status.items()):
        operation["responses"][str(status)] = _problem_response(errors)
    return operation


def _form(spec: Endpoint, schemas: dict[tuple[Any, JsonSchemaMode], Any]) -> dict[str, Any]:
    """Return the schema of a form with one file; the file comes last."""
    file = {
        "type": "object",
        "properties": {FILE_FIELD: {**_BINARY, "description": f"At most {spec.max_body} bytes."}},
        "required": [FILE_FIELD],
    }
    if spec.body is None:
        return file
    return {"allOf": [schemas[spec.body, "validation"], file]}


def _problem_response(errors: list[type[DomainError]]) -> dict[str, Any]:
    codes: list[str] = []
    members: dict[str, Any] = {}
    for error in errors:
        codes += [error.default_code, *getattr(error, "codes", ())]
        members |= error.member_schemas
    response: dict[str, Any] = {
        "description": "; ".join(dict.fromkeys(error.title for error in errors)),
        "content": {
            "application/problem+json": {
                "schema": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Problem"},
                        {
                            "type": "object",
                            "properties": {
                                "code": {"type": "string", "enum": sorted(set(codes))},
                                **members,
                            },
                        },
                    ]
                }
            }
        },
    }
    if any(error.status == HTTPStatus.TOO_MANY_REQUESTS for error in errors):
        response["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    return response


def _security(spec: Endpoint) -> list[dict[str, list[str]]]:
    if spec.access.role is None:
        return []
    return _SESSION_CSRF if spec.needs_csrf else _SESSION


def _path_parameters(spec: Endpoint) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _ID if kind is ObjectId else TypeAdapter(kind).json_schema(),
        }
        for name, kind in spec.path_parameters.items()
    ]


def _query_parameters(spec: Endpoint) -> list[dict[str, Any]]:
    if spec.query is None:
        return []
    schema = _inlined(spec.query)
    required = set(schema.get("required", ()))
    found = []
    for name, raw in schema.get("properties", {}).items():
        value = dict(raw)
        description = value.pop("description", None)
        value.pop("title", None)
        parameter = {"name": name, "in": "query", "required": name in required, "schema": value}
        if description:
            parameter["description"] = description
        found.append(parameter)
    return found


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Return a query model's schema without references: parameters have no place for definitions."""
    _, schema = models_json_schema([(model, "validation")], ref_template="{model}")
    definitions: dict[str, Any] = schema["$defs"]

    def resolve(node: Any) -> Any:
        if isinstance(node, list):
            return [resolve(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolve(
                {**definitions[node["$ref"]], **{k: v for k, v in node.items() if k != "$ref"}}
            )
        return {key: resolve(value) for key, value in node.items()}

    inlined = resolve(definitions[model.__name__])
    assert isinstance(inlined, dict)
    return inlined
