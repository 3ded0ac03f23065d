"""Changing a subscription: up now, down at the end of the period, cancelled, and resumed."""

import pytest
from django.core.management import call_command

from accounts.models import AuditEntry
from accounts.roles import Role
from billing import changes, errors, services
from billing.models import ChangeKind, Subscription
from billing.plans import PRO, TEAM
from tests.billing.buying import (
    acme_buys,
    ask,
    at_stripe,
    done,
    live,
    paid_cents,
    price_at_stripe,
    refused,
    seats_at_stripe,
)
from tests.conftest import Cast
from tests.factories import make_membership
from tests.twin.client import TwinClient
from tests.twin.talk import sdk


@pytest.fixture
def yearly(twin: TwinClient) -> None:
    """Both plans are sold by the year, too."""
    call_command("stripe_setup", pro_yearly="190", team_yearly="290", verbosity=0)


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


def test_a_price_in_another_currency_is_told_apart_from_other_refusals(cast: Cast, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    sdk(twin.url).v1.prices.create(
        {
            "product": "pare_team",
            "currency": "eur",
            "unit_amount": 2900,
            "recurring": {"interval": "month"},
            "lookup_key": "pare_team_monthly",
            "transfer_lookup_key": True,
        }
    )
    assert refused(ask(cast, "team")).error_code == errors.CurrencyClash.code
    assert (live(cast.acme).plan, len(paid_cents(twin))) == ("pro", 1)


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
