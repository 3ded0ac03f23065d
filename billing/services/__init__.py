"""The verbs of plans and payments: keyword-only, each refusal a DomainError of `billing.errors`.

The operator's: `change_plan`. People's verbs write what they decide and leave the call to Stripe to the outbox
(`billing.changes`); those that need an answer at once (`start_checkout`, `portal_url`, previews) call Stripe outside of
transactions, so no caller may wrap them in one.
"""

from billing.errors import BadSeats, PaidThroughStripe, UnknownPlan
from billing.services.checkout import confirm_checkout, finish_checkout_start, open_checkout, start_checkout
from billing.services.money import portal_url, refresh, retry_payment
from billing.services.plans import change_plan, plan_of
from billing.services.previews import preview, preview_seat
from billing.services.subscriptions import change_subscription, resume

__all__ = [
    "BadSeats",
    "PaidThroughStripe",
    "UnknownPlan",
    "change_plan",
    "change_subscription",
    "confirm_checkout",
    "finish_checkout_start",
    "open_checkout",
    "plan_of",
    "portal_url",
    "preview",
    "preview_seat",
    "refresh",
    "resume",
    "retry_payment",
    "start_checkout",
]
