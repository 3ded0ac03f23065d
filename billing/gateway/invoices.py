"""Invoices: paying one again, and what a change would cost before it happens."""

from typing import TYPE_CHECKING

from billing.gateway.client import asking
from billing.gateway.errors import CardDeclined, StripeMissing, StripeRefused
from billing.gateway.reading import moment
from billing.gateway.types import Preview

if TYPE_CHECKING:
    import stripe
    from stripe.params import InvoiceCreatePreviewParams


def pay_invoice(invoice_id: str, *, key: str) -> None:
    """Try an open invoice again with the card on file. Raises CardDeclined; one that is paid is left as it is."""
    try:
        with asking() as client:
            client.v1.invoices.pay(invoice_id, {}, {"idempotency_key": key})
    except (CardDeclined, StripeMissing):
        raise
    except StripeRefused:
        with asking() as client:
            if client.v1.invoices.retrieve(invoice_id).status != "paid":
                raise


def preview_change(
    *, customer_id: str, subscription_id: str, item_id: str, price_id: str, quantity: int
) -> Preview:
    """What another price or quantity would cost. Writes nothing; asks once, for a page waits for it."""
    change: InvoiceCreatePreviewParams = {
        "customer": customer_id,
        "subscription": subscription_id,
        "subscription_details": {
            "items": [{"id": item_id, "price": price_id, "quantity": quantity}],
            "proration_behavior": "always_invoice",
        },
    }
    with asking(retries=0) as client:
        now = client.v1.invoices.create_preview(change)
        then = client.v1.invoices.create_preview({**change, "preview_mode": "recurring"})
    return _preview(now, then)


def preview_new(*, customer_id: str, price_id: str, quantity: int) -> Preview:
    """What a subscription would cost that begins now."""
    with asking(retries=0) as client:
        first = client.v1.invoices.create_preview(
            {
                "customer": customer_id,
                "subscription_details": {"items": [{"price": price_id, "quantity": quantity}]},
            }
        )
    return _preview(first, first)


def _preview(now: "stripe.Invoice", then: "stripe.Invoice") -> Preview:
    ends = [line.period.end for line in now.lines.data]
    return Preview(
        currency=now.currency,
        # A credit stays on the balance, so that `amount_due` is 0 there.
        due_now_cents=min(now.total, 0) or now.amount_due,
        next_cents=then.total,
        next_at=moment(max(ends)) if ends else None,
    )
