"""The twin as a server: who may ask, what it refuses, lists, expansion, time."""

import http.client
from urllib.parse import urlsplit

import pytest
import stripe

from tests.twin.client import TwinClient
from tests.twin.talk import raw, sdk

HOOK = {"url": "https://pare.example/hook", "enabled_events": ["invoice.paid"]}

def test_the_sdk_makes_changes_lists_and_deletes(bare_twin: TwinClient) -> None:
    endpoints = sdk(bare_twin.url).v1.webhook_endpoints
    made = endpoints.create({**HOOK, "metadata": {"room": "a", "_own": "kept"}})  # type: ignore[typeddict-item]
    assert made.secret and made.secret.startswith("whsec_")
    changed = endpoints.update(made.id, {"disabled": True, "metadata": {"room": "", "floor": "2"}})
    assert (changed.status, changed.metadata.to_dict()) == ("disabled", {"_own": "kept", "floor": "2"})
    assert [row.url for row in endpoints.list().data] == ["https://pare.example/hook"]
    assert "secret" not in endpoints.retrieve(made.id).to_dict(), "shown once only"
    assert endpoints.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as gone:
        endpoints.retrieve(made.id)
    assert (gone.value.http_status, gone.value.code) == (404, "resource_missing")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "did not provide"),
        ("Bearer ", "did not provide"),
        ("Bearer sk_live_1", "takes no live key"),
        ("Bearer rk_live_1", "takes no live key"),
        ("Bearer pk_test_1", "Invalid API Key"),
        ("Basic !!!", "did not provide"),
        ("Basic c2tfbGl2ZV8xOg==", "takes no live key"),
    ],
)
def test_only_a_test_key_is_let_in(bare_twin: TwinClient, key: str, said: str) -> None:
    status, body, _ = raw(bare_twin.url, "GET", "/v1/events", Authorization=key)
    assert status == 401 and said in body["error"]["message"]
    assert bare_twin.calls() == []


def test_a_key_may_come_as_a_user_name(bare_twin: TwinClient) -> None:
    assert raw(bare_twin.url, "GET", "/v1/events", Authorization="Basic c2tfdGVzdF8xOg==")[0] == 200


def test_every_answer_names_its_request_and_version(bare_twin: TwinClient) -> None:
    _, _, headers = raw(bare_twin.url, "GET", "/v1/events")
    assert headers["Request-Id"].startswith("req_")
    assert headers["Stripe-Version"] == stripe.api_version


def test_another_api_version_is_refused(bare_twin: TwinClient) -> None:
    """Its objects would have other shapes than the SDK's."""
    assert raw(bare_twin.url, "GET", "/v1/events", **{"Stripe-Version": str(stripe.api_version)})[0] == 200
    assert raw(bare_twin.url, "GET", "/v1/events", **{"Stripe-Version": "2020-08-27"})[0] == 400


def test_addresses_and_parameters_that_stripe_does_not_have_are_refused(bare_twin: TwinClient) -> None:
    bare_twin.expects_refusals = True
    assert raw(bare_twin.url, "GET", "/v1/unicorns")[0] == 404
    assert raw(bare_twin.url, "GET", "/v1/topups")[0] == 501, "Stripe has it, the twin does not"
    assert raw(bare_twin.url, "GET", "/v1/events?colour=red")[1]["error"]["param"] == "colour"
    assert raw(bare_twin.url, "POST", "/v1/webhook_endpoints", "url=ftp%3A%2F%2Fx&enabled_events[]=*")[0] == 400
    verdicts = {(call["method"], call["template"]): set(call) - {"method", "template"} for call in bare_twin.calls()}
    assert verdicts == {
        ("GET", "/v1/unicorns"): {"unknown"},
        ("GET", "/v1/topups"): {"not implemented"},
        ("GET", "/v1/events"): {"refused"},
        ("POST", "/v1/webhook_endpoints"): {"passed"},
    }


