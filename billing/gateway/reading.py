"""Stripe's objects as our dataclasses. Subscriptions and prices of other products than ours read as None."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from billing.gateway.types import LiveCheckout, LiveInvoice, LiveSubscription, Price
from billing.plans import PLANS, PlanKey

if TYPE_CHECKING:
    import stripe

PLAN_KEYS: dict[str, PlanKey] = {plan.key: plan.key for plan in PLANS}
PAID_PLANS: tuple[PlanKey, ...] = tuple(plan.key for plan in PLANS if plan.monthly_usd)
INTERVALS = {"month": "monthly", "year": "yearly"}
PREFIX = "pare_"

FindPrice = Callable[[str], Price | None]
NextChange = tuple[Price | None, datetime | None]


def lookup_key(plan: str, interval: str) -> str:
    """`pare_team_yearly` for ("team", "year")."""
    return f"{PREFIX}{plan}_{INTERVALS[interval]}"


def moment(seconds: int) -> datetime:
    """Stripe's epoch seconds as an aware UTC datetime."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else moment(seconds)


def id_of(value: object) -> str:
    """The id in a field that holds an id, the object itself when it was expanded, or nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else str(getattr(value, "id", ""))


def price_from(price: "stripe.Price") -> Price | None:
    """A price of ours, also one that was replaced and has lost its lookup key; None for any other."""
    plan = _plan_of(price)
    recurring = price.recurring
    if plan is None or recurring is None or recurring.interval not in INTERVALS:
        return None
    return Price(
        id=price.id,
        lookup_key=price.lookup_key or "",
        plan=plan,
        interval=recurring.interval,
        unit_amount_cents=price.unit_amount or 0,
        currency=price.currency,
    )


def _plan_of(price: "stripe.Price") -> PlanKey | None:
    product = id_of(price.product)
    names = (price.metadata.to_dict().get("pare_plan", ""), (price.lookup_key or "").removeprefix(PREFIX), product)
    for name in names:
        plan = PLAN_KEYS.get(name.removeprefix(PREFIX).partition("_")[0])
        if plan:
            return plan
    return None


def subscription_from(subscription: "stripe.Subscription", find_price: FindPrice) -> LiveSubscription | None:
    """`subscription.schedule` must be expanded. `find_price` looks up a price that only an id is known of."""
    for item in subscription.items.data:
        price = price_from(item.price)
        if price is not None:
            return _subscription(subscription, item, price, find_price)
    return None


def _subscription(
    subscription: "stripe.Subscription", item: "stripe.SubscriptionItem", price: Price, find_price: FindPrice
) -> LiveSubscription:
    next_price, next_at = _next(subscription.schedule, find_price)
    pending_price, pending_quantity, pending_until = _pending(subscription.pending_update)
    cancel_at = item.current_period_end if subscription.cancel_at_period_end else None
    return LiveSubscription(
        id=subscription.id,
        item_id=item.id,
        status=subscription.status,
        plan=price.plan,
        interval=price.interval,
        quantity=getattr(item, "quantity", None) or 1,
        unit_amount_cents=price.unit_amount_cents,
        currency=subscription.currency,
        period_start=moment(item.current_period_start),
        period_end=moment(item.current_period_end),
        created_at=moment(subscription.created),
        ended_at=moment_or_none(subscription.ended_at),
        cancel_at=moment_or_none(subscription.cancel_at or cancel_at),
        schedule_id=id_of(subscription.schedule),
        next_plan=next_price.plan if next_price else "",
        next_interval=next_price.interval if next_price else "",
        next_at=next_at if next_price else None,
        pending_plan=pending_price.plan if pending_price else "",
        pending_quantity=pending_quantity,
        pending_until=pending_until,
    )


def _next(schedule: "str | stripe.SubscriptionSchedule | None", find: FindPrice) -> NextChange:
    """What the phase after the current one changes to, and when."""
    if schedule is None or isinstance(schedule, str) or schedule.current_phase is None:
        return None, None
    later = [phase for phase in schedule.phases if phase.start_date >= schedule.current_phase.end_date]
    for phase in sorted(later, key=lambda phase: phase.start_date)[:1]:
        prices = (find(id_of(item.price)) for item in phase.items)
        return next((price for price in prices if price), None), moment(phase.start_date)
    return None, None


def _pending(
    update: "stripe.Subscription.PendingUpdate | None",
) -> tuple[Price | None, int | None, datetime | None]:
    """A change that waits for its payment: price, seats, and when Stripe drops it."""
    if update is None:
        return None, None, None
    for item in update.subscription_items or []:
        price = price_from(item.price)
        if price is not None:
            return price, getattr(item, "quantity", None), moment(update.expires_at)
    return None, None, None


def invoice_from(invoice: "stripe.Invoice", needs_confirmation: bool) -> LiveInvoice:
    """`needs_confirmation` is not part of a listed invoice: whoever lists looks at its payment."""
    parent = invoice.parent.subscription_details if invoice.parent else None
    return LiveInvoice(
        id=invoice.id,
        subscription_id=id_of(parent.subscription) if parent else "",
        number=invoice.number or "",
        status=invoice.status or "draft",
        currency=invoice.currency,
        total_cents=invoice.total,
        amount_due_cents=invoice.amount_remaining if invoice.status == "open" else invoice.amount_due,
        created_at=moment(invoice.created),
        period_start=moment(invoice.period_start),
        period_end=moment(invoice.period_end),
        attempts=invoice.attempt_count,
        next_attempt_at=moment_or_none(invoice.next_payment_attempt),
        needs_confirmation=needs_confirmation,
        page_url=invoice.hosted_invoice_url or "",
        pdf_url=invoice.invoice_pdf or "",
    )


def waits_for_holder(payments: "Iterable[stripe.InvoicePayment]") -> bool:
    """Whether the bank wants to hear from the card's holder. `payment.payment_intent` must be expanded."""
    for payment in payments:
        # Each kind of payment has its own key, and only that.
        intent = getattr(payment.payment, "payment_intent", None)
        if payment.status == "open" and intent is not None and not isinstance(intent, str):
            return _wants_action(intent)
    return False


def _wants_action(intent: "stripe.PaymentIntent") -> bool:
    """3-D Secure asked for; or tried without the holder, refused for that, and given back for another try."""
    if intent.status == "requires_action":
        return True
    error = intent.last_payment_error
    return error is not None and getattr(error, "code", "") == "authentication_required"


def card_from(method: "str | stripe.PaymentMethod | None") -> tuple[str, str, str]:
    """Brand, last four digits and expiry ("2030-04") of an expanded payment method; empty if it is no card."""
    if method is None or isinstance(method, str):
        return "", "", ""
    # Link, a bank account and others have no such key.
    card = getattr(method, "card", None)
    if card is None:
        return method.type, "", ""
    return card.brand, card.last4 or "", f"{card.exp_year:04}-{card.exp_month:02}"


def checkout_from(session: "stripe.checkout.Session") -> LiveCheckout:
    state = session.status or "open"
    return LiveCheckout(
        id=session.id,
        state=state,
        url=(session.url or "") if state == "open" else "",
        customer_id=id_of(session.customer),
        expires_at=moment(session.expires_at),
    )
