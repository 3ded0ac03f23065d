"""The twin as a server: who may ask, what it refuses, idempotency, lists, expansion, mishaps, time, its file."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import stripe

from config.processes import die_with_parent, end_process, free_port
from tests.twin.client import TwinClient

ROOT = Path(__file__).resolve().parent.parent.parent
HOOK = {"url": "https://pare.example/hook", "enabled_events": ["invoice.paid"]}


def sdk(url: str, retries: int = 0) -> stripe.StripeClient:
    """Stripe's own client with all its addresses turned to the twin."""
    bases: Any = dict.fromkeys(("api", "files", "connect", "meter_events"), url)
    return stripe.StripeClient("sk_test_twin", base_addresses=bases, max_network_retries=retries)


def raw(url: str, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, dict[str, Any], Any]:
    """One request without the SDK: (status, JSON, headers)."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    given = {"Authorization": "Bearer sk_test_1", "Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request(method, path, body, {name: value for name, value in given.items() if value})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text), answer.headers


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


# Idempotency


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
    bare_twin.chaos(slow={"times": 1, "seconds": 1.5})
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(raw, bare_twin.url, "POST", "/v1/customers", "name=a", **{"Idempotency-Key": "k"})
        while "slow" in bare_twin.order("GET", "state")["chaos"]:
            time.sleep(0.01)
        status, body, _ = raw(bare_twin.url, "POST", "/v1/customers", "name=a", **{"Idempotency-Key": "k"})
        assert (status, body["error"]["code"]) == (409, "idempotency_key_in_use")
        assert first.result()[0] == 200
    assert len(bare_twin.truth("customer")) == 1


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


# Mishaps of the API


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


# The process


@contextmanager
def own_twin(*options: str, port: int | None = None) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A twin for this test alone."""
    url = f"http://127.0.0.1:{port or free_port()}"
    command = [sys.executable, "-m", "tests.twin", "--port", str(urlsplit(url).port), *options]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield url, process
    finally:
        end_process(process, signal.SIGTERM, 5)
        assert process.stdout is not None
        process.stdout.close()


def test_its_world_outlives_it_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "twin.json"
    with own_twin("--state", str(file)) as (url, _):
        made = sdk(url).v1.customers.create({"name": "a"}, {"idempotency_key": "k"}).id
        TwinClient(url).advance(days=3)
        late = sdk(url).v1.customers.create({"name": "b"}, {"idempotency_key": "late"}).id
    with own_twin("--state", str(file)) as (url, process):
        assert sdk(url).v1.customers.retrieve(made).name == "a"
        assert sdk(url).v1.customers.create({"name": "b"}, {"idempotency_key": "late"}).id == late
        assert TwinClient(url).now() - time.time() > 2.9 * 86_400
        third = sdk(url).v1.customers.create({"name": "c"}).id
        deadline = time.monotonic() + 10
        while third not in file.read_text() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        process.wait()
    with own_twin("--state", str(file)) as (url, _):
        assert sdk(url).v1.customers.retrieve(third).name == "c", "saved before it was killed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["twin.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tables": {}}'])
def test_a_file_that_is_no_world_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "twin.json"
    file.write_text(text)
    command = [sys.executable, "-m", "tests.twin", "--port", str(free_port()), "--state", str(file)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 1 and "holds no world of the twin" in answer.stderr
    assert file.read_text() == text


def test_it_listens_on_loopback_only(bare_twin: TwinClient) -> None:
    port = urlsplit(bare_twin.url).port
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)} - {"127.0.0.1"}
    for address in [*others, "127.0.0.2"]:
        with socket.socket() as probe:
            probe.settimeout(2)
            assert probe.connect_ex((str(address), port)) != 0


def test_a_client_that_is_slow_to_send_holds_nobody_up(bare_twin: TwinClient) -> None:
    with socket.create_connection(("127.0.0.1", int(urlsplit(bare_twin.url).port or 0))) as slow:
        slow.sendall(b"POST /v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail=")
        with urllib.request.urlopen(f"{bare_twin.url}/_twin/state", timeout=10) as answer:
            assert answer.status == 200
