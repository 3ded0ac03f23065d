"""The OpenAPI document as the readable page needs it: groups of operations with flat lists of fields."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from accounts.schema.examples import Schema, example_of, is_null, resolve, type_of

DEPTH = 4
# The order of a newcomer's questions; tags that are not here come after, by name.
TAGS = ("Team", "Repositories", "Slices", "Usage", "Spend", "Billing")


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body by its path: `events[].model`."""

    name: str
    type: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    body_text: str
    curl: str
    status: str
    answer: list[Field]
    answer_text: str
    answer_example: str
    refusals: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Group:
    tag: str
    operations: list[Operation] = field(default_factory=list)


def groups(document: dict[str, Any]) -> list[Group]:
    """The operations by tag, as the page shows them."""
    found: dict[str, Group] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation.get("tags", ["Other"])[0]
            shown = _operation(method.upper(), path, operation, document["components"]["schemas"])
            found.setdefault(tag, Group(tag)).operations.append(shown)
    order = {tag: place for place, tag in enumerate(TAGS)}
    return sorted(found.values(), key=lambda group: (order.get(group.tag, len(TAGS)), group.tag))


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Schema]) -> Operation:
    status, answer = _answer(operation)
    body = _json_schema(operation.get("requestBody"))
    refusals = {code: response for code, response in operation["responses"].items() if code >= "400"}
    return Operation(
        anchor=operation["operationId"],
        method=method,
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        scope=operation["x-scope"],
        parameters=[_parameter(path, one, schemas) for one in operation.get("parameters", ())],
        body=list(_fields(body, schemas)) if body else [],
        body_text=_text(body, schemas),
        curl=_curl(method, path, operation.get("parameters", ()), body, schemas),
        status=status,
        answer=list(_fields(answer, schemas)) if answer else [],
        answer_text=_text(answer, schemas),
        answer_example=_pretty(example_of(answer, schemas)) if answer else "",
        refusals=[(code, response["description"]) for code, response in refusals.items()],
    )


def _answer(operation: dict[str, Any]) -> tuple[str, Schema | None]:
    """The status of success and the schema of its body; None when the answer has no JSON body."""
    status = min(operation["responses"])
    return status, _json_schema(operation["responses"][status])


def _json_schema(holder: dict[str, Any] | None) -> Schema | None:
    content = (holder or {}).get("content", {}).get("application/json")
    found: Schema | None = content["schema"] if content else None
    return found


def _parameter(path: str, parameter: dict[str, Any], schemas: dict[str, Schema]) -> Field:
    schema, name = parameter["schema"], parameter["name"]
    before = re.search(rf"(\w+)/\{{{name}\}}", path)
    text = parameter.get("description", "") or (f"The id of one of the {before[1]}." if before else "")
    kind = _type_text(schema, schemas)
    return Field(name, kind, parameter.get("required", False), _with_limits(text, schema), parameter["in"])


def _text(schema: Schema | None, schemas: dict[str, Schema]) -> str:
    """What the type as a whole says of itself."""
    text: str = resolve(schema, schemas).get("description", "") if schema else ""
    return " ".join(text.split())


def _fields(schema: Schema, schemas: dict[str, Schema], path: str = "", depth: int = DEPTH) -> Iterator[Field]:
    schema = resolve(schema, schemas)
    if type_of(schema) == "array":
        yield from _fields(schema.get("items", {}), schemas, f"{path}[]", depth)
        return
    required = set(schema.get("required", ()))
    for name, inner in schema.get("properties", {}).items():
        full = f"{path}.{name}" if path else name
        text = _with_limits(inner.get("description") or _text(inner, schemas), {**resolve(inner, schemas), **inner})
        yield Field(full, _type_text(inner, schemas), name in required, text)
        if depth and type_of(resolve(inner, schemas)) in {"object", "array"}:
            yield from _fields(inner, schemas, full, depth - 1)


def _type_text(schema: Schema, schemas: dict[str, Schema]) -> str:
    real = resolve(schema, schemas)
    kind = real.get("format") or type_of(real) or "any"
    if "enum" in real:
        kind = " | ".join(str(value) or "(empty)" for value in real["enum"] if value is not None)
    elif kind == "array":
        kind = f"list of {_type_text(real.get('items', {}), schemas)}"
    return f"{kind} or null" if _may_be_null(schema) or _may_be_null(real) else kind


def _with_limits(text: str, schema: Schema) -> str:
    """The text, and what the schema says of bounds and of a value left out."""
    low, high = schema.get("minimum"), schema.get("maximum")
    said = [text.strip()]
    if low is not None and high is not None and high < 2**31:
        said.append(f"{low:,} to {high:,}.")
    elif low is not None:
        said.append(f"At least {low:,}.")
    if most := schema.get("maxLength"):
        said.append(f"At most {most:,} characters.")
    if most := schema.get("maxItems"):
        said.append(f"At most {most:,}.")
    default = schema.get("default")
    if default and not isinstance(default, dict | list):
        said.append(f"Left out, it is {default}.")
    return " ".join(part for part in said if part)


def _may_be_null(schema: Schema) -> bool:
    choices = schema.get("anyOf") or schema.get("oneOf") or ()
    return any(is_null(choice) for choice in choices) or "null" in schema.get("type", ())


def _curl(method: str, path: str, parameters: Any, body: Schema | None, schemas: dict[str, Schema]) -> str:
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(example_of(one["schema"], schemas)))
    needed = [one for one in parameters if one["in"] == "query" and one.get("required")]
    query = "&".join(f"{one['name']}={example_of(one['schema'], schemas, name=one['name'])}" for one in needed)
    verb = "" if method == "GET" else f"-X {method} "
    lines = [f"curl {verb}{shlex.quote(settings.SITE_ROOT + path + (f'?{query}' if query else ''))}"]
    lines.append('-H "Authorization: Bearer $PARE_KEY"')
    if body:
        lines.append('-H "Content-Type: application/json"')
        lines.append(f"-d {shlex.quote(_pretty(example_of(body, schemas)))}")
    return " \\\n  ".join(lines)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
