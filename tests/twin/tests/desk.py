"""A customer of the twin with a card and prices, worked on through Stripe's own library."""

from typing import Any

import stripe

from tests.twin.client import TwinClient
from tests.twin.talk import sdk

START = 1_767_225_600  # 2026-01-01 00:00 UTC, a month of 31 days
DAY = 86_400


class Desk:
    """`seat` costs 30.00 USD a month, `dear` 50.00, `year` 300.00 a year; `customer` pays with `card`."""

    def __init__(self, twin: TwinClient, card: str | None = "pm_card_visa", **customer: Any) -> None:
        self.twin = twin
        self.api = sdk(twin.url).v1
        self.product = self.api.products.create({"name": "Team"}).id
        self.seat = self.new_price(3000)
        self.dear = self.new_price(5000)
        self.year = self.new_price(30_000, recurring={"interval": "year"})
        given: Any = {"email": "olga@acme.example", "name": "Acme", **customer}
        self.customer = self.api.customers.create(given).id
        if card:
            self.use_card(card)

    def new_price(self, cents: int, **more: Any) -> str:
        every = {"recurring": {"interval": "month"}, **more}
        params: Any = {"product": self.product, "unit_amount": cents, "currency": "usd", **every}
        return self.api.prices.create(params).id

    def use_card(self, card: str) -> str:
        """Attach the card and charge it from now on."""
        method = self.api.payment_methods.attach(card, {"customer": self.customer}).id
        self.api.customers.update(self.customer, {"invoice_settings": {"default_payment_method": method}})
        return method

    def subscribe(self, quantity: int = 2, price: str | None = None, **more: Any) -> stripe.Subscription:
        items = [{"price": price or self.seat, "quantity": quantity}]
        params: Any = {"customer": self.customer, "items": items, **more}
        return self.api.subscriptions.create(params)

    def get(self, id: str) -> stripe.Subscription:
        return self.api.subscriptions.retrieve(id, {"expand": ["latest_invoice"]})

    def change(self, subscription: stripe.Subscription, **item: Any) -> stripe.Subscription:
        """Update the only item; what is not its own (`payment_behavior`, ...) goes to the subscription."""
        own = {name: item.pop(name) for name in ("price", "quantity") if name in item}
        params: Any = {"items": [{"id": line(subscription).id, **own}], "expand": ["latest_invoice"], **item}
        return self.api.subscriptions.update(subscription.id, params)

    def invoices(self, subscription: stripe.Subscription | None = None) -> list[stripe.Invoice]:
        """Newest first."""
        params: Any = {"limit": 100, "customer": self.customer}
        if subscription is not None:
            params["subscription"] = subscription.id
        return self.api.invoices.list(params).data

    def events(self) -> list[stripe.Event]:
        """Oldest first."""
        return self.api.events.list({"limit": 100}).data[::-1]

    def kinds(self, *families: str) -> list[str]:
        """The types of the events so far; with families ("customer.subscription", "invoice") of those only."""
        return [event.type for event in self.events() if event.type.startswith(families or "")]

    def refused(self, call: Any, *arguments: Any, **more: Any) -> stripe.StripeError:
        """The error of a call that must fail, and not change anything."""
        before = snapshot(self.twin)
        try:
            call(*arguments, **more)
        except stripe.StripeError as error:
            assert snapshot(self.twin) == before, "a refused request wrote something"
            return error
        raise AssertionError("The twin took it.")


def snapshot(twin: TwinClient) -> dict[str, Any]:
    """All rows of the twin."""
    return {name: rows for name, rows in twin.order("GET", "truth").items() if rows}


def line(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    """The only item."""
    (item,) = subscription["items"].data
    assert isinstance(item, stripe.SubscriptionItem)
    return item


def bill(subscription: stripe.Subscription) -> stripe.Invoice:
    """The latest invoice of a subscription that was fetched with it expanded."""
    assert isinstance(subscription.latest_invoice, stripe.Invoice)
    return subscription.latest_invoice


def half(subscription: stripe.Subscription) -> int:
    """The middle of the present period."""
    item = line(subscription)
    return (item.current_period_start + item.current_period_end) // 2


def amounts(invoice: stripe.Invoice) -> list[int]:
    return [row.amount for row in invoice.lines.data]
