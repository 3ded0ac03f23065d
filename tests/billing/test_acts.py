"""What people do on the billing pages, with the twin as Stripe: pay, come back, change, undo, mend a payment."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing import errors, tasks
from billing.models import ChangeKind, Checkout, CheckoutState, StripeChange
from billing.services import change_plan, open_checkout, plan_of
from tests.billing.buying import account_of, acme_buys, at_stripe, buy, do_all, live, only_checkout, paid_cents
from tests.billing.rows import make_checkout, subscribe
from tests.billing.test_page import URL, text_of
from tests.conftest import Cast
from tests.twin.client import TwinClient

HTMX = {"HX-Request": "true"}


@pytest.fixture
def olga(cast: Cast) -> Client:
    return cast.client(cast.olga)


def post(client: Client, act: str, **fields: str) -> Any:
    return client.post(f"{URL}{act}/", fields)


def choose(client: Client, plan: str, interval: str = "month") -> Any:
    return post(client, "change", plan=plan, interval=interval)


def back_from(twin: TwinClient, url: str, card: str = "good") -> str:
    """Pays on Stripe's page, and gives the path and query of where that leads."""
    screen = twin.pay_checkout(url, card)
    assert screen.left_for, screen.alert
    return re.sub(r"^https?://[^/]+", "", screen.left_for)


def session_of(cast: Cast) -> str:
    return str(only_checkout(cast.acme).stripe_id)


def said(client: Client, url: str = URL) -> str:
    return text_of(client, url)


def test_choosing_a_plan_leads_to_stripe_and_back_to_the_plan(cast: Cast, olga: Client, twin: TwinClient) -> None:
    change_plan(team=cast.acme, plan="starter", actor=None)
    paying = choose(olga, "team")
    assert (paying.status_code, paying.url.startswith(twin.url)) == (303, True)
    back = back_from(twin, paying.url)
    assert back == f"{URL}return/?session_id={session_of(cast)}"
    page = olga.get(back)
    assert "Waiting for Stripe to confirm" in page.content.decode()
    assert plan_of(cast.acme).key == "starter", "a GET writes nothing"
    done = post(olga, "refresh", session_id=session_of(cast))
    assert (done.status_code, done.url) == (303, URL)
    page_text = said(olga)
    assert "You are on Team." in page_text and "3 members, 3 seats" in page_text
    assert "Visa ending in 4242" in page_text and "Paid" in page_text


def test_the_page_that_waits_asks_by_itself(cast: Cast, olga: Client, twin: TwinClient) -> None:
    url = choose(olga, "pro").url
    fields = {"session_id": session_of(cast), "asked": "0"}
    early = olga.post(f"{URL}refresh/", fields, headers=HTMX)
    assert early.status_code == 200 and "<html" not in early.content.decode()
    assert 'name="asked" value="1"' in early.content.decode() and "hx-post" in early.content.decode()
    back_from(twin, url)
    ready = olga.post(f"{URL}refresh/", fields, headers=HTMX)
    assert (ready.status_code, ready["HX-Redirect"]) == (204, URL)


def test_it_stops_asking_after_two_minutes(cast: Cast, olga: Client, twin: TwinClient) -> None:
    choose(olga, "pro")
    for asked in ("59", "60", "x", "99999"):
        page = olga.post(f"{URL}refresh/", {"session_id": session_of(cast), "asked": asked}, headers=HTMX)
        text = page.content.decode()
        assert "hx-post" not in text and "Stripe has not confirmed the payment yet" in text and "Check now" in text


def test_the_webhook_may_have_been_first(cast: Cast, olga: Client, twin: TwinClient) -> None:
    back_from(twin, choose(olga, "pro").url)
    twin.deliver_to(Client())
    tasks.sync_customer(str(account_of(cast.acme).stripe_customer_id))
    assert live(cast.acme).plan == "pro"
    assert post(olga, "refresh", session_id=session_of(cast)).url == URL
    assert "You are on Pro." in said(olga)


def test_a_declined_card_changes_nothing(cast: Cast, olga: Client, twin: TwinClient) -> None:
    url = choose(olga, "pro").url
    assert "declined" in twin.pay_checkout(url, "decline").alert
    assert plan_of(cast.acme).key == "team" and at_stripe(twin) == []
    assert "A payment was begun" in said(olga)
    assert choose(olga, "pro").url == url, "the same page can be gone on with"
    back_from(twin, url)


@pytest.mark.parametrize("session", ["", "cs_test_none", "cs_rival", "cs\0", "x" * 9000])
def test_a_session_that_is_not_the_teams_is_404(cast: Cast, olga: Client, session: str) -> None:
    make_checkout(cast.rival, stripe_id="cs_rival")
    assert olga.get(f"{URL}return/", {"session_id": session}).status_code == 404
    if session:
        assert post(olga, "refresh", session_id=session).status_code == 404


