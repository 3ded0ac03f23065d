"""What lies ahead of subscriptions and their invoices, for the clockwork.

For one subscription the order here is the order of what falls on the same second: a schedule's phase changes before
the period is renewed, and a cancellation at the period's end comes before that renewal too.
"""

from collections.abc import Iterator
from functools import partial

from tests.twin.clockwork import Moment, source
from tests.twin.resources.changes import recording
from tests.twin.resources.periods import DAY
from tests.twin.resources.schedules.moving import step
from tests.twin.resources.subscriptions.billing import final_invoice
from tests.twin.resources.subscriptions.collecting import collect
from tests.twin.resources.subscriptions.ending import cancel, expire_incomplete
from tests.twin.resources.subscriptions.pending import drop_pending
from tests.twin.resources.subscriptions.renewing import renew
from tests.twin.resources.subscriptions.rows import RUNNING, live, period_end
from tests.twin.world import Row, World

FIRST_PAYMENT_WAITS = 23 * 3600
TRIAL_WARNING = 3 * DAY


@source
def schedules(world: World) -> Iterator[Moment]:
    for row in world.table("subscription_schedule").values():
        if row["status"] == "active":
            yield Moment(row["current_phase"]["end_date"], row["customer"], partial(step, world, row))


@source
def subscriptions(world: World) -> Iterator[Moment]:
    for row in live(world):
        customer = row["customer"]
        if row["status"] == "incomplete":
            yield Moment(row["created"] + FIRST_PAYMENT_WAITS, customer, partial(give_up_first, world, row))
            continue
        if row["_pending"]:
            expire = partial(drop_pending, world, row, expired=True)
            yield Moment(row["_pending"]["expires_at"], customer, expire)
        if row["cancel_at"] and not row["schedule"]:
            yield Moment(row["cancel_at"], customer, partial(end, world, row))
        if row["status"] == "trialing" and not row["_warned"]:
            yield Moment(max(row["trial_end"] - TRIAL_WARNING, row["trial_start"]), customer, partial(warn, world, row))
        if row["status"] in RUNNING:
            yield Moment(period_end(row), customer, partial(renew, world, row))


@source
def retries(world: World) -> Iterator[Moment]:
    for row in world.table("invoice").values():
        if row["status"] == "open" and row["next_payment_attempt"] and row["auto_advance"]:
            yield Moment(row["next_payment_attempt"], row["customer"], partial(retry, world, row))


def give_up_first(world: World, subscription: Row) -> None:
    """The first invoice was not paid within its 23 hours."""
    expire_incomplete(world, subscription)


def retry(world: World, invoice: Row) -> None:
    """The next attempt of dunning."""
    collect(world, invoice)


def warn(world: World, subscription: Row) -> None:
    """Three days before a trial ends, or at once if it is shorter."""
    subscription["_warned"] = True
    world.emit("customer.subscription.trial_will_end", subscription)


def end(world: World, subscription: Row) -> None:
    """The day of a cancellation that was set before; what still waits is billed with it."""
    now = world.now(subscription["customer"])
    with recording(world, subscription, "customer.subscription.updated"):
        invoice = final_invoice(world, subscription, [], now)
    if invoice is not None:
        collect(world, invoice)
    cancel(world, subscription)
