"""New subscriptions."""

from typing import Any

from tests.twin.errors import invalid
from tests.twin.resources.changes import needed, recording, reference
from tests.twin.resources.coupons import make_discount
from tests.twin.resources.invoices.draft import compose
from tests.twin.resources.invoices.paying import NO_CARD, PAID, no_card, refusal, verdict
from tests.twin.resources.payment_methods import default_method, owned
from tests.twin.resources.periods import DAY, add, period_at
from tests.twin.resources.proration import Part, amount_of, rest_of
from tests.twin.resources.subscriptions.billing import bill_for, open_invoice
from tests.twin.resources.subscriptions.checks import check_currency, check_done
from tests.twin.resources.subscriptions.collecting import collect, note_billed
from tests.twin.resources.subscriptions.ending import cancel_later
from tests.twin.resources.subscriptions.items import first_items
from tests.twin.resources.subscriptions.planning import whole_of
from tests.twin.resources.subscriptions.rows import interval_of, items_of, new_subscription, period_end
from tests.twin.world import Row, World


def create_subscription(world: World, customer: str, items: list[Row], **params: Any) -> Row:
    """Subscribe the customer to `items` ([{"price", "quantity"}]); `params` are the API's other parameters.

    With `payment_behavior="error_if_incomplete"` nothing is left behind by a card that declines or asks (TwinError
    402); with "default_incomplete" nobody is charged yet: `collect` or `confirm_3ds` the `latest_invoice`.
    """
    needed({"customer": customer, "items": items}, "customer", "items")
    check_done(params)
    holder = reference(world, "customer", customer, "customer")
    subscription = prepared(world, holder, items, params)
    parts = first_parts(world, subscription, params)
    discounts = params.get("discounts") or []
    world.table("subscription")[subscription["id"]] = subscription
    try:
        subscription["discounts"] = [
            make_discount(world, given, customer=customer, subscription=subscription["id"])["id"] for given in discounts
        ]
        _check_payment(world, subscription, parts, params)
    except Exception:
        del world.table("subscription")[subscription["id"]]
        raise
    subscription["_recorded"] = True  # its first event is that it was created
    _first_invoice(world, subscription, parts, params)
    subscription["_recorded"] = False
    world.emit("customer.subscription.created", subscription)
    return subscription


def prepared(world: World, customer: Row, items: list[Row], params: Row) -> Row:
    """The subscription as it would begin, stored nowhere. Raises TwinError 400."""
    if params.get("payment_behavior") == "pending_if_incomplete":
        raise invalid(
            "`pending_if_incomplete` is only supported when updating a subscription.", "payment_behavior"
        )
    if params.get("default_payment_method"):
        owned(world, params["default_payment_method"], customer["id"])
    id = world.new_id("sub")
    rows = first_items(world, id, items, customer, params.get("currency"))
    subscription = new_subscription(world, id, customer, rows, params)
    check_currency(customer, subscription["currency"])
    _set_periods(world, subscription, params)
    if params.get("cancel_at") or params.get("cancel_at_period_end"):
        cancel_later(world, subscription, params, period_end(subscription))
    return subscription


def _set_periods(world: World, subscription: Row, params: Row) -> None:
    """The first period: a trial, the rest up to a given anchor, or a whole one from now on."""
    now = world.now(subscription["customer"])
    trial = _trial_end(params, now)
    anchor = params.get("billing_cycle_anchor")
    interval = interval_of(items_of(subscription)[0]["price"])
    end = add(now, *interval)
    if trial is not None:
        subscription.update(status="trialing", trial_start=now, trial_end=trial, billing_cycle_anchor=trial)
        end = trial
    elif anchor is not None:
        if not now < int(anchor) <= end:
            raise invalid(
                "billing_cycle_anchor must be in the future and not later than the next natural billing date.",
                "billing_cycle_anchor",
            )
        subscription["billing_cycle_anchor"] = end = int(anchor)
    for item in items_of(subscription):
        item.update(current_period_start=now, current_period_end=end)


def _trial_end(params: Row, now: int) -> int | None:
    given = params.get("trial_end")
    if days := params.get("trial_period_days"):
        if given is not None:
            raise invalid("Only one of `trial_end` and `trial_period_days` may be given.", "trial_period_days")
        return now + int(days) * DAY
    if given in (None, "now"):
        return None
    if int(given) <= now:
        raise invalid("Invalid trial_end: it must be in the future.", "trial_end")
    return int(given)


def first_parts(world: World, subscription: Row, params: Row) -> list[Part]:
    """What the first invoice is for."""
    parts = [whole_of(world, item) for item in items_of(subscription)]
    if subscription["status"] == "trialing":
        return [_priced(part, 0, f"Free trial for {part.description}") for part in parts]
    if params.get("billing_cycle_anchor") is None:
        return parts
    if params.get("proration_behavior") == "none":
        return []
    shares = []
    for part in parts:
        start, end = period_at(part.end, *interval_of(part.price), part.start)
        shares.append(_priced(part, rest_of(amount_of(part.price, part.quantity), start, end, part.start)))
    return shares


def _priced(part: Part, amount: int, description: str | None = None) -> Part:
    return Part(**{**vars(part), "amount": amount, "description": description or part.description})


def _check_payment(world: World, subscription: Row, parts: list[Part], params: Row) -> None:
    """Refuse before anything is written: no card at all, or one that fails where the request wants an error."""
    behaviour = params.get("payment_behavior", "allow_incomplete")
    if behaviour == "default_incomplete" or not parts:
        return
    due = due_of(world, subscription, parts)
    method = default_method(world, subscription["customer"], subscription["default_payment_method"])
    outcome = verdict(method, due, on_session=not params.get("off_session"))
    if outcome.kind == NO_CARD:
        raise no_card()
    if behaviour == "error_if_incomplete" and outcome.kind != PAID:
        raise refusal(world, outcome, "subscription")


def due_of(world: World, subscription: Row, parts: list[Part]) -> int:
    """Cents that an invoice over these parts would ask for."""
    return int(compose(world, bill_for(world, subscription, parts, "subscription_update", (0, 0)), "")["amount_due"])


def _first_invoice(world: World, subscription: Row, parts: list[Part], params: Row) -> None:
    if not parts:
        customer = world.get("customer", subscription["customer"])
        with recording(world, customer, "customer.updated"):
            customer["currency"] = subscription["currency"]
        return
    now = world.now(subscription["customer"])
    if subscription["status"] != "trialing":
        subscription["status"] = "incomplete"
    invoice = open_invoice(world, bill_for(world, subscription, parts, "subscription_create", (now, now)))
    note_billed(subscription, invoice)
    if params.get("payment_behavior") != "default_incomplete" or not invoice["amount_due"]:
        collect(world, invoice, on_session=not params.get("off_session"))
