"""Whatever is changed when: the twin takes exactly what the used time costs, and its state stays whole."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin import clockwork, resources
from tests.twin.resources.customers import create_customer
from tests.twin.resources.prices import create_price
from tests.twin.resources.products import create_product
from tests.twin.resources.subscriptions.changing import update_subscription
from tests.twin.resources.subscriptions.creating import create_subscription
from tests.twin.resources.subscriptions.routes import cancel_subscription
from tests.twin.world import Row, World

START, DAY = 1_767_225_600, 86_400
PRICES = {"month": 3100, "dear": 5700, "year": 29_000}
resources.load()

Step = tuple[int, str, int, str, str]
steps = st.lists(
    st.tuples(
        st.integers(0, 45 * DAY),
        st.sampled_from(sorted(PRICES)),
        st.integers(1, 30),
        st.sampled_from(["always_invoice", "create_prorations"]),
        st.sampled_from(["allow_incomplete", "pending_if_incomplete", "error_if_incomplete"]),
    ),
    max_size=6,
)


class Till:
    """One customer with a good card, at a time that the test sets."""

    def __init__(self) -> None:
        self.world, self.now = World(seed="till", start=START), START
        with self.world.at(START):
            product = create_product(self.world, {"name": "Team"})["id"]
            self.prices = {
                name: create_price(
                    self.world,
                    {
                        "product": product,
                        "currency": "usd",
                        "unit_amount": cents,
                        "recurring": {"interval": "year" if name == "year" else "month"},
                    },
                )["id"]
                for name, cents in PRICES.items()
            }
            card = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
            self.customer = create_customer(self.world, card)["id"]
            self.made = self.subscribe("month", 2)

    def subscribe(self, price: str, quantity: int) -> Row:
        return create_subscription(
            self.world, self.customer, [{"price": self.prices[price], "quantity": quantity}]
        )

    def wait(self, seconds: int) -> list[tuple[int, int, int]]:
        """Let time pass; the stretches (price in cents, seconds, length of the period) that it ran through."""
        stretches, until = [], self.now + seconds
        while self.now < until:
            item = self.item()
            start, end = item["current_period_start"], item["current_period_end"]
            stop = min(until, end)
            cents = item["price"]["unit_amount"] * item["quantity"]
            stretches.append((cents, stop - self.now, end - start))
            self.now = stop
            clockwork.run_until(self.world, stop)
        return stretches

    def item(self) -> Row:
        (item,) = self.world.get("subscription", self.made["id"])["items"]["data"]
        return dict(item)

    def change(self, price: str, quantity: int, proration: str, payment: str) -> None:
        with self.world.at(self.now):
            update_subscription(
                self.world,
                self.made["id"],
                items=[{"id": self.item()["id"], "price": self.prices[price], "quantity": quantity}],
                proration_behavior=proration,
                payment_behavior=payment,
            )

    def taken(self) -> int:
        """Cents paid so far, less the credit that is left on the balance (or with what is owed there)."""
        paid = sum(invoice["amount_paid"] for invoice in self.world.rows("invoice"))
        return int(paid + self.world.get("customer", self.customer)["balance"])


def check_rows(world: World) -> None:
    """Every invoice adds up, every event tells of a row, and the whole state survives being saved."""
    for invoice in world.rows("invoice"):
        assert invoice["total"] == sum(line["amount"] for line in invoice["lines"]["data"])
        assert invoice["amount_due"] == invoice["amount_paid"] + invoice["amount_remaining"]
        moved = invoice["ending_balance"] - invoice["starting_balance"]
        assert invoice["amount_due"] == invoice["total"] - moved
        assert invoice["status"] == "paid" and (invoice["amount_due"] == 0 or invoice["attempt_count"] == 1)
    transactions = world.rows("customer_balance_transaction")
    assert sum(row["amount"] for row in transactions) == world.rows("customer")[0]["balance"]
    copy = World()
    copy.from_json(world.to_json())
    assert copy.tables == world.tables


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(0, 45 * DAY))
def test_used_time_is_paid_for_to_the_cent(changes: list[Step], rest: int) -> None:
    till, used, rounding = Till(), 0.0, 1
    for gap, price, quantity, proration, payment in changes:
        used += sum(cents * seconds / length for cents, seconds, length in till.wait(gap))
        till.change(price, quantity, proration, payment)
        rounding += 1
    stretches = till.wait(rest)
    used += sum(cents * seconds / length for cents, seconds, length in stretches)
    with till.world.at(till.now):
        cancel_subscription(till.world, till.made["id"], prorate=True, invoice_now=True)
    assert abs(till.taken() - used) <= rounding
    check_rows(till.world)


def test_a_lost_process_goes_on_where_it_was() -> None:
    till = Till()
    till.change("dear", 3, "create_prorations", "allow_incomplete")
    saved: Any = till.world.to_json()
    till.wait(40 * DAY)
    other = World()
    other.from_json(saved)
    clockwork.run_until(other, START + 40 * DAY)
    assert other.tables == till.world.tables
