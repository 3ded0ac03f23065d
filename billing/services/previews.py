"""What a change would cost, reckoned by Stripe; kept for a minute."""

from dataclasses import dataclass, replace
from typing import cast

from django.core.cache import cache

from accounts.models import Team
from billing import changes, errors, gateway
from billing.gateway import Preview
from billing.models import BillingAccount, ChangeKind, Subscription
from billing.plans import BY_KEY
from billing.prices import price_to_charge
from billing.services.guards import check_looks, check_paid_plan, stripe_answers

KEPT_SECONDS = 60
# After a call without an answer pages do without for so long, instead of waiting for it each time.
AWAY_SECONDS = 15
AWAY = "billing:previews-away"


@dataclass(frozen=True, slots=True)
class _Question:
    """A plan with its quantity, and what the team has now."""

    customer: str | None
    subscription: Subscription | None
    plan: str
    interval: str
    quantity: int

    @property
    def cache_key(self) -> str:
        now = self.subscription
        has = (now.stripe_id, now.plan, now.interval, now.quantity, now.status) if now else ()
        return ":".join(map(str, ("billing:preview", self.customer, *has, self.plan, self.interval, self.quantity)))


def preview(*, team: Team, plan: str, interval: str) -> Preview:
    """The cost of moving to this plan, with the seats that the team needs now.

    A change that comes at the end of the period costs nothing now. Raises UnknownPlan, UnknownInterval, NoStripe,
    StripeAway, PriceMissing, ChangeRefused, RateLimited.
    """
    check_paid_plan(plan, interval)
    customer, subscription = _payer(team)
    return _answer(team, _Question(customer, subscription, plan, interval, changes.seats_for(team, plan)))


def preview_seat(team: Team, *, more: int = 1) -> Preview:
    """The cost of so many more members (-1: one less) on the subscription. Raises NoSubscription, and as above."""
    customer, subscription = _payer(team)
    if subscription is None or not BY_KEY[subscription.plan].per_member:
        raise errors.NoSubscription
    plan, interval = subscription.plan, subscription.interval
    return _answer(team, _Question(customer, subscription, plan, interval, changes.seats_for(team, plan, more=more)))


def _payer(team: Team) -> tuple[str | None, Subscription | None]:
    account = BillingAccount.objects.for_team(team).first()
    if account is None:
        return None, None
    return account.stripe_customer_id, account.subscriptions.live().first()


def _answer(team: Team, question: _Question) -> Preview:
    """From the cache, or asked of Stripe; a call that got no answer keeps the next ones from waiting too."""
    if known := cache.get(question.cache_key):
        return cast(Preview, known)
    if cache.get(AWAY):
        raise errors.StripeAway
    check_looks(team)
    try:
        with stripe_answers():
            found = _ask(question)
    except errors.StripeAway:
        cache.set(AWAY, True, AWAY_SECONDS)
        raise
    cache.set(question.cache_key, found, KEPT_SECONDS)
    return found


def _ask(question: _Question) -> Preview:
    customer, subscription, quantity = question.customer, question.subscription, question.quantity
    price = price_to_charge(question.plan, question.interval)
    if customer is None:
        # Stripe reckons for customers only; somebody new has neither credit nor discount.
        first = price.unit_amount_cents * quantity
        return Preview(price.currency, due_now_cents=first, next_cents=first, next_at=None)
    if subscription is None:
        return gateway.preview_new(customer_id=customer, price_id=price.id, quantity=quantity)
    if changes.direction(subscription, question.plan, question.interval) == ChangeKind.DOWNGRADE:
        first_invoice = gateway.preview_new(customer_id=customer, price_id=price.id, quantity=quantity)
        return replace(
            first_invoice, due_now_cents=0, next_cents=first_invoice.due_now_cents, next_at=subscription.period_end
        )
    return gateway.preview_change(
        customer_id=customer,
        subscription_id=subscription.stripe_id,
        item_id=subscription.item_id,
        price_id=price.id,
        quantity=quantity,
    )
