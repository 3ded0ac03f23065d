"""Whatever stands in a query string: a page, a refusal, never a fault of ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from accounts.schema.document import document
from tests.access_world import KINDS, World
from tests.conftest import Cast
from tests.factories import make_api_key
from tests.routes import Route, own_routes

VALUES = (
    "\0", "a\0b", "'", "%", "-1", "0", "9" * 400, "1e999", "NaN", "٣", "²", "[]", "0001-01-01", "9999-12-31",
    "2026-02-30", "2026-13", "a" * 6000, "😀\u202e",
)  # fmt: skip
# What pages read; those of the API stand in its document.
PAGE_PARAMETERS = ("page", "q", "action", "from", "to", "month", "days", "show", "next")


def routes() -> Iterator[Route]:
    for route in own_routes():
        takes_ids_of_ours = set(route.places()) <= {"team", "public_id"}
        if takes_ids_of_ours and (not route.is_api or "GET" in route.methods()) and route.name not in {"readyz"}:
            yield route


def queries(route: Route) -> list[dict[str, str]]:
    """For a page, all it may read at once; for the API, which refuses at the first, one after another."""
    if not route.is_api:
        return [dict.fromkeys(PAGE_PARAMETERS, value) for value in VALUES]
    path = "/" + route.path.replace("<uuid:public_id>", "{public_id}")
    listed = document()["paths"][path]["get"].get("parameters", ())
    names = ["format", *(one["name"] for one in listed if one["in"] == "query")]
    return [{name: value} for name in names for value in VALUES]


@pytest.mark.parametrize("route", list(routes()), ids=lambda route: route.name)
def test_any_query_is_answered(route: Route, cast: Cast, tmp_path: Path, settings: Any) -> None:
    settings.PARE_ALLOW_LOCAL_REPOSITORIES = True
    public_id = World(cast, tmp_path).thing(KINDS.get(route.name), cast.acme)
    places = {"team": "acme", "public_id": public_id}
    url = reverse(route.name, kwargs={name: places[name] for name in route.places()})
    client = cast.client(cast.olga)
    client.raise_request_exception = False
    headers = {"Authorization": f"Bearer {make_api_key(cast.acme)[1]}"} if route.is_api else {}
    if client.get(url, headers=headers).status_code == 405:
        return
    for query in queries(route):
        assert client.get(f"{url}?{urlencode(query)}", headers=headers).status_code < 500, query
    assert client.get(f"{url}?%ff=%ff&q=%ff%00&page=%ff&cursor=%ff", headers=headers).status_code < 500
