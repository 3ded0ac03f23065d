"""The billing page: the plan, its payment, what is used of it, the other plans, the invoices."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.access import TeamRequest, holds, team_view
from accounts.roles import Right
from billing import gateway
from billing.caps import CapUse, use_of
from billing.models import Interval, Invoice, StripeChange
from billing.offers import offers, tag_of
from billing.prices import Prices, shown_prices
from billing.standing import Standing, next_amount, standing_of

INVOICES_SHOWN = 24
# A change that takes longer waits for Stripe; then the page says so instead of asking on.
ASKED_FOR = timedelta(minutes=2)


@require_safe
@team_view(Right.SEE_BILLING)
@never_cache
def billing(request: TeamRequest) -> HttpResponse:
    """Reads rows of ours only: it works when Stripe does not."""
    standing, known = standing_of(request.team), shown_prices()
    may_manage, has_key = holds(request.membership, Right.MANAGE_BILLING), gateway.is_configured()
    use = use_of(request.team, standing.plan)
    interval = _interval(request, standing, known)
    context = {
        "standing": standing,
        "plan": standing.plan,
        "tag": tag_of(standing.paid_plan, standing.interval, known),
        "next_amount": next_amount(standing),
        "use": use,
        "over": [cap for cap in use if cap.over],
        "interval": interval,
        "by_year": any(interval == Interval.YEAR for _, interval in known),
        "offers": offers(standing, interval, known, can_pay=has_key and may_manage),
        "invoices": Invoice.objects.for_team(request.team).newest_first()[:INVOICES_SHOWN] if standing.account else [],
        "shown_at_most": INVOICES_SHOWN,
        "has_key": has_key,
        "may_manage": may_manage,
        "repositories_too_many": _too_many_repositories(standing, use),
        "may_choose_repositories": holds(request.membership, Right.MANAGE_REPOSITORIES),
        "asks_on": asks_on(standing.change),
    }
    return render(request, "billing/billing.html", context)


@require_safe
@team_view(Right.SEE_BILLING)
@never_cache
def billing_progress(request: TeamRequest) -> HttpResponse:
    """The change on its way to Stripe, for the page to poll; once it is done, the page is told to load anew."""
    change = standing_of(request.team).change
    response = render(request, "billing/_change.html", {"change": change, "asks_on": asks_on(change)})
    if change is None:
        response["HX-Refresh"] = "true"
    return response


def asks_on(change: StripeChange | None) -> bool:
    return change is not None and timezone.now() < change.created_at + ASKED_FOR


def _too_many_repositories(standing: Standing, use: list[CapUse]) -> bool:
    """Whether the plan that comes next pauses some, so that there is something to choose."""
    cap = standing.next_plan.repositories if standing.next_plan else None
    return cap is not None and any(row.name == "repositories" and row.used > cap for row in use)


def _interval(request: TeamRequest, standing: Standing, known: Prices) -> str:
    """By month or by year: as the reader chose, else as the team pays."""
    chosen = request.GET.get("interval", standing.interval)
    by_year = chosen == Interval.YEAR and any(interval == Interval.YEAR for _, interval in known)
    return str(Interval.YEAR if by_year else Interval.MONTH)
