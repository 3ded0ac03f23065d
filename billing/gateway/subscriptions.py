"""What is done to a subscription. Each call may be made again with the same key and does its work once."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from billing.gateway.cards import keep_one_card
from billing.gateway.client import asking
from billing.gateway.errors import StripeMissing, StripeRefused
from billing.gateway.prices import price_by_id
from billing.gateway.reading import id_of, price_from
from billing.plans import BY_KEY

if TYPE_CHECKING:
    import stripe
    from stripe.params import SubscriptionScheduleUpdateParamsPhase
    from stripe.params import SubscriptionScheduleUpdateParamsPhaseDiscount as PhaseDiscount
    from stripe.params import SubscriptionScheduleUpdateParamsPhaseItem as PhaseItem

GONE = ("released", "canceled", "completed")


class NextPhase(NamedTuple):
    """What is planned for the end of the period; `interval` is "month" or "year"."""

    price_id: str
    quantity: int
    interval: str


def change_now(*, subscription_id: str, item_id: str, price_id: str, quantity: int, key: str) -> bool:
    """Another price or more seats at once, the difference charged at once; whether it was paid. Until then nothing
    changes: Stripe keeps the change as a pending update.
    """
    with asking() as client:
        changed = client.v1.subscriptions.update(
            subscription_id,
            {
                "items": [{"id": item_id, "price": price_id, "quantity": quantity}],
                "proration_behavior": "always_invoice",
                "payment_behavior": "pending_if_incomplete",
            },
            {"idempotency_key": key},
        )
    return changed.pending_update is None


Prorate = Literal["invoice_now", "credit_later", "no_credit"]
PRORATIONS: Final[Mapping[Prorate, Literal["always_invoice", "create_prorations", "none"]]] = {
    "invoice_now": "always_invoice",
    "credit_later": "create_prorations",
    "no_credit": "none",
}


def set_quantity(*, subscription_id: str, item_id: str, quantity: int, prorate: Prorate, key: str) -> None:
    """Set the seats. `invoice_now` charges what is added at once; `credit_later` leaves the difference to the next
    invoice; `no_credit` gives nothing back: Stripe credits unused time also when it was never paid for. The seats
    change each way: a failed payment makes the subscription past due.
    """
    with asking() as client:
        changed = client.v1.subscriptions.update(
            subscription_id,
            {
                "items": [{"id": item_id, "quantity": quantity}],
                "proration_behavior": PRORATIONS[prorate],
                "payment_behavior": "allow_incomplete",
                # Nobody sits at the card: else a bank that was content with its set-up asks for each seat anew.
                "off_session": True,
            },
            {"idempotency_key": key},
        )
        if changed.schedule is not None:
            _set_planned_quantity(client, changed, quantity, key)


def _set_planned_quantity(
    client: "stripe.StripeClient", subscription: "stripe.Subscription", quantity: int, key: str
) -> None:
    """The seats of the change planned for the end of the period, if it is to a plan that has seats: else it would
    charge for those of the day on which it was planned.
    """
    schedule = client.v1.subscription_schedules.retrieve(id_of(subscription.schedule))
    if schedule.current_phase is None:
        return
    ahead = [phase for phase in schedule.phases if phase.start_date >= schedule.current_phase.end_date]
    for item in ahead[0].items if len(ahead) == 1 else ():
        price = price_by_id(client, id_of(item.price))
        if price and BY_KEY[price.plan].per_member and item.quantity != quantity:
            wanted = NextPhase(price.id, quantity, price.interval)
            _plan_next(client, subscription, schedule, wanted, key)


def change_at_period_end(
    *, subscription_id: str, price_id: str, quantity: int, interval: str, key: str
) -> None:
    """Another price from the next period on, through a schedule that lets go of the subscription afterwards.

    A schedule that is there already is given this change instead of its own.
    """
    with asking() as client:
        subscription = client.v1.subscriptions.retrieve(subscription_id)
        known = id_of(subscription.schedule)
        if known:
            schedule = client.v1.subscription_schedules.retrieve(known)
        else:
            # Else the schedule would keep the subscription's card and bring it back with its next phase.
            keep_one_card(client, id_of(subscription.customer), key)
            schedule = client.v1.subscription_schedules.create(
                {"from_subscription": subscription_id}, {"idempotency_key": f"{key}-1"}
            )
        _plan_next(client, subscription, schedule, NextPhase(price_id, quantity, interval), key)


def _plan_next(
    client: "stripe.StripeClient",
    subscription: "stripe.Subscription",
    schedule: "stripe.SubscriptionSchedule",
    wanted: NextPhase,
    key: str,
) -> None:
    current = _current_phase(subscription, schedule)
    phases = [current, _next_phase(subscription, current, wanted)]
    # The running phase may be another at the next try, and a key is good for one body only.
    body = sha256(json.dumps(phases, sort_keys=True).encode()).hexdigest()[:16]
    client.v1.subscription_schedules.update(
        schedule.id,
        {"end_behavior": "release", "phases": phases, "proration_behavior": "none"},
        {"idempotency_key": f"{key}-2-{body}"},
    )


def _current_phase(
    subscription: "stripe.Subscription", schedule: "stripe.SubscriptionSchedule"
) -> "SubscriptionScheduleUpdateParamsPhase":
    """The running phase as it is, with its discounts, taxes and trial: what an update leaves out is taken away.

    The items are the subscription's own: what was changed there does not always reach the schedule.
    """
    if schedule.current_phase is None:
        raise StripeRefused("schedule_not_running", f"The schedule {schedule.id} is {schedule.status}.")
    start = schedule.current_phase.start_date
    phase = next(phase for phase in schedule.phases if phase.start_date == start)
    kept: SubscriptionScheduleUpdateParamsPhase = {
        "items": [_item(item) for item in subscription.items.data],
        "start_date": phase.start_date,
        "end_date": phase.end_date,
        "proration_behavior": "none",
    }
    if phase.discounts:
        kept["discounts"] = [_discount(discount) for discount in phase.discounts]
    if phase.automatic_tax is not None:
        kept["automatic_tax"] = {"enabled": phase.automatic_tax.enabled}
    if phase.default_tax_rates:
        kept["default_tax_rates"] = [rate.id for rate in phase.default_tax_rates]
    if phase.trial_end is not None:
        kept["trial_end"] = phase.trial_end
    return kept


def _item(item: "stripe.SubscriptionItem") -> "PhaseItem":
    # What is paid by use has no quantity.
    quantity = getattr(item, "quantity", None)
    return {"price": item.price.id} if quantity is None else {"price": item.price.id, "quantity": quantity}


def _next_phase(
    subscription: "stripe.Subscription", current: "SubscriptionScheduleUpdateParamsPhase", wanted: NextPhase
) -> "SubscriptionScheduleUpdateParamsPhase":
    """One period at the new price, with the discounts and taxes of the running phase: it inherits none of them.

    What somebody put into the subscription beside our plan stays in it.
    """
    others = [_item(item) for item in subscription.items.data if price_from(item.price) is None]
    phase: SubscriptionScheduleUpdateParamsPhase = {
        "items": [*others, {"price": wanted.price_id, "quantity": wanted.quantity}],
        "duration": {"interval": wanted.interval, "interval_count": 1},
        "proration_behavior": "none",
    }
    if "discounts" in current:
        phase["discounts"] = current["discounts"]
    if "automatic_tax" in current:
        phase["automatic_tax"] = current["automatic_tax"]
    if "default_tax_rates" in current:
        phase["default_tax_rates"] = current["default_tax_rates"]
    return phase


def _discount(discount: "stripe.SubscriptionSchedule.Phase.Discount") -> "PhaseDiscount":
    if discount.discount:
        return {"discount": id_of(discount.discount)}
    if discount.promotion_code:
        return {"promotion_code": id_of(discount.promotion_code)}
    return {"coupon": id_of(discount.coupon)}


def cancel_at_period_end(*, subscription_id: str, schedule_id: str, key: str) -> None:
    """Let the subscription end with its period. A schedule is let go of first: the change it had planned is off."""
    with asking() as client:
        if schedule_id:
            _release(client, schedule_id, f"{key}-1")
        client.v1.subscriptions.update(
            subscription_id, {"cancel_at_period_end": True}, {"idempotency_key": f"{key}-2"}
        )


def resume(*, subscription_id: str, schedule_id: str, key: str) -> None:
    """Undo a planned end or a planned change."""
    with asking() as client:
        if schedule_id:
            _release(client, schedule_id, f"{key}-1")
        subscription = client.v1.subscriptions.retrieve(subscription_id)
        if subscription.cancel_at_period_end:
            client.v1.subscriptions.update(
                subscription_id, {"cancel_at_period_end": False}, {"idempotency_key": f"{key}-2"}
            )
        elif subscription.cancel_at is not None:
            # A date set by hand in Stripe's dashboard.
            client.v1.subscriptions.update(subscription_id, {"cancel_at": ""}, {"idempotency_key": f"{key}-3"})


def _release(client: "stripe.StripeClient", schedule_id: str, key: str) -> None:
    """Take a schedule off its subscription; one that has ended by itself needs nothing."""
    if client.v1.subscription_schedules.retrieve(schedule_id).status not in GONE:
        client.v1.subscription_schedules.release(schedule_id, {}, {"idempotency_key": key})


def end_now(*, subscription_id: str, key: str) -> None:
    """End the subscription at once, nothing paid back; one that has ended already is left as it is."""
    try:
        with asking() as client:
            client.v1.subscriptions.cancel(subscription_id, {}, {"idempotency_key": key})
    except StripeMissing:
        # Stripe's answer for an ended one as for one it never had.
        return
