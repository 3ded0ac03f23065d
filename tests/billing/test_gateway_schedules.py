"""A change planned for the end of the period, through a schedule: what it must leave alone, and what it meets."""

import pytest

from billing import gateway
from tests.billing.stripe_scenes import DAY, Stage, key
from tests.twin.client import TwinClient


def test_a_schedule_made_by_hand_is_given_our_change(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    by_hand = stage.api.v1.subscription_schedules.create({"from_subscription": team.id})
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    planned = actor.subscription()
    assert (planned.schedule_id, planned.next_plan, planned.next_at) == (by_hand.id, "pro", team.period_end)


def test_a_discount_outlives_a_planned_downgrade(stage: Stage) -> None:
    actor = stage.customer()
    coupon = stage.api.v1.coupons.create({"percent_off": 50, "duration": "forever"})
    team = actor.subscribe("team", 2)
    stage.api.v1.subscriptions.update(team.id, {"discounts": [{"coupon": coupon.id}]})
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    assert stage.api.v1.subscriptions.retrieve(team.id).discounts, "the period that runs keeps it"
    actor.advance_past(team)
    assert (actor.subscription().plan, actor.invoice().total_cents) == ("pro", 950)


def test_seats_may_change_before_a_planned_downgrade_and_then_the_plan_again(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    actor.advance(5 * DAY)
    gateway.set_quantity(
        subscription_id=team.id, item_id=team.item_id, quantity=4, prorate="invoice_now", key=key()
    )
    planned = actor.subscription()
    assert (planned.quantity, planned.next_plan, planned.next_at) == (4, "pro", team.period_end)
    seat = gateway.find_price("team", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=seat.id, quantity=3, interval="month", key=key()
    )
    again = actor.subscription()
    assert (again.quantity, again.next_plan, len(actor.now().invoices)) == (4, "team", 2)
    actor.advance_past(team)
    assert (actor.subscription().quantity, actor.invoice().total_cents) == (3, 3 * 2900)


def test_a_trial_given_by_hand_goes_on_when_a_downgrade_is_planned(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    ends = int(team.period_end.timestamp()) - 10 * DAY
    stage.api.v1.subscriptions.update(team.id, {"trial_end": ends, "proration_behavior": "none"})
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    planned = actor.subscription()
    assert (planned.status, planned.plan, planned.next_plan) == ("trialing", "team", "pro")
    assert int(planned.period_end.timestamp()) == ends == int((planned.next_at or planned.created_at).timestamp())
    actor.advance_past(planned)
    assert (actor.subscription().status, actor.invoice().total_cents) == ("active", 1900)


def test_tax_is_reckoned_on_after_a_planned_downgrade(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    stage.api.v1.subscriptions.update(team.id, {"automatic_tax": {"enabled": True}})
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    phases = stage.api.v1.subscription_schedules.retrieve(actor.subscription().schedule_id).phases
    assert [phase.automatic_tax and phase.automatic_tax.enabled for phase in phases] == [True, True]


@pytest.mark.parametrize("follow", [True, False])
def test_seats_of_today_survive_a_planned_change_whether_or_not_the_schedule_heard_of_them(
    stage: Stage, bare_twin: TwinClient, follow: bool
) -> None:
    bare_twin.settings(phases_follow=follow)
    actor = stage.customer()
    team = actor.subscribe("team", 2, "year")
    seat = gateway.find_price("team", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=seat.id, quantity=2, interval="month", key=key()
    )
    actor.advance(5 * DAY)
    gateway.set_quantity(
        subscription_id=team.id, item_id=team.item_id, quantity=4, prorate="invoice_now", key=key()
    )
    planned = actor.subscription()
    assert (planned.quantity, planned.interval, planned.next_interval, planned.next_at) == (
        4,
        "year",
        "month",
        team.period_end,
    )
    actor.advance_past(team)
    assert (actor.subscription().quantity, actor.invoice().total_cents) == (4, 4 * 2900)


def test_what_else_was_put_into_the_subscription_stays_in_it(stage: Stage) -> None:
    actor = stage.customer()
    team = actor.subscribe("team", 2)
    product = stage.api.v1.products.create({"name": "Support"})
    support = stage.api.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    )
    stage.api.v1.subscriptions.update(
        team.id, {"items": [{"price": support.id, "quantity": 7}], "proration_behavior": "none"}
    )
    pro = gateway.find_price("pro", "month")
    gateway.change_at_period_end(
        subscription_id=team.id, price_id=pro.id, quantity=1, interval="month", key=key()
    )
    actor.advance_past(team)
    assert (actor.subscription().plan, actor.invoice().total_cents) == ("pro", 1900 + 7 * 500)
