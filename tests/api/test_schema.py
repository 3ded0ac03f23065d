"""The OpenAPI document and the page made of it: valid, whole, and true to the routes."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.roles import Scope
from accounts.schema.document import document
from accounts.schema.page import TAGS, groups
from accounts.schema.refusals import all_refusals
from config.errors import DomainError
from tests.routes import own_routes

pytestmark = pytest.mark.django_db


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    found = document()["paths"].items()
    return {(method.upper(), path): one for path, methods in found for method, one in methods.items()}


def test_it_is_valid_openapi_for_everyone() -> None:
    response = Client().get("/api/schema/")
    assert response.status_code == 200
    shown = json.loads(response.content)
    validate_schema(shown)  # type: ignore[no-untyped-call]
    assert shown["openapi"] == "3.1.0"


def test_it_is_made_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    noted = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert noted == []


def test_it_names_every_route_and_method_and_no_other() -> None:
    routes = {
        (method, "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.path))
        for route in own_routes()
        if route.is_api
        for method in route.methods()
    }
    assert set(operations()) == routes


def test_every_operation_says_what_it_needs_and_how_it_refuses() -> None:
    for place, operation in operations().items():
        assert operation["x-scope"] in list(Scope), place
        assert operation["summary"], place
        assert operation["tags"][0] in TAGS, place
        assert {"401", "403", "429"} <= set(operation["responses"]), place
        assert min(operation["responses"]) < "300", place


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for operation in operations().values()]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere() -> None:
    found = document()
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(found)):
        assert name in found["components"]["schemas"], name


def test_the_page_names_every_operation_scope_and_refusal() -> None:
    response = Client().get("/api/")
    assert response.status_code == 200
    page = response.content.decode()
    for method, path in operations():
        assert f"{method} {path}" in page
    for scope in Scope.values:
        assert scope in page
    for refusal in all_refusals():
        assert refusal.code in page
    assert "Retry-After" in page


def test_examples_carry_a_whole_request() -> None:
    for group in groups(document()):
        for operation in group.operations:
            assert "Bearer $PARE_KEY" in operation.curl
            assert "{" not in operation.curl.splitlines()[0], "every place in the path is filled"
            if operation.body:
                sent = operation.curl.split("-d ", 1)[1].strip("'").replace("'\"'\"'", "'")
                assert isinstance(json.loads(sent), dict)


def test_each_code_has_one_status_and_a_message() -> None:
    statuses: dict[str, set[int]] = {}
    for refusal in all_refusals():
        statuses.setdefault(refusal.code, set()).add(refusal.status)
        assert re.fullmatch(r"[a-z][a-z0-9_]*", refusal.code)
        assert refusal.message, f"{refusal.code} says nothing"
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


@pytest.mark.parametrize("url", ["/api/", "/api/schema/"])
def test_they_take_no_writes_and_cost_no_sql(url: str, django_assert_num_queries: Any) -> None:
    Client().get(url)
    with django_assert_num_queries(0):
        assert Client().get(url).status_code == 200
    refused = Client(enforce_csrf_checks=True).post(url)
    assert (refused.status_code, refused.json()["error"]["code"]) == (405, "method_not_allowed")


def test_every_kind_of_refusal_is_listed() -> None:
    def codes(kind: type[DomainError]) -> set[str]:
        return {kind.code}.union(*(codes(child) for child in kind.__subclasses__()))

    listed = {refusal.code for refusal in all_refusals()}
    assert codes(DomainError) - listed == {DomainError.code}
