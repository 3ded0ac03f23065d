"""The twin's objects have the keys of the sample objects that Stripe publishes.

`tests/twin/shapes.json` holds the key names (no values) and says where they are from. The samples are of an older API
version than the SDK: what the SDK's classes no longer know is left out.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests import twin as package
from tests.twin import gate
from tests.twin.client import TwinClient
from tests.twin.gate.answers import class_of, fields
from tests.twin.talk import sdk

SHAPES: dict[str, list[str]] = json.loads(Path(package.__file__).with_name("shapes.json").read_text())["keys"]

# There only when they are asked for by `expand[]`, or (a secret) once, or if something special is in use.
NOT_ALWAYS = {
    "customer": {"sources", "subscriptions", "tax_ids"},
    "checkout.session": {"line_items"},
    "invoice": {"payments", "confirmation_secret"},
    "webhook_endpoint": {"secret"},
}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Object name -> one of its kind; filled by the first test."""
    return {}


def make_one_of_each(twin: TwinClient) -> dict[str, Any]:
    """Every kind of object that the product reads, as the API answers it."""
    v1: Any = sdk(twin.url).v1
    features = {"payment_method_update": {"enabled": True}, "invoice_history": {"enabled": True}}
    settings = v1.billing_portal.configurations.create({"features": features})
    product = v1.products.create({"name": "Pare"})
    cost = {"currency": "usd", "unit_amount": 2900, "recurring": {"interval": "month"}}
    price = v1.prices.create({"product": product.id, **cost})
    coupon = v1.coupons.create({"percent_off": 20, "duration": "once"})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    customer = v1.customers.create({"email": "olga@acme.example"})
    card = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    sold = {"items": [{"price": price.id, "quantity": 2}], "default_payment_method": card.id}
    subscription = v1.subscriptions.create({"customer": customer.id, **sold})
    page = {"mode": "subscription", "line_items": [{"price": price.id, "quantity": 1}], "success_url": "https://a.example"}
    hook = {"url": "https://pare.example/hook", "enabled_events": ["*"]}
    invoice = v1.invoices.retrieve(subscription.latest_invoice)
    answers = [
        v1.customers.retrieve(customer.id),
        v1.subscription_schedules.create({"from_subscription": subscription.id}),
        v1.subscriptions.retrieve(subscription.id),
        subscription["items"].data[0],
        invoice,
        invoice.lines.data[0],
        v1.invoice_payments.list({"invoice": invoice.id}).data[0],
        v1.checkout.sessions.create({"customer": customer.id, **page}),
        v1.billing_portal.sessions.create({"customer": customer.id, "configuration": settings.id}),
        v1.events.list().data[0],
        v1.webhook_endpoints.create(hook),
        v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000}),
        v1.customers.tax_ids.create(customer.id, {"type": "eu_vat", "value": "DE123456789"}),
    ]
    return {answer.object: answer.to_dict() for answer in [*answers, settings, product, price, coupon, code, card]}


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_it_has_the_keys_of_stripes_sample(bare_twin: TwinClient, made: dict[str, Any], kind: str) -> None:
    if not made:
        made.update(make_one_of_each(bare_twin))
    answer = made[kind]
    known = fields(class_of(answer))
    wanted = {key for key in SHAPES[kind] if key in known} - NOT_ALWAYS.get(kind, set())
    assert len(wanted) > len(SHAPES[kind]) * 0.7, "the sample is of this kind of object"
    assert sorted(wanted - set(answer)) == []


def test_nothing_is_compared_with_less_than_all_the_twin_makes(bare_twin: TwinClient) -> None:
    """Every table that the product's calls fill has a sample to compare with."""
    make_one_of_each(bare_twin)
    filled = {name for name, rows in bare_twin.order("GET", "truth").items() if rows}
    inside = {"payment_intent", "charge", "customer_balance_transaction", "discount", "setup_intent"}
    assert filled - inside <= set(SHAPES)
    for name in filled:
        for row in bare_twin.truth(name):
            gate.check_object(row)
