"""Which function answers which request."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.twin.errors import invalid
from tests.twin.table import Table
from tests.twin.world import World

DEFAULT_PAGE, LARGEST_PAGE = 10, 100


@dataclass(frozen=True)
class Call:
    """One API request, checked by the gate: `params` holds ints, bools, lists and dicts, not form strings."""

    method: str
    path_args: dict[str, str]
    params: dict[str, Any]
    idempotency_key: str | None
    base_url: str
    path: str = ""


@dataclass(frozen=True)
class Visit:
    """One request of a person's browser to a hosted page."""

    method: str
    path_args: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]
    base_url: str


@dataclass(frozen=True)
class Page:
    """What the browser gets; with `location` it is sent on there (303)."""

    html: str = ""
    status: int = 200
    location: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[World, Call], dict[str, Any]]
PageHandler = Callable[[World, Visit], Page]
Include = Callable[[World, dict[str, Any]], Any]


ROUTES, PAGES = Table(), Table()
UNDOCUMENTED = Table()  # what Stripe answers though its API reference and the SDK do not know it: no gate there
INCLUDES: dict[tuple[str, str], Include] = {}


def route(method: str, template: str, *, documented: bool = True) -> Callable[[Handler], Handler]:
    """Answer an API request: `@route("POST", "/v1/subscriptions/{subscription}")` on `handler(world, call)`.

    One that is not documented gets its parameters as strings, unchecked.
    """

    def register(handler: Handler) -> Handler:
        (ROUTES if documented else UNDOCUMENTED).add(method, template, handler)
        return handler

    return register


def page(method: str, template: str) -> Callable[[PageHandler], PageHandler]:
    """Answer a browser: `@page("GET", "/c/pay/{session}")` on `handler(world, visit)`."""

    def register(handler: PageHandler) -> PageHandler:
        PAGES.add(method, template, handler)
        return handler

    return register


def includes(kind: str, name: str) -> Callable[[Include], Include]:
    """A field that an answer has only when it is expanded, such as `line_items` of a `checkout.session`."""

    def register(make: Include) -> Include:
        INCLUDES[kind, name] = make
        return make

    return register


def page_of(rows: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    """One page of these rows (newest first) by `limit`, `starting_after` and `ending_before`."""
    limit = int(call.params.get("limit", DEFAULT_PAGE))
    if not 1 <= limit <= LARGEST_PAGE:
        raise invalid(f"Limit must be between 1 and {LARGEST_PAGE}.", "limit")
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise invalid("You may only specify one of these parameters: starting_after, ending_before.")
    if after:
        rows = rows[_place(rows, after, "starting_after") + 1 :]
        data, more = rows[:limit], len(rows) > limit
    elif before:
        rows = rows[: _place(rows, before, "ending_before")]
        data, more = rows[-limit:], len(rows) > limit
    else:
        data, more = rows[:limit], len(rows) > limit
    return {"object": "list", "data": data, "has_more": more, "url": call.path}


def _place(rows: list[dict[str, Any]], id: str, param: str) -> int:
    for place, row in enumerate(rows):
        if row["id"] == id:
            return place
    raise invalid(f"No such object: '{id}'", param, code="resource_missing")