def test_a_look_alike_address_does_not_stand_in(bare_twin: TwinClient) -> None:
    """/v1/invoices/search has the shape of /v1/invoices/{invoice}, which the twin has."""
    bare_twin.expects_refusals = True
    assert raw(bare_twin.url, "GET", "/v1/invoices/search?query=x")[0] == 501
    assert raw(bare_twin.url, "GET", "/v1/invoices/in_1")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("PUT", "/v1/events", None, {}, 501),
        ("POST", "/v1/events", "", {}, 404),
        ("POST", "/v1/customers", "a[=1", {}, 400),
        ("POST", "/v1/customers", "email=\xff", {}, 400),
        ("POST", "/v1/customers", '{"email": "a"}', {"Content-Type": "application/json"}, 400),
        ("POST", "/v1/customers", "a" * (2 << 20), {}, 413),
        ("POST", "/v1/customers", None, {"Transfer-Encoding": "chunked"}, 411),
        ("POST", "/v1/customers", None, {"Content-Length": "-5"}, 411),
        ("GET", "/v1/events?limit=0", None, {}, 400),
        ("GET", "/v1/events?limit=101", None, {}, 400),
        ("GET", "/v1/events?starting_after=evt_x", None, {}, 400),
        ("GET", "/v1/events?expand[]=data.type", None, {}, 400),
        ("GET", "/v1/events?expand[]=" + "data.a" * 5, None, {}, 400),
        ("POST", "/_twin/nothing", "{}", {}, 404),
        ("POST", "/_twin/advance", "[]", {}, 400),
        ("POST", "/_twin/advance", '{"seconds": -5}', {}, 400),
        ("POST", "/_twin/advance", '{"seconds": "a"}', {}, 400),
        ("POST", "/_twin/chaos", '{"mayhem": true}', {}, 400),
    ],
)
def test_bad_requests_are_answered_in_words(
    bare_twin: TwinClient, method: str, path: str, body: str | None, headers: dict[str, str], status: int
) -> None:
    bare_twin.expects_refusals = True
    connection = http.client.HTTPConnection(urlsplit(bare_twin.url).netloc, timeout=20)
    try:
        connection.request(
            method,
            path,
            None if body is None else body.encode("latin-1"),
            {"Authorization": "Bearer sk_test_1", **headers},
        )
    except (BrokenPipeError, ConnectionResetError):
        assert status == 413, "only an oversized body is cut off while it is being sent"
    else:
        answer = connection.getresponse()
        assert answer.status == status, answer.read()
    finally:
        connection.close()
    assert raw(bare_twin.url, "GET", "/v1/events")[0] == 200


# Lists and expansion


def test_lists_go_both_ways_by_cursor(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    made = [api.customers.create({"name": str(number)}).id for number in range(7)]
    newest = made[::-1]
    first = api.customers.list({"limit": 3})
    assert ([row.id for row in first.data], first.has_more) == (newest[:3], True)
    last = api.customers.list({"limit": 3, "starting_after": newest[5]})
    assert ([row.id for row in last.data], last.has_more) == (newest[6:], False)
    before = api.customers.list({"limit": 2, "ending_before": newest[4]})
    assert ([row.id for row in before.data], before.has_more) == (newest[2:4], True)
    assert [row.id for row in api.customers.list({"limit": 2}).auto_paging_iter()] == newest
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.list({"starting_after": made[0], "ending_before": made[1]})


def test_what_the_sdk_says_can_be_expanded_is(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    product = api.products.create({"name": "Pare"})
    price = api.prices.create({"product": product.id, "currency": "usd", "unit_amount": 900, "expand": ["product"]})
    assert isinstance(price.product, stripe.Product) and price.product.name == "Pare"
    listed = api.prices.list({"expand": ["data.product"]}).data[0]
    assert isinstance(listed.product, stripe.Product)
    for path in ("currency", "nothing", "product.name.first", "data.product"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            api.prices.retrieve(price.id, {"expand": [path]})


# Time


def test_time_moves_on_when_told_and_never_back(bare_twin: TwinClient) -> None:
    bare_twin.reset(start=1_800_000_000)
    assert 0 <= bare_twin.now() - 1_800_000_000 < 30
    assert bare_twin.advance(to=1_800_100_000) - 1_800_100_000 < 5
    bare_twin.advance(days=2)
    assert 0 <= sdk(bare_twin.url).v1.customers.create({"name": "a"}).created - 1_800_272_800 < 30
    with pytest.raises(AssertionError, match="does not go back"):
        bare_twin.advance(to=1_800_000_000)


def test_a_test_clock_has_its_own_time(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    clock = api.test_helpers.test_clocks.create({"frozen_time": 1_577_836_800})
    customer = api.customers.create({"name": "a", "test_clock": clock.id})
    assert customer.created == 1_577_836_800
    assert api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_577_836_900}).status == "advancing"
    assert api.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert bare_twin.now() > 1_700_000_000
    with pytest.raises(stripe.InvalidRequestError):
        api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": 1_577_836_900})
    api.test_helpers.test_clocks.delete(clock.id)
    assert bare_twin.truth("customer") == [], "its customers go with it"


def test_events_are_listed_for_thirty_days(bare_twin: TwinClient) -> None:
    api = sdk(bare_twin.url).v1
    api.customers.create({"name": "a"})
    event = api.events.list({"types": ["customer.*"]}).data[0]
    assert api.events.list({"type": "product.*"}).data == []
    assert api.events.list({"created": {"gt": event.created}}).data == []
    assert [row.id for row in api.events.list({"created": {"gte": event.created}}).data] == [event.id]
    bare_twin.advance(days=31)
    assert api.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError):
        api.events.retrieve(event.id)


def test_the_same_seed_gives_the_same_ids(bare_twin: TwinClient) -> None:
    def ids(seed: str) -> list[str]:
        bare_twin.reset(seed=seed)
        return [sdk(bare_twin.url).v1.customers.create({"name": "a"}).id for _ in range(3)]

    assert ids("7") == ids("7") != ids("8")
    assert len(set(ids("9"))) == 3
