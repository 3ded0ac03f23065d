"""A plausible value for a JSON schema: what the API page shows as a request or an answer."""

from typing import Any

FORMATS = {
    "uuid": "0b7a4b3e-cf8e-4c63-8a1d-5c9e0d2f7a61",
    "date-time": "2026-11-22T10:55:00Z",
    "date": "2026-11-22",
    "email": "mei@acme.example",
    "uri": "https://git.example/acme/shop",
    "decimal": "0.0142",
}
# What fields of these names look like, the more exact name first; any other text is just "text".
NAMES: dict[str, Any] = {
    "name": "shop",
    "slug": "acme",
    "price": "$29 a member and month",
    "url": "https://git.example/acme/shop",
    "identity": "git.example/acme/shop",
    "branch": "main",
    "commit": "5c1f0e3a9d7b42c68e0f1a2b3c4d5e6f7a8b9c0d",
    "error": "",
    "error_code": "",
    "public_key": "",
    "q": "refund",
    "task": "Refuse refunds over the order total",
    "budget": 4000,
    "tokens": 3180,
    "tokenizer": "o200k",
    "confidence": "high",
    "path": "shop/refunds.py",
    "symbol": "RefundService.create",
    "qualified": "RefundService.create",
    "signature": "def create(self, order: Order, amount: Decimal) -> Refund",
    "kind": "method",
    "form": "full",
    "language": "python",
    "start": 41,
    "end": 58,
    "id": "0b7a4b3e-cf8e-4c63-8a1d-5c9e0d2f7a61",
    "agent": "claude-code",
    "provider": "anthropic",
    "model": "claude-sonnet-4-5",
    "session_id": "session-1",
    "member": "mei@acme.example",
    "repository": "git.example/acme/shop",
    "input_uncached": 1200,
    "cache_read": 48000,
    "cache_write_5m": 3000,
    "output": 650,
    "plan.name": "Starter",
    "plan.price": "Free",
    "caps.name": "repositories",
    "symbols_per_repository": 10_000,
    "history_days": 30,
    "interval": "month",
    "seats": 4,
    "billable_members": 4,
    "unit_amount_cents": 2900,
    "amount_cents": 11_600,
    "total_cents": 11_600,
    "amount_due_cents": 11_600,
    "currency": "usd",
    "brand": "visa",
    "last4": "4242",
    "expires": "2030-04",
    "number": "PARE-0007",
    "status": "paid",
    "page_url": "https://invoice.stripe.com/i/example",
    "pdf_url": "https://invoice.stripe.com/i/example/pdf",
    "invoice_url": "https://invoice.stripe.com/i/example",
    "error_message": "",
    "results.id": "in_1PareExample0007",
    "next": None,
    "previous": None,
}
DEPTH = 8
Schema = dict[str, Any]


def resolve(schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """The schema with a reference followed, a single `allOf` opened, and `null` taken out of a choice."""
    while True:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
        elif len(schema.get("allOf", ())) == 1:
            schema = schema["allOf"][0]
        elif (choices := schema.get("anyOf") or schema.get("oneOf")) and (
            real := [c for c in choices if not is_null(c)]
        ):
            schema = real[0]
        else:
            return schema


def is_null(schema: Schema) -> bool:
    return schema.get("type") == "null" or schema.get("enum") == [None]


def type_of(schema: Schema) -> str:
    """The JSON type, without null."""
    kind = schema.get("type", "object" if "properties" in schema else "")
    return next((one for one in kind if one != "null"), "") if isinstance(kind, list) else kind


def example_of(schema: Schema, schemas: dict[str, Schema], depth: int = DEPTH, name: str = "") -> Any:
    """A value that fits the schema: one that fields of this name (`plan.name`, `name`) have, else one of its own."""
    for known in (name, name.rpartition(".")[2]):
        if known in NAMES and _fits(NAMES[known], resolve(schema, schemas)):
            return NAMES[known]
    for given in (schema, resolve(schema, schemas)):
        if "examples" in given:
            return given["examples"][0]
        if "const" in given:
            return given["const"]
        if given.get("default") is not None:
            return given["default"]
    return _made_up(resolve(schema, schemas), schemas, depth, name.rpartition(".")[2])


def _fits(value: Any, schema: Schema) -> bool:
    if "enum" in schema or schema.get("format") not in {None, "uri"}:
        return False
    return type_of(schema) == ("integer" if isinstance(value, int) else "string")


def _made_up(schema: Schema, schemas: dict[str, Schema], depth: int, parent: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    kind = type_of(schema)
    if kind == "object":
        fields = schema.get("properties", {}) if depth else {}
        return {name: example_of(field, schemas, depth - 1, f"{parent}.{name}") for name, field in fields.items()}
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, depth - 1, parent)] if depth else []
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), "text")
    numbers = {"integer": max(1, schema.get("minimum", 1)), "number": 0.5, "boolean": True}
    return numbers.get(kind)
