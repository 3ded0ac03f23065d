"""The calls to Stripe, one for each kind of change. Everything sent comes from the frozen request."""

from collections.abc import Callable
from typing import Any

from billing import gateway
from billing.gateway import LiveCheckout, StripeMissing, StripeUnavailable
from billing.models import BillingAccount, ChangeKind, Checkout, CheckoutState, StripeChange

Call = Callable[[StripeChange], LiveCheckout | None]


def _sent(change: StripeChange) -> dict[str, Any]:
    assert change.request is not None
    return dict(change.request)


def _checkout(change: StripeChange) -> LiveCheckout:
    request = _sent(change)
    return gateway.start_checkout(
        customer_id=request["customer"] or _customer(change.account, request["new_customer"]),
        price_id=request["price"],
        quantity=request["quantity"],
        success_url=request["success_url"],
        cancel_url=request["cancel_url"],
        expires_at=request["expires_at"],
        client_reference=request["client_reference"],
        key=change.idempotency_key,
    )


def _customer(account: BillingAccount, new: dict[str, str]) -> str:
    """Made once for each key, and stored before anything is bought for it."""
    customer = gateway.create_customer(team_id=str(account.team.public_id), **new)
    BillingAccount.objects.filter(pk=account.pk, stripe_customer_id=None).update(stripe_customer_id=customer)
    return customer


def _expire_checkout(change: StripeChange) -> LiveCheckout | None:
    """What became of the session counts, not what was asked: it may have been paid a moment ago."""
    session = _sent(change)["session"]
    try:
        gateway.expire_checkout(session, key=change.idempotency_key)
        found = gateway.fetch_checkout(session)
    except StripeMissing:
        Checkout.objects.filter(stripe_id=session).update(state=CheckoutState.EXPIRED, url="")
        return None
    if found.state == CheckoutState.OPEN:
        raise StripeUnavailable(f"The Checkout session {session} is still open.")
    return found


def _undo(change: StripeChange) -> None:
    request = _sent(change)
    if request["undo"]:
        gateway.resume(
            subscription_id=request["subscription"],
            schedule_id=request["schedule"],
            key=f"{change.idempotency_key}-undo",
        )


def _upgrade(change: StripeChange) -> None:
    """A schedule is let go of first: it would change the plan back. A cancellation stands until the upgrade is paid:
    if the bank says no, the subscription ends as it was told to.
    """
    request = _sent(change)
    if request["schedule"]:
        _undo(change)
    is_paid = gateway.change_now(
        subscription_id=request["subscription"],
        item_id=request["item"],
        price_id=request["price"],
        quantity=request["quantity"],
        key=change.idempotency_key,
    )
    if is_paid and not request["schedule"]:
        _undo(change)


def _downgrade(change: StripeChange) -> None:
    request = _sent(change)
    _undo(change)
    gateway.change_at_period_end(
        subscription_id=request["subscription"],
        price_id=request["price"],
        quantity=request["quantity"],
        interval=request["interval"],
        key=change.idempotency_key,
    )


def _cancel(change: StripeChange) -> None:
    request = _sent(change)
    gateway.cancel_at_period_end(
        subscription_id=request["subscription"], schedule_id=request["schedule"], key=change.idempotency_key
    )


def _resume(change: StripeChange) -> None:
    request = _sent(change)
    gateway.resume(
        subscription_id=request["subscription"], schedule_id=request["schedule"], key=change.idempotency_key
    )


def _seats(change: StripeChange) -> None:
    request = _sent(change)
    gateway.set_quantity(
        subscription_id=request["subscription"],
        item_id=request["item"],
        quantity=request["quantity"],
        prorate=request["prorate"],
        key=change.idempotency_key,
    )


def _pay(change: StripeChange) -> None:
    gateway.pay_invoice(_sent(change)["invoice"], key=change.idempotency_key)


def _end_now(change: StripeChange) -> None:
    gateway.end_now(subscription_id=_sent(change)["subscription"], key=change.idempotency_key)


CALLS: dict[ChangeKind, Call] = {
    ChangeKind.CHECKOUT: _checkout,
    ChangeKind.EXPIRE_CHECKOUT: _expire_checkout,
    ChangeKind.UPGRADE: _upgrade,
    ChangeKind.DOWNGRADE: _downgrade,
    ChangeKind.CANCEL: _cancel,
    ChangeKind.RESUME: _resume,
    ChangeKind.SEATS: _seats,
    ChangeKind.PAY: _pay,
    ChangeKind.END_NOW: _end_now,
}
