"""A small shop at the twin, reached through Stripe's own library: one product, a price, a customer."""

from dataclasses import dataclass, field
from typing import Any

import stripe

from tests.twin.client import TwinClient
from tests.twin.talk import sdk

SITE = "http://pare.example"


@dataclass
class Shop:
    """`price` costs 39.00 USD a month and unit, `dear` 59.00; `customer` has bought nothing yet."""

    twin: TwinClient
    api: stripe.StripeClient = field(init=False)

    def __post_init__(self) -> None:
        self.api = sdk(self.twin.url)
        self.product = self.api.v1.products.create({"name": "Team"}).id
        self.price = self.new_price(3900)
        self.dear = self.new_price(5900)
        self.customer = self.api.v1.customers.create({"email": "olga@acme.example", "name": "Acme"}).id

    def new_price(self, cents: int, **more: Any) -> str:
        params = {"unit_amount": cents, "currency": "usd", "recurring": {"interval": "month"}, **more}
        return self.api.v1.prices.create({"product": self.product, **params}).id  # type: ignore[typeddict-item]

    def checkout(self, quantity: int = 2, **more: Any) -> stripe.checkout.Session:
        """An open session; `more` are further parameters, None leaves one out."""
        params: dict[str, Any] = {
            "mode": "subscription",
            "customer": self.customer,
            "line_items": [{"price": self.price, "quantity": quantity}],
            "success_url": f"{SITE}/back?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{SITE}/billing",
            **more,
        }
        given = {name: value for name, value in params.items() if value is not None}
        return self.api.v1.checkout.sessions.create(given)  # type: ignore[arg-type]

    def subscribe(self, card: str = "good", quantity: int = 2) -> stripe.Subscription:
        """What a person has after Checkout with this card."""
        session = self.checkout(quantity)
        screen = self.twin.pay_checkout(session.url or "", card)
        assert screen.left_for, screen.alert
        paid = self.api.v1.checkout.sessions.retrieve(session.id)
        assert isinstance(paid.subscription, str)
        return self.subscription(paid.subscription)

    def subscription(self, id: str) -> stripe.Subscription:
        return self.api.v1.subscriptions.retrieve(id)

    def events(self) -> list[str]:
        """The types of all events, oldest first."""
        return [event["type"] for event in self.twin.truth("event")]
