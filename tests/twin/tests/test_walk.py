"""Any walk through the twin's verbs, with good and bad cards, leaves a world that hangs together."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.twin import clockwork, resources
from tests.twin.errors import TwinError
from tests.twin.resources.changes import recording
from tests.twin.resources.customers import create_customer
from tests.twin.resources.payment_methods import attach_payment_method
from tests.twin.resources.prices import create_price
from tests.twin.resources.products import create_product
from tests.twin.resources.schedules.moving import release
from tests.twin.resources.schedules.routes import create_schedule, update_schedule
from tests.twin.resources.subscriptions.changing import update_subscription
from tests.twin.resources.subscriptions.collecting import confirm_3ds, pay_invoice, void_invoice
from tests.twin.resources.subscriptions.creating import create_subscription
from tests.twin.resources.subscriptions.routes import cancel_subscription
from tests.twin.world import Row, World

START, DAY = 1_767_225_600, 86_400
CARDS = ["pm_card_visa", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"]
ENDED = ("canceled", "incomplete_expired")
quantities = st.integers(0, 9)  # none is refused
prices = st.sampled_from(["seat", "dear", "year"])
resources.load()


class Walk(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world, self.now = World(seed="walk", start=START), START
        with self.world.at(START):
            product = create_product(self.world, {"name": "Team"})["id"]
            amounts = {"seat": ("month", 3000), "dear": ("month", 5000), "year": ("year", 30_000)}
            self.prices = {
                name: create_price(
                    self.world,
                    {"product": product, "currency": "usd", "unit_amount": cents, "recurring": {"interval": interval}},
                )["id"]
                for name, (interval, cents) in amounts.items()
            }
            self.customer = create_customer(self.world, {"email": "olga@acme.example"})["id"]
        self.card("pm_card_visa")
        self.subscribe("seat", 2, "allow_incomplete", 0)

    def do(self, verb: Callable[..., Any], *arguments: Any, **more: Any) -> None:
        """One request. What is refused (but for a card that declines) must not have written anything."""
        before = deepcopy(self.world.tables)
        try:
            with self.world.at(self.now):
                verb(*arguments, **more)
        except TwinError as error:
            assert error.status in (400, 402, 404), error
            if error.status != 402:
                assert {k: v for k, v in self.world.tables.items() if v} == {k: v for k, v in before.items() if v}

    def newest(self) -> Row | None:
        """The newest subscription that has not ended, else the newest."""
        rows = self.world.rows("subscription")
        return next((row for row in rows if row["status"] not in ENDED), next(iter(rows), None))

    @rule(card=st.sampled_from(CARDS), quantity=quantities)
    def upgrade(self, card: str, quantity: int) -> None:
        """What the product does most: more seats, charged at once, perhaps to a card that fails."""
        self.card(card)
        self.change("seat", quantity, "always_invoice", "pending_if_incomplete")

    @rule(card=st.sampled_from(CARDS))
    def card(self, card: str) -> None:
        with self.world.at(self.now):
            method = attach_payment_method(self.world, self.customer, card)["id"]
            customer = self.world.get("customer", self.customer)
            with recording(self.world, customer, "customer.updated"):
                customer["invoice_settings"]["default_payment_method"] = method

    @rule(
        price=prices,
        quantity=quantities,
        payment=st.sampled_from(["allow_incomplete", "default_incomplete", "error_if_incomplete"]),
        days=st.sampled_from([0, 0, 5]),
    )
    def subscribe(self, price: str, quantity: int, payment: str, days: int) -> None:
        running = [row for row in self.world.rows("subscription") if row["status"] not in ENDED]
        if not running:
            items = [{"price": self.prices[price], "quantity": quantity}]
            more: Row = {"payment_behavior": payment, "trial_period_days": days}
            self.do(create_subscription, self.world, self.customer, items, **more)

    @rule(
        price=prices,
        quantity=quantities,
        proration=st.sampled_from(["always_invoice", "create_prorations", "none"]),
        payment=st.sampled_from(["allow_incomplete", "pending_if_incomplete", "error_if_incomplete"]),
    )
    def change(self, price: str, quantity: int, proration: str, payment: str) -> None:
        if row := self.newest():
            items = [{"id": row["items"]["data"][0]["id"], "price": self.prices[price], "quantity": quantity}]
            more = {"proration_behavior": proration, "payment_behavior": payment}
            self.do(update_subscription, self.world, row["id"], items=items, **more)

    @rule(params=st.sampled_from([{"cancel_at_period_end": True}, {"cancel_at_period_end": False}, {"cancel_at": ""}]))
    def leave(self, params: Row) -> None:
        if row := self.newest():
            self.do(update_subscription, self.world, row["id"], **params)

    @rule(days=st.integers(-1, 70))
    def leave_on_a_day(self, days: int) -> None:
        if row := self.newest():
            self.do(update_subscription, self.world, row["id"], cancel_at=self.now + days * DAY)

    @rule(prorate=st.booleans(), invoice=st.booleans(), really=st.integers(0, 5))
    def end(self, prorate: bool, invoice: bool, really: int) -> None:
        row = self.newest()
        if row and row["status"] not in ENDED and really >= (2 if row["status"] == "past_due" else 5):
            self.do(cancel_subscription, self.world, row["id"], prorate=prorate, invoice_now=invoice)

    @rule(price=prices, quantity=quantities, behaviour=st.sampled_from(["release", "cancel"]))
    def plan(self, price: str, quantity: int, behaviour: str) -> None:
        row = self.newest()
        if row is None:
            return
        if not row["schedule"]:
            self.do(create_schedule, self.world, row["id"])
        if row["schedule"]:
            schedule = self.world.get("subscription_schedule", row["schedule"])
            start = schedule["current_phase"]["start_date"]
            now = next(phase for phase in schedule["phases"] if phase["start_date"] == start)
            kept = {name: now[name] for name in ("start_date", "end_date")}
            items = [{"price": item["price"], "quantity": item["quantity"]} for item in now["items"]]
            later = {"items": [{"price": self.prices[price], "quantity": quantity}], "proration_behavior": "none"}
            params = {"phases": [{**kept, "items": items}, later], "end_behavior": behaviour}
            self.do(update_schedule, self.world, schedule, params)

    @rule()
    def let_go(self) -> None:
        if (row := self.newest()) and row["schedule"]:
            self.do(release, self.world, self.world.get("subscription_schedule", row["schedule"]))

    @rule(verb=st.sampled_from([pay_invoice, void_invoice]))
    def settle(self, verb: Callable[..., Row]) -> None:
        for invoice in self.world.rows("invoice", status="open")[:1]:
            self.do(verb, self.world, invoice["id"])

    @rule()
    def confirm(self) -> None:
        for invoice in self.world.rows("invoice", status="open")[:1]:
            self.do(confirm_3ds, self.world, invoice)

    @rule(card=st.sampled_from(CARDS[1:]))
    def fail_to_renew(self, card: str) -> None:
        self.card(card)
        self.wait(32 * DAY)

    @rule(seconds=st.one_of(st.integers(1, 2 * DAY), st.integers(1, 2 * DAY), st.integers(1, 60 * DAY)))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        clockwork.run_until(self.world, self.now)

    @invariant()
    def subscriptions_hang_together(self) -> None:
        for row in self.world.rows("subscription"):
            item = row["items"]["data"][0]
            assert bool(row["pending_update"]) == bool(row["_pending"])
            assert (row["status"] in ENDED) == (row["ended_at"] is not None)
            if row["status"] in ENDED:
                assert not row["schedule"] and not row["pending_update"]
            elif row["status"] != "paused":
                assert item["current_period_start"] <= self.now < item["current_period_end"]
            if row["schedule"]:
                schedule = self.world.get("subscription_schedule", row["schedule"])
                assert (schedule["subscription"], schedule["status"]) == (row["id"], "active")
                assert schedule["current_phase"]["start_date"] <= self.now < schedule["current_phase"]["end_date"]
            if row["_pending"]:
                assert self.world.get("invoice", row["_pending"]["invoice"])["status"] == "open"

    @invariant()
    def invoices_hang_together(self) -> None:
        for invoice in self.world.rows("invoice"):
            row = self.world.get("subscription", invoice["_subscription"])
            assert (invoice["status"] == "paid") == (invoice["status_transitions"]["paid_at"] is not None)
            assert invoice["status"] != "open" or invoice["amount_remaining"] == invoice["amount_due"] > 0
            pending = (row["_pending"] or {}).get("invoice") == invoice["id"]
            if invoice["status"] == "open" and row["status"] == "active" and not pending:
                assert invoice["next_payment_attempt"], "nobody would ever collect it"
            if invoice["next_payment_attempt"]:
                assert invoice["status"] == "open" and row["status"] not in ENDED
                assert invoice["next_payment_attempt"] > self.now

    @invariant()
    def the_balance_is_written_down(self) -> None:
        moved = sum(row["amount"] for row in self.world.rows("customer_balance_transaction"))
        assert moved == self.world.get("customer", self.customer)["balance"]


Walk.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestWalk = Walk.TestCase
