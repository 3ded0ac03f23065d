"""Every refusal of the API has one shape, whichever layer refuses."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.roles import Scope
from tests.api import sample_urls
from tests.conftest import Cast
from tests.factories import make_api_key

pytestmark = pytest.mark.urls("tests.api.sample_urls")
HOT, SLOW = "/api/v1/sample/hot", "/api/v1/sample/slow"
BOTH = pytest.mark.parametrize("url", [HOT, SLOW])


def refusal(response: Any, status: int, code: str) -> dict[str, Any]:
    """The error of a refused request, after checking that it has the one shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/json")
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"code", "message", "fields"}
    assert error["code"] == code
    assert error["message"]
    return error


@pytest.fixture
def key(cast: Cast) -> str:
    return make_api_key(cast.acme)[1]


def send(url: str, key: str, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    headers = {"Authorization": f"Bearer {key}", **headers}
    return Client(raise_request_exception=False).post(url, body, content_type=content_type, headers=headers)


@BOTH
def test_it_works(url: str, key: str) -> None:
    response = send(url, key, b'{"task": "mend it"}')
    assert response.status_code == 200, response.content


@BOTH
@pytest.mark.parametrize(
    "body",
    [b"{", b"nan", b'{"task": "a"} x', b"[" * 100_000, b'{"task": "\xff"}', b'{"task": "\\ud800"}'],
    ids=["cut", "nan", "trailing", "deep", "not-utf-8", "lone-surrogate"],
)
def test_what_is_no_json_is_named_so(url: str, body: bytes, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample_urls, "LIMIT", 10**6)
    response = send(url, key, body)
    code = "invalid" if url == HOT and body.startswith(b"[") else "bad_body"
    refusal(response, 400, code)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"task": 1}', "task"),
        (b'{"budgets": []}', "non_field_errors"),
        (b'{"task": "a", "budgets": [1, "x"]}', "budgets.1"),
        (b'{"task": "a", "budget": 1}', "non_field_errors"),
        (b"[]", "non_field_errors"),
    ],
)
def test_a_wrong_field_is_named(body: bytes, field: str, key: str) -> None:
    error = refusal(send(HOT, key, body), 400, "invalid")
    assert list(error["fields"]) == [field]


@BOTH
@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", "application/x-ndjson"])
def test_other_kinds_of_body_are_415(url: str, content_type: str, key: str) -> None:
    refusal(send(url, key, b'{"task": "a"}', content_type), 415, "unsupported_media_type")


@BOTH
def test_a_compressed_body_is_415(url: str, key: str) -> None:
    refusal(send(url, key, b"\x1f\x8b", **{"Content-Encoding": "gzip"}), 415, "unsupported_media_type")


@BOTH
def test_a_body_over_the_limit_is_413(url: str, key: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = sample_urls.LIMIT
    edge = b'{"task": "%s"}' % (b"a" * (sample_urls.LIMIT - 12))
    assert len(edge) == sample_urls.LIMIT
    assert send(url, key, edge).status_code == 200
    refusal(send(url, key, edge + b" "), 413, "body_too_large")


@BOTH
def test_a_method_it_does_not_know_is_405(url: str, key: str) -> None:
    response = Client().delete(url, headers={"Authorization": f"Bearer {key}"})
    refusal(response, 405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_an_answer_it_cannot_give_is_406(key: str) -> None:
    response = Client().get(SLOW, headers={"Authorization": f"Bearer {key}", "Accept": "text/csv"})
    refusal(response, 406, "not_acceptable")


@BOTH
@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "not_authenticated"),
        ("Basic b2xnYTpwYXNz", "not_authenticated"),
        ("Token pare_x", "not_authenticated"),
        ("Bearer", "invalid_key"),
        ("Bearer pare_abcdefghij_" + "a" * 43, "invalid_key"),
        ("Bearer " + "x" * 9000, "invalid_key"),
    ],
)
def test_without_a_good_key_it_is_401(cast: Cast, url: str, authorization: str | None, code: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    response = Client().post(url, b'{"task": "a"}', content_type="application/json", headers=headers)
    refusal(response, 401, code)
    assert response["WWW-Authenticate"] == 'Bearer realm="Pare"'


@BOTH
def test_without_the_scope_it_is_403(cast: Cast, url: str) -> None:
    _, text = make_api_key(cast.acme, scopes=[Scope.USAGE_WRITE])
    error = refusal(send(url, text, b'{"task": "a"}'), 403, "scope_missing")
    assert "context:read" in error["message"]


def test_a_view_that_names_no_scope_is_shut(key: str) -> None:
    response = Client().get("/api/v1/sample/forgotten", headers={"Authorization": f"Bearer {key}"})
    refusal(response, 403, "forbidden")


@pytest.mark.parametrize("url", ["/api/v1/nothing", "/api/nothing", "/api/v1/team/", "/api/v2/team", "/api/%ff"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_unknown_addresses_are_404_for_everyone(cast: Cast, url: str, method: str) -> None:
    for client in (Client(enforce_csrf_checks=True), cast.client(cast.olga)):
        refusal(getattr(client, method)(url), 404, "not_found")


def test_a_fault_of_ours_says_so_and_nothing_more(db: None) -> None:
    error = refusal(Client(raise_request_exception=False).get("/api/v1/sample/broken"), 500, "internal_error")
    assert "ZeroDivision" not in str(error)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_is_503_and_the_next_request_works(key: str) -> None:
    client, headers = Client(raise_request_exception=False), {"Authorization": f"Bearer {key}"}
    response = client.get("/api/v1/sample/cut-off", headers=headers)
    refusal(response, 503, "unavailable")
    assert response["Retry-After"] == "5"
    connection.close()  # as the end of a request does outside of tests
    assert client.get(SLOW, headers=headers).status_code == 200


def test_a_host_that_is_not_ours_is_400(db: None, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["pare.example"]
    refusal(Client().get(SLOW, headers={"Host": "evil.example"}), 400, "bad_body")


def test_pages_keep_their_own_error_pages(cast: Cast) -> None:
    response = cast.client(cast.olga).get("/t/nobody/billing/")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        ("cap", 402, "Your plan, Starter, allows 1"),
        ("forbidden", 403, "Only on Sundays"),
        ("gone", 404, "nothing here"),
    ],
)
def test_a_refusal_that_a_page_lets_through_is_a_page(cast: Cast, code: str, status: int, says: str) -> None:
    response = cast.client(cast.olga).get(f"/refusing/{code}")
    assert response.status_code == status
    assert response["Content-Type"].startswith("text/html")
    assert says in response.content.decode()


def test_a_known_key_costs_no_sql(key: str, django_assert_num_queries: Any) -> None:
    send(HOT, key, b'{"task": "a"}')
    with django_assert_num_queries(0):
        assert send(HOT, key, b'{"task": "a"}').status_code == 200