def test_an_ended_session_leads_to_the_billing_page(cast: Cast, olga: Client) -> None:
    make_checkout(cast.acme, stripe_id="cs_ended", state=CheckoutState.EXPIRED)
    answer = olga.get(f"{URL}return/", {"session_id": "cs_ended"})
    assert (answer.status_code, answer["Location"]) == (302, URL)


def test_coming_back_while_stripe_is_away_waits_on(cast: Cast, olga: Client, twin: TwinClient) -> None:
    back = back_from(twin, choose(olga, "pro").url)
    twin.chaos(fail_500=50)
    assert olga.get(back).status_code == 200
    page = olga.post(f"{URL}refresh/", {"session_id": session_of(cast), "asked": "3"}, headers=HTMX)
    assert errors.StripeAway.message in page.content.decode() and "hx-post" in page.content.decode()
    clicked = post(olga, "refresh", session_id=session_of(cast))
    assert (clicked.status_code, clicked.url) == (303, back)
    assert errors.StripeAway.message in said(olga, back)
    twin.chaos(fail_500=0)
    assert post(olga, "refresh", session_id=session_of(cast)).url == URL


def test_the_page_stands_when_stripe_is_away(cast: Cast, olga: Client, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    twin.chaos(fail_500=50)
    assert "Active" in said(olga)
    assert post(olga, "portal").url == URL
    assert errors.StripeAway.message in said(olga)
    cost = olga.get(f"{URL}plan/pro/month/cost/").content.decode()
    assert "$19.00 a month at list price" in cost and errors.StripeAway.message in cost


def test_up_is_followed_until_it_is_done(cast: Cast, olga: Client, twin: TwinClient) -> None:
    acme_buys(twin, cast, "pro")
    assert choose(olga, "team").url == URL
    assert "On its way to Stripe: Change the plan now" in said(olga)
    do_all(cast.acme)
    page = said(olga)
    assert "On its way" not in page and "3 members, 3 seats" in page
    assert plan_of(cast.acme).key == "team"


def test_down_is_planned_and_can_be_undone(cast: Cast, olga: Client, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    choose(olga, "pro")
    do_all(cast.acme)
    assert "A change is planned" in said(olga) and plan_of(cast.acme).key == "team"
    post(olga, "resume")
    do_all(cast.acme)
    assert "A change is planned" not in said(olga) and not live(cast.acme).next_plan


def test_cancelling_and_keeping_after_all(cast: Cast, olga: Client, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    choose(olga, "starter")
    do_all(cast.acme)
    assert "The Team plan is cancelled" in said(olga)
    post(olga, "resume")
    do_all(cast.acme)
    assert "The Team plan is cancelled" not in said(olga) and "Renews" in said(olga)


def test_a_failed_payment_is_mended_by_another_card(cast: Cast, olga: Client, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    twin.portal(post(olga, "portal", card="1").url).update_card("decline later")
    twin.advance(days=33)
    post(olga, "refresh")
    assert "Payment failed" in said(olga)
    paying = post(olga, "pay")
    do_all(cast.acme)
    assert paying.url == URL and "Not done: Try a failed payment again" in said(olga)
    portal = post(olga, "portal", card="1")
    assert portal.status_code == 303
    twin.portal(portal.url).update_card("good")
    post(olga, "pay")
    do_all(cast.acme)
    assert "Payment failed" not in said(olga) and len(paid_cents(twin)) == 2


def test_two_tabs_do_not_pay_twice(cast: Cast, olga: Client, twin: TwinClient) -> None:
    vic = cast.client(cast.vic)
    url = choose(olga, "pro").url
    assert choose(vic, "pro").url == url
    back_from(twin, url)
    post(vic, "refresh", session_id=session_of(cast))
    assert choose(vic, "pro").url == URL, "on the plan already: nothing is bought"
    assert errors.PlanSame.message in said(vic)
    assert len(at_stripe(twin)) == 1


@pytest.mark.parametrize(
    ("act", "fields", "refusal"),
    [
        ("resume", {}, errors.NoSubscription.message),
        ("pay", {}, errors.NothingToPay.message),
        ("portal", {}, errors.NoCustomer.message),
        ("change", {"plan": "gold", "interval": "month"}, errors.UnknownPlan.message),
        ("change", {"plan": "pro", "interval": "week"}, errors.UnknownInterval.message),
        ("change", {"plan": "starter", "interval": "month"}, errors.NoSubscription.message),
    ],
)
def test_a_refusal_is_said_on_the_page(
    cast: Cast, olga: Client, twin: TwinClient, act: str, fields: dict[str, str], refusal: str
) -> None:
    answer = post(olga, act, **fields)
    assert (answer.status_code, answer.url) == (303, URL)
    assert refusal in said(olga)
    assert StripeChange.objects.count() == 0


def test_what_is_not_sold_is_404(cast: Cast, olga: Client) -> None:
    for path in ("gold/month", "team/week", "team/year", "starter/year"):
        assert olga.get(f"{URL}plan/{path}/").status_code == 404, path
    assert olga.get(f"{URL}plan/starter/month/cost/").status_code == 404


def test_the_plan_one_is_on_has_nothing_to_confirm(cast: Cast, olga: Client) -> None:
    subscribe(cast.acme)
    answer = olga.get(f"{URL}plan/team/month/")
    assert (answer.status_code, answer["Location"]) == (302, URL)


def test_the_cost_is_stripes_own_figure(cast: Cast, olga: Client, twin: TwinClient) -> None:
    first = said(olga, f"{URL}plan/team/month/cost/")
    assert "Now$87.00" in first.replace(" ", "") and "At Stripe’s price for 3 seats" in first
    acme_buys(twin, cast, "pro")
    upgrade = said(olga, f"{URL}plan/team/month/cost/")
    assert "$87.00" in upgrade
    due = re.search(r"Now ?\$(\d+\.\d\d)", upgrade)
    assert due and 0 < float(due[1]) <= 87
    choose(olga, "team")
    do_all(cast.acme)
    assert paid_cents(twin)[-1] == pytest.approx(float(due[1]) * 100, abs=2), "a second or two later"
    down = said(olga, f"{URL}plan/pro/month/cost/")
    assert "Now nothing" in down.replace("Nownothing", "Now nothing") and "$19.00" in down


def test_before_a_downgrade_it_says_what_will_be_over(cast: Cast, olga: Client) -> None:
    subscribe(cast.acme)
    page = said(olga, f"{URL}plan/starter/month/")
    assert "What will be over Starter’s caps" in page
    assert "3 used, 1 in the plan. Nobody is removed" in page and "reports reach back 30 days" in page


def test_what_one_more_member_costs(cast: Cast, olga: Client, twin: TwinClient) -> None:
    subscription = acme_buys(twin, cast)
    text = said(olga, f"{URL}seat/")
    costs = re.search(r"Adding a member costs \$(\d+\.\d\d) now and \$29\.00 a month from (.*?), before tax", text)
    assert costs and 0 < float(costs[1]) <= 29
    assert costs[2] == f"{subscription.period_end.day} {subscription.period_end:%b %Y}"
    less = said(olga, f"{URL}seat/?less=1")
    credit = re.search(r"pays \$29\.00 a month less from (.*?), and \$(\d+\.\d\d) is credited", less)
    assert credit and credit[1] == costs[2] and 0 < float(credit[2]) <= 29


def test_what_one_more_member_costs_before_the_plan_ends_or_changes(
    cast: Cast, olga: Client, twin: TwinClient
) -> None:
    acme_buys(twin, cast)
    for plan, then in (("pro", "the planned change comes"), ("starter", "the Team plan ends")):
        choose(olga, plan)
        do_all(cast.acme)
        text = said(olga, f"{URL}seat/")
        assert re.search(rf"costs \$\d+\.\d\d for the time until .*, before tax; then {then}\.", text), text
        assert "a month" not in text + said(olga, f"{URL}seat/?less=1")


def test_what_one_more_member_costs_while_stripe_is_away(cast: Cast, olga: Client, twin: TwinClient) -> None:
    acme_buys(twin, cast)
    twin.chaos(fail_500=50)
    assert "Adding a member costs $29.00 a month, and the share" in said(olga, f"{URL}seat/")
    less = said(olga, f"{URL}seat/?less=1")
    assert "pays $29.00 a month less" in less and "credited" not in less


def test_one_more_member_on_other_plans(cast: Cast, olga: Client) -> None:
    assert "3 of 5 seats taken" in said(olga, f"{URL}seat/")
    assert said(olga, f"{URL}seat/?less=1").strip() == ""
    change_plan(team=cast.acme, plan="pro", actor=None)
    assert "Pro has room for 1 member, and 3 are there: an invitation can be accepted once" in said(olga, f"{URL}seat/")
    since = timezone.now() - timedelta(days=2)
    subscribe(cast.acme, status="past_due", past_due_since=since)
    assert "3 of 3 seats taken. Seats can be added once the failed payment is made." in said(olga, f"{URL}seat/")


def test_another_teams_payment_shows_nowhere(cast: Cast, olga: Client, twin: TwinClient) -> None:
    buy(twin, cast.rival, cast.mallory, "pro")
    open_checkout(team=cast.acme, plan="pro", interval="month", actor=cast.olga)
    assert Checkout.objects.for_team(cast.acme).count() == 1
    assert "4242" not in said(olga) and live(cast.rival).plan == "pro"
    assert not StripeChange.objects.for_team(cast.acme).exclude(kind=ChangeKind.CHECKOUT).exists()
