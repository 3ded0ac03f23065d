"""A request to the twin that is made twice, that fails, or whose answer is lost."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.twin.client import TwinClient
from tests.twin.talk import raw, sdk


def test_the_same_key_gets_the_same_answer_and_nothing_twice(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    first = api.customers.create({"email": "a@acme.example"}, {"idempotency_key": "change-1"})
    again = api.customers.create({"email": "a@acme.example"}, {"idempotency_key": "change-1"})
    assert (again.id, again.created) == (first.id, first.created)
    assert again.last_response and again.last_response.headers["Idempotent-Replayed"] == "true"
    assert first.last_response and "Idempotent-Replayed" not in first.last_response.headers
    assert len(bare_twin.truth("customer")) == 1
    assert [event["type"] for event in bare_twin.truth("event")] == ["customer.created"]


def test_the_same_key_for_something_else_is_refused(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    customer = api.customers.create({"email": "a@acme.example"}, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError) as refusal:
        api.customers.create({"email": "b@acme.example"}, {"idempotency_key": "k"})
    assert refusal.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        api.customers.update(customer.id, {"email": "a@acme.example"}, {"idempotency_key": "k"})
    assert len(bare_twin.truth("customer")) == 1


def test_a_refusal_by_validation_is_not_kept(bare_twin: TwinClient) -> None:
    bare_twin.expects_refusals = True
    key = {"Idempotency-Key": "k"}
    assert raw(bare_twin.url, "POST", "/v1/customers", "colour=red", **key)[0] == 400
    assert raw(bare_twin.url, "POST", "/v1/customers", "email=a%40acme.example", **key)[0] == 200


def test_a_key_is_forgotten_after_a_day(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    first = api.customers.create({"email": "a@acme.example"}, {"idempotency_key": "k"})
    bare_twin.advance(days=1, seconds=1)
    assert api.customers.create({"email": "b@acme.example"}, {"idempotency_key": "k"}).id != first.id


def test_while_a_request_runs_its_key_is_taken(bare_twin: TwinClient) -> None:
    bare_twin.chaos(slow={"times": 1, "seconds": 2.5})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(raw, bare_twin.url, "POST", "/v1/customers", "name=a", **{"Idempotency-Key": "k"})
        while "slow" in bare_twin.order("GET", "state")["chaos"]:
            time.sleep(0.01)
        status, body, _ = raw(bare_twin.url, "POST", "/v1/customers", "name=a", **{"Idempotency-Key": "k"})
        assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")
        assert first.result()[0] == 200
    assert len(bare_twin.truth("customer")) == 1


def test_failures_come_as_often_as_ordered_and_the_sdk_survives_them(bare_twin: TwinClient) -> None:
    bare_twin.chaos(fail_500=2)
    customer = sdk(bare_twin.url, retries=2).v1.customers.create({"name": "a"})
    assert [row["id"] for row in bare_twin.truth("customer")] == [customer.id]
    bare_twin.chaos(fail_500={"times": 1, "match": "POST /v1/products"})
    api = sdk(bare_twin.url).v1
    api.customers.create({"name": "b"})
    with pytest.raises(stripe.APIError):
        api.products.create({"name": "Pare"})
    api.products.create({"name": "Pare"})


def test_a_sticky_failure_belongs_to_its_key(bare_twin: TwinClient) -> None:
    """Stripe keeps the answer 500 under the key: asking again with it is of no use, another key is."""
    api = sdk(bare_twin.url).v1
    bare_twin.chaos(fail_500={"times": 1, "sticky": True})
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            api.customers.create({"name": "a"}, {"idempotency_key": "k"})
    assert api.customers.create({"name": "a"}, {"idempotency_key": "k2"}).name == "a"
    assert len(bare_twin.truth("customer")) == 1


def test_a_time_out_leaves_it_done_and_the_key_finds_it(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    bare_twin.chaos(time_out=1)
    with pytest.raises(stripe.APIConnectionError):
        api.customers.create({"name": "a"}, {"idempotency_key": "k"})
    assert len(bare_twin.truth("customer")) == 1, "carried out, though nobody was told"
    assert api.customers.create({"name": "a"}, {"idempotency_key": "k"}).id == bare_twin.truth("customer")[0]["id"]
    assert len(bare_twin.truth("customer")) == 1


def test_too_many_requests(bare_twin: TwinClient) -> None:
    bare_twin.chaos(rate_limit=1)
    with pytest.raises(stripe.RateLimitError):
        sdk(bare_twin.url).v1.customers.list()
    sdk(bare_twin.url).v1.customers.list()
