"""What happens at Stripe, told once: for its twin in every run, and for a sandbox account when there is a key for one.

Customers live on test clocks of their own, so that months pass in seconds in both worlds.
"""

import time
from dataclasses import dataclass, field
from uuid import uuid4

import stripe
from stripe.params import SubscriptionCreateParams

from billing import gateway
from billing.gateway import LiveCustomer, LiveInvoice, LiveSubscription
from tests.twin.client import TwinClient
from tests.twin.talk import sdk

MAIL = "vic@acme.example"
DAY = 86_400
# A renewal's invoice stays a draft for an hour before it is charged.
CHARGED = 2 * 3600
CLOCK_TIMEOUT = 300


@dataclass
class Stage:
    """An account to play on, through Stripe's own library; `gateway` talks to the same account."""

    api: stripe.StripeClient
    clocks: list[str] = field(default_factory=list)

    @classmethod
    def on_the_twin(cls, twin: TwinClient) -> "Stage":
        """Pare's products and prices, Team by the year too, on an empty account of the twin."""
        gateway.set_up(webhook_url="", yearly={"team": 29000}, replace=False)
        return cls(sdk(twin.url))

    def customer(self, card: str = "pm_card_visa") -> "Actor":
        """A customer on a clock, with a test card as its default."""
        clock = self.api.v1.test_helpers.test_clocks.create({"frozen_time": int(time.time()), "name": "Pare"})
        self.clocks.append(clock.id)
        made = self.api.v1.customers.create(
            {"name": "Acme", "email": MAIL, "test_clock": clock.id, "metadata": {"pare_team": "test"}}
        )
        actor = Actor(self.api, made.id, clock.id)
        actor.use(card)
        return actor

    def clear(self) -> None:
        """Take away what was made here: a clock takes its customers with it."""
        for clock in self.clocks:
            self.api.v1.test_helpers.test_clocks.delete(clock)


@dataclass
class Actor:
    """A customer and its time."""

    api: stripe.StripeClient
    id: str
    clock: str

    def use(self, card: str) -> None:
        """Pay with this card from now on."""
        method = self.api.v1.payment_methods.attach(card, {"customer": self.id})
        self.api.v1.customers.update(self.id, {"invoice_settings": {"default_payment_method": method.id}})

    def subscribe(self, plan: str, quantity: int = 1, interval: str = "month", own_card: str = "") -> LiveSubscription:
        """Subscribe without Checkout's page. With `own_card` the card is kept on the subscription, as Checkout does."""
        price = gateway.find_price(plan, interval)
        params: SubscriptionCreateParams = {
            "customer": self.id,
            "items": [{"price": price.id, "quantity": quantity}],
            "metadata": {"pare_team": "test"},
        }
        if own_card:
            params["default_payment_method"] = self.api.v1.payment_methods.attach(own_card, {"customer": self.id}).id
        self.api.v1.subscriptions.create(params)
        return self.subscription()

    def now(self) -> LiveCustomer:
        return gateway.fetch_customer(self.id)

    def subscription(self) -> LiveSubscription:
        """The newest one."""
        return max(self.now().subscriptions, key=lambda item: item.created_at)

    def invoice(self) -> LiveInvoice:
        """The newest one."""
        return self.now().invoices[0]

    def advance(self, seconds: int) -> None:
        """Let time pass, with all that falls due."""
        clock = self.api.v1.test_helpers.test_clocks.retrieve(self.clock)
        self.api.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": clock.frozen_time + seconds})
        deadline = time.monotonic() + CLOCK_TIMEOUT
        while (found := self.api.v1.test_helpers.test_clocks.retrieve(self.clock)).status != "ready":
            assert found.status == "advancing" and time.monotonic() < deadline, found.status
            time.sleep(1)

    def advance_past(self, subscription: LiveSubscription) -> None:
        """To when the period has ended and its invoice has been charged."""
        clock = self.api.v1.test_helpers.test_clocks.retrieve(self.clock)
        self.advance(int(subscription.period_end.timestamp()) - clock.frozen_time + CHARGED)


def key() -> str:
    return f"pare-test-{uuid4()}"


def new_customer(key: str, name: str = "Acme") -> str:
    return gateway.create_customer(team_id="acme", name=name, email=MAIL, key=key)


def passed(twin: TwinClient, method: str, template: str) -> int:
    """How often this was asked of the twin."""
    return sum(row["passed"] for row in twin.calls() if (row["method"], row["template"]) == (method, template))
