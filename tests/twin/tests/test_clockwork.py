"""What time does at the twin: renewals, dunning, trials, expiries and cancellations, each when it is due."""

from typing import Any

import pytest
import stripe

from tests.twin.client import TwinClient
from tests.twin.tests.desk import DAY, START, Desk, amounts, bill, half, line

BAD = "pm_card_chargeCustomerFail"


def renewed(desk: Desk, card: str = "pm_card_visa") -> stripe.Subscription:
    """A subscription at the first second of its second month, charged to this card."""
    made = desk.subscribe(2)
    desk.use_card(card)
    desk.twin.advance(to=line(made).current_period_end)
    return desk.get(made.id)


def test_a_year_has_twelve_renewals(desk: Desk) -> None:
    made = desk.subscribe(1)
    desk.twin.advance(days=366)
    assert len(desk.invoices(made)) == 13
    starts = [row.lines.data[0].period.start for row in desk.invoices(made)]
    assert starts == sorted(set(starts), reverse=True), "one invoice for each month"
    assert desk.get(made.id).status == "active"


def test_a_renewal_tells_what_changed(desk: Desk) -> None:
    made = renewed(desk)
    told = [event for event in desk.events() if event.type == "customer.subscription.updated"]
    previous = told[-1].data.to_dict()["previous_attributes"]
    assert set(previous) == {"items", "latest_invoice"}
    assert previous["items"]["data"][0]["current_period_end"] == line(made).current_period_start
    assert told[-1].created == line(made).current_period_start


@pytest.mark.parametrize(("card", "asked"), [(BAD, False), ("pm_card_authenticationRequired", True)])
def test_a_renewal_that_fails_is_past_due_and_is_tried_again(desk: Desk, card: str, asked: bool) -> None:
    made = renewed(desk, card)
    began = line(made).current_period_start
    assert (made.status, bill(made).status, bill(made).attempt_count) == ("past_due", "open", 1)
    assert bill(made).next_payment_attempt == began + DAY
    assert ("invoice.payment_action_required" in desk.kinds("invoice")) is asked
    desk.twin.advance(days=8)
    later = desk.get(made.id)
    assert (later.status, bill(later).attempt_count) == ("past_due", 5), "days 1, 3, 5 and 7"
    assert bill(later).next_payment_attempt == began + 14 * DAY


@pytest.mark.parametrize("verb", ["void_invoice", "mark_uncollectible"])
def test_an_invoice_that_nobody_wants_paid_any_more_settles_it(desk: Desk, verb: str) -> None:
    made = renewed(desk, BAD)
    getattr(desk.api.invoices, verb)(bill(made).id)
    assert desk.get(made.id).status == "active"


def test_the_invoice_before_a_voided_one_counts_again(desk: Desk) -> None:
    made = renewed(desk, BAD)
    first = bill(made)
    desk.twin.advance(seconds=60)
    desk.use_card("pm_card_visa")
    desk.change(made, quantity=3, proration_behavior="always_invoice", payment_behavior="default_incomplete")
    desk.api.invoices.void_invoice(bill(desk.get(made.id)).id)
    assert desk.get(made.id).status == "past_due"
    desk.api.invoices.pay(first.id)
    assert desk.get(made.id).status == "active"


def test_a_new_card_settles_it_at_the_next_try(desk: Desk) -> None:
    made = renewed(desk, BAD)
    desk.use_card("pm_card_visa")
    desk.twin.advance(to=bill(made).next_payment_attempt or 0)
    after = desk.get(made.id)
    assert (after.status, bill(after).status, bill(after).next_payment_attempt) == ("active", "paid", None)
    assert line(after).current_period_end == line(made).current_period_end, "dunning does not move the cycle"


def test_paying_the_open_invoice_settles_it_at_once(desk: Desk) -> None:
    made = renewed(desk, BAD)
    good = desk.use_card("pm_card_visa")
    desk.api.invoices.pay(bill(made).id, {"payment_method": good})
    assert desk.get(made.id).status == "active"


@pytest.mark.parametrize("give_up", ["canceled", "unpaid", "past_due"])
def test_after_four_weeks_it_ends_as_the_account_is_set(desk: Desk, give_up: str) -> None:
    desk.twin.settings(give_up=give_up)
    made = renewed(desk, BAD)
    desk.twin.advance(to=line(made).current_period_start + 28 * DAY - 60)
    assert desk.get(made.id).status == "past_due", "nobody gives up before"
    desk.twin.advance(to=line(made).current_period_start + 28 * DAY - 1)
    invoice = bill(made).id
    desk.twin.advance(to=line(made).current_period_start + 28 * DAY)
    after = desk.get(made.id)
    assert after.status == give_up
    left = desk.api.invoices.retrieve(invoice)
    assert (left.status, left.next_payment_attempt, left.attempt_count) == ("open", None, 8)
    if give_up == "canceled":
        assert after.cancellation_details and after.cancellation_details.reason == "payment_failed"
        assert left.auto_advance is False
        assert desk.kinds("customer.subscription")[-1] == "customer.subscription.deleted"


