"""A change that waits for its payment, and a payment tried again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import errors, services
from billing.models import Invoice
from billing.plans import PRO, TEAM
from tests.billing.buying import acme_buys, ask, done, live, paid_cents, price_at_stripe, refused, use_card
from tests.billing.rows import make_invoice, subscribe
from tests.conftest import Cast
from tests.twin.client import TwinClient


def test_an_unpaid_upgrade_changes_nothing_until_it_is_paid(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    use_card(twin, cast, "decline later")
    done(ask(cast, "team"))
    waiting = live(cast.acme)
    assert (waiting.plan, waiting.status) == ("pro", "active")
    assert (waiting.pending_plan, waiting.pending_quantity) == ("team", 3)
    assert waiting.pending_until and waiting.pending_until > timezone.now()
    assert services.plan_of(cast.acme).key == PRO.key
    with pytest.raises(errors.PaymentPending):
        ask(cast, "team")
    declined = refused(services.retry_payment(team=cast.acme, actor=cast.olga))
    assert (declined.error_code, "declined" in declined.error_message) == ("card_declined", True)
    use_card(twin, cast, "good")
    done(services.retry_payment(team=cast.acme, actor=cast.olga))
    after = live(cast.acme)
    assert (after.plan, after.quantity, after.pending_plan) == ("team", 3, "")
    assert services.plan_of(cast.acme).key == TEAM.key


def test_a_cancelled_plan_still_ends_when_its_upgrade_is_declined(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    done(ask(cast, "starter"))
    use_card(twin, cast, "decline later")
    done(ask(cast, "team"))
    after = live(cast.acme)
    assert (after.plan, after.pending_plan, after.cancel_at) == ("pro", "team", after.period_end)


def test_an_upgrade_that_the_bank_wants_confirmed(cast: Cast, twin: TwinClient) -> None:
    """Nothing changes until the card's holder has confirmed it on the invoice's page."""
    acme_buys(twin, cast, "pro")
    use_card(twin, cast, "3ds always")
    done(ask(cast, "team"))
    assert (live(cast.acme).plan, live(cast.acme).pending_plan) == ("pro", "team")
    assert refused(services.retry_payment(team=cast.acme, actor=cast.olga)).error_code == "card_declined"
    invoice = Invoice.objects.for_team(cast.acme).unpaid().get()
    assert invoice.needs_confirmation
    twin.pay_invoice(invoice.page_url, "3ds always", bank="Complete")
    services.refresh(cast.acme)
    assert (live(cast.acme).plan, live(cast.acme).pending_plan) == ("team", "")


def test_an_upgrade_never_paid_is_dropped(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    use_card(twin, cast, "decline later")
    done(ask(cast, "team"))
    twin.advance(seconds=24 * 3600)
    services.refresh(cast.acme)
    after = live(cast.acme)
    assert (after.plan, after.pending_plan, price_at_stripe(twin)) == ("pro", "", "pare_pro_monthly")
    use_card(twin, cast, "good")
    done(ask(cast, "team"))
    assert live(cast.acme).plan == "team"


def fail_renewal(twin: TwinClient, cast: Cast) -> None:
    use_card(twin, cast, "decline later")
    twin.advance(days=33)
    services.refresh(cast.acme)
    assert live(cast.acme).status == "past_due"


def test_overdue_nothing_but_cancelling(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    fail_renewal(twin, cast)
    with pytest.raises(errors.PaymentOverdue):
        ask(cast, "pro")
    done(ask(cast, "starter"))
    assert live(cast.acme).cancel_at is not None


def test_a_failed_renewal_is_paid_with_another_card(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    fail_renewal(twin, cast)
    refused(services.retry_payment(team=cast.acme, actor=cast.vic))
    use_card(twin, cast, "good")
    if live(cast.acme).status == "past_due":
        done(services.retry_payment(team=cast.acme, actor=cast.vic))
    assert live(cast.acme).status == "active"
    assert not Invoice.objects.for_team(cast.acme).unpaid().exists()
    with pytest.raises(errors.NothingToPay):
        services.retry_payment(team=cast.acme, actor=cast.vic)


def test_the_invoice_of_the_subscription_that_runs_is_paid(cast: Cast) -> None:
    running = subscribe(cast.acme)
    make_invoice(cast.acme, status="open", subscription_id="sub_ended", created_at=timezone.now() - timedelta(days=90))
    with pytest.raises(errors.NothingToPay):
        services.retry_payment(team=cast.acme, actor=cast.olga)
    due = make_invoice(cast.acme, running, status="open")
    assert services.retry_payment(team=cast.acme, actor=cast.olga).wanted == {"invoice": due.stripe_id}


def test_an_invoice_paid_meanwhile_is_not_paid_again(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    fail_renewal(twin, cast)
    change = services.retry_payment(team=cast.acme, actor=cast.olga)
    twin.pay_invoice(Invoice.objects.for_team(cast.acme).unpaid().get().page_url)
    done(change)
    assert paid_cents(twin) == [3 * 2900, 3 * 2900]
