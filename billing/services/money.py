"""Cards and unpaid invoices, and a look at Stripe now."""

import uuid

from django.db import transaction

from accounts import audit
from accounts.models import Team, User
from billing import changes, errors, gateway, sync, tasks
from billing.models import BillingAccount, ChangeKind, StripeChange
from billing.services.guards import check_looks, check_nothing_under_way, check_rate, lock_for, stripe_answers


@transaction.atomic
def retry_payment(*, team: Team, actor: User) -> StripeChange:
    """Asks Stripe to charge the oldest unpaid invoice again.

    Raises NothingToPay, ChangeInProgress, NoStripe, RateLimited, NotFound, Forbidden.
    """
    account = lock_for(team, actor)
    invoice = account.invoices.oldest_unpaid(account.subscriptions.live().first())
    if invoice is None:
        raise errors.NothingToPay
    check_nothing_under_way(account)
    check_rate(account)
    wanted = {"invoice": invoice.stripe_id}
    change = changes.request_change(account=account, kind=ChangeKind.PAY, wanted=wanted, actor=actor)
    audit.record(team=account.team, actor=actor, action="billing.payment_retried", target=str(invoice))
    tasks.enqueue(account.pk)
    return change


def portal_url(*, team: Team, actor: User, fix_card: bool, return_url: str) -> str:
    """The address of Stripe's portal for the team, opened at the card with `fix_card`.

    Raises NoCustomer, CustomerGone, NoStripe, StripeAway, ChangeRefused, RateLimited, NotFound, Forbidden.
    """
    customer = _enter_portal(team, actor)
    key = f"pare-portal-{uuid.uuid4()}"  # nothing is bought there, so two pages do no harm
    with stripe_answers():
        try:
            return gateway.open_portal(
                customer_id=customer,
                return_url=return_url,
                flow="payment_method_update" if fix_card else "",
                key=key,
            )
        except gateway.StripeMissing:
            sync.sync_customer(customer)
            if not BillingAccount.objects.for_team(team).filter(stripe_customer_id=customer).exists():
                raise errors.CustomerGone from None
            raise


@transaction.atomic
def _enter_portal(team: Team, actor: User) -> str:
    account = lock_for(team, actor)
    if not account.stripe_customer_id:
        raise errors.NoCustomer
    check_looks(team)
    audit.record(team=account.team, actor=actor, action="billing.portal_opened")
    return account.stripe_customer_id


def refresh(team: Team) -> bool:
    """Brings our rows up to Stripe's state now; whether anything changed. Raises NoStripe, StripeAway, RateLimited."""
    account = BillingAccount.objects.for_team(team).first()
    if account is None or not account.stripe_customer_id:
        return False
    check_looks(team)
    with stripe_answers():
        return sync.sync_customer(account.stripe_customer_id)