def test_an_unpaid_subscription_collects_nothing_more(desk: Desk) -> None:
    desk.twin.settings(give_up="unpaid", retry_days=[1, 3])
    made = renewed(desk, BAD)
    desk.twin.advance(to=line(made).current_period_end + 60)
    after = desk.get(made.id)
    assert (after.status, bill(after).status, bill(after).auto_advance) == ("unpaid", "draft", False)


def test_a_first_payment_that_never_comes_expires_after_23_hours(desk: Desk) -> None:
    desk.use_card(BAD)
    made = desk.subscribe(1)
    desk.twin.advance(seconds=22 * 3600)
    assert desk.get(made.id).status == "incomplete"
    desk.twin.advance(seconds=3601)
    gone = desk.get(made.id)
    assert (gone.status, bill(gone).status) == ("incomplete_expired", "void")


def test_canceling_at_the_end_of_the_period_and_thinking_again(desk: Desk) -> None:
    made = desk.subscribe(2)
    end = line(made).current_period_end
    leaving = desk.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert (leaving.cancel_at_period_end, leaving.cancel_at, leaving.status) == (True, end, "active")
    assert leaving.canceled_at and leaving.cancellation_details
    assert leaving.cancellation_details.reason == "cancellation_requested"
    staying = desk.api.subscriptions.update(made.id, {"cancel_at_period_end": False})
    assert (staying.cancel_at_period_end, staying.cancel_at, staying.canceled_at) == (False, None, None)
    details: Any = {"feedback": "unused", "comment": "Too quiet"}
    desk.api.subscriptions.update(made.id, {"cancel_at_period_end": True, "cancellation_details": details})
    desk.twin.advance(to=end)
    gone = desk.get(made.id)
    assert (gone.status, gone.ended_at, len(desk.invoices(made))) == ("canceled", end, 1)
    assert gone.cancellation_details and gone.cancellation_details.feedback == "unused"


