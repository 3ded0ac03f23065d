"""Subscription schedules at the twin: a change that waits for its day."""

from typing import Any

import pytest
import stripe

from tests.twin.tests.desk import DAY, Desk, amounts, bill, half, line


def attach(desk: Desk, made: stripe.Subscription) -> stripe.SubscriptionSchedule:
    return desk.api.subscription_schedules.create({"from_subscription": made.id})


def phase(price: str, quantity: int, **more: Any) -> dict[str, Any]:
    return {"items": [{"price": price, "quantity": quantity}], **more}


def plan(desk: Desk, made: stripe.Subscription, price: str, quantity: int, **more: Any) -> stripe.SubscriptionSchedule:
    """Schedule this for the end of the present period."""
    schedule = attach(desk, made)
    item = line(made)
    now = phase(
        item.price.id, item.quantity or 0, start_date=item.current_period_start, end_date=item.current_period_end
    )
    later = phase(price, quantity, proration_behavior="none", **more.pop("later", {}))
    params: Any = {"phases": [now, later], "end_behavior": "release", **more}
    return desk.api.subscription_schedules.update(schedule.id, params)


def test_a_schedule_takes_over_the_present_period(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    (only,) = schedule.phases
    assert (schedule.status, schedule.end_behavior, schedule.subscription) == ("active", "release", made.id)
    assert (only.start_date, only.end_date) == (line(made).current_period_start, line(made).current_period_end)
    assert [(row.price, row.quantity) for row in only["items"]] == [(desk.seat, 2)]
    assert desk.get(made.id).schedule == schedule.id
    assert desk.api.subscription_schedules.list({"customer": desk.customer}).data[0].id == schedule.id


def test_a_downgrade_comes_at_the_end_of_the_period(desk: Desk) -> None:
    made = desk.subscribe(4, desk.dear)
    schedule = plan(desk, made, desk.seat, 1, later={"metadata": {"plan": "pro"}})
    end = line(made).current_period_end
    desk.twin.advance(to=end - 60)
    assert line(desk.get(made.id)).price.id == desk.dear
    desk.twin.advance(to=end)
    changed = desk.get(made.id)
    assert (line(changed).price.id, line(changed).quantity, changed.metadata.to_dict()) == (
        desk.seat,
        1,
        {"plan": "pro"},
    )
    assert amounts(bill(changed)) == [3000], "no prorations, and the new price from the first day"
    assert bill(changed).billing_reason == "subscription_cycle"
    now = desk.api.subscription_schedules.retrieve(schedule.id)
    assert now.current_phase and now.current_phase.start_date == end
    desk.twin.advance(to=line(changed).current_period_end)
    over = desk.api.subscription_schedules.retrieve(schedule.id)
    assert (over.status, over.released_subscription, over.subscription) == ("released", made.id, None)
    assert desk.get(made.id).schedule is None and desk.get(made.id).status == "active"
    assert desk.kinds("subscription_schedule")[-1] == "subscription_schedule.released"


def test_from_year_to_month_at_the_end_of_the_year(desk: Desk) -> None:
    made = desk.subscribe(2, desk.year)
    plan(desk, made, desk.seat, 2, later={"duration": {"interval": "month", "interval_count": 1}})
    end = line(made).current_period_end
    desk.twin.advance(to=end)
    changed = desk.get(made.id)
    assert (line(changed).current_period_start, line(changed).current_period_end) == (end, end + 31 * DAY)
    assert amounts(bill(changed)) == [6000]
    assert len(desk.invoices(made)) == 2


def test_a_preview_knows_what_is_planned(desk: Desk) -> None:
    made = desk.subscribe(4, desk.dear)
    plan(desk, made, desk.seat, 1)
    assert desk.api.invoices.create_preview({"subscription": made.id}).total == 3000


def test_seats_that_change_meanwhile_split_the_present_phase_only(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = plan(desk, made, desk.dear, 2)
    desk.twin.advance(to=half(made))
    desk.change(made, quantity=5, proration_behavior="always_invoice")
    now = desk.api.subscription_schedules.retrieve(schedule.id)
    assert [phase["items"][0].quantity for phase in now.phases] == [2, 5, 2]
    assert [phase.start_date for phase in now.phases] == [
        line(made).current_period_start,
        half(made),
        line(made).current_period_end,
    ]
    assert now.current_phase and now.current_phase.start_date == half(made)
    desk.twin.advance(to=line(made).current_period_end)
    assert line(desk.get(made.id)).quantity == 2, "what was planned with two stays planned with two"


def test_the_present_phase_can_be_changed_through_the_schedule(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    item = line(made)
    wanted = phase(desk.seat, 3, start_date=item.current_period_start, end_date=item.current_period_end)
    params: Any = {"phases": [wanted], "proration_behavior": "none"}
    desk.api.subscription_schedules.update(schedule.id, params)
    assert line(desk.get(made.id)).quantity == 3
    assert len(desk.invoices(made)) == 1


def test_a_schedule_can_end_the_subscription(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    desk.api.subscription_schedules.update(schedule.id, {"end_behavior": "cancel"})
    end = line(made).current_period_end
    assert desk.get(made.id).cancel_at == end
    desk.twin.advance(to=end)
    assert desk.get(made.id).status == "canceled"
    assert desk.api.subscription_schedules.retrieve(schedule.id).status == "completed"
    assert len(desk.invoices(made)) == 1, "nothing is billed for what does not come"


@pytest.mark.parametrize("keep", [False, True])
def test_releasing_leaves_the_subscription(desk: Desk, keep: bool) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    desk.api.subscription_schedules.update(schedule.id, {"end_behavior": "cancel"})
    gone = desk.api.subscription_schedules.release(schedule.id, {"preserve_cancel_date": keep})
    left = desk.get(made.id)
    assert (gone.status, left.schedule, left.status) == ("released", None, "active")
    assert left.cancel_at == (line(made).current_period_end if keep else None)


def test_canceling_a_schedule_ends_the_subscription_and_credits_the_rest(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    desk.twin.advance(to=half(made))
    assert desk.api.subscription_schedules.cancel(schedule.id).status == "canceled"
    assert desk.get(made.id).status == "canceled"
    assert desk.api.customers.retrieve(desk.customer).balance == -3000


def test_canceling_the_subscription_cancels_its_schedule(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    desk.api.subscriptions.cancel(made.id)
    assert desk.api.subscription_schedules.retrieve(schedule.id).status == "canceled"


def test_a_schedule_is_aborted_when_nobody_pays(desk: Desk) -> None:
    desk.twin.settings(retry_days=[1])
    made = desk.subscribe(2)
    schedule = plan(desk, made, desk.dear, 2, later={"duration": {"interval": "year"}})
    desk.use_card("pm_card_chargeCustomerFail")
    desk.twin.advance(to=line(made).current_period_end + 2 * DAY)
    assert desk.api.subscription_schedules.retrieve(schedule.id).status == "canceled"
    assert desk.kinds("subscription_schedule")[-1] == "subscription_schedule.aborted"


def test_a_phase_change_drops_a_pending_update(desk: Desk) -> None:
    made = desk.subscribe(2)
    plan(desk, made, desk.dear, 1)
    desk.twin.advance(to=line(made).current_period_end - DAY // 2)
    desk.use_card("pm_card_chargeCustomerFail")
    waiting = desk.change(
        made, quantity=50, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    assert waiting.pending_update and waiting.pending_update.expires_at == line(made).current_period_end
    desk.use_card("pm_card_visa")
    desk.twin.advance(to=line(made).current_period_end)
    changed = desk.get(made.id)
    assert (line(changed).price.id, line(changed).quantity, changed.pending_update) == (desk.dear, 1, None)
    assert desk.api.invoices.retrieve(bill(waiting).id).status == "void"


def test_a_scheduled_subscription_is_canceled_through_its_schedule_only(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    for params in ({"cancel_at_period_end": True}, {"cancel_at": half(made)}):
        error = desk.refused(desk.api.subscriptions.update, made.id, params)
        assert f"is managed by the subscription schedule `{schedule.id}`" in str(error)
        assert error.http_status == 400


def test_one_schedule_for_each_subscription(desk: Desk) -> None:
    made = desk.subscribe(2)
    attach(desk, made)
    assert "already attached to a schedule" in str(desk.refused(attach, desk, made))


def test_the_start_of_the_present_phase_stays(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    item = line(made)
    update = desk.api.subscription_schedules.update
    for start, words in (
        (None, "Missing at least one phase with a `start_date`"),
        ("now", "can not modify the start date"),
        (item.current_period_start + 1, "can not modify the start date"),
    ):
        first = phase(desk.seat, 2, end_date=item.current_period_end, **({"start_date": start} if start else {}))
        params: Any = {"phases": [first]}
        assert words in str(desk.refused(update, schedule.id, params))
    both = phase(
        desk.seat,
        2,
        start_date=item.current_period_start,
        end_date=item.current_period_end,
        duration={"interval": "month"},
    )
    params = {"phases": [both]}
    assert "only specify one" in str(desk.refused(update, schedule.id, params))


def test_what_is_over_takes_no_changes(desk: Desk) -> None:
    made = desk.subscribe(2)
    schedule = attach(desk, made)
    desk.api.subscription_schedules.release(schedule.id)
    for call in (desk.api.subscription_schedules.release, desk.api.subscription_schedules.cancel):
        assert "currently in the `released` status" in str(desk.refused(call, schedule.id))
    update = desk.api.subscription_schedules.update
    assert "to be updated" in str(desk.refused(update, schedule.id, {"end_behavior": "cancel"}))
    desk.api.subscriptions.cancel(made.id)
    assert "`canceled` status" in str(desk.refused(attach, desk, made))


def test_phases_have_the_discounts_they_name_and_no_others(desk: Desk) -> None:
    coupon = desk.api.coupons.create({"percent_off": 50, "duration": "forever"}).id
    made = desk.subscribe(2, discounts=[{"coupon": coupon}])
    assert [row.discount for row in attach(desk, made).phases[0].discounts] == made.discounts
    item = line(made)
    first = phase(desk.seat, 2, start_date=item.current_period_start, end_date=item.current_period_end)
    params: Any = {"phases": [{**first, "discounts": [{"discount": made.discounts[0]}]}, phase(desk.dear, 1)]}
    assert isinstance(made.schedule or desk.get(made.id).schedule, str)
    desk.api.subscription_schedules.update(str(desk.get(made.id).schedule), params)
    assert desk.get(made.id).discounts == made.discounts
    desk.twin.advance(to=item.current_period_end)
    assert bill(desk.get(made.id)).total == 5000, "the next phase named none"


def test_a_schedule_brings_its_card_back(desk: Desk) -> None:
    first = desk.use_card("pm_card_visa")
    made = desk.subscribe(2, default_payment_method=first)
    plan(desk, made, desk.seat, 1)
    desk.api.subscriptions.update(made.id, {"default_payment_method": desk.use_card("pm_card_mastercard")})
    desk.twin.advance(to=line(made).current_period_end)
    assert desk.get(made.id).default_payment_method == first
