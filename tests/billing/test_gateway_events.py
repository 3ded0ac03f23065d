"""Events as the gateway reads them: who signed, when, and for whom they ring."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe import WebhookSignature

from billing import gateway
from billing.gateway.client import API_VERSION
from tests.billing.stripe_scenes import new_customer
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

NOW = 1_800_000_000
SECRET = "whsec_only_for_tests"


def body_of(about: dict[str, Any], **more: Any) -> str:
    event = {
        "id": "evt_1",
        "object": "event",
        "api_version": API_VERSION,
        "created": NOW - 5,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "invoice.paid",
    }
    return json.dumps({**event, **more})


def signed(body: str, secret: str = SECRET, at: int = NOW) -> str:
    return str(WebhookSignature.generate_signature_header(body, secret, at))


def read(body: str, **how: Any) -> gateway.EventHead:
    return gateway.read_event(body.encode(), signed(body, **how), NOW)


INVOICE = {"id": "in_1", "object": "invoice", "customer": "cus_1"}


def test_a_signed_event_is_read() -> None:
    assert read(body_of(INVOICE)) == gateway.EventHead(
        id="evt_1",
        type="invoice.paid",
        api_version=API_VERSION,
        livemode=False,
        created_at=datetime.fromtimestamp(NOW - 5, UTC),
        customer_id="cus_1",
    )


@pytest.mark.parametrize(
    ("about", "customer"),
    [
        ({"id": "cus_2", "object": "customer"}, "cus_2"),
        ({"id": "cus_2", "object": "customer", "deleted": True}, "cus_2"),
        ({"id": "sub_1", "object": "subscription", "customer": "cus_3"}, "cus_3"),
        ({"id": "cs_1", "object": "checkout.session", "customer": "cus_4"}, "cus_4"),
        ({"id": "cs_1", "object": "checkout.session", "customer": None}, ""),
        ({"id": "sub_sched_1", "object": "subscription_schedule", "customer": "cus_5"}, "cus_5"),
        ({"id": "in_1", "object": "invoice", "customer": {"id": "cus_6", "object": "customer"}}, "cus_6"),
        ({"id": "in_1", "object": "invoice", "customer": 6}, ""),
        ({"id": "prod_1", "object": "product"}, ""),
    ],
)
def test_the_customer_is_found_in_every_kind_of_object(about: dict[str, Any], customer: str) -> None:
    assert read(body_of(about)).customer_id == customer


def test_each_secret_is_tried_while_one_is_replaced(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_old", "whsec_new"]
    body = body_of(INVOICE)
    assert read(body, secret="whsec_old").id == read(body, secret="whsec_new").id == "evt_1"


def test_the_mode_and_the_version_are_told_and_not_judged() -> None:
    head = read(body_of(INVOICE, livemode=True, api_version="2020-08-27"))
    assert (head.livemode, head.api_version) == (True, "2020-08-27")
    assert read(body_of(INVOICE, api_version=None)).api_version == ""


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_either_way_are_allowed(seconds: int) -> None:
    assert read(body_of(INVOICE), at=NOW + seconds).id == "evt_1"


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_what_was_signed_long_ago_or_in_the_future_is_refused(seconds: int) -> None:
    with pytest.raises(gateway.BadSignature, match="stale_signature"):
        read(body_of(INVOICE), at=NOW + seconds)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=1",
        f"t={NOW}",
        f"t={NOW},v1=",
        f"t={NOW},v1=00",
        f"v1=00,t={NOW}",
        "t=x,v1=00",
        f"t={NOW},v0=" + "0" * 64,
        f"t={NOW},v1=naïve",
        "t=" + "9" * 5000 + ",v1=00",
        "=,=,=",
    ],
)
def test_a_forged_header_is_refused(header: str) -> None:
    with pytest.raises(gateway.BadSignature, match="bad_signature"):
        gateway.read_event(body_of(INVOICE).encode(), header, NOW)


def test_a_header_with_more_in_it_is_as_stale() -> None:
    """An old signature that someone has kept, and bent."""
    body, stale = body_of(INVOICE), NOW - 400
    header = signed(body, at=stale)
    for bent in (header.replace(",", f"=1,t={NOW},"), f"{header},t={NOW}", header.replace("t=", "t=+")):
        with pytest.raises(gateway.BadSignature):
            gateway.read_event(body.encode(), bent, NOW)


def test_a_changed_body_is_refused() -> None:
    body = body_of(INVOICE)
    with pytest.raises(gateway.BadSignature):
        gateway.read_event(body.replace("cus_1", "cus_2").encode(), signed(body), NOW)


def test_another_secret_is_refused() -> None:
    with pytest.raises(gateway.BadSignature):
        read(body_of(INVOICE), secret="whsec_of_another_account")


@pytest.mark.parametrize("secrets", [[], [""], [" "]])
def test_without_a_secret_nothing_is_believed(settings: Any, secrets: list[str]) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = secrets
    with pytest.raises(gateway.BadSignature):
        read(body_of(INVOICE), secret=(secrets or [""])[0])


def test_a_body_that_is_no_text_is_refused() -> None:
    with pytest.raises(gateway.BadSignature):
        gateway.read_event(b"\xff\xfe", signed("x"), NOW)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "1",
        '"text"',
        "{}",
        '{"object": "event"}',
        body_of(INVOICE, created="soon"),
        body_of(INVOICE, created=10**30),
        body_of(INVOICE, data=None),
        body_of(INVOICE, data={"object": None}),
        body_of(INVOICE, id=7),
        body_of(INVOICE, type=None),
        body_of(INVOICE, livemode="no"),
        json.dumps({"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found"}),
    ],
)
def test_what_is_signed_but_no_event_is_refused(body: str) -> None:
    with pytest.raises(gateway.StripeRefused, match="unreadable_event") as caught:
        read(body)
    assert not isinstance(caught.value, gateway.BadSignature)


def rename(twin: TwinClient, customer: str, name: str) -> None:
    """As somebody does it in the portal."""
    api = sdk(twin.url)
    api.v1.customers.update(customer, {"name": name})


def test_a_delivered_event_is_read(twin: TwinClient) -> None:
    """What the twin sends, over the bytes it sends them in."""
    customer = new_customer("a")
    rename(twin, customer, "Acme & Söhne")
    letters = [letter for letter in twin.letters() if letter["type"] == "customer.updated"]
    [head] = [gateway.read_event(row["payload"].encode(), row["signature"], time.time()) for row in letters]
    assert (head.type, head.customer_id, head.api_version) == ("customer.updated", customer, API_VERSION)


def test_past_events_come_oldest_first_and_only_of_our_kinds(twin: TwinClient) -> None:
    start = datetime.fromtimestamp(twin.now(), UTC) - timedelta(seconds=1)
    ids = [new_customer(name) for name in "abc"]
    for id in ids:
        twin.advance(seconds=10)
        rename(twin, id, "Acme Ltd")
    heads = list(gateway.events_since(start))
    assert [head.customer_id for head in heads] == ids
    assert {head.type for head in heads} == {"customer.updated"}, "customer.created rings for nothing"
    assert [head.customer_id for head in gateway.events_since(heads[1].created_at)] == ids[2:]


def test_more_events_than_one_page_are_fetched(twin: TwinClient) -> None:
    start = datetime.fromtimestamp(twin.now(), UTC) - timedelta(seconds=1)
    customer = new_customer("a")
    for number in range(105):
        rename(twin, customer, f"Acme {number}")
    heads = list(gateway.events_since(start))
    assert len(heads) == len({head.id for head in heads}) == 105
