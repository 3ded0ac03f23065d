"""Updates of subscriptions."""

from copy import deepcopy
from typing import Any

from tests.twin.resources.changes import merge_metadata, recording, take
from tests.twin.resources.coupons import make_discount
from tests.twin.resources.invoices.lines import keep_item, waiting_items
from tests.twin.resources.invoices.paying import PAID, refusal, verdict
from tests.twin.resources.payment_methods import default_method, owned
from tests.twin.resources.proration import credit
from tests.twin.resources.subscriptions.billing import bill_for, keep_for_later, open_invoice
from tests.twin.resources.subscriptions.checks import check_done, check_open, check_pending, check_rate
from tests.twin.resources.subscriptions.collecting import collect, note_billed
from tests.twin.resources.subscriptions.creating import due_of
from tests.twin.resources.subscriptions.ending import cancel_later, note_details
from tests.twin.resources.subscriptions.pending import apply_change, drop_pending, follow_items, make_pending
from tests.twin.resources.subscriptions.planning import Change, plan_change
from tests.twin.resources.subscriptions.renewing import ends_without_card
from tests.twin.resources.subscriptions.rows import automatic_tax, items_of, name_of, period_end, trial_settings
from tests.twin.world import Row, World

CANCELING = {"cancel_at", "cancel_at_period_end"}
BILLING = {"items", "trial_end", "billing_cycle_anchor"}


def update_subscription(world: World, id: str, **params: Any) -> Row:
    """Change a subscription as `POST /v1/subscriptions/{id}` does. Raises TwinError for what Stripe refuses."""
    subscription = world.get("subscription", id, "subscription_exposed_id")
    check_open(subscription, params)
    check_done(params)
    check_pending(params)
    if CANCELING & set(params):
        cancel_later(world, deepcopy(subscription), params, period_end(subscription))
    if params.get("default_payment_method"):
        owned(world, params["default_payment_method"], subscription["customer"])
    change = plan_change(world, subscription, params) if BILLING & set(params) else None
    if change is not None:
        if change.bill_now:
            check_rate(world, subscription)
        _check_payment(world, subscription, change, params)
    discounts = _discounts(world, subscription, params.get("discounts"))
    if change is not None and subscription["_pending"]:
        drop_pending(world, subscription, expired=False)
    if change is not None and change.ends_trial and ends_without_card(world, subscription):
        return subscription
    with recording(world, subscription, "customer.subscription.updated"):
        subscription["discounts"] = discounts
        _take_plain(world, subscription, params)
        if change is not None:
            carry_out(world, subscription, change, params)
    return subscription


def _take_plain(world: World, subscription: Row, params: Row) -> None:
    """Everything that bills nobody."""
    take(subscription, params, "description", "default_payment_method")
    merge_metadata(subscription, params)
    note_details(subscription, params.get("cancellation_details"), None)
    if "automatic_tax" in params:
        subscription["automatic_tax"] = automatic_tax(params)
    if "payment_settings" in params:
        subscription["payment_settings"].update(params["payment_settings"])
    if "trial_settings" in params:
        subscription["trial_settings"] = trial_settings(params["trial_settings"])
    if CANCELING & set(params):
        cancel_later(world, subscription, params, period_end(subscription))
        _credit_rest(world, subscription, params)


def _credit_rest(world: World, subscription: Row, params: Row) -> None:
    """A planned end within the period gives its rest back with the last invoice; another plan takes that back."""
    for item in waiting_items(world, subscription["id"]):
        if item.get("_of_the_end"):
            del world.table("invoiceitem")[item["id"]]
    at, behaviour = subscription["cancel_at"], params.get("proration_behavior")
    if at is None or at >= period_end(subscription) or behaviour == "none" or subscription["status"] == "trialing":
        return
    for item in items_of(subscription):
        part = credit(item, at, name_of(world, item["price"]))
        keep_item(world, part, subscription["customer"], subscription["id"])["_of_the_end"] = True


def _discounts(world: World, subscription: Row, given: Any) -> list[str]:
    """An empty string takes all away, a list takes the place of what there was."""
    if given == "":
        return []
    if not given:
        return list(subscription["discounts"])
    holder = {"customer": subscription["customer"], "subscription": subscription["id"]}
    return [one["discount"] if one.get("discount") else make_discount(world, one, **holder)["id"] for one in given]


def _check_payment(world: World, subscription: Row, change: Change, params: Row) -> None:
    """With `error_if_incomplete` a payment that would fail is refused before anything is written."""
    if params.get("payment_behavior") != "error_if_incomplete" or not change.bill_now:
        return
    method = default_method(world, subscription["customer"], subscription["default_payment_method"])
    due = due_of(world, subscription, change.prorations + change.wholes)
    outcome = verdict(method, due, on_session=not params.get("off_session"))
    if outcome.kind != PAID:
        raise refusal(world, outcome, "subscription")


def carry_out(world: World, subscription: Row, change: Change, params: Row) -> None:
    """Make the change and bill it; a pending one is made when its invoice is paid."""
    now = world.now(subscription["customer"])
    behaviour = params.get("payment_behavior", "allow_incomplete")
    on_session = not params.get("off_session")
    if not change.bill_now:
        apply_change(subscription, change, now)
        follow_items(world, subscription)
        keep_for_later(world, subscription, change.prorations)
        return
    waits = behaviour == "pending_if_incomplete"
    if not waits:
        apply_change(subscription, change, now)
        follow_items(world, subscription)
    invoice = open_invoice(
        world,
        bill_for(
            world,
            subscription,
            change.prorations + change.wholes,
            "subscription_update",
            (now, now),
            with_waiting=not waits,
            proration_date=change.at,
        ),
    )
    if waits:
        make_pending(world, subscription, change, invoice)
        if not collect(world, invoice, on_session=on_session).paid:
            subscription["_pending"]["fresh"] = False
        return
    note_billed(subscription, invoice)
    if behaviour == "default_incomplete" and invoice["amount_due"]:
        subscription.update(status="past_due", _owed=invoice["id"])
        return
    collect(world, invoice, on_session=on_session)
