"""What every resource does alike: refer to rows, merge metadata, tell in an event what changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.twin.errors import TwinError, invalid
from tests.twin.routing import Call
from tests.twin.world import Row, World, public


def reference(world: World, table: str, id: str, param: str) -> Row:
    """The row a parameter names. Raises TwinError 400 `resource_missing` (404 is for an id in the address)."""
    row = world.table(table).get(id)
    if row is None or row.get("deleted"):
        kind = table.replace("_", " ").replace("payment method", "PaymentMethod")
        raise TwinError(400, "invalid_request_error", f"No such {kind}: '{id}'", code="resource_missing", param=param)
    return row


def needed(params: Row, *names: str) -> None:
    """Raises TwinError 400 for the first of these parameters that was not given."""
    for name in names:
        if params.get(name) in (None, "", []):
            raise invalid(f"Missing required param: {name}.", name, code="parameter_missing")


def merge_metadata(row: Row, params: Row) -> None:
    """Stripe's rules: keys are added or replaced, an empty value takes a key away, an empty string takes all away."""
    given = params.get("metadata")
    if given is None:
        return
    if given == "":
        row["metadata"] = {}
        return
    merged = {**row["metadata"], **given}
    row["metadata"] = {key: value for key, value in merged.items() if value != ""}


def take(row: Row, params: Row, *names: str) -> None:
    """Copy these parameters onto the row; an empty string means null."""
    for name in names:
        if name in params:
            row[name] = None if params[name] == "" else params[name]


def difference(before: Any, after: Row) -> Row:
    """The former values of what is not the same now; hashes show only their changed keys, lists all of them."""
    former: Row = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and old.get("id") == new.get("id"):
            old = difference(old, new)
        former[key] = old
    return former


@contextmanager
def recording(world: World, row: Row, type: str) -> Iterator[Row]:
    """Emit `type` with `previous_attributes` at the end of the block if the row changed in it.

    Inside a block that records the same row this does nothing: one request makes one such event.
    """
    if row.get("_recorded"):
        yield row
        return
    before, row["_recorded"] = public(row), True
    try:
        yield row
    finally:
        row["_recorded"] = False
    previous = difference(before, public(row))
    if previous:
        world.emit(type, row, previous)


def within(value: int | None, bounds: Any) -> bool:
    """Whether a time fits a list filter: one number, or {gt, gte, lt, lte}."""
    if bounds is None:
        return True
    if value is None:
        return False
    if not isinstance(bounds, dict):
        return value == int(bounds)
    tests = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__, "lte": value.__le__}
    return all(tests[name](int(bound)) for name, bound in bounds.items())


def matching(rows: list[Row], call: Call, *names: str) -> list[Row]:
    """The rows whose fields equal those list filters that were given; `created` is a range."""
    wanted = {name: call.params[name] for name in names if name in call.params}
    created = call.params.get("created")
    return [row for row in rows if all(row.get(k) == v for k, v in wanted.items()) and within(row["created"], created)]
