"""A customer of the twin who buys on Stripe's pages."""

from typing import Any

import stripe

from tests.twin.client import TwinClient
from tests.twin.tests.desk import Desk

SITE = "http://pare.example"


class Shop(Desk):
    """A desk whose `customer` has neither card nor subscription yet."""

    def __init__(self, twin: TwinClient) -> None:
        super().__init__(twin, card=None)

    def checkout(self, quantity: int = 2, **more: Any) -> stripe.checkout.Session:
        """An open session; `more` are further parameters, None leaves one out."""
        params: dict[str, Any] = {
            "mode": "subscription",
            "customer": self.customer,
            "line_items": [{"price": self.seat, "quantity": quantity}],
            "success_url": f"{SITE}/back?session={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{SITE}/billing",
            **more,
        }
        given: Any = {name: value for name, value in params.items() if value is not None}
        return self.api.checkout.sessions.create(given)

    def buy(self, card: str = "good", quantity: int = 2) -> stripe.Subscription:
        """What a person has after Checkout with this card."""
        session = self.checkout(quantity)
        screen = self.twin.pay_checkout(session.url or "", card)
        assert screen.left_for, screen.alert
        paid = self.api.checkout.sessions.retrieve(session.id)
        assert isinstance(paid.subscription, str)
        return self.subscription(paid.subscription)

    def subscription(self, id: str) -> stripe.Subscription:
        return self.api.subscriptions.retrieve(id)
