"""What happens at Stripe's side, done over its API as somebody else would: a person on its pages, or its support."""

from datetime import timedelta

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Team
from billing import gateway
from billing.grants import lock_account
from billing.models import BillingAccount, Checkout, CheckoutState
from tests.twin.talk import sdk


def api() -> stripe.StripeClient:
    return sdk(settings.STRIPE_API_BASE)


def make_customer(team: Team, card: str = "pm_card_visa") -> str:
    """A customer with a card, known here as the team's. Returns Stripe's id."""
    customer = gateway.create_customer(
        team_id=str(team.public_id), name=team.name, email="olga@acme.example", key=f"test-{team.public_id}"
    )
    use_card(customer, card)
    with transaction.atomic():
        account = lock_account(team)
        BillingAccount.objects.filter(pk=account.pk).update(stripe_customer_id=customer)
    return customer


def start_checkout(team: Team, customer_id: str, key: str) -> Checkout:
    """A session for Pro, as Pare opens and notes it."""
    session = gateway.start_checkout(
        customer_id=customer_id,
        price_id=gateway.find_price("pro", "month").id,
        quantity=1,
        success_url="http://127.0.0.1:8000/back?session_id={CHECKOUT_SESSION_ID}",
        cancel_url="http://127.0.0.1:8000/",
        expires_at=int((timezone.now() + timedelta(hours=2)).timestamp()),
        client_reference=str(team.public_id),
        key=key,
    )
    return Checkout.objects.create(
        account=BillingAccount.objects.get(team=team),
        stripe_id=session.id,
        plan="pro",
        interval="month",
        url=session.url,
        state=CheckoutState.OPEN,
        expires_at=session.expires_at,
    )


def use_card(customer: str, card: str) -> None:
    """Charge this one from now on, named as in Stripe's docs on testing (`pm_card_...`)."""
    method = api().v1.payment_methods.attach(card, {"customer": customer})
    api().v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})


def subscribe(customer: str, plan: str = "team", interval: str = "month", quantity: int = 3) -> str:
    """Stripe's id of a subscription to one of our prices, paid if the card allows it."""
    price = gateway.find_price(plan, interval)
    return (
        api()
        .v1.subscriptions.create(
            {
                "customer": customer,
                "items": [{"price": price.id, "quantity": quantity}],
                "payment_behavior": "allow_incomplete",
            }
        )
        .id
    )


def cancel(subscription: str) -> None:
    api().v1.subscriptions.cancel(subscription)


def set_quantity(subscription: str, quantity: int) -> None:
    item = api().v1.subscriptions.retrieve(subscription)["items"].data[0]
    api().v1.subscriptions.update(subscription, {"items": [{"id": item.id, "quantity": quantity}]})
