"""Changes that are refused, by us at once or because something else happened at Stripe meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from billing import changes, errors, services
from billing.models import ChangeKind, ChangeState, StripeChange, Subscription
from billing.plans import TEAM
from config.errors import Forbidden, NotFound, RateLimited
from tests.billing.buying import account_of, acme_buys, ask, at_stripe, do_all, done, refused
from tests.billing.rows import subscribe
from tests.conftest import Cast
from tests.twin.client import TwinClient
from tests.twin.talk import sdk


def end_at_stripe(twin: TwinClient) -> None:
    [subscription] = at_stripe(twin)
    sdk(twin.url).v1.subscriptions.cancel(subscription["id"])


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
