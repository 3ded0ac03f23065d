"""Changing a subscription: up now, down at the end of the period, cancelled, resumed, and a payment tried again."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry
from accounts.roles import Role
from billing import changes, errors, services
from billing.models import ChangeKind, ChangeState, Invoice, StripeChange, Subscription
from billing.plans import PRO, TEAM
from config.errors import Forbidden, NotFound, RateLimited
from tests.billing.buying import (
    account_of,
    acme_buys,
    at_stripe,
    do_all,
    done,
    live,
    paid_cents,
    price_at_stripe,
    refused,
    seats_at_stripe,
)
from tests.billing.rows import make_invoice, subscribe
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient
from tests.twin.talk import sdk


@pytest.fixture
def yearly(twin: TwinClient) -> None:
    """Both plans are sold by the year, too."""
    call_command("stripe_setup", pro_yearly="190", team_yearly="290", verbosity=0)


def ask(cast: Cast, plan: str, interval: str = "month") -> StripeChange:
    return services.change_subscription(team=cast.acme, plan=plan, interval=interval, actor=cast.olga)


def use_card(twin: TwinClient, cast: Cast, card: str) -> None:
    url = services.portal_url(team=cast.acme, actor=cast.olga, fix_card=True, return_url="http://pare.example/back")
    twin.portal(url).update_card(card)


def end_at_stripe(twin: TwinClient) -> None:
    [subscription] = at_stripe(twin)
    sdk(twin.url).v1.subscriptions.cancel(subscription["id"])


@pytest.mark.parametrize(
    ("now", "then", "kind"),
    [
        (("pro", "month"), ("team", "month"), ChangeKind.UPGRADE),
        (("pro", "year"), ("team", "month"), ChangeKind.UPGRADE),
        (("pro", "month"), ("pro", "year"), ChangeKind.UPGRADE),
        (("pro", "month"), ("pro", "month"), None),
        (("team", "year"), ("team", "month"), ChangeKind.DOWNGRADE),
        (("team", "month"), ("pro", "year"), ChangeKind.DOWNGRADE),
        (("team", "month"), ("starter", "month"), ChangeKind.CANCEL),
        (("pro", "year"), ("starter", "year"), ChangeKind.CANCEL),
    ],
)
def test_which_way_a_change_goes(now: tuple[str, str], then: tuple[str, str], kind: ChangeKind | None) -> None:
    assert changes.direction(Subscription(plan=now[0], interval=now[1]), *then) == kind


def test_up_is_done_now_and_the_difference_paid(cast: Cast, twin: TwinClient) -> None:
    before = acme_buys(twin, cast, "pro")
    done(ask(cast, "team"))
    after = live(cast.acme)
    assert (after.stripe_id, after.plan, after.quantity) == (before.stripe_id, "team", 3)
    assert price_at_stripe(twin) == "pare_team_monthly"
    first, difference = paid_cents(twin)
    assert first == 1900 and 0 < difference <= 3 * 2900
    assert services.plan_of(cast.acme).key == TEAM.key


def test_members_are_counted_when_the_change_is_sent(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    change = ask(cast, "team")
    make_membership(cast.acme)
    make_membership(cast.acme, role=Role.BILLING)
    done(change)
    assert seats_at_stripe(twin) == live(cast.acme).quantity == 4


def test_paying_by_year_begins_now(cast: Cast, twin: TwinClient, yearly: None) -> None:
    acme_buys(twin, cast)
    done(ask(cast, "team", "year"))
    assert (live(cast.acme).interval, price_at_stripe(twin)) == ("year", "pare_team_yearly")


def test_down_comes_at_the_end_of_the_period(cast: Cast, twin: TwinClient) -> None:
    before = acme_buys(twin, cast)
    done(ask(cast, "pro"))
    planned = live(cast.acme)
    assert (planned.plan, planned.next_plan, planned.next_at) == ("team", "pro", before.period_end)
    assert paid_cents(twin) == [3 * 2900]
    assert services.plan_of(cast.acme).key == TEAM.key
    twin.advance(days=32)
    services.refresh(cast.acme)
    after = live(cast.acme)
    assert (after.stripe_id, after.plan, after.quantity, after.next_plan) == (before.stripe_id, "pro", 1, "")
    assert services.plan_of(cast.acme).key == PRO.key
    assert paid_cents(twin) == [3 * 2900, 1900]
    with pytest.raises(errors.NothingToResume):
        services.resume(team=cast.acme, actor=cast.olga)
    done(ask(cast, "team"))
    assert (live(cast.acme).plan, live(cast.acme).quantity, live(cast.acme).schedule_id) == ("team", 3, "")


def test_down_to_another_plan_than_the_one_planned(cast: Cast, twin: TwinClient, yearly: None) -> None:
    acme_buys(twin, cast, "team", "year")
    done(ask(cast, "team", "month"))
    done(ask(cast, "pro", "month"))
    assert (live(cast.acme).next_plan, live(cast.acme).next_interval) == ("pro", "month")
    assert len([row for row in twin.truth("subscription_schedule") if row["status"] == "active"]) == 1


def test_up_again_lets_go_of_what_was_planned(cast: Cast, twin: TwinClient, yearly: None) -> None:
    acme_buys(twin, cast)
    done(ask(cast, "pro"))
    done(ask(cast, "team", "year"))
    after = live(cast.acme)
    assert (after.plan, after.interval, after.next_plan, after.schedule_id) == ("team", "year", "", "")
    assert [row["status"] for row in twin.truth("subscription_schedule")] == ["released"]


def test_starter_cancels_at_the_end_of_the_period(cast: Cast, twin: TwinClient) -> None:
    before = acme_buys(twin, cast)
    done(ask(cast, "starter"))
    assert live(cast.acme).cancel_at == before.period_end
    assert services.plan_of(cast.acme).key == TEAM.key
    twin.advance(days=32)
    services.refresh(cast.acme)
    assert services.plan_of(cast.acme).key == "starter"
    assert at_stripe(twin) == []
    with pytest.raises(errors.NoSubscription):
        ask(cast, "team")


def test_cancelling_what_is_planned_to_become_pro(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    done(ask(cast, "pro"))
    done(ask(cast, "starter"))
    after = live(cast.acme)
    assert (after.cancel_at, after.next_plan) == (after.period_end, "")


def test_down_instead_of_cancelled(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    done(ask(cast, "starter"))
    done(ask(cast, "pro"))
    after = live(cast.acme)
    assert (after.cancel_at, after.next_plan) == (None, "pro")
    twin.advance(days=32)
    services.refresh(cast.acme)
    assert live(cast.acme).plan == "pro"


@pytest.mark.parametrize("planned", ["starter", "pro"])
@pytest.mark.parametrize("by_choosing", [True, False])
def test_what_is_planned_can_be_undone(cast: Cast, twin: TwinClient, planned: str, by_choosing: bool) -> None:
    acme_buys(twin, cast)
    done(ask(cast, planned))
    done(ask(cast, "team") if by_choosing else services.resume(team=cast.acme, actor=cast.olga))
    after = live(cast.acme)
    assert (after.cancel_at, after.next_plan, after.schedule_id) == (None, "", "")
    twin.advance(days=32)
    services.refresh(cast.acme)
    assert (live(cast.acme).plan, live(cast.acme).status) == ("team", "active")


def test_up_while_cancelled_goes_on(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    done(ask(cast, "starter"))
    done(ask(cast, "team"))
    assert (live(cast.acme).plan, live(cast.acme).cancel_at) == ("team", None)


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


def test_who_asked_is_in_the_audit_trail(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    done(ask(cast, "pro"))
    done(services.resume(team=cast.acme, actor=cast.vic))
    done(ask(cast, "starter"))
    told = AuditEntry.objects.filter(action__startswith="billing.", action__endswith="_requested").order_by("pk")
    assert [(entry.action, entry.actor, entry.target) for entry in told] == [
        ("billing.plan_change_requested", cast.olga, "Pro"),
        ("billing.resume_requested", cast.vic, "Team"),
        ("billing.cancel_requested", cast.olga, "Team"),
    ]
    assert told[0].details == {"plan": "pro", "interval": "month", "when": "period_end"}


def test_without_a_subscription_there_is_nothing_to_change(cast: Cast) -> None:
    """The plan that the operator set is not touched."""
    with pytest.raises(errors.NoSubscription):
        ask(cast, "pro")
    with pytest.raises(errors.NoSubscription):
        services.resume(team=cast.acme, actor=cast.olga)
    with pytest.raises(errors.NoCustomer):
        services.portal_url(team=cast.acme, actor=cast.olga, fix_card=False, return_url="http://pare.example/")
    with pytest.raises(errors.NothingToPay):
        services.retry_payment(team=cast.acme, actor=cast.olga)
    assert services.refresh(cast.acme) is False
    assert services.plan_of(cast.acme).key == TEAM.key
    assert not StripeChange.objects.exists()


def test_the_same_plan_is_no_change(cast: Cast) -> None:
    subscribe(cast.acme, "team")
    with pytest.raises(errors.PlanSame):
        ask(cast, "team")
    Subscription.objects.update(cancel_at=timezone.now() + timedelta(days=9))
    with pytest.raises(errors.PlanSame, match="ends on"):
        ask(cast, "starter")
    Subscription.objects.update(cancel_at=None, next_plan="pro", next_interval="month", schedule_id="sub_sched_1")
    with pytest.raises(errors.PlanSame, match="at the end of the period already"):
        ask(cast, "pro")
    with pytest.raises(errors.UnknownPlan):
        ask(cast, "gold")
    with pytest.raises(errors.UnknownInterval):
        ask(cast, "pro", "week")


def test_nothing_planned_nothing_to_resume(cast: Cast) -> None:
    subscribe(cast.acme, "team")
    with pytest.raises(errors.NothingToResume):
        services.resume(team=cast.acme, actor=cast.olga)


def test_one_change_at_a_time(cast: Cast) -> None:
    subscribe(cast.acme, "team")
    ask(cast, "pro")
    with pytest.raises(errors.ChangeInProgress):
        ask(cast, "starter")
    StripeChange.objects.update(state=ChangeState.DONE)
    assert ask(cast, "starter").kind == ChangeKind.CANCEL


def test_seats_on_their_way_do_not_stop_a_person(cast: Cast) -> None:
    subscribe(cast.acme, "team")
    changes.request_change(account=account_of(cast.acme), kind=ChangeKind.SEATS, wanted={}, actor=None)
    assert ask(cast, "pro").kind == ChangeKind.DOWNGRADE


def test_twenty_changes_an_hour_are_enough(cast: Cast) -> None:
    subscribe(cast.acme, "team")
    for _ in range(20):
        ask(cast, "pro")
        StripeChange.objects.update(state=ChangeState.DONE)
    with pytest.raises(RateLimited):
        ask(cast, "pro")


def test_only_owners_and_billing_members_change_it(cast: Cast) -> None:
    subscribe(cast.acme, "team")
    for person, refusal in ((cast.adam, Forbidden), (cast.mei, Forbidden), (cast.mallory, NotFound)):
        for verb in (services.resume, services.retry_payment):
            with pytest.raises(refusal):
                verb(team=cast.acme, actor=person)
        with pytest.raises(refusal):
            services.change_subscription(team=cast.acme, plan="pro", interval="month", actor=person)
        with pytest.raises(refusal):
            services.portal_url(team=cast.acme, actor=person, fix_card=False, return_url="http://pare.example/")
    assert not StripeChange.objects.exists()


def test_without_a_key_nothing_is_asked(cast: Cast, settings: Settings) -> None:
    subscribe(cast.acme, "team")
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(errors.NoStripe):
        ask(cast, "pro")
    with pytest.raises(errors.NoStripe):
        services.preview(team=cast.acme, plan="pro", interval="month")


def test_a_subscription_that_ended_meanwhile_is_not_changed(cast: Cast, twin: TwinClient) -> None:
    """Neither when the request is worked out, nor when it was, and got no answer."""
    acme_buys(twin, cast)
    change = ask(cast, "pro")
    end_at_stripe(twin)
    assert refused(change).error_code == "superseded"
    assert StripeChange.objects.get(pk=change.pk).request is None

    acme_buys(twin, cast)
    frozen = ask(cast, "pro")
    twin.chaos(fail_500={"times": 3, "match": "POST /v1/subscription_schedules"})
    do_all(cast.acme)
    frozen.refresh_from_db()
    assert (frozen.state, frozen.request is None) == (ChangeState.WAITING, False)
    end_at_stripe(twin)
    services.refresh(cast.acme)
    changes.perform(frozen.pk, at_once=True)
    frozen.refresh_from_db()
    assert (frozen.state, frozen.error_code) == (ChangeState.REFUSED, "superseded")


def test_a_change_made_in_stripes_dashboard_meanwhile_comes_first(cast: Cast, twin: TwinClient) -> None:
    """What was asked for as a step up would by now be one down."""
    acme_buys(twin, cast)
    wanted = {"plan": "pro", "interval": "month"}
    change = StripeChange.objects.create(account=account_of(cast.acme), kind=ChangeKind.UPGRADE, wanted=wanted)
    assert refused(change).error_code == "superseded"


def test_a_change_that_was_made_already_is_done(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    wanted = {"plan": "team", "interval": "month"}
    change = StripeChange.objects.create(account=account_of(cast.acme), kind=ChangeKind.UPGRADE, wanted=wanted)
    assert done(change).request is None
    done(ask(cast, "pro"))
    wanted = {"plan": "pro", "interval": "month"}
    change = StripeChange.objects.create(account=account_of(cast.acme), kind=ChangeKind.DOWNGRADE, wanted=wanted)
    assert done(change).request is None


def test_what_a_change_costs_is_stripes_own_reckoning(cast: Cast, twin: TwinClient) -> None:
    new = services.preview(team=cast.acme, plan="team", interval="month")
    assert (new.due_now_cents, new.currency) == (3 * 2900, "usd")
    acme_buys(twin, cast, "pro")
    up = services.preview(team=cast.acme, plan="team", interval="month")
    assert 3 * 2900 - 1900 - 10 <= up.due_now_cents <= 3 * 2900  # the month has just begun
    assert up.next_cents == 3 * 2900
    done(ask(cast, "team"))
    assert paid_cents(twin)[1] == pytest.approx(up.due_now_cents, abs=5)  # seconds went by
    down = services.preview(team=cast.acme, plan="pro", interval="month")
    assert (down.due_now_cents, down.next_cents, down.next_at) == (0, 1900, live(cast.acme).period_end)


def test_a_preview_is_kept_for_a_minute(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    seat = services.preview_seat(cast.acme)
    assert seat.next_cents == 4 * 2900 and 0 < seat.due_now_cents <= 2900
    asked = twin.calls()
    assert services.preview_seat(cast.acme) == seat
    assert twin.calls() == asked
    assert services.preview_seat(cast.acme, more=-1).next_cents == 2 * 2900
    make_membership(cast.acme)
    assert services.preview_seat(cast.acme).next_cents == 5 * 2900


def test_a_page_does_not_wait_again_for_a_stripe_that_is_away(cast: Cast, twin: TwinClient) -> None:
    twin.chaos(fail_500={"times": 3})
    with pytest.raises(errors.StripeAway):
        services.preview(team=cast.acme, plan="pro", interval="month")
    asked = twin.calls()
    with pytest.raises(errors.StripeAway):
        services.preview(team=cast.acme, plan="team", interval="month")
    assert twin.calls() == asked


def test_only_a_plan_with_seats_has_a_price_for_one(cast: Cast) -> None:
    with pytest.raises(errors.NoSubscription):
        services.preview_seat(cast.acme)
    subscribe(cast.acme, "pro", quantity=1)
    with pytest.raises(errors.NoSubscription):
        services.preview_seat(cast.acme)
