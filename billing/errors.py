"""What billing refuses, each with a code that a program can act on and a sentence that says what to do.

DomainError
├── UnknownPlan, UnknownInterval, BadSeats                          400
├── CardDeclined                                                    402
├── PaidThroughStripe, AlreadySubscribed, NoSubscription, NoCustomer, PlanSame,
│   NothingToResume, NothingToPay, CheckoutEnded                    409: nothing to do it to, or done already
├── ChangeInProgress, PaymentOverdue, PaymentPending                409: something else comes first
├── CurrencyClash, CustomerGone, Superseded, GivenUp, ChangeRefused 409: Stripe said no, or nothing
└── NoStripe, StripeAway, StripeBusy, KeyRefused, PriceMissing      503
"""

from config.errors import DomainError


class UnknownPlan(DomainError):
    code, status, message = "unknown_plan", 400, "There is no such plan: use starter, pro or team."


class UnknownInterval(DomainError):
    code, status, message = "unknown_interval", 400, "A plan is paid by month or by year: use month or year."


class BadSeats(DomainError):
    code, status, message = "bad_seats", 400, "Seats must be a whole number of at least 1."


class PaidThroughStripe(DomainError):
    code, status = "paid_through_stripe", 409
    message = "The team pays for its plan through Stripe: change or cancel it on its billing page or at Stripe."


class AlreadySubscribed(DomainError):
    code, status = "already_subscribed", 409
    message = "The team has a subscription already. Change its plan on the billing page instead of paying again."


class NoSubscription(DomainError):
    code, status = "no_subscription", 409
    message = "The team has no subscription. Choose a plan on the billing page to start one."


class NoCustomer(DomainError):
    code, status = "no_customer", 409
    message = "The team has paid nothing through Stripe yet. Choose a plan on the billing page to start."


class PlanSame(DomainError):
    code, status, message = "billing_plan_same", 409, "The team is on this plan already, paid in this way."


class NothingToResume(DomainError):
    code, status = "nothing_to_resume", 409
    message = "No cancellation or change of plan is planned, so there is nothing to undo."


class NothingToPay(DomainError):
    code, status, message = "nothing_to_pay", 409, "No invoice is unpaid."


class CheckoutEnded(DomainError):
    code, status = "checkout_ended", 409
    message = "This payment page has ended, and nothing was paid. Choose the plan again."


class ChangeInProgress(DomainError):
    code, status = "change_in_progress", 409
    message = "Another change to the subscription is on its way to Stripe. Wait until it is done, then try again."


class PaymentOverdue(DomainError):
    code, status = "payment_overdue", 409
    message = "A payment failed. Pay the open invoice or update the card first; cancelling is possible at any time."


class PaymentPending(DomainError):
    code, status = "payment_pending", 409
    message = (
        "A change of plan waits for its payment. Pay the open invoice to complete it; unpaid, it lapses within a day."
    )


class CardDeclined(DomainError):
    code, status = "card_declined", 402
    message = "The card was declined. Update the card, then try again."


class CurrencyClash(DomainError):
    code, status = "currency_clash", 409
    message = (
        "The team's customer at Stripe pays in another currency than our prices are in, and Stripe mixes none. "
        "Nothing was charged. Ask whoever runs this Pare to detach the customer; then choose the plan again."
    )


class CustomerGone(DomainError):
    code, status = "customer_gone", 409
    message = "The team's customer was deleted at Stripe, and its subscription with it. Choose a plan to start anew."


class Superseded(DomainError):
    code, status = "superseded", 409
    message = "The subscription changed meanwhile, so this was not done. Look at the plan as it is now, then try again."


class GivenUp(DomainError):
    code, status = "given_up", 409
    message = "Stripe did not answer for too long, so this was given up. Look at the plan as it is, then try again."


class ChangeRefused(DomainError):
    """`message` carries Stripe's own sentence."""

    code, status = "change_refused", 409
    message = "Stripe refused the change. Nothing was changed."


class NoStripe(DomainError):
    code, status = "no_stripe", 503
    message = "Payments are not set up on this Pare: STRIPE_SECRET_KEY is missing. Plans are set by whoever runs it."


class StripeAway(DomainError):
    code, status = "stripe_unavailable", 503
    message = "Stripe does not answer just now. Nothing is lost: try again in a minute."


class StripeBusy(DomainError):
    code, status = "stripe_busy", 503
    message = "Too many people wait for Stripe, which is slow just now. Nothing was done: try again in a minute."


class KeyRefused(DomainError):
    code, status = "stripe_key_refused", 503
    message = "Stripe does not accept the key of this Pare. Whoever runs it has been told; try again later."


class PriceMissing(DomainError):
    code, status = "price_missing", 503
    message = (
        "This plan has no price at Stripe. Whoever runs this Pare has been told; "
        "`manage.py stripe_setup` makes the prices."
    )


# What Stripe, or the gateway for it, says of a key that may not do this: nothing that a customer should read.
KEY_CODES = frozenset({"authentication_error", "permission_error", "live_key_elsewhere", "plain_http"})


def by_code(code: str, message: str) -> DomainError:
    """The refusal that was noted on a change, to be raised again."""
    kinds = {kind.code: kind for kind in DomainError.__subclasses__() if kind.__module__ == __name__}
    return kinds.get(code, ChangeRefused)(message)
