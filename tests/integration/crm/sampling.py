"""Makes requests from the OpenAPI document, so that a new endpoint is walked without a word in a test."""

from typing import Any

from bson import ObjectId

Schema = dict[str, Any]


def sample(schema: Schema, definitions: Schema) -> Any:
    """A value that fits the schema: its example where it gives one, else the smallest."""
    schema = _resolved(schema, definitions)
    if (given := _given(schema)) is not None:
        return given[0]
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: sample(properties[name], definitions) for name in schema.get("required", ())}
    if kind == "array":
        items = schema.get("prefixItems") or [schema["items"]] * schema.get("minItems", 0)
        return [sample(item, definitions) for item in items]
    if kind == "string":
        return _text(schema)
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    return True if kind == "boolean" else None


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    """The schema without references, with the first of its alternatives."""
    while True:
        if "$ref" in schema:
            schema = definitions[schema["$ref"].rsplit("/", 1)[-1]]
        elif found := next(
            (schema[key] for key in ("anyOf", "oneOf", "allOf") if key in schema), None
        ):
            schema = found[0]
        else:
            return schema


def _given(schema: Schema) -> list[Any] | None:
    """The values the schema itself names."""
    for key in ("const", "default"):
        if key in schema:
            return [schema[key]]
    return schema.get("examples") or schema.get("enum")


def _text(schema: Schema) -> str:
    if schema.get("pattern") == "^[0-9a-f]{24}$":
        return str(ObjectId())
    of_format = {
        "date-time": "2026-11-21T10:00:00Z",
        "date": "2026-11-21",
        "uri": "https://example.kz",
    }
    shortest: int = max(schema.get("minLength", 0), 1)
    return of_format.get(schema.get("format", ""), "x" * shortest)


def fill_change(schema: Schema, definitions: Schema) -> Any:
    """A body with every field of an object, the optional ones too."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[-1]]
    return {
        name: sample(field, definitions) for name, field in schema.get("properties", {}).items()
    }
