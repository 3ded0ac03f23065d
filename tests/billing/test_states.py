"""What the billing page says in each state of the subscription, from rows alone: no Stripe is there to be asked."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.roles import Role
from billing.models import ChangeKind, ChangeState, CheckoutState
from billing.services import change_plan
from billing.words import day_of
from repos.models import Repository
from tests.billing.rows import (
    fail_payment,
    make_change,
    make_checkout,
    make_invoice,
    make_prices,
    refuse,
    subscribe,
)
from tests.billing.test_page import URL, link, text_of
from tests.conftest import Cast

SUBSCRIBED = ("Upgrade to", "Change to", "Cancel the Team plan", "Pay by")


@pytest.fixture(autouse=True)
def with_a_key(db: None, settings: Any) -> None:
    """A key, so that acts are offered; and an address where nobody answers."""
    settings.STRIPE_SECRET_KEY = "sk_test_pages_never_send_it"
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    make_prices("month")


def html_of(cast: Cast, user: Any = None, url: str = URL) -> str:
    response = cast.client(user or cast.olga).get(url)
    assert response.status_code == 200
    return response.content.decode()


def offered(page: str) -> dict[str, str]:
    """What the plans offer: label -> path."""
    found = re.findall(r'<a class="button[^"]*" href="/t/acme/billing/(plan/[^"]*)">([^<]*)</a>', page)
    return {label: path for path, label in found}


def test_free(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    assert offered(html_of(cast)) == {"Upgrade to Pro": "plan/pro/month/", "Upgrade to Team": "plan/team/month/"}


def test_a_plan_of_the_operators_may_be_paid_instead(cast: Cast) -> None:
    assert offered(html_of(cast)) == {"Pay for Pro": "plan/pro/month/", "Pay for Team": "plan/team/month/"}


def test_active(cast: Cast) -> None:
    subscription = subscribe(cast.acme)
    page = text_of(cast.client(cast.olga))
    assert "3 members, 3 seats" in page and "Seats follow the members by themselves" in page
    assert f"Renews{day_of(subscription.period_end)}, then $87.00" in page
    assert "Visa ending in 4242, valid to 04/2030" in page
    assert "Active" in page and "Payment failed" not in page
    assert offered(html_of(cast)) == {"Cancel the Team plan": "plan/starter/month/", "Change to Pro": "plan/pro/month/"}


def test_seats_that_have_not_caught_up(cast: Cast) -> None:
    subscribe(cast.acme, quantity=2)
    page = text_of(cast.client(cast.olga))
    assert "3 members, 2 seats" in page and "Being brought to 3." in page
    assert "then $87.00" in page, "the renewal counts the members, as the next invoice will"


def test_the_billing_role_takes_no_seat(cast: Cast) -> None:
    Membership.objects.filter(user=cast.mei).update(role=Role.BILLING)
    subscribe(cast.acme, quantity=2)
    assert "2 members, 2 seats" in text_of(cast.client(cast.olga))


def test_trial(cast: Cast) -> None:
    subscription = subscribe(cast.acme, status="trialing")
    page = text_of(cast.client(cast.olga))
    assert f"Trial until{day_of(subscription.period_end)}" in page and "On trial" in page


def test_yearly_is_offered_only_where_it_has_a_price(cast: Cast) -> None:
    subscribe(cast.acme)
    assert "?interval=year" not in html_of(cast)
    assert cast.client(cast.olga).get(f"{URL}plan/team/year/").status_code == 404
    make_prices("year")
    page = html_of(cast, url=f"{URL}?interval=year")
    assert offered(page)["Pay by year"] == "plan/team/year/"
    assert "$290.00" in page and "a member and year" in page


def test_a_plan_that_has_to_wait_says_for_what(cast: Cast) -> None:
    ends = timezone.now() + timedelta(days=20)
    subscription = subscribe(cast.acme, cancel_at=ends)
    assert "First keep the Team plan" in text_of(cast.client(cast.olga))
    subscription.cancel_at, subscription.next_plan, subscription.next_at = None, "pro", ends
    subscription.save()
    make_prices("year")
    page = text_of(cast.client(cast.olga), f"{URL}?interval=year")
    assert "First undo the planned change" in page and "First keep" not in page


def test_repositories_are_chosen_only_where_some_will_be_too_many(cast: Cast) -> None:
    subscribe(cast.acme, next_plan="pro", next_at=timezone.now() + timedelta(days=20))
    link(cast, 3)
    assert "Choose which repositories stay active" not in html_of(cast)
    Repository.objects.create(team=cast.acme, name="more", url="https://git.example/acme/more", identity="more")
    assert "Choose which repositories stay active" in html_of(cast)


def test_the_newest_invoices_are_called_so_only_where_there_are_more(cast: Cast) -> None:
    subscription = subscribe(cast.acme)
    make_invoice(cast.acme, subscription)
    assert "The newest" not in text_of(cast.client(cast.olga))
    for _ in range(24):
        make_invoice(cast.acme, subscription)
    assert "The newest 24. Invoices and receipts" in text_of(cast.client(cast.olga))


@pytest.mark.parametrize(("status", "is_over"), [("canceled", True), ("incomplete", False)])
def test_nobody_is_asked_to_pay_for_what_has_ended(cast: Cast, status: str, is_over: bool) -> None:
    subscription = subscribe(cast.acme, status=status)
    make_invoice(cast.acme, subscription, status="open", needs_confirmation=True)
    page = text_of(cast.client(cast.olga))
    assert ("Paying it does not bring the plan back" in page) == is_over
    assert ("Confirm the payment" in page) != is_over


def test_payment_failed(cast: Cast) -> None:
    fail_payment(cast.acme)
    page = text_of(cast.client(cast.vic))
    ends = timezone.now() + timedelta(days=19)
    assert f"Everything stays as it is until {day_of(ends)}" in page
    assert "Try the payment again" in page and "Update the card" in page and "Invoice over $87.00" in page
    assert offered(html_of(cast)) == {"Cancel the Team plan": "plan/starter/month/"}


def test_the_bank_wants_the_holder(cast: Cast) -> None:
    fail_payment(cast.acme, needs_confirmation=True, page_url="https://invoice.stripe.example/confirm")
    page = html_of(cast)
    assert "The bank wants the holder of the card to confirm" in page
    assert '<a class="button button-primary" href="https://invoice.stripe.example/confirm"' in page


def test_grace_is_over(cast: Cast) -> None:
    fail_payment(cast.acme, days_ago=22)
    page = text_of(cast.client(cast.olga))
    assert f"the team is on Starter’s caps since {day_of(timezone.now() - timedelta(days=1))}" in page
    assert "Nothing was deleted" in page and "Try the payment again" in page
    assert "Members (all but the billing role): 3 used, 1 in the plan" in page


def test_unpaid_at_stripe(cast: Cast) -> None:
    since = timezone.now() - timedelta(days=25)
    subscription = subscribe(cast.acme, status="unpaid", past_due_since=since)
    make_invoice(cast.acme, subscription, status="open", created_at=since)
    assert "the team is on Starter’s caps" in text_of(cast.client(cast.olga))


def test_cancelled(cast: Cast) -> None:
    ends = timezone.now() + timedelta(days=20)
    subscribe(cast.acme, cancel_at=ends)
    page = text_of(cast.client(cast.olga))
    assert "The Team plan is cancelled" in page and f"paid until {day_of(ends)}" in page
    assert "Keep the Team plan" in page and f"From {day_of(ends)}" in page and "Renews" not in page
    assert offered(html_of(cast)) == {}


def test_a_planned_change(cast: Cast) -> None:
    at = timezone.now() + timedelta(days=20)
    subscribe(cast.acme, schedule_id="sub_sched_1", next_plan="pro", next_interval="month", next_at=at)
    page = text_of(cast.client(cast.olga))
    assert f"From {day_of(at)} the team is on Pro" in page and "Undo the change" in page
    assert "then $19.00" in page, "the next period costs what the next plan costs"


def test_an_upgrade_that_waits_for_its_payment(cast: Cast) -> None:
    until = timezone.now() + timedelta(hours=20)
    pending = {"pending_plan": "team", "pending_quantity": 3, "pending_until": until}
    subscription = subscribe(cast.acme, "pro", quantity=1, **pending)
    make_invoice(cast.acme, subscription, status="open", needs_confirmation=True, page_url="https://pay.example/1")
    page = html_of(cast)
    assert "The change waits for its payment" in page and 'href="https://pay.example/1"' in page
    assert "The team stays on Pro until it is paid" in page
    assert set(offered(page)) == {"Cancel the Pro plan"}


def test_a_change_on_its_way_is_followed_until_it_ends(cast: Cast) -> None:
    subscribe(cast.acme)
    change = make_change(cast.acme, ChangeKind.DOWNGRADE)
    page = html_of(cast)
    assert 'hx-get="/t/acme/billing/progress/"' in page and "On its way to Stripe" in page
    assert offered(page) == {}
    client = cast.client(cast.olga)
    waiting = client.get(f"{URL}progress/")
    assert "hx-get" in waiting.content.decode() and "HX-Refresh" not in waiting
    change.state = ChangeState.DONE
    change.save()
    ended = client.get(f"{URL}progress/")
    assert ended["HX-Refresh"] == "true" and "hx-get" not in ended.content.decode()
    assert "hx-get" not in html_of(cast), "the page that is loaded anew asks no more"


def test_seats_on_their_way_hold_nothing_up(cast: Cast) -> None:
    subscribe(cast.acme, quantity=2)
    make_change(cast.acme, ChangeKind.SEATS)
    page = html_of(cast)
    assert "On its way to Stripe: Set the number of seats" in page
    assert set(offered(page)) == {"Cancel the Team plan", "Change to Pro"}


def test_a_change_that_takes_long_is_not_asked_after_for_ever(cast: Cast) -> None:
    subscribe(cast.acme)
    make_change(cast.acme, created_at=timezone.now() - timedelta(minutes=5))
    page = html_of(cast)
    assert "Still on its way to Stripe" in page and "hx-get" not in page


def test_a_refused_change_says_why_until_another_is_made(cast: Cast) -> None:
    subscribe(cast.acme)
    refuse(cast.acme, "The card was declined. Update the card, then try again.")
    page = html_of(cast)
    assert "Not done: Change the plan now" in page and ">Update the card</button>" in page
    assert "The card was declined. Update the card, then try again." in page
    make_change(cast.acme, ChangeKind.RESUME, state=ChangeState.DONE, finished_at=timezone.now())
    assert "The card was declined" not in html_of(cast)


def test_an_old_refusal_is_forgotten(cast: Cast) -> None:
    subscribe(cast.acme)
    refuse(cast.acme, "The card was declined.", at=timezone.now() - timedelta(days=8))
    assert "The card was declined" not in html_of(cast)


def test_a_payment_that_was_begun(cast: Cast) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    checkout = make_checkout(cast.acme, started_by=cast.vic)
    page = html_of(cast)
    assert "For Pro, by Vic" in page and "Nothing was charged" in page and "Go on paying" in page
    checkout.state = CheckoutState.EXPIRED
    checkout.save()
    assert "Go on paying" not in html_of(cast)


def test_invoices(cast: Cast) -> None:
    subscription = subscribe(cast.acme)
    for number in range(30):
        make_invoice(cast.acme, subscription, number=f"A-{number}", created_at=timezone.now() - timedelta(days=number))
    page = html_of(cast)
    assert page.count('data-label="Amount">$87.00') == 24
    assert "A-0" in page and "A-23<" in page and "A-24" not in page
    links = re.findall(r'<a href="https://invoice[^>]*>', page)
    assert len(links) == 48 and all('rel="noopener"' in one for one in links)


def test_invoices_are_the_teams_own(cast: Cast) -> None:
    subscribe(cast.rival)
    make_invoice(cast.rival, number="RIVAL-1")
    subscribe(cast.acme)
    assert "RIVAL-1" not in html_of(cast)


def test_admins_see_and_do_not_act(cast: Cast) -> None:
    fail_payment(cast.acme)
    page = html_of(cast, cast.adam)
    main = page[page.index('<main class="main') :]
    assert "Payment failed" in main and "<form" not in main and offered(page) == {}
    assert "Owners and members with the billing role change the plan" in main


def test_it_shows_other_currencies_as_what_they_are(cast: Cast) -> None:
    subscribe(cast.acme, currency="eur")
    assert "29.00 EUR" in html_of(cast)
