"""Every call to Stripe that the code can make was made here, and passed the contract that the SDK's types are."""

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from django.conf import settings

from billing import gateway
from billing.gateway import CardDeclined
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

Operation = tuple[str, str]
SOURCES = settings.BASE_DIR / "billing" / "gateway"
HOOK = "https://pare.example/webhooks/stripe"


def possible_calls() -> dict[str, Operation]:
    """What the gateway's source can ask of Stripe: `checkout.sessions.create` -> ("POST", "/v1/checkout/sessions")."""
    client = stripe.StripeClient("sk_test_nobody")
    found = {}
    for path in sorted(SOURCES.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name in calls_in(tree):
            found[name] = operation_of(client, name)
    return found


def calls_in(tree: ast.AST) -> Iterator[str]:
    """`client.v1.<names>(...)` without its first two parts. Any other use of a client fails."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner and (names := dotted(node))[:1] == ["client"]:
            assert names[1] == "v1" and id(node) in called, f"Unseen by this test: {ast.unparse(node)}"
            yield ".".join(names[2:])


def dotted(node: ast.expr) -> list[str]:
    """["client", "v1", "prices", "list"] of that expression; [] for anything that is no plain name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return [*before, node.attr]
    return []


def operation_of(client: stripe.StripeClient, name: str) -> Operation:
    """Method and address of a call, out of the source of the installed SDK."""
    *services, method = name.split(".")
    service: Any = client.v1
    for part in services:
        service = getattr(service, part)
    tree = ast.parse(textwrap.dedent(inspect.getsource(getattr(type(service), method))))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._request":
            verb, address = node.args[0], node.args[1]
            literals = [part.value for part in ast.walk(address) if isinstance(part, ast.Constant)]
            template = next(text for text in literals if isinstance(text, str) and text.startswith("/v1/"))
            assert isinstance(verb, ast.Constant)
            return str(verb.value).upper(), template
    raise AssertionError(f"{name} makes no request.")


class Ledger:
    """The calls that the twin has seen, but for those that were made `by_hand`."""

    def __init__(self, twin: TwinClient) -> None:
        self.twin, self.others = twin, Counter[Operation]()
        self.api = sdk(twin.url)

    def counts(self, verdict: str) -> Counter[Operation]:
        return Counter({(row["method"], row["template"]): row.get(verdict, 0) for row in self.twin.calls()})

    def by_hand(self, act: Callable[[stripe.StripeClient], Any]) -> None:
        before = self.counts("passed")
        act(self.api)
        self.others += self.counts("passed") - before

    def seen(self) -> set[Operation]:
        return set(self.counts("passed") - self.others)


def test_every_call_that_the_code_can_make_passes_the_contract(
    bare_twin: TwinClient, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger(bare_twin)
    set_up_twice(ledger)
    customer = buy(bare_twin)
    change(customer, bare_twin)
    fail_and_pay(customer, bare_twin)
    finish(customer, bare_twin)
    possible, seen = possible_calls(), ledger.seen()
    with capsys.disabled():
        print(f"\nContract: {len(seen)} calls seen / {len(set(possible.values()))} calls the code can make")
    assert seen == set(possible.values())
    for verdict in ("refused", "unknown", "not implemented"):
        assert +ledger.counts(verdict) == Counter()


def set_up_twice(ledger: Ledger) -> None:
    """On an account that someone has been at by hand."""
    ledger.by_hand(lambda api: api.v1.webhook_endpoints.create({"url": HOOK, "enabled_events": ["*"]}))
    gateway.set_up(webhook_url=HOOK, yearly={"team": 29000}, replace=False)
    [hook] = ledger.twin.truth("webhook_endpoint")
    [portal] = ledger.twin.truth("billing_portal.configuration")
    ledger.by_hand(lambda api: api.v1.webhook_endpoints.update(hook["id"], {"enabled_events": ["invoice.paid"]}))
    ledger.by_hand(
        lambda api: api.v1.billing_portal.configurations.update(
            portal["id"], {"features": {"invoice_history": {"enabled": False}}}
        )
    )
    ledger.by_hand(lambda api: api.v1.products.update("pare_team", {"active": False}))
    gateway.set_up(webhook_url=HOOK, yearly={}, replace=False)


def buy(twin: TwinClient) -> str:
    """A subscription to Pro through Checkout, after one session that was let go."""
    customer = gateway.create_customer(team_id="acme", name="Acme", email="vic@acme.example", key="customer")
    price = gateway.find_price("pro", "month").id
    gateway.preview_new(customer_id=customer, price_id=price, quantity=1)
    for name in ("first", "second"):
        session = gateway.start_checkout(
            customer_id=customer,
            price_id=price,
            quantity=1,
            success_url="https://pare.example/return?session={CHECKOUT_SESSION_ID}",
            cancel_url="https://pare.example/",
            expires_at=twin.now() + 3600,
            client_reference="acme",
            key=name,
        )
        if name == "first":
            gateway.expire_checkout(session.id, key="expire")
    assert twin.pay_checkout(session.url).left_for == f"https://pare.example/return?session={session.id}"
    assert gateway.fetch_checkout(session.id).state == "complete"
    return customer


def change(customer: str, twin: TwinClient) -> None:
    """Up to Team, seats, down to Pro, that taken back; an end, and that taken back."""
    team, pro = gateway.find_price("team", "month"), gateway.find_price("pro", "month")
    [now] = gateway.fetch_customer(customer).subscriptions
    names = {"subscription_id": now.id, "item_id": now.item_id}
    gateway.preview_change(customer_id=customer, **names, price_id=team.id, quantity=2)
    gateway.change_now(**names, price_id=team.id, quantity=2, key="up")
    gateway.set_quantity(**names, quantity=3, prorate="invoice_now", key="more")
    gateway.set_quantity(**names, quantity=2, prorate="credit_later", key="less")
    gateway.change_at_period_end(subscription_id=now.id, price_id=pro.id, quantity=1, interval="month", key="down")
    [planned] = gateway.fetch_customer(customer).subscriptions
    assert (planned.plan, planned.next_plan) == ("team", "pro")
    gateway.change_at_period_end(subscription_id=now.id, price_id=pro.id, quantity=1, interval="month", key="again")
    gateway.resume(subscription_id=now.id, schedule_id=planned.schedule_id, key="undo")
    gateway.cancel_at_period_end(subscription_id=now.id, schedule_id="", key="cancel")
    gateway.resume(subscription_id=now.id, schedule_id="", key="keep")
    [kept] = gateway.fetch_customer(customer).subscriptions
    assert (kept.plan, kept.quantity, kept.next_plan, kept.cancel_at) == ("team", 2, "", None)


def fail_and_pay(customer: str, twin: TwinClient) -> None:
    """A card that fails at the renewal, and another one in the portal."""
    back = "https://pare.example/"
    for place, card in enumerate(("decline later", "good")):
        url = gateway.open_portal(
            customer_id=customer, return_url=back, flow="payment_method_update", key=f"portal{place}"
        )
        assert twin.portal(url).update_card(card).left_for == back
        if card == "good":
            break
        twin.advance(days=32)
        [overdue] = gateway.fetch_customer(customer).subscriptions
        unpaid = [invoice for invoice in gateway.fetch_customer(customer).invoices if invoice.status == "open"]
        assert (overdue.status, len(unpaid)) == ("past_due", 1)
        with pytest.raises(CardDeclined):
            gateway.pay_invoice(unpaid[0].id, key="pay")
    gateway.pay_invoice(unpaid[0].id, key="pay again")
    gateway.pay_invoice(unpaid[0].id, key="pay a third time")
    assert [row.status for row in gateway.fetch_customer(customer).subscriptions] == ["active"]


def finish(customer: str, twin: TwinClient) -> None:
    [now] = gateway.fetch_customer(customer).subscriptions
    gateway.end_now(subscription_id=now.id, key="end")
    assert gateway.fetch_customer(customer).subscriptions[0].status == "canceled"
    since = datetime.fromtimestamp(twin.now(), UTC) - timedelta(days=1)
    assert {event.customer_id for event in gateway.events_since(since)} == {customer}


def test_the_reader_of_the_source_sees_what_it_should() -> None:
    calls = list(calls_in(ast.parse("with asking() as client:\n    client.v1.prices.list({}).data[0]\n")))
    assert calls == ["prices.list"]
    for hidden in ("client.customers.create()", "client.raw_request(1)", "api = client.v1", "use(client.v1.prices)"):
        with pytest.raises(AssertionError):
            list(calls_in(ast.parse(hidden)))
    client = stripe.StripeClient("sk_test_nobody")
    assert operation_of(client, "subscriptions.cancel") == ("DELETE", "/v1/subscriptions/{subscription_exposed_id}")