def test_prorations_that_wait_are_collected_at_the_end(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.change(made, quantity=4, proration_date=half(made))
    desk.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    desk.twin.advance(to=line(made).current_period_end)
    last = desk.invoices(made)[0]
    assert (amounts(last), last.status) == ([-3000, 6000], "paid")


def test_canceling_on_a_day(desk: Desk) -> None:
    made = desk.subscribe(2)
    day = line(made).current_period_end + 10 * DAY
    assert desk.api.subscriptions.update(made.id, {"cancel_at": day}).cancel_at == day
    desk.twin.advance(to=day)
    assert desk.get(made.id).ended_at == day
    last, first = desk.invoices(made)
    assert (first.total, last.total) == (6000, 2143), "ten of the 28 days of February"
    assert last.lines.data[0].period.end == day
    other = desk.subscribe(1)
    soon = desk.api.subscriptions.update(other.id, {"cancel_at": "min_period_end"})
    assert soon.cancel_at == line(other).current_period_end


def test_a_planned_end_within_the_period_gives_the_rest_back(desk: Desk) -> None:
    made = desk.subscribe(2)
    update = desk.api.subscriptions.update
    update(made.id, {"cancel_at": half(made)})
    assert [row.amount for row in desk.api.invoice_items.list({"customer": desk.customer}).data] == [-3000]
    update(made.id, {"cancel_at": ""})
    assert desk.api.invoice_items.list({"customer": desk.customer}).data == []
    update(made.id, {"cancel_at": half(made)})
    desk.twin.advance(to=half(made))
    assert desk.get(made.id).status == "canceled"
    assert desk.api.customers.retrieve(desk.customer).balance == -3000


def test_canceling_at_once_drops_what_waits_and_stops_collecting(desk: Desk) -> None:
    made = renewed(desk, BAD)
    desk.change(made, quantity=4)
    desk.api.subscriptions.cancel(made.id)
    assert desk.api.invoice_items.list({"customer": desk.customer}).data == []
    left = desk.api.invoices.retrieve(bill(made).id)
    assert (left.status, left.auto_advance, left.next_payment_attempt) == ("open", False, None)


def test_canceling_at_once_with_credit_for_the_rest(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.twin.advance(to=half(made))
    desk.api.subscriptions.cancel(made.id, {"prorate": True, "invoice_now": True})
    assert desk.api.customers.retrieve(desk.customer).balance == -3000


def test_a_trial_warns_then_charges(desk: Desk) -> None:
    made = desk.subscribe(2, trial_period_days=14, expand=["latest_invoice"])
    assert (made.status, bill(made).total, bill(made).status) == ("trialing", 0, "paid")
    assert made.trial_end == line(made).current_period_end == made.billing_cycle_anchor
    assert desk.change(made, quantity=3).status == "trialing", "free while it is tried"
    desk.twin.advance(days=11.5)
    assert "customer.subscription.trial_will_end" in desk.kinds("customer.subscription")
    desk.twin.advance(days=3)
    after = desk.get(made.id)
    assert (after.status, bill(after).total, bill(after).billing_reason) == ("active", 9000, "subscription_cycle")


@pytest.mark.parametrize(
    ("choice", "status", "event"),
    [
        ("cancel", "canceled", "customer.subscription.deleted"),
        ("pause", "paused", "customer.subscription.paused"),
        ("create_invoice", "past_due", "customer.subscription.updated"),
    ],
)
def test_a_trial_without_a_card_ends_as_chosen(bare_twin: TwinClient, choice: str, status: str, event: str) -> None:
    desk = Desk(bare_twin, card=None)
    settings = {"end_behavior": {"missing_payment_method": choice}}
    made = desk.subscribe(1, trial_period_days=7, trial_settings=settings)
    bare_twin.advance(days=8)
    assert desk.get(made.id).status == status
    assert desk.kinds("customer.subscription")[-1] == event
    if status == "paused":
        desk.use_card("pm_card_visa")
        assert desk.api.subscriptions.resume(made.id).status == "active"
        assert desk.kinds("customer.subscription")[-1] == "customer.subscription.resumed"
        assert bill(desk.get(made.id)).total == 3000


def test_a_clock_of_its_own_leaves_the_others_alone(desk: Desk) -> None:
    clock = desk.api.test_helpers.test_clocks.create({"frozen_time": START})
    other = Desk(desk.twin, test_clock=clock.id)
    made, theirs = desk.subscribe(1), other.subscribe(1)
    assert theirs.test_clock == clock.id and line(theirs).current_period_start == START
    desk.api.test_helpers.test_clocks.advance(clock.id, {"frozen_time": START + 32 * DAY})
    assert (len(other.invoices()), len(desk.invoices())) == (2, 1)
    desk.twin.advance(days=32)
    assert (len(other.invoices()), len(desk.invoices())) == (2, 2)
    assert desk.get(made.id).status == "active"


def test_a_trial_can_be_ended_and_begun_again(desk: Desk) -> None:
    made = desk.subscribe(2, trial_period_days=14)
    ended = desk.api.subscriptions.update(made.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (ended.status, bill(ended).total, bill(ended).billing_reason) == ("active", 6000, "subscription_update")
    assert line(ended).current_period_end - line(ended).current_period_start == 31 * DAY
    later = line(ended).current_period_end + 5 * DAY
    again = desk.api.subscriptions.update(made.id, {"trial_end": later, "proration_date": half(ended)})
    assert (again.status, again.trial_end, again.billing_cycle_anchor) == ("trialing", later, later)
    desk.twin.advance(to=later)
    assert sorted(amounts(bill(desk.get(made.id)))) == [-3000, 6000]


def test_the_first_period_can_be_a_part(desk: Desk) -> None:
    anchor = START + 31 * DAY // 2
    made = desk.subscribe(2, billing_cycle_anchor=anchor, expand=["latest_invoice"])
    assert line(made).current_period_end == anchor
    assert bill(made).total == pytest.approx(3000, abs=2), "half a month, less the seconds that the test took"
    more = desk.change(made, quantity=4, proration_behavior="always_invoice")
    assert bill(more).total == pytest.approx(3000, abs=4), "seats of a part cost a part"
    free = desk.subscribe(1, desk.dear, billing_cycle_anchor=anchor, proration_behavior="none")
    assert (free.latest_invoice, free.status) == (None, "active")
    desk.twin.advance(to=anchor)
    assert bill(desk.get(made.id)).total == 12_000
    assert line(desk.get(made.id)).current_period_end - anchor == 31 * DAY


def test_the_cycle_can_begin_anew_today(desk: Desk) -> None:
    made = desk.subscribe(2)
    desk.twin.advance(to=half(made))
    params: Any = {"billing_cycle_anchor": {"type": "now"}, "expand": ["latest_invoice"]}
    fresh = desk.api.subscriptions.update(made.id, params)
    assert line(fresh).current_period_start == fresh.billing_cycle_anchor >= half(made)
    assert amounts(bill(fresh))[1] == 6000 and amounts(bill(fresh))[0] == pytest.approx(-3000, abs=2)


def test_the_card_that_paid_can_become_the_subscriptions_own(desk: Desk) -> None:
    settings: Any = {"save_default_payment_method": "on_subscription"}
    made = desk.subscribe(1, payment_settings=settings)
    customer = desk.api.customers.retrieve(desk.customer)
    assert customer.invoice_settings
    assert desk.get(made.id).default_payment_method == customer.invoice_settings.default_payment_method
