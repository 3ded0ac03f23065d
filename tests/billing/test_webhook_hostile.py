"""What strangers send to the webhook's address: refused in the one error shape, and nothing is written."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
import stripe
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import AuditEntry, Team
from billing import tasks
from billing.models import BillingAccount, StripeEvent
from billing.webhooks import MAX_BODY
from tests.billing.letters import ADDRESS, event, post, sign
from tests.conftest import Cast

pytestmark = pytest.mark.django_db
BODY = json.dumps(event()).encode()
SECRET = settings.STRIPE_WEBHOOK_SECRETS[0]


@pytest.fixture(autouse=True)
def acme(cast: Cast, monkeypatch: Any) -> Team:
    """A customer whose rows must stay as they are."""
    BillingAccount.objects.for_team(cast.acme).update(stripe_customer_id="cus_1")
    monkeypatch.setattr(tasks.sync_customer, "apply_async", lambda *_, **__: pytest.fail("a look was asked for"))
    return cast.acme


def code(answer: Any) -> str:
    body = json.loads(answer.content)
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "fields"}
    return str(body["error"]["code"])


def refused(answer: Any, status: int, expected: str) -> None:
    assert answer.status_code == status and code(answer) == expected
    assert not StripeEvent.objects.exists()
    assert not AuditEntry.objects.filter(action__startswith="subscription").exists()


def test_our_signing_is_stripes() -> None:
    """Else the refusals below would prove nothing."""
    now = int(time.time())
    assert sign(BODY, at=now) == stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, now)


def v0(body: bytes, at: int) -> str:
    return f"t={at},v0={hmac.new(SECRET.encode(), f'{at}.'.encode() + body, hashlib.sha256).hexdigest()}"


NOW = int(time.time())
OLD = sign(BODY, at=NOW - 3600)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        "t=,v1=",
        "t=1",
        "v1=" + "0" * 64,
        f"t={NOW},v1={'0' * 64}",
        f"t={NOW},v1=",
        f"t={NOW},v1=ÿ",
        "t=²,v1=" + "0" * 64,
        f"t={'9' * 4000},v1={'0' * 64}",
        "t=NaN,v1=" + "0" * 64,
        f"t=-1,v1={'0' * 64}",
        ",".join(["v1=" + "0" * 64] * 60),
        "=" * 4000,
        "," * 4000,
        "t=1,v1=0" + "x" * 5000,
        sign(BODY, secret="whsec_wrong"),
        sign(BODY + b" "),
        sign(BODY).replace("v1=", "v2="),
        v0(BODY, NOW),
        OLD,
        sign(BODY, at=NOW + 3600),
        sign(BODY, at=0),
        f"t={NOW},{OLD}",
        f"{OLD},t={NOW}",
        OLD.replace(f"t={NOW - 3600}", f"t={NOW}"),
        OLD.replace(f"t={NOW - 3600}", f"t={NOW - 3600}={NOW}"),
        OLD + f",t={NOW},v1={'0' * 64}",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_forged_old_or_future_signature_is_refused(signature: str) -> None:
    refused(post(BODY, signature), 400, "bad_signature")


def test_a_right_signature_stands_between_wrong_ones() -> None:
    at, right = sign(BODY).split(",")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks.sync_customer, "apply_async", lambda *_, **__: None)
        assert post(BODY, f"{at},v1={'0' * 64},{right}").status_code == 200


def test_a_captured_event_cannot_be_sent_again_with_another_body() -> None:
    captured = sign(BODY)
    refused(post(BODY.replace(b"cus_1", b"cus_2"), captured), 400, "bad_signature")


def signed(body: bytes) -> Any:
    return post(body, sign(body))


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in event().items() if name not in names}


WRONG: list[dict[str, Any]] = [
    {"id": "evt_\x00"},
    {"id": "evt_\ud800"},
    {"id": ""},
    {"id": "evt 1"},
    {"id": "e" * 300},
    {"id": None},
    {"id": 7},
    {"id": ["evt_1"]},
    {"type": None},
    {"type": 7},
    {"type": ["customer.deleted"]},
    {"created": "yesterday"},
    {"created": None},
    {"created": -(10**18)},
    {"created": 10**18},
    {"livemode": "no"},
    {"data": None},
    {"data": []},
    {"data": {}},
    {"data": {"object": None}},
    {"data": {"object": ["cus_1"]}},
    {"data": {"object": "cus_1"}},
    {"data": {"object": {"customer": "cus_\x00"}}},
    {"data": {"object": {"customer": "c" * 300}}},
    {"data": {"object": {"customer": "cus_1' OR 1=1"}}},
]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"0",
        b'"event"',
        b"{",
        b"\xff\xfe{}",
        b'{"id": "\xff"}',
        b"\x00",
        b"[" * 200_000,
        b'{"data":' * 60_000,
        json.dumps({**event(), "object": "v2.core.event"}).encode(),
        json.dumps({**event(), "object": ["event"]}).encode(),
        *(json.dumps(without(name)).encode() for name in ("id", "object", "data", "type", "livemode", "created")),
        *(json.dumps({**event(), **wrong}).encode() for wrong in WRONG),
        json.dumps(event()).replace('"created": ', '"created": 1e999, "x": ').encode(),
        json.dumps(event()).replace('"created": ', '"created": NaN, "x": ').encode(),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_what_is_signed_and_no_event_is_refused(body: bytes) -> None:
    answer = signed(body)
    assert answer.status_code == 400 and code(answer) in {"bad_body", "bad_signature"}
    assert not StripeEvent.objects.exists()


def test_a_body_over_the_limit_is_refused_before_it_is_checked() -> None:
    padded = json.dumps({**event(), "padding": "x" * MAX_BODY}).encode()
    refused(signed(padded), 413, "body_too_large")


def test_a_body_at_the_limit_is_taken(monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks.sync_customer, "apply_async", lambda *_, **__: None)
    spare = MAX_BODY - len(json.dumps({**event(), "padding": ""}))
    assert signed(json.dumps({**event(), "padding": "x" * spare}).encode()).status_code == 200


def test_the_answer_does_not_depend_on_the_kind_of_content() -> None:
    client = Client(enforce_csrf_checks=True)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        headers = {"Stripe-Signature": "t=1,v1=0"}
        refused(client.post(ADDRESS, BODY, content_type=kind, headers=headers), 400, "bad_signature")


def test_a_flood_of_forgeries_is_logged_once_and_asks_the_database_nothing(caplog: Any) -> None:
    with connection.execute_wrapper(lambda *_: pytest.fail("the database was asked")):
        for number in range(20):
            assert post(BODY, f"t={NOW + number},v1={'0' * 64}").status_code == 400
    assert len([record for record in caplog.records if record.name == "billing.webhooks"]) == 1
